//! The AppStatusListener and AppStatusStore: a pure fold over listener events, and the event log.
