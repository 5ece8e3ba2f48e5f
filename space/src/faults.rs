//! Endpoints that fail on purpose: what the front desk orders, so that a test meets a refusal or a silence
//! that the space has no reason for.

use std::collections::{BTreeMap, VecDeque};

/// How an endpoint fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// With this status and, in seconds, a `Retry-After`.
    Status(u16, Option<u64>),
    /// Nothing comes until the client gives up.
    Silence,
}

/// An endpoint is to fail so many times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) failure: Failure,
    /// How many requests it still meets.
    pub(crate) times: u64,
    /// Whether the request does its work all the same, so that only its answer is lost.
    pub(crate) carried_out: bool,
}

/// The faults that were ordered, by the path of the endpoint, in their order.
#[derive(Default)]
pub(crate) struct Faults(BTreeMap<String, VecDeque<Fault>>);

impl Faults {
    /// Orders one more, after those of the same path.
    pub(crate) fn order(&mut self, path: &str, fault: Fault) {
        self.0.entry(path.to_owned()).or_default().push_back(fault);
    }

    /// Calls off those of a path.
    pub(crate) fn call_off(&mut self, path: &str) {
        self.0.remove(path);
    }

    /// Those that are still to come.
    pub(crate) fn open(&self) -> impl Iterator<Item = (&str, Fault)> {
        let flat = self.0.iter().map(|(path, list)| (path.as_str(), list));
        flat.flat_map(|(path, list)| list.iter().map(move |fault| (path, *fault)))
    }

    /// What a request to this path meets; counts it.
    pub(crate) fn meet(&mut self, path: &str) -> Option<Fault> {
        let list = self.0.get_mut(path)?;
        let first = list.front_mut()?;
        let met = *first;
        first.times -= 1;
        if first.times == 0 {
            list.pop_front();
        }
        Some(met)
    }
}
