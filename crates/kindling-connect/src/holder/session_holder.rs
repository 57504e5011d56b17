//! One client session: its planning state, artifacts, executions and recent errors.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_plan::SessionState;
use parking_lot::Mutex;
use uuid::Uuid;

use super::{ArtifactStore, ExecuteHolder};
use crate::error::ConnectError;

/// Errors a session keeps until the client fetches their details.
const MAX_ERRORS: usize = 20;

/// Ended executions a session keeps, so that a late client can still release or reattach.
const MAX_ENDED_EXECUTIONS: usize = 64;

/// What names a session: the user and the id that the client chose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionKey {
    /// User.
    pub user_id: String,
    /// Session id.
    pub session_id: String,
}

/// One client session.
#[derive(Debug)]
pub struct SessionHolder {
    /// User and session id.
    pub key: SessionKey,
    /// The server's id of the session: a client notices a new one after a restart.
    pub server_side_session_id: String,
    /// Configuration and catalog.
    pub state: Arc<SessionState>,
    /// Uploaded artifacts.
    pub artifacts: Mutex<ArtifactStore>,
    executions: Mutex<BTreeMap<String, Arc<ExecuteHolder>>>,
    errors: Mutex<VecDeque<(String, SparkError)>>,
}

impl SessionHolder {
    /// A session over a planning state.
    pub fn new(key: SessionKey, state: Arc<SessionState>) -> SessionHolder {
        SessionHolder {
            key,
            server_side_session_id: Uuid::new_v4().to_string(),
            state,
            artifacts: Mutex::default(),
            executions: Mutex::default(),
            errors: Mutex::default(),
        }
    }

    /// Starts an execution; an id that is in use is refused.
    pub fn start_execution(&self, holder: ExecuteHolder) -> SparkResult<Arc<ExecuteHolder>> {
        let mut executions = self.executions.lock();
        if executions.contains_key(&holder.operation_id) {
            return Err(SparkError::new(ExceptionClass::Spark, "INVALID_HANDLE.OPERATION_ALREADY_EXISTS")
                .param("handle", holder.operation_id));
        }
        let ended: Vec<String> =
            executions.iter().filter(|(_, holder)| holder.has_ended()).map(|(id, _)| id.clone()).collect();
        for id in ended.iter().take((ended.len() + 1).saturating_sub(MAX_ENDED_EXECUTIONS)) {
            executions.remove(id);
        }
        let holder = Arc::new(holder);
        executions.insert(holder.operation_id.clone(), Arc::clone(&holder));
        Ok(holder)
    }

    /// An execution by its operation id.
    pub fn execution(&self, operation_id: &str) -> Option<Arc<ExecuteHolder>> {
        self.executions.lock().get(operation_id).cloned()
    }

    /// All executions that are kept.
    pub fn executions(&self) -> Vec<Arc<ExecuteHolder>> {
        self.executions.lock().values().cloned().collect()
    }

    /// Forgets an execution.
    pub fn remove_execution(&self, operation_id: &str) -> Option<Arc<ExecuteHolder>> {
        self.executions.lock().remove(operation_id)
    }

    /// Keeps an error for `FetchErrorDetails` and gives it an id.
    pub fn keep_error(&self, error: SparkError) -> ConnectError {
        let id = Uuid::new_v4().to_string();
        let mut errors = self.errors.lock();
        if errors.len() >= MAX_ERRORS {
            errors.pop_front();
        }
        errors.push_back((id.clone(), error.clone()));
        ConnectError { error, error_id: Some(id) }
    }

    /// Hands out an error once.
    pub fn take_error(&self, id: &str) -> Option<SparkError> {
        let mut errors = self.errors.lock();
        let position = errors.iter().position(|(kept, _)| kept == id)?;
        errors.remove(position).map(|(_, error)| error)
    }
}
