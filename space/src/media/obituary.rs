//! The end of a leg, also when its task is torn down.

use std::sync::Arc;

use super::bridge::Inbox;
use super::{Common, Shared};
use crate::world::media::{LegId, MediaEvent};

/// Says that a leg is over when its task ends, also when it is torn down by a panic in the stack below:
/// the world must never wait for a leg that is not there, and nobody may send to it.
pub(super) struct Obituary {
    id: LegId,
    /// Its media were agreed upon.
    pub(super) agreed: bool,
    inbox: Arc<Inbox>,
    shared: Arc<Shared>,
}

impl Obituary {
    /// Of a leg that begins.
    pub(super) fn new(id: LegId, common: &Common, shared: &Arc<Shared>) -> Self {
        Self {
            id,
            agreed: false,
            inbox: Arc::clone(&common.inbox),
            shared: Arc::clone(shared),
        }
    }
}

impl Drop for Obituary {
    fn drop(&mut self) {
        self.inbox.close();
        if !std::thread::panicking() {
            return;
        }
        tracing::error!(leg = self.id.0, "the task of a leg failed");
        let leg = self.id;
        self.shared.report(if self.agreed {
            MediaEvent::Dead { leg }
        } else {
            self.shared.legs().remove(&leg);
            let reason = "the media stack failed on this offer or answer".to_owned();
            MediaEvent::Refused { leg, reason }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{Media, MediaConfig};
    use crate::network::Network;

    #[tokio::test]
    async fn a_task_that_panics_reports_the_end_of_its_leg() {
        let config = MediaConfig {
            loopback_media: true,
            ..MediaConfig::default()
        };
        let (media, mut events) = Media::start(config, Network::default()).expect("started");
        let leg = LegId(1);
        for agreed in [false, true] {
            let shared = Arc::clone(&media.owner.shared);
            let failed = tokio::spawn(async move {
                let mut obituary = Obituary::new(leg, &Common::default(), &shared);
                obituary.agreed = agreed;
                panic!("as a media stack might");
            });
            assert!(failed.await.is_err_and(|error| error.is_panic()));
            let event = events.recv().await.expect("a media edge that runs");
            assert_eq!(matches!(event, MediaEvent::Dead { .. }), agreed);
            assert_eq!(matches!(event, MediaEvent::Refused { .. }), !agreed);
        }
    }
}
