//! What a user would notice, one scenario a test.

mod connecting;
mod cuts;
mod devices;
mod endings;
mod first_call;
mod hanging_up;
mod leaving;
mod lost_frames;
mod misshapen;
mod moments;
mod muting;
mod offers;
mod sleeping;
mod soak;
