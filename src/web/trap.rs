//! Ways to die, for the tests of what a trap leaves behind. Only with the feature `trap`.

use std::cell::Cell;
use std::hint::black_box;

thread_local! {
    static ARMED: Cell<Option<(u32, bool)>> = const { Cell::new(None) };
}

/// Lets the entrance after the next `after` ones trap: by a panic, or by running out of stack.
pub fn arm(after: u32, overflow: bool) {
    ARMED.set(Some((after, overflow)));
}

/// An entrance into the driver.
pub fn reached() {
    match ARMED.take() {
        Some((0, true)) => _ = descend(0),
        Some((0, false)) => panic!("armed"),
        Some((after, overflow)) => arm(after - 1, overflow),
        None => {}
    }
}

#[allow(unconditional_recursion)]
fn descend(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    descend(depth + 1) + black_box(frame[0])
}
