//! What the panel reads: the live application's store, or an event log that was opened.

use std::any::Any;
use std::collections::HashMap;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use kindling_events::{SparkListenerEvent, event_from_json};
use kindling_status::{AppStatusListener, AppStatusStore, StatusLimits};
use leptos::prelude::*;

use super::SparkRoute;

/// How long a slice of a log may hold the page up, in milliseconds.
const SLICE: f64 = 20.0;
/// The page is drawn for at most this share of the time while events keep coming: the threads that it shows need the
/// processor more.
const DRAWING_SHARE: f64 = 0.1;
/// The longest time between two drawings while events keep coming, in milliseconds.
const LONGEST_REST: f64 = 1_000.0;

/// A frame's length, in milliseconds.
const FRAME: f64 = 16.0;

/// When the page was drawn, how long that took, and whether it is going to be drawn.
#[derive(Clone, Copy, Default)]
struct Drawing {
    ended: f64,
    took: f64,
    pending: bool,
    /// Its turns are under way.
    busy: bool,
    /// Events have come meanwhile.
    again: bool,
    /// Changes so far, and those that the present turns show.
    wanted: u64,
    begun: u64,
}

/// Events folded into a store, and the page that looks at it.
#[derive(Clone, Copy)]
pub struct SparkFeed {
    /// The page shown.
    pub route: RwSignal<SparkRoute>,
    /// One for each turn of an update.
    versions: [RwSignal<u64>; 3],
    live: StoredValue<AppStatusListener, LocalStorage>,
    log: StoredValue<Option<AppStatusListener>, LocalStorage>,
    /// Counts the logs that were opened or closed, so that a slice knows that it comes too late.
    generation: StoredValue<u32>,
    log_name: RwSignal<Option<String>>,
    drawing: StoredValue<Drawing>,
    /// What pages keep while another one is shown, by name; its signals live as long as the feed.
    kept: StoredValue<HashMap<String, Box<dyn Any>>, LocalStorage>,
    owner: StoredValue<Owner, LocalStorage>,
}

impl SparkFeed {
    /// An empty feed.
    pub fn new() -> SparkFeed {
        SparkFeed {
            route: RwSignal::new(SparkRoute::Jobs),
            versions: [(); 3].map(|()| RwSignal::new(0)),
            live: StoredValue::new_local(AppStatusListener::default()),
            log: StoredValue::new_local(None),
            generation: StoredValue::new(0),
            log_name: RwSignal::new(None),
            drawing: StoredValue::new(Drawing::default()),
            kept: StoredValue::new_local(HashMap::new()),
            owner: StoredValue::new_local(Owner::current().unwrap_or_default()),
        }
    }

    /// Takes events in, in order, and has the page drawn. Called at most once per frame; a page that takes long to draw
    /// is drawn less often.
    pub fn push(&self, events: &[SparkListenerEvent]) {
        self.live.update_value(|listener| events.iter().for_each(|event| listener.apply(event)));
        self.draw_soon();
    }

    /// Has the page drawn as soon as the last drawing allows.
    pub(crate) fn draw_soon(&self) {
        let Drawing { ended, took, pending, busy, .. } = self.drawing.get_value();
        if pending {
            return;
        }
        if busy {
            // How long to rest is known when it is drawn.
            return self.drawing.update_value(|drawing| drawing.again = true);
        }
        // Never at once: the result of the query whose events these are may be the next message, and it comes first.
        let rest = ((took / DRAWING_SHARE).min(LONGEST_REST) - (crate::host::now() - ended)).max(FRAME);
        self.drawing.update_value(|drawing| drawing.pending = true);
        let feed = *self;
        Timeout::new(rest as u32, move || feed.draw()).forget();
    }

    fn draw(&self) {
        self.drawing.update_value(|drawing| drawing.pending = false);
        self.changed();
    }

    /// State of a page that outlives it: how a table is sorted, how far a graph is zoomed.
    pub fn kept<T: Clone + Send + Sync + 'static>(&self, name: &str, initial: impl FnOnce() -> T) -> RwSignal<T> {
        let known =
            self.kept.with_value(|kept| kept.get(name).and_then(|own| own.downcast_ref::<RwSignal<T>>()).copied());
        known.unwrap_or_else(|| {
            let signal = self.owner.with_value(|owner| owner.with(|| RwSignal::new(initial())));
            self.kept.update_value(|kept| {
                kept.insert(name.to_string(), Box::new(signal));
            });
            signal
        })
    }

    /// A new application starts (the kernel was restarted): jobs, stages and queries of the old one are gone, and so are the
    /// pages about them. A log that is shown stays.
    pub fn reset(&self) {
        self.live.set_value(AppStatusListener::default());
        if self.is_live_untracked() {
            self.leave_details();
        }
        self.changed();
    }

    /// Back to the tab of the page; what pages of the other application kept is forgotten.
    fn leave_details(&self) {
        self.kept.update_value(HashMap::clear);
        let (here, tab) = (self.route.get_untracked(), self.route.get_untracked().tab());
        if here != tab {
            self.route.set(tab);
        }
    }

    /// Shows an event log, of Kindling or of a real cluster, in place of the live application, read-only. It is read in
    /// slices, between which the page stays usable. The error says why the text is no event log.
    pub fn open_event_log(&self, name: &str, text: &str) -> Result<(), String> {
        let first = text.lines().find(|line| !line.trim().is_empty());
        if let Err(reason) =
            first.ok_or("it is empty".to_string()).and_then(|line| event_from_json(line).map_err(|e| e.to_string()))
        {
            return Err(format!("{name} is not an uncompressed Spark event log: {reason}"));
        }
        self.generation.update_value(|generation| *generation += 1);
        self.log.set_value(Some(AppStatusListener::new(StatusLimits::default())));
        self.log_name.set(Some(name.to_string()));
        self.leave_details();
        self.route.set(SparkRoute::Jobs);
        self.read_slice(text.into(), 0, self.generation.get_value());
        Ok(())
    }

    fn read_slice(&self, text: Rc<str>, from: usize, generation: u32) {
        if self.generation.try_get_value() != Some(generation) {
            return;
        }
        let until = crate::host::now() + SLICE;
        let mut at = from;
        self.log.update_value(|log| {
            let Some(log) = log else { return };
            while at < text.len() && crate::host::now() < until {
                let rest = text.get(at..).unwrap_or("");
                let line = rest.split_inclusive('\n').next().unwrap_or(rest);
                at += line.len().max(1);
                // A line that is no event, such as the last of a log that is still being written, is passed over.
                if let Ok(event) = event_from_json(line.trim_end()) {
                    log.apply(&event);
                }
            }
        });
        if at >= text.len() {
            return self.draw();
        }
        self.draw_soon();
        let feed = *self;
        Timeout::new(0, move || feed.read_slice(text, at, generation)).forget();
    }

    /// Back to the live application.
    pub fn close_event_log(&self) {
        self.generation.update_value(|generation| *generation += 1);
        self.log.set_value(None);
        self.log_name.set(None);
        self.leave_details();
        self.route.set(SparkRoute::Jobs);
        self.changed();
    }

    /// Name of the log that is shown; none for the live application.
    pub fn log_name(&self) -> Option<String> {
        self.log_name.get()
    }

    /// Whether the live application is shown.
    pub fn is_live(&self) -> bool {
        self.log_name.with(Option::is_none)
    }

    /// The same, read once.
    pub fn is_live_untracked(&self) -> bool {
        self.log_name.with_untracked(Option::is_none)
    }

    /// Has the page drawn, the parts of its later turns in turns of their own.
    pub(crate) fn changed(&self) {
        self.versions[0].update(|version| *version += 1);
        let mut idle = false;
        self.drawing.update_value(|drawing| {
            drawing.wanted += 1;
            idle = !std::mem::replace(&mut drawing.busy, true);
        });
        if idle {
            self.next_turn(1, crate::host::now());
        }
    }

    /// The effects of a turn run as its microtasks; a timer comes after them.
    fn next_turn(&self, turn: usize, since: f64) {
        let feed = *self;
        if turn == 1 {
            self.drawing.update_value(|drawing| drawing.begun = drawing.wanted);
        }
        Timeout::new(0, move || {
            if let Some(version) = feed.versions.get(turn) {
                if version.try_update(|version| *version += 1).is_some() {
                    feed.next_turn(turn + 1, since);
                }
                return;
            }
            let changed = crate::host::now() - since;
            // The browser's part of the work, laying out and painting, often takes longer than ours.
            request_animation_frame(move || {
                let frame = crate::host::now();
                Timeout::new(0, move || feed.drawn(changed + crate::host::now() - frame)).forget();
            });
        })
        .forget();
    }

    fn drawn(&self, took: f64) {
        let now = crate::host::now();
        let next = self.drawing.try_update_value(|drawing| {
            drawing.ended = now;
            drawing.took = took;
            drawing.busy = drawing.wanted != drawing.begun;
            (drawing.busy, !drawing.busy && std::mem::take(&mut drawing.again))
        });
        match next {
            Some((true, _)) => self.next_turn(1, now),
            Some((false, true)) => self.draw_soon(),
            // Nothing has changed, or the panel is gone.
            _ => {}
        }
    }

    /// Reads the store; whoever does so in an effect or a view is run again when it changes.
    pub fn with<R>(&self, read: impl FnOnce(&AppStatusStore) -> R) -> R {
        self.with_in_turn(0, read)
    }

    /// The same for the heavy parts of a page: they are drawn in a later turn (1 or 2), so that none takes long.
    pub fn with_in_turn<R>(&self, turn: usize, read: impl FnOnce(&AppStatusStore) -> R) -> R {
        if let Some(version) = self.versions.get(turn) {
            version.track();
        }
        self.with_untracked(read)
    }

    /// Reads the store once.
    pub fn with_untracked<R>(&self, read: impl FnOnce(&AppStatusStore) -> R) -> R {
        self.log.with_value(|log| match log {
            Some(listener) => read(listener.store()),
            None => self.live.with_value(|listener| read(listener.store())),
        })
    }

    /// The time up to which running things have run: now, or the end of an opened log.
    pub fn now(&self) -> i64 {
        if self.log_name.with_untracked(Option::is_some) {
            return self.with_untracked(|store| store.last_event_time);
        }
        js_sys::Date::now() as i64
    }
}

impl Default for SparkFeed {
    fn default() -> Self {
        Self::new()
    }
}
