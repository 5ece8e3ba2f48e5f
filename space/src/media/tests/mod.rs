//! The media edge as a whole, against a far end that is no browser but speaks like one.

mod browser;
mod ending;
mod legs;
mod negotiation;
mod relay;

use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::{Media, MediaConfig, MediaHandle};
use crate::network::Network;
use crate::world::media::{FarEnd, LegId, MediaCommand, MediaEvent};
use browser::Browser;

/// No test waits longer; one that works takes a fraction of it.
const LIMIT: Duration = Duration::from_secs(20);
const LEG: LegId = LegId(7);

/// A media edge on 127.0.0.1 and the events that it reports.
struct Edge {
    media: MediaHandle,
    events: UnboundedReceiver<MediaEvent>,
    network: Network,
}

impl Edge {
    fn start() -> Self {
        Self::with(MediaConfig::default())
    }

    fn with(config: MediaConfig) -> Self {
        let network = Network::default();
        let config = MediaConfig {
            loopback_media: true,
            ..config
        };
        let (media, events) = Media::start(config, network.clone()).expect("started");
        Self {
            media,
            events,
            network,
        }
    }

    fn offer(&self, sdp: String, far_end: FarEnd) {
        self.media.command(MediaCommand::Offer {
            leg: LEG,
            sdp,
            far_end,
        });
    }

    async fn event(&mut self) -> MediaEvent {
        let event = tokio::time::timeout(LIMIT, self.events.recv()).await;
        event
            .expect("an event in time")
            .expect("a media edge that runs")
    }

    async fn answer(&mut self) -> String {
        match self.event().await {
            MediaEvent::Answer { leg: LEG, sdp } => sdp,
            other => panic!("no answer but {other:?}"),
        }
    }

    async fn refusal(&mut self) -> String {
        match self.event().await {
            MediaEvent::Refused { leg: LEG, reason } => reason,
            other => panic!("no refusal but {other:?}"),
        }
    }

    /// Offer, answer and connection.
    async fn connect(&mut self, browser: &mut Browser, far_end: FarEnd) {
        let offer = browser.offer();
        self.offer(offer, far_end);
        browser.accept(&self.answer().await);
        browser
            .until("connected", |browser| browser.connected)
            .await;
        assert_eq!(self.event().await, MediaEvent::Connected { leg: LEG });
    }
}
