//! Scenes in virtual time: a client plays against the world, and the media edge is played too.

mod calls;
mod chaos;
mod endings;
mod hostile;
mod lifetime;
mod misshapen;
mod people;
mod proofs;
mod reach;
mod restarts;
mod ringing;
mod scene;
mod sessions;
mod talk;
mod thief;
