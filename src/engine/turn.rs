//! One turn of the engine: the clock, the randomness, the outputs and the pending requests, handed
//! from part to part while an input is worked off.

use super::error::Failure;
use super::io::{Cx, Entity, Millis, Output, PeerId, Reply, SocketId, StreamId, Ticket, Value};
use super::rpc::{Purpose, Rpc};
use super::state::Field;

/// Counters of the ids; 0 is never given.
#[derive(Debug, Default)]
pub struct Ids {
    last: u32,
}

impl Ids {
    fn next(&mut self) -> u32 {
        self.last = self.last.wrapping_add(1);
        self.last
    }
}

/// What a part of the engine may use while it works off one input.
pub struct Turn<'t, 'c> {
    /// Clocks and randomness.
    pub cx: &'t mut Cx<'c>,
    /// What is to be done, in order.
    pub out: &'t mut Vec<Output>,
    /// Requests that wait for their responses.
    pub rpc: &'t mut Rpc,
    /// For new ids.
    pub ids: &'t mut Ids,
}

impl Turn<'_, '_> {
    /// The monotonic clock.
    pub fn now(&self) -> Millis {
        self.cx.mono
    }

    /// The monotonic clock in so many milliseconds.
    pub fn after(&self, delay: Millis) -> Millis {
        self.cx.mono.saturating_add(delay)
    }

    /// Appends an output.
    pub fn emit(&mut self, output: Output) {
        self.out.push(output);
    }

    /// A new ticket.
    pub fn ticket(&mut self) -> Ticket {
        Ticket(self.ids.next())
    }

    /// A new socket id.
    pub fn socket(&mut self) -> SocketId {
        SocketId(self.ids.next())
    }

    /// A new peer connection id.
    pub fn peer(&mut self) -> PeerId {
        PeerId(self.ids.next())
    }

    /// A new stream id.
    pub fn stream(&mut self) -> StreamId {
        StreamId(self.ids.next())
    }

    /// A new observable object that belongs to `parent`.
    pub fn create(&mut self, parent: Entity) -> Entity {
        let entity = Entity(self.ids.next());
        self.emit(Output::Create { entity, parent });
        entity
    }

    /// Gives a field a new value.
    pub fn patch(&mut self, entity: Entity, field: Field, value: Value) {
        self.emit(Output::Patch {
            entity,
            field,
            value,
        });
    }

    /// Settles a promise.
    pub fn settle(&mut self, reply: Reply, result: Result<Value, Failure>) {
        self.emit(Output::Settle { reply, result });
    }

    /// Puts an error on the client's `errors$`.
    pub fn client_error(&mut self, failure: Failure) {
        self.patch(Entity::CLIENT, Field::ClientErrors, Value::Failure(failure));
    }

    /// A random UUID, version 4 (RFC 9562 §5.4).
    pub fn uuid(&mut self) -> String {
        let mut bytes = [0_u8; 16];
        (self.cx.entropy)(&mut bytes);
        let mut value = u128::from_be_bytes(bytes);
        value = value & !(0xf << 76) | 0x4 << 76;
        value = value & !(0b11 << 62) | 0b10 << 62;
        let mut text = String::with_capacity(36);
        for nibble in (0_u32..32).rev() {
            if matches!(nibble, 23 | 19 | 15 | 11) {
                text.push('-');
            }
            let digit = value >> nibble.saturating_mul(4) & 0xf;
            text.push(
                char::from_digit(u32::try_from(digit).unwrap_or_default(), 16).unwrap_or('0'),
            );
        }
        text
    }

    /// A random delay between half of `delay` and `delay` (wire-protocol §8.1).
    pub fn jittered(&mut self, delay: Millis) -> Millis {
        let mut byte = [0_u8; 1];
        (self.cx.entropy)(&mut byte);
        let [byte] = byte;
        let half = delay / 2;
        half.saturating_add(half.saturating_mul(Millis::from(byte)) / 255)
    }

    /// Sends a request and remembers why; `write` makes the frame from its id and an inner id.
    pub fn request(
        &mut self,
        purpose: Purpose,
        limit: Millis,
        write: impl FnOnce(&str, &str) -> String,
    ) {
        let (id, inner_id) = (self.uuid(), self.uuid());
        let text = write(&id, &inner_id);
        let deadline = self.after(limit);
        let sent = self.rpc.add(id, purpose, limit, deadline, text);
        self.out.extend(sent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_of_version_4() {
        for fill in [0x00, 0xff, 0xa5] {
            let (mut rpc, mut ids, mut out) = (Rpc::default(), Ids::default(), Vec::new());
            let mut entropy = |bytes: &mut [u8]| bytes.fill(fill);
            let mut cx = Cx {
                mono: 0,
                wall: 0,
                entropy: &mut entropy,
            };
            let mut turn = Turn {
                cx: &mut cx,
                out: &mut out,
                rpc: &mut rpc,
                ids: &mut ids,
            };
            let uuid = turn.uuid();
            assert_eq!(uuid.len(), 36);
            let groups: Vec<usize> = uuid.split('-').map(str::len).collect();
            assert_eq!(groups, [8, 4, 4, 4, 12]);
            assert_eq!(uuid.as_bytes()[14], b'4');
            assert!(
                matches!(uuid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'),
                "{uuid}"
            );
            assert!((500..=1000).contains(&turn.jittered(1000)));
        }
    }
}
