//! One execution: its state, its responses while a client may still ask for them again, and its interruption.
//!
//! Mirrors Spark's `ExecuteHolder` and `ExecuteResponseObserver`. Responses are numbered by id; a reattaching client
//! names the last it saw. `ReleaseExecute` drops responses, or the whole execution.

use std::{collections::VecDeque, time::Duration};

use kindling_executor::CancelToken;
use kindling_proto::connect::ExecutePlanResponse;
use parking_lot::{Condvar, Mutex};

use crate::error::ConnectError;

/// How far an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecuteState {
    /// Running.
    Running,
    /// An interrupt was asked for and has not taken effect.
    Terminating,
    /// Done.
    Succeeded,
    /// Failed with an error.
    Failed,
    /// Interrupted.
    Cancelled,
}

/// One execution of a session.
#[derive(Debug)]
pub struct ExecuteHolder {
    /// The client's operation id.
    pub operation_id: String,
    /// Tags for interruption by tag.
    pub tags: Vec<String>,
    /// Whether the client may reattach; then a `ResultComplete` ends the responses.
    pub reattachable: bool,
    cancel: CancelToken,
    observed: Mutex<Observed>,
    changed: Condvar,
}

#[derive(Debug)]
struct Observed {
    state: ExecuteState,
    /// Index of the first response that is still kept.
    first: usize,
    responses: VecDeque<ExecutePlanResponse>,
    error: Option<ConnectError>,
}

/// What a consumer finds at an index.
#[derive(Debug)]
pub enum Next {
    /// The response there.
    Response(Box<ExecutePlanResponse>),
    /// The execution failed and no further response comes.
    Failed(ConnectError),
    /// No further response comes.
    End,
    /// Nothing yet.
    Waiting,
}

impl ExecuteHolder {
    /// An execution that runs.
    pub fn new(operation_id: String, tags: Vec<String>, reattachable: bool, cancel: CancelToken) -> ExecuteHolder {
        ExecuteHolder {
            operation_id,
            tags,
            reattachable,
            cancel,
            observed: Mutex::new(Observed {
                state: ExecuteState::Running,
                first: 0,
                responses: VecDeque::new(),
                error: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// What running queries look at.
    pub fn cancel_token(&self) -> CancelToken {
        self.cancel.clone()
    }

    /// How far it is.
    pub fn state(&self) -> ExecuteState {
        self.observed.lock().state
    }

    /// Whether no further response comes.
    pub fn has_ended(&self) -> bool {
        !matches!(self.state(), ExecuteState::Running | ExecuteState::Terminating)
    }

    /// Asks it to stop. `false` where it had ended before.
    pub fn interrupt(&self) -> bool {
        let mut observed = self.observed.lock();
        if observed.state == ExecuteState::Running {
            observed.state = ExecuteState::Terminating;
        }
        self.cancel.cancel();
        observed.state == ExecuteState::Terminating
    }

    /// Adds a response and wakes whoever waits.
    pub fn push(&self, response: ExecutePlanResponse) {
        self.observed.lock().responses.push_back(response);
        self.changed.notify_all();
    }

    /// Ends the execution.
    pub fn finish(&self, result: Result<(), ConnectError>) {
        let mut observed = self.observed.lock();
        observed.state = match &result {
            Ok(()) => ExecuteState::Succeeded,
            Err(_) if self.cancel.is_cancelled() => ExecuteState::Cancelled,
            Err(_) => ExecuteState::Failed,
        };
        observed.error = result.err();
        self.changed.notify_all();
    }

    /// The response at an index, waiting up to `timeout` for it.
    pub fn next(&self, index: usize, timeout: Duration) -> Next {
        let mut observed = self.observed.lock();
        let ready = |observed: &Observed| {
            index < observed.first + observed.responses.len()
                || !matches!(observed.state, ExecuteState::Running | ExecuteState::Terminating)
        };
        if !ready(&observed) {
            self.changed.wait_for(&mut observed, timeout);
        }
        let offset = index.saturating_sub(observed.first);
        match observed.responses.get(offset) {
            Some(response) => Next::Response(Box::new(response.clone())),
            None => match (observed.state, &observed.error) {
                (ExecuteState::Running | ExecuteState::Terminating, _) => Next::Waiting,
                (_, Some(error)) => Next::Failed(error.clone()),
                (_, None) => Next::End,
            },
        }
    }

    /// The index after the response with this id; `None` where it is not kept any more.
    pub fn index_after(&self, response_id: &str) -> Option<usize> {
        let observed = self.observed.lock();
        let offset = observed.responses.iter().position(|response| response.response_id == response_id)?;
        Some(observed.first + offset + 1)
    }

    /// Drops responses up to and including this id.
    pub fn release_until(&self, response_id: &str) {
        if let Some(index) = self.index_after(response_id) {
            let mut observed = self.observed.lock();
            let count = index - observed.first;
            observed.responses.drain(..count);
            observed.first = index;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(id: &str) -> ExecutePlanResponse {
        ExecutePlanResponse { response_id: id.to_string(), ..Default::default() }
    }

    #[test]
    fn client_reattaches_after_the_last_response_it_saw() {
        let holder = ExecuteHolder::new("op".to_string(), vec![], true, CancelToken::new());
        for id in ["a", "b", "c"] {
            holder.push(response(id));
        }
        holder.finish(Ok(()));
        holder.release_until("a");
        let index = holder.index_after("b").unwrap();
        assert!(matches!(holder.next(index, Duration::ZERO), Next::Response(r) if r.response_id == "c"));
        assert!(matches!(holder.next(index + 1, Duration::ZERO), Next::End));
        assert_eq!(holder.index_after("a"), None);
    }

    #[test]
    fn interrupt_after_the_end_changes_nothing() {
        let holder = ExecuteHolder::new("op".to_string(), vec![], false, CancelToken::new());
        holder.finish(Ok(()));
        assert!(!holder.interrupt());
        assert_eq!(holder.state(), ExecuteState::Succeeded);
    }
}
