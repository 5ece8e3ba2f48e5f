//! What is going to happen, in order of time; at the same time in order of planning.

use std::collections::BTreeMap;

use signalwire_wasm::engine::io::Millis;

use super::Stage;
use super::client::Who;

/// Where something happens. What happens in the page waits while the page sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Page,
    Outside,
}

/// Something that is going to happen.
pub type Deed = Box<dyn FnOnce(&mut Stage)>;

/// See the module.
#[derive(Default)]
pub struct Timeline {
    planned: BTreeMap<(Millis, u64), (Place, Who, Deed)>,
    last: u64,
}

impl Timeline {
    pub fn plan(&mut self, at: Millis, place: Place, who: Who, deed: Deed) {
        self.last += 1;
        self.planned.insert((at, self.last), (place, who, deed));
    }

    pub fn next(&self) -> Option<Millis> {
        self.planned.keys().next().map(|(at, _)| *at)
    }

    /// The next deed of a time not after `now`, and at whose place. Deeds of a page that sleeps are put off
    /// until it wakes, in their order; `sleeps` tells until when it does.
    pub fn take(
        &mut self,
        now: Millis,
        sleeps: impl Fn(Who) -> Option<Millis>,
    ) -> Option<(Who, Deed)> {
        loop {
            let entry = self.planned.first_entry()?;
            let (at, order) = *entry.key();
            if at > now {
                return None;
            }
            let (place, who, deed) = entry.remove();
            match sleeps(who) {
                Some(wakes) if place == Place::Page && wakes > now => {
                    self.planned.insert((wakes, order), (place, who, deed));
                }
                _ => return Some((who, deed)),
            }
        }
    }
}
