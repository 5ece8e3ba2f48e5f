//! What a caller hears and sees.

use std::time::Instant;

use str0m::media::Direction::{Inactive, RecvOnly, SendRecv};

use super::*;
use crate::media::RtpCounts;
use crate::media::tone::linear;

/// The strength of `hertz` in `samples` taken 8000 times a second, by the algorithm of Goertzel: 1 is a
/// sine of full scale.
fn strength(samples: &[f64], hertz: f64) -> f64 {
    let coefficient = 2.0 * (std::f64::consts::TAU * hertz / 8_000.0).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in samples {
        (last, before) = (sample + coefficient * last - before, last);
    }
    let power = last * last + before * before - coefficient * last * before;
    2.0 * power.max(0.0).sqrt() / samples.len() as f64 / 32_768.0
}

#[tokio::test]
async fn echo_returns_every_audio_packet_as_it_was() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(SendRecv), None).await;
    edge.connect(&mut browser, FarEnd::Echo).await;
    let audio = browser.audio.expect("audio");
    let pt = browser.payload_type(audio);
    for number in 0..50_u8 {
        browser.send(
            audio,
            pt,
            60_000 + u64::from(number),
            960 * u32::from(number),
            &[number; 40],
        );
        browser
            .until("the echo", |browser| {
                browser.received.len() == usize::from(number) + 1
            })
            .await;
    }
    for (number, packet) in (0..50_u8).zip(&browser.received) {
        assert_eq!(&packet.payload[..], [number; 40]);
        assert_eq!(packet.header.payload_type, pt);
        assert!(packet.header.marker);
    }
    let first = &browser.received[0];
    let last = &browser.received[49];
    assert_eq!(*last.seq_no - *first.seq_no, 49);
    assert_eq!(
        last.header.timestamp.wrapping_sub(first.header.timestamp),
        49 * 960
    );
    assert_eq!(
        edge.media.counts(LEG),
        Some(RtpCounts {
            received: 50,
            sent: 50,
            dropped: 0
        })
    );
}

#[tokio::test]
async fn echo_returns_video_and_passes_on_the_request_for_a_keyframe() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(SendRecv), Some(SendRecv)).await;
    edge.connect(&mut browser, FarEnd::Echo).await;
    let video = browser.video.expect("video");
    let pt = browser.payload_type(video);
    browser.send(video, pt, 100, 3000, &[9; 900]);
    browser
        .until("the echo", |browser| browser.received.len() == 1)
        .await;
    assert_eq!(&browser.received[0].payload[..], [9; 900]);

    browser.ask_for_keyframe(video);
    browser
        .until("the request", |browser| {
            browser.keyframe_requests == [video]
        })
        .await;
}

#[tokio::test]
async fn echo_without_a_microphone_is_a_live_stream_of_silence() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(RecvOnly), Some(Inactive)).await;
    edge.connect(&mut browser, FarEnd::Echo).await;
    browser
        .until("silence", |browser| browser.received.len() == 20)
        .await;
    let numbers: Vec<_> = browser
        .received
        .iter()
        .map(|packet| *packet.seq_no)
        .collect();
    assert!(
        numbers.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{numbers:?}"
    );
    assert!(
        browser
            .received
            .iter()
            .all(|packet| packet.payload[..] == [0xf8, 0xff, 0xfe])
    );
}

#[tokio::test]
async fn a_microphone_after_silence_continues_the_stream() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(SendRecv), None).await;
    edge.connect(&mut browser, FarEnd::Echo).await;
    browser
        .until("silence", |browser| browser.received.len() >= 3)
        .await;
    let audio = browser.audio.expect("audio");
    browser.send(audio, browser.payload_type(audio), 30_000, 77, &[5; 40]);
    let is_echo = |packet: &str0m::rtp::RtpPacket| packet.payload[..] == [5; 40];
    browser
        .until("the echo", |browser| browser.received.iter().any(is_echo))
        .await;
    let numbers: Vec<_> = browser
        .received
        .iter()
        .map(|packet| *packet.seq_no)
        .collect();
    assert!(
        numbers.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{numbers:?}"
    );
    let times: Vec<_> = browser
        .received
        .iter()
        .map(|packet| packet.header.timestamp)
        .collect();
    assert!(times.windows(2).all(|pair| pair[1] > pair[0]), "{times:?}");
}

#[tokio::test]
async fn the_tone_is_the_one_that_was_asked_for() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(SendRecv), Some(SendRecv)).await;
    let offer = browser.offer();
    edge.offer(offer, FarEnd::Tone(440));
    let answer = edge.answer().await;
    let (_, video) = answer.split_once("m=video").expect("a section for video");
    assert!(
        video.contains("a=recvonly") && !video.contains("a=ssrc"),
        "a tone sends no video"
    );
    browser.accept(&answer);
    browser
        .until("a second of sound", |browser| browser.received.len() >= 50)
        .await;
    assert_eq!(edge.event().await, MediaEvent::Connected { leg: LEG });

    let packets = &browser.received;
    assert!(packets.iter().all(|packet| packet.payload.len() == 160));
    assert!(
        packets
            .windows(2)
            .all(|pair| *pair[1].seq_no == *pair[0].seq_no + 1)
    );
    // Time goes on by 20 ms a packet, or by more where the machine was busy; never back.
    let step = |pair: &[str0m::rtp::RtpPacket]| {
        pair[1]
            .header
            .timestamp
            .wrapping_sub(pair[0].header.timestamp)
    };
    assert!(
        packets
            .windows(2)
            .all(|pair| step(pair) % 160 == 0 && step(pair) > 0)
    );

    // Within one packet the sound is whole, whatever happened between packets.
    let strongest = |packet: &str0m::rtp::RtpPacket| {
        let samples: Vec<_> = packet
            .payload
            .iter()
            .map(|code| f64::from(linear(*code)))
            .collect();
        let candidates = (200..=800).step_by(10).map(f64::from);
        candidates
            .map(|hertz| (strength(&samples, hertz), hertz))
            .fold(
                (0.0, 0.0),
                |best, next| {
                    if next.0 > best.0 { next } else { best }
                },
            )
    };
    for packet in packets {
        let (strength, hertz) = strongest(packet);
        assert!((430.0..=450.0).contains(&hertz), "{hertz} Hz");
        assert!((0.4..0.6).contains(&strength), "a sine of {strength}");
    }
}

#[tokio::test]
async fn a_tone_needs_no_microphone() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(RecvOnly), Some(Inactive)).await;
    edge.connect(&mut browser, FarEnd::Tone(1000)).await;
    browser
        .until("sound", |browser| browser.received.len() >= 5)
        .await;
    let counts = edge.media.counts(LEG).expect("a leg");
    assert_eq!(counts.received, 0);
    assert!(counts.sent >= 5);
}

#[tokio::test]
async fn what_is_sent_to_a_tone_is_counted_and_dropped() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(SendRecv), None).await;
    edge.connect(&mut browser, FarEnd::Tone(440)).await;
    let audio = browser.audio.expect("audio");
    let pt = browser.payload_type(audio);
    for number in 0..10 {
        browser.send(audio, pt, 10 + number, 0, &[1; 160]);
    }
    let counts = || edge.media.counts(LEG).expect("a leg").received;
    browser.until("ten packets", |_| counts() == 10).await;
    assert!(
        browser
            .received
            .iter()
            .all(|packet| packet.payload[..] != [1; 160])
    );
}

#[tokio::test]
async fn the_way_takes_the_time_that_the_network_says() {
    let mut edge = Edge::start();
    edge.network.set(80, 0.0);
    let mut browser = Browser::new(Some(SendRecv), None).await;
    edge.connect(&mut browser, FarEnd::Echo).await;
    let audio = browser.audio.expect("audio");
    let pt = browser.payload_type(audio);
    for (number, rtt_ms) in [(0, 80_u32), (1, 250), (2, 500)] {
        edge.network.set(rtt_ms, 0.0);
        let sent = Instant::now();
        browser.send(
            audio,
            pt,
            50 + number,
            960 * number as u32,
            &[number as u8; 40],
        );
        let is_echo = |packet: &str0m::rtp::RtpPacket| packet.payload[..] == [number as u8; 40];
        browser
            .until("the echo", |browser| browser.received.iter().any(is_echo))
            .await;
        let took = sent.elapsed();
        let asked = Duration::from_millis(rtt_ms.into());
        assert!(took >= asked, "{took:?} at {asked:?}");
        assert!(
            took < asked + asked / 2 + Duration::from_millis(60),
            "{took:?} at {asked:?}"
        );
    }
}

#[tokio::test]
async fn the_longest_time_without_sound_is_known() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(SendRecv), Some(SendRecv)).await;
    edge.connect(&mut browser, FarEnd::Echo).await;
    let (audio, video) = (browser.audio.expect("audio"), browser.video.expect("video"));
    let (sound, picture) = (browser.payload_type(audio), browser.payload_type(video));
    browser.send(video, picture, 7, 0, &[1; 40]);
    let heard = |edge: &Edge| edge.media.counts(LEG).expect("a leg").received;
    browser.until("the picture", |_| heard(&edge) == 1).await;
    assert_eq!(edge.media.take_silence(LEG), None);

    let begun = Instant::now();
    browser.send(audio, sound, 1, 0, &[1; 40]);
    browser.until("sound", |_| heard(&edge) == 2).await;
    let pause = Duration::from_millis(80);
    browser.during(tokio::time::sleep(pause)).await;
    browser.send(audio, sound, 2, 960, &[1; 40]);
    browser.until("sound", |_| heard(&edge) == 3).await;
    let silence = edge.media.take_silence(LEG).expect("heard");
    assert!((pause..begun.elapsed()).contains(&silence), "{silence:?}");

    let next = edge.media.take_silence(LEG).expect("heard");
    assert!(next <= begun.elapsed() - pause, "{next:?}");
    assert_eq!(edge.media.take_silence(LegId(99)), None);
}
