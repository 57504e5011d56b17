//! The kernel worker: starting it, talking to it, stopping it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use js_sys::{Int32Array, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, MessageEvent, Worker};

use super::protocol::{KernelMessage, KernelRequest};

/// The answer to a request.
pub enum Answer {
    /// The reply.
    Message(Box<KernelMessage>),
    /// A reply that carries a file.
    File(String, Blob),
    /// The kernel ended before it replied.
    Gone,
}

type Waiting = HashMap<u32, Box<dyn FnOnce(Answer)>>;

#[derive(Default)]
struct Inner {
    worker: Option<Worker>,
    // Kept as long as the worker, which calls them.
    handlers: Vec<Closure<dyn FnMut(JsValue)>>,
    interrupt: Option<Int32Array>,
    waiting: Waiting,
    next_id: u32,
}

/// SIGINT, as Pyodide and the engine read it from the interrupt buffer.
const SIGINT: i32 = 2;

/// The page's handle of the kernel worker.
#[derive(Clone, Default)]
pub struct KernelClient {
    inner: Rc<RefCell<Inner>>,
}

impl KernelClient {
    /// Takes over a fresh worker. Messages that answer a request go to it, all others to `on_message`.
    pub fn attach(&self, worker: Worker, on_message: impl Fn(KernelMessage) + 'static) {
        self.terminate();
        let on_message = Rc::new(on_message);
        let inner = self.inner.clone();
        let deliver = on_message.clone();
        let message = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let data = event.unchecked_into::<MessageEvent>().data();
            receive(&inner, &data, deliver.as_ref());
        });
        let error = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let reason = Reflect::get(&event, &"message".into()).ok().and_then(|m| m.as_string());
            let reason = reason.filter(|m| !m.is_empty()).unwrap_or_else(|| "the kernel's script did not load".into());
            on_message(KernelMessage::Dead { reason });
        });
        worker.set_onmessage(Some(message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(error.as_ref().unchecked_ref()));
        let mut inner = self.inner.borrow_mut();
        inner.handlers = vec![message, error];
        inner.worker = Some(worker);
    }

    /// Ends the worker, in the middle of whatever it does.
    pub fn terminate(&self) {
        let (worker, waiting) = {
            let mut inner = self.inner.borrow_mut();
            inner.interrupt = None;
            inner.handlers.clear();
            (inner.worker.take(), std::mem::take(&mut inner.waiting))
        };
        if let Some(worker) = worker {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
        waiting.into_values().for_each(|answer| answer(Answer::Gone));
    }

    /// A number for the next request.
    pub fn fresh_id(&self) -> u32 {
        let mut inner = self.inner.borrow_mut();
        inner.next_id += 1;
        inner.next_id
    }

    /// Sends a request.
    pub fn send(&self, request: &KernelRequest) {
        let inner = self.inner.borrow();
        if let Some(worker) = &inner.worker
            && let Ok(text) = serde_json::to_string(request)
            && let Ok(message) = js_sys::JSON::parse(&text)
        {
            // Only a message that cannot be cloned fails here, and JSON can.
            let _ = worker.post_message(&message);
        }
    }

    /// Sends a request and hands its answer on.
    pub fn ask(&self, make: impl FnOnce(u32) -> KernelRequest, answer: impl FnOnce(Answer) + 'static) {
        let id = self.fresh_id();
        if self.inner.borrow().worker.is_none() {
            return answer(Answer::Gone);
        }
        self.inner.borrow_mut().waiting.insert(id, Box::new(answer));
        self.send(&make(id));
    }

    /// Interrupts what runs; false if the kernel is not ready for it yet.
    pub fn interrupt(&self) -> bool {
        match &self.inner.borrow().interrupt {
            Some(buffer) => {
                let set = js_sys::Atomics::store(buffer, 0, SIGINT).is_ok();
                // A worker that waits in `Atomics.wait` on the buffer wakes up.
                let _ = js_sys::Atomics::notify(buffer, 0);
                set
            }
            None => false,
        }
    }
}

fn receive(inner: &Rc<RefCell<Inner>>, data: &JsValue, deliver: &dyn Fn(KernelMessage)) {
    let message: KernelMessage = match serde_json::from_str(&super::wrapped(data)) {
        Ok(message) => message,
        Err(error) => {
            web_sys::console::error_2(&format!("kernel message not understood: {error}").into(), data);
            return;
        }
    };
    if let KernelMessage::EngineReady { .. } = &message
        && let Ok(buffer) = Reflect::get(data, &"interrupt".into())
        && buffer.is_object()
    {
        inner.borrow_mut().interrupt = Some(Int32Array::new(&buffer));
    }
    let id = match &message {
        KernelMessage::CompleteReply { id, .. }
        | KernelMessage::InspectReply { id, .. }
        | KernelMessage::PreviewReply { id, .. }
        | KernelMessage::EventLogReply { id, .. }
        | KernelMessage::DownloadReply { id, .. } => *id,
        _ => return deliver(message),
    };
    let Some(answer) = inner.borrow_mut().waiting.remove(&id) else { return };
    let blob = Reflect::get(data, &"blob".into()).ok().and_then(|b| b.dyn_into::<Blob>().ok());
    match (&message, blob) {
        (KernelMessage::DownloadReply { name, .. }, Some(blob)) => {
            answer(Answer::File(name.clone().unwrap_or_else(|| "result".into()), blob));
        }
        (KernelMessage::EventLogReply { .. }, Some(blob)) => answer(Answer::File("eventlog".into(), blob)),
        _ => answer(Answer::Message(Box::new(message))),
    }
}
