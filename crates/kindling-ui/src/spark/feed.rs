//! What the panel reads: the live application's store, or an event log that was opened.

use kindling_events::SparkListenerEvent;
use kindling_status::{AppStatusListener, AppStatusStore, StatusLimits, replay_event_log};
use leptos::prelude::*;

use super::SparkRoute;

/// Events folded into a store, and the page that looks at it.
#[derive(Clone, Copy)]
pub struct SparkFeed {
    /// The page shown.
    pub route: RwSignal<SparkRoute>,
    version: RwSignal<u64>,
    live: StoredValue<AppStatusListener, LocalStorage>,
    log: StoredValue<Option<AppStatusStore>, LocalStorage>,
    log_name: RwSignal<Option<String>>,
}

impl SparkFeed {
    /// An empty feed.
    pub fn new() -> SparkFeed {
        SparkFeed {
            route: RwSignal::new(SparkRoute::Jobs),
            version: RwSignal::new(0),
            live: StoredValue::new_local(AppStatusListener::default()),
            log: StoredValue::new_local(None),
            log_name: RwSignal::new(None),
        }
    }

    /// Takes events in, in order, and has the page drawn once. Called at most once per frame.
    pub fn push(&self, events: &[SparkListenerEvent]) {
        self.live.update_value(|listener| events.iter().for_each(|event| listener.apply(event)));
        self.changed();
    }

    /// A new application starts (the kernel was restarted).
    pub fn reset(&self) {
        self.live.set_value(AppStatusListener::default());
        self.changed();
    }

    /// Shows an event log, of Kindling or of a real cluster, in place of the live application, read-only. The error
    /// says why the text is no event log.
    pub fn open_event_log(&self, name: &str, text: &str) -> Result<(), String> {
        let replayed = replay_event_log(text, StatusLimits::default());
        if replayed.store.num_events == 0 {
            let reason = replayed.bad_lines.first().map_or_else(|| "it is empty".into(), |(_, why)| why.clone());
            return Err(format!("{name} is not an uncompressed Spark event log: {reason}"));
        }
        self.log.set_value(Some(replayed.store));
        self.log_name.set(Some(name.to_string()));
        self.route.set(SparkRoute::Jobs);
        self.changed();
        Ok(())
    }

    /// Back to the live application.
    pub fn close_event_log(&self) {
        self.log.set_value(None);
        self.log_name.set(None);
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

    pub(crate) fn changed(&self) {
        self.version.update(|version| *version += 1);
    }

    /// Reads the store; whoever does so in an effect or a view is run again when it changes.
    pub fn with<R>(&self, read: impl FnOnce(&AppStatusStore) -> R) -> R {
        self.version.track();
        self.with_untracked(read)
    }

    /// Reads the store once.
    pub fn with_untracked<R>(&self, read: impl FnOnce(&AppStatusStore) -> R) -> R {
        self.log.with_value(|log| match log {
            Some(store) => read(store),
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
