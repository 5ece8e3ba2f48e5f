//! What JavaScript calls: conversion and forwarding, nothing else.

mod words;
