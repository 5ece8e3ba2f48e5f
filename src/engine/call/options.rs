//! The options of `dial()`, merged and decided upon (media §1.1, §1.3).

use crate::engine::io::{Constraint, Direction};
use crate::engine::wire::{K, Opaque, Reader};

/// What `dial()` was given, read once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DialOptions {
    /// Send audio.
    pub audio: Option<bool>,
    /// Send video.
    pub video: Option<bool>,
    /// Receive audio.
    pub receive_audio: Option<bool>,
    /// Receive video.
    pub receive_video: Option<bool>,
    /// Go on receive-only when no device can be had.
    pub fallback: Option<bool>,
    /// MediaTrackConstraints for the microphone.
    pub audio_constraints: Option<Opaque>,
    /// MediaTrackConstraints for the camera.
    pub video_constraints: Option<Opaque>,
    /// A ready MediaStream for audio.
    pub audio_stream: Option<Opaque>,
    /// A ready MediaStream for video.
    pub video_stream: Option<Opaque>,
    /// Steering hint.
    pub node_id: Option<String>,
    /// The application's variables as JSON text.
    pub user_variables: Option<String>,
    /// Use relay candidates alone.
    pub relay_only: bool,
}

impl DialOptions {
    /// Reads the application's object.
    pub fn decode<R: Reader>(object: &R) -> Self {
        Self {
            audio: object.bool(K::Audio),
            video: object.bool(K::Video),
            receive_audio: object.bool(K::ReceiveAudio),
            receive_video: object.bool(K::ReceiveVideo),
            fallback: object.bool(K::FallbackToReceiveOnly),
            audio_constraints: object.opaque(K::InputAudioDeviceConstraints),
            video_constraints: object.opaque(K::InputVideoDeviceConstraints),
            audio_stream: object.opaque(K::InputAudioStream),
            video_stream: object.opaque(K::InputVideoStream),
            node_id: object.str(K::NodeIdOption),
            user_variables: object.json(K::UserVariables),
            relay_only: object.bool(K::RelayOnly).unwrap_or_default(),
        }
    }
}

/// The media of a call, decided.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaPlan {
    /// What to acquire for audio.
    pub audio: Constraint,
    /// What to acquire for video.
    pub video: Constraint,
    /// Streams of the application, used instead of acquiring that kind.
    pub given: Vec<Opaque>,
    /// The application's streams are to stand for audio, video.
    pub given_kinds: (bool, bool),
    /// Receive audio.
    pub receive_audio: bool,
    /// Receive video.
    pub receive_video: bool,
    /// Go on receive-only when no device can be had.
    pub fallback: bool,
    /// What the far end offered, seen from there; `None` where the offer is ours.
    pub offered: Option<Offered>,
}

/// The sections of a far end's offer: audio and video.
pub type Offered = (Option<Direction>, Option<Direction>);

impl MediaPlan {
    /// The answer to an offer: sends what the far end would receive, receives what it would send, unless the
    /// options say otherwise (media §1.11).
    pub fn answering(offered: Offered, options: &DialOptions) -> Self {
        let may = |kind: Option<Direction>, flow: fn(Direction) -> bool| kind.is_some_and(flow);
        let options = DialOptions {
            audio: options.audio.or(Some(may(offered.0, |d| d.receive))),
            video: options.video.or(Some(may(offered.1, |d| d.receive))),
            receive_audio: options.receive_audio.or(Some(may(offered.0, |d| d.send))),
            receive_video: options.receive_video.or(Some(may(offered.1, |d| d.send))),
            ..options.clone()
        };
        let mut plan = Self::new("", &options);
        // A device for which there is no section would be opened for nothing.
        if offered.0.is_none() {
            plan.audio = Constraint::Off;
        }
        if offered.1.is_none() {
            plan.video = Constraint::Off;
        }
        plan.offered = Some(offered);
        plan
    }

    /// Merges the destination's hint and the options; options win (media §1.1, §1.3).
    pub fn new(destination: &str, options: &DialOptions) -> Self {
        let hint = channel(destination);
        let hinted_video = hint == Some("video");
        let off = |asked: bool, constraints: &Option<Opaque>| match constraints {
            Some(given) => Constraint::Given(given.clone()),
            None if asked => Constraint::Any,
            None => Constraint::Off,
        };
        let given_kinds = (
            options.audio_stream.is_some(),
            options.video_stream.is_some(),
        );
        let audio = off(options.audio.unwrap_or(true), &options.audio_constraints);
        let video = off(
            options.video.unwrap_or(hinted_video),
            &options.video_constraints,
        );
        Self {
            audio: if given_kinds.0 {
                Constraint::Off
            } else {
                audio
            },
            video: if given_kinds.1 {
                Constraint::Off
            } else {
                video
            },
            given: options
                .audio_stream
                .iter()
                .chain(&options.video_stream)
                .cloned()
                .collect(),
            given_kinds,
            receive_audio: options.receive_audio.unwrap_or(true),
            receive_video: options.receive_video.unwrap_or(hinted_video),
            fallback: options.fallback.unwrap_or(true),
            offered: None,
        }
    }

    /// Is a device to be asked for?
    pub fn acquires(&self) -> bool {
        self.audio.is_on() || self.video.is_on()
    }

    /// Would the call neither send nor receive anything?
    pub fn is_empty(&self) -> bool {
        !self.acquires() && self.given.is_empty() && !self.receive_audio && !self.receive_video
    }

    /// How the public error names what was asked for (media §1.3).
    pub fn media_name(&self) -> &'static str {
        match (self.audio.is_on(), self.video.is_on()) {
            (true, true) => "audiovideo",
            (false, true) => "video",
            _ => "audio",
        }
    }

    /// The two sections of the offer or of the answer when `audio` and `video` say which kinds can be sent
    /// (wire-protocol §5.10, "Sections of the main offer").
    pub fn sections(&self, audio: bool, video: bool) -> (Option<Direction>, Option<Direction>) {
        let both = |send, receive| Direction { send, receive };
        if let Some((their_audio, their_video)) = self.offered {
            let turned = |theirs: Option<Direction>, send, receive| {
                theirs.map(|theirs| both(send && theirs.receive, receive && theirs.send))
            };
            return (
                turned(their_audio, audio, self.receive_audio),
                turned(their_video, video, self.receive_video),
            );
        }
        let nothing_to_send = !audio && !video;
        let audio = both(audio, self.receive_audio);
        let video = both(video, self.receive_video);
        let used = |d: &Direction| d.send || d.receive;
        // Receive-only offers carry both sections, also the inactive one.
        let keep = |d: Direction| (nothing_to_send || used(&d)).then_some(d);
        (keep(audio), keep(video))
    }
}

/// The `channel` parameter of a destination.
fn channel(destination: &str) -> Option<&str> {
    let (_, query) = destination.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("channel="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(destination: &str, json: serde_json::Value) -> MediaPlan {
        use crate::engine::wire::json::Json;
        MediaPlan::new(destination, &DialOptions::decode(&Json(&json)))
    }

    fn directions(destination: &str, json: serde_json::Value) -> (String, String) {
        let plan = plan(destination, json);
        let (audio, video) = plan.sections(plan.audio.is_on(), plan.video.is_on());
        let text = |d: Option<Direction>| match d {
            None => "none",
            Some(Direction {
                send: true,
                receive: true,
            }) => "sendrecv",
            Some(Direction {
                send: true,
                receive: false,
            }) => "sendonly",
            Some(Direction {
                send: false,
                receive: true,
            }) => "recvonly",
            Some(Direction {
                send: false,
                receive: false,
            }) => "inactive",
        };
        (text(audio).to_owned(), text(video).to_owned())
    }

    #[test]
    fn the_sections_of_the_main_offer() {
        let rows = [
            ("/public/a", "{}", "sendrecv", "none"),
            ("/public/a?channel=audio", "{}", "sendrecv", "none"),
            ("/public/a?channel=video", "{}", "sendrecv", "sendrecv"),
            (
                "/public/a?channel=video",
                r#"{"video":false,"receiveVideo":false}"#,
                "sendrecv",
                "none",
            ),
            (
                "/public/a",
                r#"{"receiveVideo":true}"#,
                "sendrecv",
                "recvonly",
            ),
            ("/public/a", r#"{"video":true}"#, "sendrecv", "sendonly"),
            ("/public/a", r#"{"audio":false}"#, "recvonly", "inactive"),
            (
                "/public/a",
                r#"{"audio":false,"inputAudioDeviceConstraints":{}}"#,
                "sendrecv",
                "none",
            ),
            ("/public/a", r#"{"receiveAudio":false}"#, "sendonly", "none"),
        ];
        for (destination, options, audio, video) in rows {
            let found = directions(destination, serde_json::from_str(options).unwrap());
            assert_eq!(
                found,
                (audio.to_owned(), video.to_owned()),
                "{destination} {options}"
            );
        }
    }

    #[test]
    fn a_call_with_nothing_to_do_is_empty() {
        let nothing = serde_json::json!({"audio": false, "receiveAudio": false});
        assert!(plan("/public/a", nothing).is_empty());
        assert!(!plan("/public/a", serde_json::json!({"audio": false})).is_empty());
    }

    #[test]
    fn a_given_stream_takes_the_place_of_the_device() {
        let plan = plan(
            "/public/a",
            serde_json::json!({"inputAudioStream": {"id": "s"}, "video": true}),
        );
        assert_eq!(plan.audio, Constraint::Off);
        assert_eq!(plan.video, Constraint::Any);
        assert_eq!(plan.given.len(), 1);
    }
}
