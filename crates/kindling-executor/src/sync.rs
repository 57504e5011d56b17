//! Locks that go on after a panic: a task that panicked failed, and what it guarded is replaced whole.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, poisoned or not.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
