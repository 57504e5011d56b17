//! Spark's listener events, the ids and metrics they carry, and the listener bus.
