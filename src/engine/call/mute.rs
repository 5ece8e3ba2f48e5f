//! Mute and unmute of one kind of one member: the space is told and the device follows, one wish at a
//! time; wishes that come meanwhile are coalesced into the last one (media §2.1).

use crate::engine::error::Failure;
use crate::engine::io::{Entity, Kind, Reply, Ticket};

/// The state of one kind of one member.
#[derive(Debug)]
pub struct Mute {
    /// Whose.
    pub member: Entity,
    /// Which kind.
    pub kind: Kind,
    running: Option<Running>,
    next: Option<(bool, Vec<Reply>)>,
}

#[derive(Debug)]
struct Running {
    replies: Vec<Reply>,
    rpc: Option<Result<(), Failure>>,
    device: Device,
}

/// How far the device is.
#[derive(Debug)]
enum Device {
    /// Done, or nothing to do.
    Done(Result<(), Failure>),
    /// Being acquired again.
    Restoring(Ticket),
}

impl Mute {
    /// Nothing is wished yet.
    pub fn new(member: Entity, kind: Kind) -> Self {
        Self {
            member,
            kind,
            running: None,
            next: None,
        }
    }

    /// A wish; true when it can be carried out now, with [`Self::start`].
    pub fn wish(&mut self, muted: bool, reply: Reply) -> bool {
        if self.running.is_none() {
            return true;
        }
        let mut replies = self
            .next
            .take()
            .map(|(_, replies)| replies)
            .unwrap_or_default();
        replies.push(reply);
        self.next = Some((muted, replies));
        false
    }

    /// The request has been sent; `restoring` when the device is being acquired.
    pub fn start(&mut self, replies: Vec<Reply>, restoring: Option<Ticket>) {
        let device = restoring.map_or(Device::Done(Ok(())), Device::Restoring);
        self.running = Some(Running {
            replies,
            rpc: None,
            device,
        });
    }

    /// The space answered.
    pub fn answered(&mut self, result: Result<(), Failure>) {
        if let Some(running) = &mut self.running {
            running.rpc = Some(result);
        }
    }

    /// The device is back, or could not be had. True when this is the ticket waited for.
    pub fn restored(&mut self, ticket: Ticket, result: Result<(), Failure>) -> bool {
        let Some(running) = &mut self.running else {
            return false;
        };
        if !matches!(running.device, Device::Restoring(awaited) if awaited == ticket) {
            return false;
        }
        running.device = Device::Done(result);
        true
    }

    /// The promises to be settled now and how, once space and device have both followed.
    pub fn take_done(&mut self) -> Option<(Vec<Reply>, Result<(), Failure>)> {
        let running = self.running.take()?;
        match (running.rpc, running.device) {
            (Some(rpc), Device::Done(device)) => Some((running.replies, device.and(rpc))),
            (rpc, device) => {
                self.running = Some(Running {
                    replies: running.replies,
                    rpc,
                    device,
                });
                None
            }
        }
    }

    /// The wish to carry out next.
    pub fn take_next(&mut self) -> Option<(bool, Vec<Reply>)> {
        self.next.take()
    }

    /// The call is over: every promise that waits.
    pub fn take_all(&mut self) -> Vec<Reply> {
        let mut replies = self
            .running
            .take()
            .map(|running| running.replies)
            .unwrap_or_default();
        replies.extend(
            self.next
                .take()
                .into_iter()
                .flat_map(|(_, replies)| replies),
        );
        replies
    }
}
