//! A stand-in for a browser: the same protocols, driven by the test.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::media::{Direction, KeyframeRequestKind, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tokio::net::UdpSocket;

use super::LIMIT;

pub(super) struct Browser {
    pub(super) rtc: Rtc,
    pub(super) connected: bool,
    pub(super) audio: Option<Mid>,
    pub(super) video: Option<Mid>,
    /// In the order of arrival.
    pub(super) received: Vec<RtpPacket>,
    /// Requests for a keyframe of what this browser sends.
    pub(super) keyframe_requests: Vec<Mid>,
    directions: (Option<Direction>, Option<Direction>),
    socket: UdpSocket,
    pending: Option<SdpPendingOffer>,
}

impl Browser {
    /// With the given directions of audio and video; `None` leaves the medium out.
    pub(super) async fn new(audio: Option<Direction>, video: Option<Direction>) -> Self {
        let config = RtcConfig::new().enable_pcmu(true, false);
        Self::with(config, audio, video).await
    }

    pub(super) async fn with(
        config: RtcConfig,
        audio: Option<Direction>,
        video: Option<Direction>,
    ) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a socket");
        let mut rtc = config.set_rtp_mode(true).build(Instant::now());
        let address = socket.local_addr().expect("an address");
        rtc.add_local_candidate(Candidate::host(address, "udp").expect("a candidate"));
        Self {
            rtc,
            connected: false,
            audio: None,
            video: None,
            received: Vec::new(),
            keyframe_requests: Vec::new(),
            directions: (audio, video),
            socket,
            pending: None,
        }
    }

    /// The first offer.
    pub(super) fn offer(&mut self) -> String {
        let mut api = self.rtc.sdp_api();
        let (audio, video) = self.directions;
        let mut add = |kind, direction| api.add_media(kind, direction, None, None, None);
        self.audio = audio.map(|direction| add(MediaKind::Audio, direction));
        self.video = video.map(|direction| add(MediaKind::Video, direction));
        let (offer, pending) = api.apply().expect("something to offer");
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    /// A later offer with other directions, or new ICE credentials.
    pub(super) fn offer_again(&mut self, audio: Option<Direction>, restart: bool) -> String {
        let mut api = self.rtc.sdp_api();
        if let (Some(mid), Some(direction)) = (self.audio, audio) {
            api.set_direction(mid, direction);
        }
        if restart {
            api.ice_restart(true);
        }
        let (offer, pending) = api.apply().expect("something to offer");
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    pub(super) fn accept(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).expect("an SDP");
        let pending = self.pending.take().expect("an offer that waits");
        self.rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .expect("an acceptable answer");
    }

    /// Takes an offer of the space, whatever it offers.
    pub(super) fn answer(&mut self, offer: &str) -> String {
        let offer = SdpOffer::from_sdp_string(offer).expect("an SDP");
        let answer = self.rtc.sdp_api().accept_offer(offer);
        answer.expect("an acceptable offer").to_sdp_string()
    }

    /// Runs until `done` holds.
    pub(super) async fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        let limit = Instant::now() + LIMIT;
        loop {
            let deadline = self.advance();
            if done(self) {
                return;
            }
            assert!(Instant::now() < limit, "not in time: {what}");
            // The condition may depend on the media edge too: look again soon.
            self.listen(deadline.min(Instant::now() + Duration::from_millis(5)))
                .await;
        }
    }

    /// Runs until `other` is done.
    pub(super) async fn during<T>(&mut self, other: impl Future<Output = T>) -> T {
        let mut other = pin!(other);
        loop {
            let deadline = self.advance();
            tokio::select! {
                done = &mut other => return done,
                () = self.listen(deadline) => {}
            }
        }
    }

    async fn listen(&mut self, until: Instant) {
        let mut buffer = [0; 2048];
        tokio::select! {
            received = self.socket.recv_from(&mut buffer) => {
                let (length, source) = received.expect("a socket that works");
                self.take(&buffer[..length], source);
            }
            () = tokio::time::sleep_until(until.into()) => {}
        }
    }

    fn take(&mut self, contents: &[u8], source: SocketAddr) {
        let local = self.socket.local_addr().expect("an address");
        let receive = Receive::new(Protocol::Udp, source, local, contents).expect("WebRTC");
        let input = Input::Receive(Instant::now(), receive);
        if self.rtc.accepts(&input) {
            self.rtc.handle_input(input).expect("accepted");
        }
    }

    fn advance(&mut self) -> Instant {
        self.rtc
            .handle_input(Input::Timeout(Instant::now()))
            .expect("accepted");
        loop {
            match self
                .rtc
                .poll_output()
                .expect("a peer connection that works")
            {
                Output::Timeout(until) => return until,
                Output::Transmit(transmit) => {
                    let sent = self
                        .socket
                        .try_send_to(&transmit.contents, transmit.destination);
                    // A packet that the socket does not take yet is lost, and repeated.
                    let _ = sent;
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::MediaAdded(added)) if added.kind.is_audio() => {
                    self.audio = Some(added.mid);
                }
                Output::Event(Event::MediaAdded(added)) => self.video = Some(added.mid),
                Output::Event(Event::RtpPacket(packet)) => self.received.push(packet),
                Output::Event(Event::KeyframeRequest(request)) => {
                    self.keyframe_requests.push(request.mid);
                }
                Output::Event(_) => {}
            }
        }
    }

    /// Sends one packet of the codec with the payload type `pt`.
    pub(super) fn send(&mut self, mid: Mid, pt: Pt, sequence: u64, time: u32, payload: &[u8]) {
        let packet = RtpWrite::new(pt, sequence.into(), time, Instant::now(), payload);
        self.write(mid, packet.marker(true));
    }

    pub(super) fn write(&mut self, mid: Mid, packet: RtpWrite) {
        let mut direct = self.rtc.direct_api();
        let stream = direct
            .stream_tx_by_mid(mid, None)
            .expect("a stream to send");
        stream.write_rtp(packet);
    }

    /// The negotiated payload type that `mid` sends with.
    pub(super) fn payload_type(&self, mid: Mid) -> Pt {
        *self
            .rtc
            .media(mid)
            .expect("a medium")
            .remote_pts()
            .first()
            .expect("a codec")
    }

    pub(super) fn ask_for_keyframe(&mut self, mid: Mid) {
        let mut direct = self.rtc.direct_api();
        let stream = direct
            .stream_rx_by_mid(mid, None)
            .expect("a stream that comes in");
        stream.request_keyframe(KeyframeRequestKind::Pli);
    }

    /// Closes as `RTCPeerConnection.close()` does, telling the other side.
    pub(super) async fn close(&mut self) {
        self.rtc.close().expect("closable");
        self.until("closed", |browser| !browser.rtc.is_alive())
            .await;
    }
}
