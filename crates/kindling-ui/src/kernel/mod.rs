//! The page's side of the kernel and storage workers.

pub mod client;
pub mod protocol;
pub mod storage;

use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::JsValue;

/// A message's JSON with its kind around it, as the protocol's enums are read.
pub fn wrapped(message: &JsValue) -> String {
    let outer = Object::new();
    let kind = Reflect::get(message, &"kind".into()).unwrap_or(JsValue::UNDEFINED);
    // A plain object takes any property.
    let _ = Reflect::set(&outer, &kind, message);
    JSON::stringify(&outer).map(String::from).unwrap_or_default()
}
