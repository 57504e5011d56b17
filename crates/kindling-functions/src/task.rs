//! What functions know of the task that runs them: its partition, and their own state in it.
//!
//! A task is one thread from start to end, so this is thread-local. An executor enters a scope for every task; without
//! one (a plan evaluated on the driver) the partition is 0 and state lasts as long as the thread's scope stack is empty.

use std::{any::Any, cell::RefCell, collections::HashMap};

use kindling_common::input_file::unset_input_file;

#[derive(Default)]
struct State {
    partition: u32,
    calls: HashMap<u64, Box<dyn Any>>,
}

thread_local! {
    static SCOPES: RefCell<Vec<State>> = const { RefCell::new(vec![]) };
}

/// Entered for the run of one task on this thread; leaves when dropped.
#[must_use = "the scope ends when it is dropped"]
#[derive(Debug)]
pub struct TaskScope(());

impl TaskScope {
    /// Enters the scope of a task over a partition.
    pub fn enter(partition: u32) -> TaskScope {
        unset_input_file();
        SCOPES.with_borrow_mut(|scopes| scopes.push(State { partition, ..State::default() }));
        TaskScope(())
    }
}

impl Drop for TaskScope {
    fn drop(&mut self) {
        SCOPES.with_borrow_mut(|scopes| {
            scopes.pop();
        });
    }
}

/// The partition of the running task; 0 on the driver.
pub fn partition_id() -> u32 {
    SCOPES.with_borrow(|scopes| scopes.last().map_or(0, |state| state.partition))
}

/// Runs `f` on the state that call `id` has in the running task. Without a task the state is new each time.
pub(crate) fn with_state<S: 'static, R>(id: u64, make: impl Fn(u32) -> S, f: impl FnOnce(&mut S) -> R) -> R {
    let (partition, taken) = SCOPES.with_borrow_mut(|scopes| match scopes.last_mut() {
        Some(state) => (state.partition, state.calls.remove(&id)),
        None => (0, None),
    });
    let mut state = match taken.and_then(|any| any.downcast::<S>().ok()) {
        Some(state) => *state,
        None => make(partition),
    };
    let result = f(&mut state);
    SCOPES.with_borrow_mut(|scopes| {
        if let Some(scope) = scopes.last_mut() {
            scope.calls.insert(id, Box::new(state));
        }
    });
    result
}
