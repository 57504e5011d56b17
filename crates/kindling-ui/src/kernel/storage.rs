//! The storage worker: files in one tree.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, MessageEvent, Worker};

use super::protocol::{StorageMessage, StorageRequest};

/// What comes back for a request: `Progress` any number of times, then one of the others.
pub enum Reply {
    /// A message.
    Message(StorageMessage),
    /// A file's content.
    Blob(Blob),
}

type Handlers = HashMap<u32, Rc<dyn Fn(Reply)>>;

#[derive(Default)]
struct Inner {
    worker: Option<Worker>,
    handler: Option<Closure<dyn FnMut(JsValue)>>,
    waiting: Handlers,
    next_id: u32,
}

/// The page's handle of the storage worker.
#[derive(Clone, Default)]
pub struct StorageClient {
    inner: Rc<RefCell<Inner>>,
}

impl StorageClient {
    /// Takes over the worker; `changed` hears of writes, whoever made them.
    pub fn attach(&self, worker: Worker, changed: impl Fn(Vec<String>) + 'static) {
        let inner = self.inner.clone();
        let handler = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let data = event.unchecked_into::<MessageEvent>().data();
            let message: StorageMessage = match serde_json::from_str(&super::wrapped(&data)) {
                Ok(message) => message,
                Err(error) => {
                    web_sys::console::error_2(&format!("storage message not understood: {error}").into(), &data);
                    return;
                }
            };
            let (id, last) = match &message {
                StorageMessage::Changed { paths } => return changed(paths.clone()),
                StorageMessage::Progress { id, .. } => (*id, false),
                StorageMessage::ListReply { id, .. }
                | StorageMessage::Done { id }
                | StorageMessage::Blob { id }
                | StorageMessage::EstimateReply { id, .. }
                | StorageMessage::Failed { id, .. } => (*id, true),
            };
            let handler = {
                let mut inner = inner.borrow_mut();
                if last { inner.waiting.remove(&id) } else { inner.waiting.get(&id).cloned() }
            };
            let Some(handler) = handler else { return };
            let blob = match &message {
                StorageMessage::Blob { .. } => {
                    Reflect::get(&data, &"blob".into()).ok().and_then(|b| b.dyn_into::<Blob>().ok())
                }
                _ => None,
            };
            handler(blob.map_or(Reply::Message(message), Reply::Blob));
        });
        worker.set_onmessage(Some(handler.as_ref().unchecked_ref()));
        let mut inner = self.inner.borrow_mut();
        inner.worker = Some(worker);
        inner.handler = Some(handler);
    }

    /// The worker, once it runs.
    pub fn worker(&self) -> Option<Worker> {
        self.inner.borrow().worker.clone()
    }

    /// Sends a request, with a file for `put`; its replies go to `reply`.
    pub fn ask(&self, make: impl FnOnce(u32) -> StorageRequest, blob: Option<&Blob>, reply: impl Fn(Reply) + 'static) {
        let (id, worker) = {
            let mut inner = self.inner.borrow_mut();
            inner.next_id += 1;
            (inner.next_id, inner.worker.clone())
        };
        let request = make(id);
        let message = serde_json::to_string(&request).ok().and_then(|text| js_sys::JSON::parse(&text).ok());
        let (Some(worker), Some(message)) = (worker, message) else {
            let error = "The storage worker is not running.".to_owned();
            return reply(Reply::Message(StorageMessage::Failed { id, error }));
        };
        if let Some(blob) = blob {
            let _ = Reflect::set(&message, &"blob".into(), blob);
        }
        self.inner.borrow_mut().waiting.insert(id, Rc::new(reply));
        if worker.post_message(&message).is_err()
            && let Some(reply) = self.inner.borrow_mut().waiting.remove(&id)
        {
            let error = "The file could not be handed to the storage worker.".to_owned();
            reply(Reply::Message(StorageMessage::Failed { id, error }));
        }
    }
}
