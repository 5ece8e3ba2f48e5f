//! What JavaScript calls: conversion and forwarding, nothing else.

mod client;
mod exchange;
#[cfg(feature = "trap")]
mod trap;
mod words;
