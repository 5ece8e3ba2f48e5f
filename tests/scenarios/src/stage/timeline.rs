//! What is going to happen, in order of time; at the same time in order of planning.

use std::collections::BTreeMap;

use signalwire_wasm::engine::io::Millis;

use super::Stage;

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
    planned: BTreeMap<(Millis, u64), (Place, Deed)>,
    last: u64,
}

impl Timeline {
    pub fn plan(&mut self, at: Millis, place: Place, deed: Deed) {
        self.last += 1;
        self.planned.insert((at, self.last), (place, deed));
    }

    pub fn next(&self) -> Option<Millis> {
        self.planned.keys().next().map(|(at, _)| *at)
    }

    /// The next deed of a time not after `now`. Deeds of a page that sleeps until `wakes` are put off,
    /// in their order.
    pub fn take(&mut self, now: Millis, wakes: Option<Millis>) -> Option<Deed> {
        loop {
            let entry = self.planned.first_entry()?;
            let (at, order) = *entry.key();
            if at > now {
                return None;
            }
            let (place, deed) = entry.remove();
            match wakes {
                Some(wakes) if place == Place::Page && wakes > now => {
                    self.planned.insert((wakes, order), (place, deed));
                }
                _ => return Some(deed),
            }
        }
    }
}
