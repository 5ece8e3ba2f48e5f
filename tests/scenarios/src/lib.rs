//! Scenarios: the engine against the world of the local space, in memory and in virtual time.
//!
//! * `stage`: the two of them, with a simulated browser, a simulated network and one clock between
//!   them, and the invariants that hold after every step and at the end of every scenario
//! * `frames`: the rule of the Readers, on mutations of the golden frames
//! * `scenes`: what a user would notice, one scenario a test
//!
//! A scenario is [`play`](stage::play)ed: set up, told, and then taken down by the stage, which finds
//! whatever was left open. The same seed gives the same run.

#[cfg(test)]
mod frames;
#[cfg(test)]
mod scenes;
#[cfg(test)]
mod stage;
