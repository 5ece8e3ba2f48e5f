//! Offers and answers.

use str0m::RtcConfig;
use str0m::media::Direction::{Inactive, SendRecv};

use super::*;

#[tokio::test]
async fn the_answer_has_the_candidates_and_the_certificate_of_the_space() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(SendRecv), Some(SendRecv)).await;
    edge.offer(browser.offer(), FarEnd::Echo);
    let answer = edge.answer().await;
    let candidates: Vec<_> = answer
        .lines()
        .filter(|line| line.starts_with("a=candidate:"))
        .collect();
    assert_eq!(candidates.len(), 1, "{candidates:?}");
    assert!(candidates[0].contains(" 127.0.0.1 "), "{candidates:?}");
    assert!(
        answer.contains("a=setup:passive"),
        "the browser begins the handshake"
    );
    assert!(answer.contains("a=fingerprint:sha-256"));
}

#[tokio::test]
async fn a_tone_answers_pcmu_alone() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(SendRecv), None).await;
    edge.offer(browser.offer(), FarEnd::Tone(440));
    let answer = edge.answer().await;
    let line = answer
        .lines()
        .find(|line| line.starts_with("m=audio"))
        .expect("audio");
    assert_eq!(line, "m=audio 9 UDP/TLS/RTP/SAVPF 0");
}

#[tokio::test]
async fn an_ice_restart_goes_on_with_new_credentials() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(SendRecv), None).await;
    let ufrag = |answer: &str| {
        let line = answer.lines().find(|line| line.starts_with("a=ice-ufrag:"));
        line.expect("credentials").to_owned()
    };
    edge.offer(browser.offer(), FarEnd::Tone(440));
    let first = edge.answer().await;
    browser.accept(&first);
    browser
        .until("sound", |browser| browser.received.len() >= 3)
        .await;
    assert_eq!(edge.event().await, MediaEvent::Connected { leg: LEG });

    let offer = browser.offer_again(None, true);
    edge.offer(offer, FarEnd::Tone(440));
    let second = browser.during(edge.answer()).await;
    assert_ne!(ufrag(&first), ufrag(&second));
    browser.accept(&second);
    let heard = browser.received.len();
    browser
        .until("sound goes on", |browser| {
            browser.received.len() >= heard + 10
        })
        .await;
}

#[tokio::test]
async fn media_stop_and_go_on_with_their_direction() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(SendRecv), None).await;
    edge.connect(&mut browser, FarEnd::Tone(440)).await;
    browser
        .until("sound", |browser| browser.received.len() >= 3)
        .await;

    edge.offer(
        browser.offer_again(Some(Inactive), false),
        FarEnd::Tone(440),
    );
    let answer = browser.during(edge.answer()).await;
    assert!(answer.contains("a=inactive"));
    browser.accept(&answer);
    let sent = edge.media.counts(LEG).expect("a leg").sent;

    edge.offer(
        browser.offer_again(Some(SendRecv), false),
        FarEnd::Tone(440),
    );
    let answer = browser.during(edge.answer()).await;
    assert!(answer.contains("a=sendrecv"));
    assert_eq!(
        edge.media.counts(LEG).expect("a leg").sent,
        sent,
        "held, nothing is sent"
    );
    browser.accept(&answer);
    let heard = browser.received.len();
    browser
        .until("sound again", |browser| {
            browser.received.len() >= heard + 10
        })
        .await;
}

#[tokio::test]
async fn offers_that_cannot_be_served_are_refused_with_a_reason() {
    let mut edge = Edge::start();
    let valid = Browser::new(Some(SendRecv), Some(SendRecv)).await.offer();
    let without = |start: &str| {
        let kept = valid.lines().filter(|line| !line.starts_with(start));
        kept.flat_map(|line| [line, "\r\n"]).collect::<String>()
    };
    for (offer, reason) in [
        (String::new(), "cannot be read"),
        ("hello".to_owned(), "cannot be read"),
        ("v=0\r\n".to_owned(), "cannot be read"),
        (without("a=group"), "BUNDLE"),
        (without("a=mid"), "cannot be read"),
        (without("a=fingerprint"), "fingerprint"),
        (without("a=ice-ufrag"), "ice-ufrag"),
        (
            valid.replace("a=group:BUNDLE ", "a=group:BUNDLE zzz "),
            "group",
        ),
    ] {
        edge.offer(offer.clone(), FarEnd::Echo);
        let refusal = edge.refusal().await;
        assert!(refusal.contains(reason), "{refusal:?} for {offer:?}");
        assert_eq!(edge.media.counts(LEG), None, "the leg is gone");
    }
}

#[tokio::test]
async fn no_codec_in_common_is_a_refusal() {
    let mut edge = Edge::start();
    let opus_alone = RtcConfig::new().clear_codecs().enable_opus(true, false);
    let mut browser = Browser::with(opus_alone, Some(SendRecv), None).await;
    edge.offer(browser.offer(), FarEnd::Tone(440));
    assert_eq!(edge.refusal().await, "no audio codec in common");
}

#[tokio::test]
async fn a_broken_later_offer_is_refused_and_the_call_goes_on() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(SendRecv), None).await;
    edge.connect(&mut browser, FarEnd::Tone(440)).await;
    edge.offer("hello".to_owned(), FarEnd::Tone(440));
    assert!(
        browser
            .during(edge.refusal())
            .await
            .contains("cannot be read")
    );
    let heard = browser.received.len();
    browser
        .until("sound goes on", |browser| {
            browser.received.len() >= heard + 10
        })
        .await;
}

/// An offer is the browser's word: whatever it says, the leg's task must answer or refuse.
#[tokio::test]
async fn no_damaged_offer_goes_unanswered() {
    let mut edge = Edge::start();
    let valid = Browser::new(Some(SendRecv), Some(SendRecv)).await.offer();
    let lines: Vec<_> = valid.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let damage = |replacement: Option<String>| {
            let mut damaged: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
            match replacement {
                Some(replacement) => damaged[number] = replacement,
                None => drop(damaged.remove(number)),
            }
            damaged
                .into_iter()
                .flat_map(|line| [line, "\r\n".to_owned()])
                .collect::<String>()
        };
        let half = line.chars().take(line.len() / 2).collect();
        for offer in [
            damage(None),
            damage(Some(half)),
            damage(Some(format!("{line} 99999"))),
        ] {
            edge.offer(offer, FarEnd::Echo);
            match edge.event().await {
                MediaEvent::Answer { .. } => edge.media.command(MediaCommand::Stop { leg: LEG }),
                MediaEvent::Refused { .. } => {}
                other => panic!("{other:?} after damage to {line:?}"),
            }
        }
    }
}
