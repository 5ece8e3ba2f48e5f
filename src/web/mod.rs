//! The thin browser side of the engine: carries out outputs, turns events into inputs.
