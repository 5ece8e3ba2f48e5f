//! What a user would notice, one scenario a test.

mod connecting;
mod cuts;
mod devices;
mod endings;
mod errors;
mod expiry;
mod first_call;
mod hanging_up;
mod incoming;
mod leaving;
mod lifecycle;
mod liveness;
mod lost_frames;
mod misshapen;
mod moments;
mod muting;
mod offers;
mod people;
mod reach;
mod recovery;
mod registration;
mod renewal;
mod ringing;
mod sleeping;
mod soak;
mod storage;
