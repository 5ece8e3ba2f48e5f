//! Inbound calls that are over: a space may deliver an invite again, or late, and a call rings once.

/// So many calls are remembered.
const REMEMBERED: usize = 16;

/// The ids of the inbound calls that ended last.
#[derive(Debug, Default)]
pub struct Ended {
    ids: Vec<String>,
}

impl Ended {
    /// The call with this id is over.
    pub fn remember(&mut self, id: &str) {
        if self.ids.len() == REMEMBERED {
            self.ids.remove(0);
        }
        self.ids.push(id.to_owned());
    }

    /// Did a call with this id end lately?
    pub fn knows(&self, id: &str) -> bool {
        self.ids.iter().any(|known| known == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_remembered() {
        let mut ended = Ended::default();
        let ids: Vec<String> = (0..20).map(|number| format!("c-{number}")).collect();
        ids.iter().for_each(|id| ended.remember(id));
        assert!(!ended.knows("c-3") && ended.knows("c-4") && ended.knows("c-19"));
    }
}
