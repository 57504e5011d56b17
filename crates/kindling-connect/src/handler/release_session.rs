//! `ReleaseSession` and `CloneSession`.

use kindling_proto::connect::{
    CloneSessionRequest, CloneSessionResponse, ReleaseSessionRequest, ReleaseSessionResponse,
};

use kindling_common::SparkError;

use crate::{ConnectError, ConnectService};

impl ConnectService {
    /// Ends a session: its executions stop, its views and settings go.
    pub fn release_session(&self, request: &ReleaseSessionRequest) -> Result<ReleaseSessionResponse, ConnectError> {
        let session = self.remove_session(&request.session_id, request.user_context.as_ref());
        if let Some(session) = &session {
            for holder in session.executions() {
                holder.interrupt();
            }
        }
        Ok(ReleaseSessionResponse {
            session_id: request.session_id.clone(),
            server_side_session_id: session.map(|session| session.server_side_session_id.clone()).unwrap_or_default(),
        })
    }

    /// Not there yet: a session's state cannot be copied.
    pub fn clone_session(&self, _request: &CloneSessionRequest) -> Result<CloneSessionResponse, ConnectError> {
        Err(SparkError::unsupported("cloneSession").into())
    }
}
