//! Two browsers, each the far end of the other.

use std::time::Instant;

use str0m::RtcConfig;
use str0m::format::{Codec, FormatParams};
use str0m::media::Direction::SendRecv;
use str0m::media::{Frequency, Mid};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, VideoOrientation};

use super::*;

const CALLER: LegId = LegId(1);
const CALLEE: LegId = LegId(2);

/// A browser that calls, and numbers its payload types as Firefox does.
async fn caller() -> Browser {
    let mut config = RtcConfig::new().clear_codecs();
    let codecs = config.codec_config();
    let (rate, rest) = (Frequency::FORTY_EIGHT_KHZ, FormatParams::default());
    codecs.add_config(109.into(), None, Codec::Opus, rate, Some(2), rest);
    let rate = Frequency::NINETY_KHZ;
    let resend = Some(124.into());
    codecs.add_config(120.into(), resend, Codec::Vp8, rate, None, rest);
    Browser::with(config, Some(SendRecv), Some(SendRecv)).await
}

async fn callee() -> Browser {
    Browser::new(None, None).await
}

/// Connects the caller, and then the callee.
async fn bridge(edge: &mut Edge, caller: &mut Browser, callee: &mut Browser) {
    edge.connect_on(CALLER, caller, FarEnd::Peer(CALLEE)).await;
    let ring = edge.ring(CALLEE, callee, true, FarEnd::Peer(CALLER));
    caller.during(ring).await;
}

/// Waits for what `from` has sent to `to`.
async fn heard<'a>(from: &mut Browser, to: &'a mut Browser, payload: &[u8]) -> &'a RtpPacket {
    let is_it = |packet: &RtpPacket| packet.payload[..] == *payload;
    let arrived = to.until("the packet", |to| to.received.iter().any(is_it));
    from.during(arrived).await;
    let packet = to.received.iter().find(|packet| is_it(packet));
    packet.expect("the packet that was seen")
}

fn send(from: &mut Browser, mid: Option<Mid>, sequence: u64, payload: &[u8]) {
    let mid = mid.expect("a medium");
    from.send(mid, from.payload_type(mid), sequence, 0, payload);
}

#[tokio::test]
async fn packets_cross_both_ways_under_the_payload_types_of_each_side() {
    let mut edge = Edge::start();
    let (mut caller, mut callee) = (caller().await, callee().await);
    bridge(&mut edge, &mut caller, &mut callee).await;
    let (there, back) = (caller.audio, callee.audio);
    send(&mut caller, there, 10, &[1; 40]);
    let packet = heard(&mut caller, &mut callee, &[1; 40]).await;
    assert_eq!(*packet.header.payload_type, 111);
    send(&mut callee, back, 10, &[2; 40]);
    let packet = heard(&mut callee, &mut caller, &[2; 40]).await;
    assert_eq!(*packet.header.payload_type, 109);

    let (there, back) = (caller.video, callee.video);
    send(&mut caller, there, 10, &[3; 900]);
    let packet = heard(&mut caller, &mut callee, &[3; 900]).await;
    assert_eq!(*packet.header.payload_type, 96);
    send(&mut callee, back, 10, &[4; 900]);
    let packet = heard(&mut callee, &mut caller, &[4; 900]).await;
    assert_eq!(*packet.header.payload_type, 120);
    for leg in [CALLER, CALLEE] {
        let counts = edge.media.counts(leg).expect("a leg");
        assert_eq!((counts.received, counts.dropped), (2, 0));
        assert!(counts.sent >= 2);
    }
}

#[tokio::test]
async fn level_and_orientation_cross_with_the_packet() {
    let mut edge = Edge::start();
    let (mut caller, mut callee) = (caller().await, callee().await);
    bridge(&mut edge, &mut caller, &mut callee).await;
    let values = ExtensionValues {
        audio_level: Some(-30),
        voice_activity: Some(true),
        video_orientation: Some(VideoOrientation::Deg90),
        ..ExtensionValues::default()
    };
    for (mid, payload) in [(caller.audio, [1; 40]), (caller.video, [2; 40])] {
        let mid = mid.expect("a medium");
        let pt = caller.payload_type(mid);
        let packet = RtpWrite::new(pt, 10.into(), 0, Instant::now(), payload);
        caller.write(mid, packet.ext_vals(values.clone()));
    }
    let sound = heard(&mut caller, &mut callee, &[1; 40]).await;
    assert_eq!(sound.header.ext_vals.audio_level, Some(-30));
    assert_eq!(sound.header.ext_vals.voice_activity, Some(true));
    let picture = heard(&mut caller, &mut callee, &[2; 40]).await;
    let orientation = picture.header.ext_vals.video_orientation;
    assert_eq!(orientation, Some(VideoOrientation::Deg90));
}

#[tokio::test]
async fn a_keyframe_is_asked_for_when_the_other_comes_and_whenever_it_misses_one() {
    let mut edge = Edge::start();
    let (mut caller, mut callee) = (caller().await, callee().await);
    bridge(&mut edge, &mut caller, &mut callee).await;
    let video = caller.video.expect("video");
    let asked = caller.until("a request", |caller| caller.keyframe_requests == [video]);
    callee.during(asked).await;

    callee.ask_for_keyframe(callee.video.expect("video"));
    let asked = caller.until("a request", |caller| caller.keyframe_requests == [video; 2]);
    callee.during(asked).await;
}

#[tokio::test]
async fn what_is_sent_before_the_other_leg_is_there_is_counted_and_dropped() {
    let mut edge = Edge::start();
    let (mut caller, mut callee) = (caller().await, callee().await);
    edge.connect_on(CALLER, &mut caller, FarEnd::Peer(CALLEE))
        .await;
    let audio = caller.audio;
    for number in 0..5 {
        send(&mut caller, audio, 10 + number, &[1; 40]);
    }
    let received = || edge.media.counts(CALLER).expect("a leg").received;
    caller.until("five packets", |_| received() == 5).await;
    let ring = edge.ring(CALLEE, &mut callee, true, FarEnd::Peer(CALLER));
    caller.during(ring).await;
    send(&mut caller, audio, 15, &[2; 40]);
    heard(&mut caller, &mut callee, &[2; 40]).await;
    let early = |packet: &RtpPacket| packet.payload[..] == [1; 40];
    assert!(!callee.received.iter().any(early));
}

#[tokio::test]
async fn a_leg_that_dies_leaves_the_other_with_silence_until_it_is_stopped() {
    let mut edge = Edge::start();
    let (mut caller, mut callee) = (caller().await, callee().await);
    bridge(&mut edge, &mut caller, &mut callee).await;
    callee.during(caller.close()).await;
    let dead = callee.during(edge.event()).await;
    assert_eq!(dead, MediaEvent::Dead { leg: CALLER });
    edge.media.command(MediaCommand::Stop { leg: CALLER });

    let count = callee.received.len();
    callee
        .until("silence", |callee| callee.received.len() >= count + 10)
        .await;
    let audio = callee.audio;
    send(&mut callee, audio, 10, &[2; 40]);
    let received = || edge.media.counts(CALLEE).expect("a leg").received;
    callee.until("a packet", |_| received() == 1).await;
    edge.media.command(MediaCommand::Stop { leg: CALLEE });
    assert_eq!(edge.media.counts(CALLEE), None);
    assert!(edge.events.try_recv().is_err(), "nothing more is told");
}

#[tokio::test]
async fn a_browser_that_comes_back_on_another_leg_takes_its_place() {
    let mut edge = Edge::start();
    let (mut first, mut callee) = (caller().await, callee().await);
    bridge(&mut edge, &mut first, &mut callee).await;
    let audio = first.audio;
    send(&mut first, audio, 40_000, &[1; 40]);
    heard(&mut first, &mut callee, &[1; 40]).await;
    edge.media.command(MediaCommand::Stop { leg: CALLER });

    let (again, mut second) = (LegId(3), caller().await);
    let connect = edge.connect_on(again, &mut second, FarEnd::Peer(CALLEE));
    callee.during(connect).await;
    edge.media.command(MediaCommand::Bridge {
        leg: CALLEE,
        peer: again,
    });
    let video = second.video.expect("video");
    let asked = second.until("a request", |second| second.keyframe_requests == [video]);
    callee.during(asked).await;
    let (there, back) = (second.audio, callee.audio);
    send(&mut second, there, 7, &[3; 40]);
    heard(&mut second, &mut callee, &[3; 40]).await;
    send(&mut callee, back, 7, &[4; 40]);
    heard(&mut callee, &mut second, &[4; 40]).await;
    let audio = callee.received.iter();
    let audio = audio.filter(|packet| *packet.header.payload_type == 111);
    let numbers: Vec<_> = audio.map(|packet| *packet.seq_no).collect();
    assert!(
        numbers.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "one stream: {numbers:?}"
    );
}

#[tokio::test]
async fn a_codec_crosses_only_to_a_browser_that_takes_it_with_its_parameters() {
    const BASELINE: u32 = 0x42_e0_1f;
    const HIGH: u32 = 0x64_00_1f;
    let browser = async |codecs: &[(u8, u32)], direction| {
        let mut config = RtcConfig::new().clear_codecs().enable_opus(true, false);
        for (pt, profile) in codecs {
            let resend = Some((pt + 1).into());
            config
                .codec_config()
                .add_h264((*pt).into(), resend, true, *profile);
        }
        Browser::with(config, direction, direction).await
    };
    let mut edge = Edge::start();
    let mut caller = browser(&[(100, BASELINE), (102, HIGH)], Some(SendRecv)).await;
    let mut callee = browser(&[(104, BASELINE)], None).await;
    bridge(&mut edge, &mut caller, &mut callee).await;
    let video = caller.video.expect("video");
    caller.send(video, 102.into(), 10, 0, &[1; 40]);
    caller.send(video, 100.into(), 11, 0, &[2; 40]);
    let pt = callee.payload_type(callee.video.expect("video"));
    let packet = heard(&mut caller, &mut callee, &[2; 40]).await;
    assert_eq!(packet.header.payload_type, pt);
    let high = |packet: &RtpPacket| packet.payload[..] == [1; 40];
    assert!(!callee.received.iter().any(high));
}

#[tokio::test]
async fn the_way_across_takes_the_time_that_the_network_says() {
    let mut edge = Edge::start();
    let (mut caller, mut callee) = (caller().await, callee().await);
    bridge(&mut edge, &mut caller, &mut callee).await;
    edge.network.set(300, 0.0);
    let sent = Instant::now();
    let audio = caller.audio;
    send(&mut caller, audio, 10, &[1; 40]);
    heard(&mut caller, &mut callee, &[1; 40]).await;
    let took = sent.elapsed();
    assert!(took >= Duration::from_millis(300), "{took:?}");
    assert!(took < Duration::from_millis(510), "{took:?}");
}
