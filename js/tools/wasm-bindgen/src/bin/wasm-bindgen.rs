//! `wasm-bindgen`, built from the crate registry: installing the published command line fails on a
//! locked dependency that is gone, and a prebuilt one would be a binary from another host.

fn main() -> impl std::process::Termination {
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(std::env::args_os())
}
