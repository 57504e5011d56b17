//! The event log: one event, one line, as Spark's `EventLoggingListener` writes an uncompressed log.

use kindling_events::{EventError, SparkListener, SparkListenerEvent, event_from_json, event_to_json};

use crate::{AppStatusListener, AppStatusStore, StatusLimits};

/// Keeps the log of an application as text. Spark's default filter holds: no block updates, no heartbeats.
#[derive(Debug, Clone, Default)]
pub struct EventLogWriter {
    text: String,
    log_block_updates: bool,
}

impl EventLogWriter {
    /// A log; `log_block_updates` is `spark.eventLog.logBlockUpdates.enabled`.
    pub fn new(log_block_updates: bool) -> Self {
        EventLogWriter { text: String::new(), log_block_updates }
    }

    /// The lines so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds an event.
    pub fn write(&mut self, event: &SparkListenerEvent) -> Result<(), EventError> {
        let skip = match event {
            SparkListenerEvent::BlockUpdated(_) => !self.log_block_updates,
            SparkListenerEvent::ExecutorMetricsUpdate(_) => true,
            _ => false,
        };
        if !skip {
            self.text.push_str(&event_to_json(event)?);
            self.text.push('\n');
        }
        Ok(())
    }
}

impl SparkListener for EventLogWriter {
    fn on_event(&mut self, event: &SparkListenerEvent) {
        // Every event of ours can be written; a foreign one was JSON before.
        let _ = self.write(event);
    }
}

/// What reading a log gave.
#[derive(Debug, Clone)]
pub struct ReplayedLog {
    /// What the log says.
    pub store: AppStatusStore,
    /// Lines that are no events, by number from one, with the reason. The last line of a log that is still being
    /// written is often cut off.
    pub bad_lines: Vec<(usize, String)>,
}

/// Replays a log.
pub fn replay_event_log(text: &str, limits: StatusLimits) -> ReplayedLog {
    let mut listener = AppStatusListener::new(limits);
    let mut bad_lines = vec![];
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match event_from_json(line) {
            Ok(event) => listener.apply(&event),
            Err(error) => bad_lines.push((at + 1, error.to_string())),
        }
    }
    ReplayedLog { store: listener.into_store(), bad_lines }
}
