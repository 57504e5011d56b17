//! The browser's clock.

use kindling_common::Clock;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(thread_local_v2, js_namespace = performance, js_name = timeOrigin)]
    static TIME_ORIGIN: f64;
}

/// `performance.now()`, which each worker counts from its own start: with the origin added, all threads agree.
#[derive(Debug, Clone, Copy, Default)]
pub struct BrowserClock;

fn millis() -> f64 {
    TIME_ORIGIN.with(|origin| *origin) + performance_now()
}

impl Clock for BrowserClock {
    fn now_millis(&self) -> i64 {
        millis() as i64
    }

    fn monotonic_nanos(&self) -> i64 {
        // Milliseconds since 1970 leave a double about 0.2 µs of precision, finer than the browser's own clock.
        (millis() * 1_000.0) as i64 * 1_000
    }
}
