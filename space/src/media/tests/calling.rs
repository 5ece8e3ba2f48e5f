//! Offers that the space makes.

use str0m::media::Direction::Inactive;

use super::*;

/// A valid answer to the offer on `leg`, and the browser that gave it.
async fn answered(edge: &mut Edge, leg: LegId, video: bool) -> (Browser, String) {
    edge.call(leg, video, FarEnd::Echo);
    let offer = edge.offered(leg).await;
    let mut browser = Browser::new(None, None).await;
    let answer = browser.answer(&offer);
    (browser, answer)
}

#[tokio::test]
async fn the_offer_is_complete_and_in_one_bundle() {
    let mut edge = Edge::start();
    for video in [false, true] {
        let leg = LegId(u64::from(video));
        edge.call(leg, video, FarEnd::Echo);
        let offer = edge.offered(leg).await;
        let lines = |start: &str| offer.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(lines("m=audio 9 "), 1);
        assert_eq!(lines("m=video 9 "), usize::from(video));
        assert_eq!(lines("a=sendrecv"), 1 + usize::from(video));
        assert_eq!(lines("a=candidate:"), 1);
        assert_eq!(lines("a=setup:actpass"), 1 + usize::from(video));
        let group = offer
            .lines()
            .find(|line| line.starts_with("a=group:BUNDLE"));
        let group = group.expect("a bundle").split(' ').skip(1);
        assert_eq!(group.count(), 1 + usize::from(video));
        let streams = offer.lines().filter(|line| line.starts_with("a=msid:"));
        assert!(
            streams
                .into_iter()
                .all(|line| line.starts_with("a=msid:space "))
        );
    }
}

#[tokio::test]
async fn a_browser_that_is_called_hears_the_tone() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(None, None).await;
    edge.ring(LEG, &mut browser, true, FarEnd::Tone(440)).await;
    browser
        .until("sound", |browser| browser.received.len() >= 5)
        .await;
    let audio = browser.audio.expect("audio");
    let pt = browser.payload_type(audio);
    assert!(
        browser
            .received
            .iter()
            .all(|packet| packet.header.payload_type == pt && packet.payload.len() == 160)
    );
}

#[tokio::test]
async fn a_browser_that_is_called_has_an_echo_of_audio_and_video() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(None, None).await;
    edge.ring(LEG, &mut browser, true, FarEnd::Echo).await;
    for (mid, payload) in [(browser.audio, [1; 40]), (browser.video, [2; 40])] {
        let mid = mid.expect("a medium");
        browser.send(mid, browser.payload_type(mid), 10, 0, &payload);
        let is_echo = |packet: &str0m::rtp::RtpPacket| packet.payload[..] == payload;
        browser
            .until("the echo", |browser| browser.received.iter().any(is_echo))
            .await;
    }
}

#[tokio::test]
async fn a_browser_that_is_called_may_listen_only_and_without_video() {
    let mut edge = Edge::start();
    let (mut browser, answer) = answered(&mut edge, LEG, true).await;
    let (audio, video) = answer.split_once("m=video 9 ").expect("video");
    let group = |line: &&str| line.starts_with("a=group:");
    let bundle = answer.lines().find(group).expect("a bundle");
    let (of_audio, _) = bundle.rsplit_once(' ').expect("two media");
    let audio = audio
        .replace("a=sendrecv", "a=recvonly")
        .replace(bundle, of_audio);
    edge.accept(LEG, format!("{audio}m=video 0 {video}"));
    edge.connected(LEG, &mut browser).await;
    browser
        .until("silence", |browser| browser.received.len() >= 3)
        .await;
    let silence = [0xf8, 0xff, 0xfe];
    assert!(
        browser
            .received
            .iter()
            .all(|packet| packet.payload[..] == silence)
    );
}

#[tokio::test]
async fn ringing_has_no_limit_and_connecting_has() {
    let mut edge = Edge::with(MediaConfig {
        connect_within: Duration::from_millis(100),
        ..MediaConfig::default()
    });
    let (_browser, answer) = answered(&mut edge, LEG, false).await;
    // Another leg that never connects tells that the limit of a connection has passed.
    let other = LegId(8);
    let offer = Browser::new(Some(Inactive), None).await.offer();
    edge.offer_on(other, offer, FarEnd::Echo);
    let event = edge.event().await;
    assert!(matches!(event, MediaEvent::Answer { leg, .. } if leg == other));
    assert_eq!(edge.event().await, MediaEvent::Dead { leg: other });
    assert!(edge.media.counts(LEG).is_some());

    edge.accept(LEG, answer);
    assert_eq!(edge.event().await, MediaEvent::Dead { leg: LEG });
}

#[tokio::test]
async fn a_browser_that_is_called_and_vanishes_leaves_a_dead_leg() {
    let mut edge = Edge::with(MediaConfig {
        vanished_after: Duration::from_millis(300),
        ..MediaConfig::default()
    });
    let mut browser = Browser::new(None, None).await;
    edge.ring(LEG, &mut browser, false, FarEnd::Echo).await;
    assert_eq!(edge.event().await, MediaEvent::Dead { leg: LEG });
}

#[tokio::test]
async fn a_call_that_is_given_up_while_it_rings_is_gone_without_an_event() {
    let mut edge = Edge::start();
    let (_, answer) = answered(&mut edge, LEG, false).await;
    edge.media.command(MediaCommand::Stop { leg: LEG });
    assert_eq!(edge.media.counts(LEG), None);
    edge.accept(LEG, answer);
    assert_eq!(edge.refusal().await, "there is no such leg");
}

#[tokio::test]
async fn answers_that_cannot_be_taken_are_refused_and_end_the_leg() {
    let mut edge = Edge::start();
    let refusal = |damage: fn(&str) -> String, reason: &'static str| (damage, reason);
    let cases = [
        refusal(|_| String::new(), "nothing in common"),
        refusal(|_| "hello".to_owned(), "nothing in common"),
        refusal(|answer| without(answer, "a=group"), "BUNDLE"),
        refusal(|answer| without(answer, "a=mid"), "cannot be read"),
        refusal(|answer| without(answer, "a=fingerprint"), "fingerprint"),
        refusal(|answer| without(answer, "a=ice-ufrag"), "ice-ufrag"),
        refusal(
            |answer| answer.replace("m=audio 9", "m=audio 0"),
            "no audio codec in common",
        ),
    ];
    for (damage, reason) in cases {
        let (_, answer) = answered(&mut edge, LEG, true).await;
        edge.accept(LEG, damage(&answer));
        let refused = edge.refusal().await;
        assert!(refused.contains(reason), "{refused:?}, not {reason:?}");
        assert_eq!(edge.media.counts(LEG), None, "the leg is gone");
    }
}

fn without(sdp: &str, start: &str) -> String {
    let kept = sdp.lines().filter(|line| !line.starts_with(start));
    kept.flat_map(|line| [line, "\r\n"]).collect()
}

/// The outcome of an answer with one damaged line; `None` when there is no such line.
async fn outcome(
    edge: &mut Edge,
    leg: LegId,
    number: usize,
    damage: fn(&str) -> Option<String>,
) -> Option<String> {
    edge.call(leg, true, FarEnd::Echo);
    let offer = loop {
        match edge.event().await {
            MediaEvent::Offered { sdp, .. } => break sdp,
            // Of the leg before, which was refused twice.
            MediaEvent::Refused { .. } => {}
            other => panic!("no offer but {other:?}"),
        }
    };
    let answer = Browser::new(None, None).await.answer(&offer);
    let mut lines: Vec<_> = answer.lines().map(str::to_owned).collect();
    let line = lines.get_mut(number)?;
    match damage(line) {
        Some(damaged) => *line = damaged,
        None => drop(lines.remove(number)),
    }
    let damaged = lines.into_iter().flat_map(|line| [line, "\r\n".to_owned()]);
    edge.accept(leg, damaged.collect());
    // This one is refused in any case, by the leg or because there is none.
    edge.accept(leg, answer);
    let reason = edge.refusal_on(leg).await;
    edge.media.command(MediaCommand::Stop { leg });
    Some(reason)
}

/// An answer is the browser's word: whatever it says, the leg takes it or is refused.
#[tokio::test]
async fn no_damaged_answer_goes_unnoticed() {
    let mut edge = Edge::start();
    let (mut taken, mut refused) = (0, 0);
    'lines: for number in 0.. {
        for (kind, damage) in [
            |_: &str| None,
            |line: &str| Some(line[..line.len() / 2].to_owned()),
            |line: &str| Some(format!("{line} 99999")),
        ]
        .into_iter()
        .enumerate()
        {
            let leg = LegId(100 + 3 * number as u64 + kind as u64);
            match outcome(&mut edge, leg, number, damage).await.as_deref() {
                Some("no offer of the space waits for an answer") => taken += 1,
                Some(_) => refused += 1,
                None => break 'lines,
            }
        }
    }
    assert!(taken > 50 && refused > 50, "{taken} and {refused}");
}

#[tokio::test]
async fn what_comes_at_the_wrong_time_is_refused_and_the_call_goes_on() {
    let mut edge = Edge::start();
    let (mut browser, answer) = answered(&mut edge, LEG, false).await;
    let offer = Browser::new(Some(Inactive), None).await.offer();
    edge.offer(offer, FarEnd::Echo);
    let refused = edge.refusal().await;
    assert_eq!(refused, "the offer of the space is not answered yet");
    edge.accept(LEG, answer.clone());
    edge.connected(LEG, &mut browser).await;

    edge.accept(LEG, answer);
    let refused = browser.during(edge.refusal()).await;
    assert_eq!(refused, "no offer of the space waits for an answer");
    edge.call(LEG, true, FarEnd::Echo);
    let refused = browser.during(edge.refusal()).await;
    assert_eq!(refused, "the leg is there already");
    browser
        .until("silence", |browser| browser.received.len() >= 3)
        .await;
}

#[tokio::test]
async fn a_leg_that_was_called_is_negotiated_again() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(None, None).await;
    edge.ring(LEG, &mut browser, false, FarEnd::Tone(440)).await;
    edge.offer(browser.offer_again(Some(Inactive), true), FarEnd::Tone(440));
    let answer = browser.during(edge.answer()).await;
    assert!(answer.contains("a=inactive"));
    browser.accept(&answer);

    let both = str0m::media::Direction::SendRecv;
    edge.offer(browser.offer_again(Some(both), true), FarEnd::Tone(440));
    let answer = browser.during(edge.answer()).await;
    assert!(answer.contains("a=sendrecv"));
    browser.accept(&answer);
    let heard = browser.received.len();
    browser
        .until("sound goes on", |browser| {
            browser.received.len() >= heard + 10
        })
        .await;
}
