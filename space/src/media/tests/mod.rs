//! The media edge as a whole, against a far end that is no browser but speaks like one.

mod bridge;
mod browser;
mod calling;
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
        self.offer_on(LEG, sdp, far_end);
    }

    fn offer_on(&self, leg: LegId, sdp: String, far_end: FarEnd) {
        self.media
            .command(MediaCommand::Offer { leg, sdp, far_end });
    }

    fn call(&self, leg: LegId, video: bool, far_end: FarEnd) {
        self.media.command(MediaCommand::Call {
            leg,
            video,
            far_end,
        });
    }

    fn accept(&self, leg: LegId, sdp: String) {
        self.media.command(MediaCommand::Accept { leg, sdp });
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

    async fn offered(&mut self, leg: LegId) -> String {
        match self.event().await {
            MediaEvent::Offered { leg: of, sdp } if of == leg => sdp,
            other => panic!("no offer but {other:?}"),
        }
    }

    async fn refusal(&mut self) -> String {
        self.refusal_on(LEG).await
    }

    async fn refusal_on(&mut self, leg: LegId) -> String {
        match self.event().await {
            MediaEvent::Refused { leg: of, reason } if of == leg => reason,
            other => panic!("no refusal but {other:?}"),
        }
    }

    /// Offer, answer and connection.
    async fn connect(&mut self, browser: &mut Browser, far_end: FarEnd) {
        self.connect_on(LEG, browser, far_end).await;
    }

    async fn connect_on(&mut self, leg: LegId, browser: &mut Browser, far_end: FarEnd) {
        self.offer_on(leg, browser.offer(), far_end);
        match self.event().await {
            MediaEvent::Answer { leg: of, sdp } if of == leg => browser.accept(&sdp),
            other => panic!("no answer but {other:?}"),
        }
        self.connected(leg, browser).await;
    }

    /// The space calls, and the browser takes the call.
    async fn ring(&mut self, leg: LegId, browser: &mut Browser, video: bool, far_end: FarEnd) {
        self.call(leg, video, far_end);
        let offer = self.offered(leg).await;
        self.accept(leg, browser.answer(&offer));
        self.connected(leg, browser).await;
    }

    async fn connected(&mut self, leg: LegId, browser: &mut Browser) {
        browser
            .until("connected", |browser| browser.connected)
            .await;
        let event = browser.during(self.event()).await;
        assert_eq!(event, MediaEvent::Connected { leg });
    }
}
