//! `LiveListenerBus` without its threads: whoever owns the loop drains it.

use std::collections::VecDeque;

use parking_lot::Mutex;

use crate::SparkListenerEvent;

/// Something that wants every event.
pub trait SparkListener: Send {
    /// Called once per event, in the order they were posted.
    fn on_event(&mut self, event: &SparkListenerEvent);

    /// Called whenever the queue has been emptied, also when it was empty: the time to send on what was held back.
    fn on_drained(&mut self) {}
}

impl<F: FnMut(&SparkListenerEvent) + Send> SparkListener for F {
    fn on_event(&mut self, event: &SparkListenerEvent) {
        self(event);
    }
}

/// The queue of events and the listeners.
///
/// `post` only queues and may be called from any thread; `drain` calls the listeners. Two threads that drain at
/// once do not reorder events: the second waits for the first.
#[derive(Default)]
pub struct ListenerBus {
    queue: Mutex<VecDeque<SparkListenerEvent>>,
    listeners: Mutex<Vec<Box<dyn SparkListener>>>,
}

impl ListenerBus {
    /// A bus without listeners.
    pub fn new() -> Self {
        ListenerBus::default()
    }

    /// Adds a listener; it sees the events drained from now on. Must not be called by a listener.
    pub fn add_listener(&self, listener: impl SparkListener + 'static) {
        self.listeners.lock().push(Box::new(listener));
    }

    /// Queues an event.
    pub fn post(&self, event: SparkListenerEvent) {
        self.queue.lock().push_back(event);
    }

    /// Queues events in order, with none of another thread's between them.
    pub fn post_all(&self, events: impl IntoIterator<Item = SparkListenerEvent>) {
        self.queue.lock().extend(events);
    }

    /// Calls the listeners with all queued events, those posted meanwhile included; returns how many.
    pub fn drain(&self) -> usize {
        let mut listeners = self.listeners.lock();
        let mut count = 0;
        loop {
            let batch = std::mem::take(&mut *self.queue.lock());
            if batch.is_empty() {
                listeners.iter_mut().for_each(|listener| listener.on_drained());
                return count;
            }
            for event in &batch {
                for listener in listeners.iter_mut() {
                    listener.on_event(event);
                }
            }
            count += batch.len();
        }
    }

    /// Events that wait.
    pub fn len(&self) -> usize {
        self.queue.lock().len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Debug for ListenerBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListenerBus").field("queued", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    struct Drained(Arc<AtomicUsize>);

    impl SparkListener for Drained {
        fn on_event(&mut self, _event: &SparkListenerEvent) {}

        fn on_drained(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_listener_hears_that_the_queue_is_empty_even_without_events() {
        let (bus, count) = (ListenerBus::default(), Arc::new(AtomicUsize::new(0)));
        bus.add_listener(Drained(Arc::clone(&count)));
        assert_eq!(bus.drain(), 0);
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }
}
