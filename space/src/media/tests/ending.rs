//! How legs end.

use std::net::UdpSocket;

use str0m::media::Direction::SendRecv;

use super::*;

/// Long enough never to be the reason that a test passes.
const NEVER: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_browser_that_vanishes_leaves_a_dead_leg() {
    let vanished_after = Duration::from_millis(300);
    let mut edge = Edge::with(MediaConfig {
        vanished_after,
        ..MediaConfig::default()
    });
    let mut browser = Browser::new(Some(SendRecv), None).await;
    edge.connect(&mut browser, FarEnd::Tone(440)).await;
    assert_eq!(edge.event().await, MediaEvent::Dead { leg: LEG });
    assert!(edge.media.counts(LEG).is_some_and(|counts| counts.sent > 0));
    edge.media.command(MediaCommand::Stop { leg: LEG });
    assert_eq!(edge.media.counts(LEG), None);
}

#[tokio::test]
async fn a_browser_that_never_comes_leaves_a_dead_leg() {
    let connect_within = Duration::from_millis(100);
    let mut edge = Edge::with(MediaConfig {
        connect_within,
        ..MediaConfig::default()
    });
    edge.offer(
        Browser::new(Some(SendRecv), None).await.offer(),
        FarEnd::Echo,
    );
    edge.answer().await;
    assert_eq!(edge.event().await, MediaEvent::Dead { leg: LEG });
}

#[tokio::test]
async fn a_browser_that_closes_is_dead_at_once() {
    let config = MediaConfig {
        vanished_after: NEVER,
        ..MediaConfig::default()
    };
    let mut edge = Edge::with(config);
    let mut browser = Browser::new(Some(SendRecv), None).await;
    edge.connect(&mut browser, FarEnd::Tone(440)).await;
    browser.close().await;
    assert_eq!(edge.event().await, MediaEvent::Dead { leg: LEG });
}

#[tokio::test]
async fn a_network_that_loses_everything_for_a_while_kills_nobody() {
    let vanished_after = Duration::from_secs(5);
    let mut edge = Edge::with(MediaConfig {
        vanished_after,
        ..MediaConfig::default()
    });
    let mut browser = Browser::new(Some(SendRecv), None).await;
    edge.connect(&mut browser, FarEnd::Tone(440)).await;
    edge.network.set(0, 1.0);
    let sent = edge.media.counts(LEG).expect("a leg").sent;
    let count = || edge.media.counts(LEG).map_or(0, |counts| counts.sent);
    browser
        .until("fifty lost packets", |_| count() >= sent + 50)
        .await;
    let heard = browser.received.len();
    edge.network.set(0, 0.0);
    browser
        .until("sound again", |browser| {
            browser.received.len() >= heard + 20
        })
        .await;
    assert!(
        edge.events.try_recv().is_err(),
        "nothing happened to the leg"
    );
}

#[tokio::test]
async fn a_stopped_leg_is_gone_without_an_event() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(SendRecv), None).await;
    edge.connect(&mut browser, FarEnd::Tone(440)).await;
    edge.media.command(MediaCommand::Stop { leg: LEG });
    assert_eq!(edge.media.counts(LEG), None);

    // The number may be used again, and what comes next belongs to the new leg.
    let mut browser = Browser::new(Some(SendRecv), None).await;
    edge.connect(&mut browser, FarEnd::Tone(440)).await;
}

#[tokio::test]
async fn stopping_a_leg_that_is_not_there_is_nothing() {
    let mut edge = Edge::start();
    edge.media.command(MediaCommand::Stop { leg: LegId(99) });
    let mut browser = Browser::new(Some(SendRecv), None).await;
    edge.connect(&mut browser, FarEnd::Echo).await;
}

#[tokio::test]
async fn everything_ends_with_the_handle() {
    let mut edge = Edge::start();
    let mut browser = Browser::new(Some(SendRecv), None).await;
    let offer = browser.offer();
    edge.offer(offer, FarEnd::Tone(440));
    let answer = edge.answer().await;
    let leg_port = port_of_candidate(&answer);
    let turn_port = port_of_server(&edge.media);
    drop(edge.media);
    for port in [leg_port, turn_port] {
        UdpSocket::bind(("127.0.0.1", port)).expect("a port that is free again");
    }
}

fn port_of_candidate(answer: &str) -> u16 {
    let line = answer
        .lines()
        .find(|line| line.starts_with("a=candidate:"))
        .expect("a candidate");
    line.split(' ')
        .nth(5)
        .expect("a port")
        .parse()
        .expect("a number")
}

fn port_of_server(media: &MediaHandle) -> u16 {
    let servers = media.ice_servers();
    let url = servers[0].urls[0]
        .strip_prefix("turn:127.0.0.1:")
        .expect("loopback")
        .to_owned();
    url.strip_suffix("?transport=udp")
        .expect("UDP")
        .parse()
        .expect("a port")
}
