//! What TypeScript does for the page: starting workers (`web/src/page.ts`) and the code editor (`web/src/editor.ts`).

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::Worker;

#[wasm_bindgen]
extern "C" {
    /// Starts the storage worker.
    #[wasm_bindgen(js_namespace = ["window", "kindlingPage"], js_name = startStorage, catch)]
    pub fn start_storage() -> Result<Worker, JsValue>;

    /// Starts a kernel worker that reads and writes through the storage worker.
    #[wasm_bindgen(js_namespace = ["window", "kindlingPage"], js_name = startKernel, catch)]
    pub fn start_kernel(storage: &Worker) -> Result<Worker, JsValue>;

    #[wasm_bindgen(js_namespace = ["window", "kindlingPage"], js_name = unsupported, catch)]
    fn page_unsupported() -> Result<Option<String>, JsValue>;

    #[wasm_bindgen(js_namespace = ["window", "kindlingPage"], js_name = deflate, catch)]
    async fn page_deflate(text: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["window", "kindlingPage"], js_name = inflate, catch)]
    async fn page_inflate(bytes: &[u8], most: u32) -> Result<JsValue, JsValue>;

    /// A CodeMirror editor.
    pub type Editor;

    #[wasm_bindgen(js_namespace = ["window", "kindlingEditor"], js_name = create, catch)]
    fn create_editor(parent: &web_sys::Element, options: &JsValue) -> Result<Editor, JsValue>;

    #[wasm_bindgen(method, js_name = setDoc)]
    pub fn set_doc(this: &Editor, doc: &str);
    #[wasm_bindgen(method, js_name = setMode)]
    pub fn set_mode(this: &Editor, mode: &str);
    #[wasm_bindgen(method, js_name = setLabel)]
    pub fn set_label(this: &Editor, label: &str);
    #[wasm_bindgen(method, js_name = setLineNumbers)]
    pub fn set_line_numbers(this: &Editor, on: bool);
    #[wasm_bindgen(method, js_name = setError)]
    pub fn set_error(this: &Editor, line: u32, word: &str);
    #[wasm_bindgen(method)]
    pub fn cursor(this: &Editor) -> u32;
    #[wasm_bindgen(method)]
    pub fn focus(this: &Editor, at: &str);
    #[wasm_bindgen(method)]
    pub fn blur(this: &Editor);
    #[wasm_bindgen(method)]
    pub fn destroy(this: &Editor);
}

/// Why this browser cannot run the kernel, in one sentence; `None` if it can.
pub fn unsupported() -> Option<String> {
    match page_unsupported() {
        Ok(reason) => reason,
        Err(_) => {
            Some("The page's own script did not load. Reload the page; if that does not help, clear its cache.".into())
        }
    }
}

/// Deflates a text; `None` if the browser cannot.
pub async fn deflate(text: &str) -> Option<Vec<u8>> {
    page_deflate(text).await.ok().map(|bytes| js_sys::Uint8Array::new(&bytes).to_vec())
}

/// Inflates what `deflate` made; `None` if it is something else, or longer than `most` bytes.
pub async fn inflate(bytes: &[u8], most: u32) -> Option<String> {
    page_inflate(bytes, most).await.ok()?.as_string()
}

/// True once the editor's script has loaded.
pub fn editor_loaded() -> bool {
    web_sys::window()
        .and_then(|w| js_sys::Reflect::get(&w, &"kindlingEditor".into()).ok())
        .is_some_and(|e| e.is_object())
}

/// Makes an editor; `None` if its script has not loaded.
pub fn new_editor(parent: &web_sys::Element, options: &JsValue) -> Option<Editor> {
    create_editor(parent, options).ok()
}

/// The window. The page never runs without one.
pub fn window() -> web_sys::Window {
    js_sys::global().unchecked_into()
}

/// The document.
pub fn document() -> Option<web_sys::Document> {
    window().document()
}

/// Gives an element the keys as soon as it is there: one that was just made is drawn before the next frame.
pub fn focus(id: String) {
    leptos::prelude::request_animation_frame(move || {
        let element = document().and_then(|document| document.get_element_by_id(&id));
        if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
            // Only an element that cannot be focused refuses.
            let _ = element.focus();
        }
    });
}

/// Milliseconds since the page was opened; never goes back.
pub fn now() -> f64 {
    window().performance().map_or_else(js_sys::Date::now, |p| p.now())
}

/// True once the user has clicked or typed in the page.
pub fn user_was_active() -> bool {
    let navigator = window().navigator();
    let activation = js_sys::Reflect::get(&navigator, &"userActivation".into());
    let active = activation.and_then(|a| js_sys::Reflect::get(&a, &"hasBeenActive".into()));
    // Browsers without it: as if.
    active.ok().and_then(|a| a.as_bool()).unwrap_or(true)
}

/// A seed for ids.
pub fn seed() -> u64 {
    (js_sys::Math::random() * 9e15) as u64 ^ js_sys::Date::now() as u64
}

/// Reads a key of `localStorage`; `None` where storage is blocked.
pub fn local_get(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(key).ok()?
}

/// Writes a key of `localStorage`; false where storage is blocked or full.
pub fn local_set(key: &str, value: &str) -> bool {
    window().local_storage().ok().flatten().is_some_and(|s| s.set_item(key, value).is_ok())
}

/// Offers a file to the browser's downloads.
pub fn download(name: &str, blob: &web_sys::Blob) {
    let Ok(url) = web_sys::Url::create_object_url_with_blob(blob) else { return };
    if let Some(a) = document().and_then(|d| d.create_element("a").ok()) {
        let a: web_sys::HtmlAnchorElement = a.unchecked_into();
        a.set_href(&url);
        a.set_download(name);
        a.click();
    }
    // The download has its own hold on the blob once it started.
    gloo_timers::callback::Timeout::new(30_000, move || {
        let _ = web_sys::Url::revoke_object_url(&url);
    })
    .forget();
}

/// A blob of text.
pub fn text_blob(text: &str, mime: &str) -> Option<web_sys::Blob> {
    let parts = js_sys::Array::of1(&text.into());
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(mime);
    web_sys::Blob::new_with_str_sequence_and_options(&parts, &options).ok()
}

/// Puts text on the clipboard.
pub fn copy(text: &str) {
    let promise = window().navigator().clipboard().write_text(text);
    wasm_bindgen_futures::spawn_local(async move {
        // Refused without a user's gesture or in an insecure context: nothing else can be done then.
        let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
    });
}
