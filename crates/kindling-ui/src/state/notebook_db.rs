//! Notebooks in IndexedDB: one store, id → text.

use std::cell::RefCell;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbRequest, IdbTransactionMode};

use crate::host;

const DATABASE: &str = "kindling";
const STORE: &str = "notebooks";

thread_local! {
    // Kept open: a save while the page goes away must not wait for the database.
    static OPEN: RefCell<Option<IdbDatabase>> = const { RefCell::new(None) };
}

fn wait(request: &IdbRequest) -> JsFuture {
    let promise = Promise::new(&mut |resolve, reject| {
        let done = request.clone();
        let ok = Closure::once_into_js(move |_: JsValue| {
            let _ = resolve.call1(&JsValue::NULL, &done.result().unwrap_or(JsValue::UNDEFINED));
        });
        let failed = request.clone();
        let err = Closure::once_into_js(move |_: JsValue| {
            let error = failed.error().ok().flatten().map_or(JsValue::UNDEFINED, JsValue::from);
            let _ = reject.call1(&JsValue::NULL, &error);
        });
        request.set_onsuccess(Some(ok.unchecked_ref()));
        request.set_onerror(Some(err.unchecked_ref()));
    });
    JsFuture::from(promise)
}

async fn database() -> Result<IdbDatabase, JsValue> {
    if let Some(database) = OPEN.with_borrow(Clone::clone) {
        return Ok(database);
    }
    let factory = host::window().indexed_db()?.ok_or("IndexedDB is blocked")?;
    let request = factory.open_with_u32(DATABASE, 1)?;
    let opening = request.clone();
    let upgrade = Closure::once_into_js(move |_: JsValue| {
        if let Ok(result) = opening.result() {
            let database: IdbDatabase = result.unchecked_into();
            let _ = database.create_object_store(STORE);
        }
    });
    request.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
    let database: IdbDatabase = wait(&request).await?.unchecked_into();
    OPEN.set(Some(database.clone()));
    Ok(database)
}

/// Reads a notebook.
pub async fn get(id: &str) -> Result<Option<String>, JsValue> {
    let transaction = database().await?.transaction_with_str(STORE)?;
    Ok(wait(&transaction.object_store(STORE)?.get(&id.into())?).await?.as_string())
}

/// Writes a notebook.
pub async fn put(id: &str, text: &str) -> Result<(), JsValue> {
    let database = database().await?;
    let transaction = database.transaction_with_str_and_mode(STORE, IdbTransactionMode::Readwrite)?;
    wait(&transaction.object_store(STORE)?.put_with_key(&text.into(), &id.into())?).await?;
    Ok(())
}

/// Deletes a notebook.
pub async fn delete(id: &str) -> Result<(), JsValue> {
    let database = database().await?;
    let transaction = database.transaction_with_str_and_mode(STORE, IdbTransactionMode::Readwrite)?;
    wait(&transaction.object_store(STORE)?.delete(&id.into())?).await?;
    Ok(())
}
