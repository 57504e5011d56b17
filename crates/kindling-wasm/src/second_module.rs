//! Loading the functions that few queries call. The build moves them into a module of their own (`crates/kindling-split`); what
//! stands for them here asks for it before a thread's first such call.

use std::panic::panic_any;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// `web/src/kernel/second_module.ts`.
    #[wasm_bindgen(catch, js_name = loadSecondModule)]
    fn load(slot: u32) -> Result<(), JsValue>;
}

/// Puts the functions of the second module into this thread's table. `slot` is that of the function which is about to be called.
/// Out of reach, the call of that function panics, as it may for other reasons, and the next call tries again.
///
/// Not an export of `wasm-bindgen`'s, which would turn the panic into JavaScript's exception.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn load_second_module(slot: u32) {
    if let Err(error) = load(slot) {
        let reason = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
        panic_any(reason.unwrap_or_else(|| "the second part of the engine could not be loaded".to_string()));
    }
}
