//! `GetStatus`: how far operations are.

use kindling_proto::connect::{
    GetStatusRequest, GetStatusResponse,
    get_status_response::{OperationStatus, operation_status::OperationState},
};

use crate::{ConnectError, ConnectService, holder::ExecuteState};

impl ConnectService {
    /// The state of the operations asked for, or of all.
    pub fn get_status(&self, request: &GetStatusRequest) -> Result<GetStatusResponse, ConnectError> {
        let session = self.session(&request.session_id, request.user_context.as_ref())?;
        let wanted = request.operation_status.as_ref().map(|status| status.operation_ids.clone()).unwrap_or_default();
        let ids = if wanted.is_empty() {
            session.executions().iter().map(|holder| holder.operation_id.clone()).collect()
        } else {
            wanted
        };
        let operation_statuses = ids
            .into_iter()
            .map(|operation_id| {
                let state = match session.execution(&operation_id).map(|holder| holder.state()) {
                    None => OperationState::Unknown,
                    Some(ExecuteState::Running) => OperationState::Running,
                    Some(ExecuteState::Terminating) => OperationState::Terminating,
                    Some(ExecuteState::Succeeded) => OperationState::Succeeded,
                    Some(ExecuteState::Failed) => OperationState::Failed,
                    Some(ExecuteState::Cancelled) => OperationState::Cancelled,
                };
                OperationStatus { operation_id, state: state.into(), extensions: vec![] }
            })
            .collect();
        Ok(GetStatusResponse {
            session_id: request.session_id.clone(),
            server_side_session_id: session.server_side_session_id.clone(),
            operation_statuses,
            extensions: vec![],
        })
    }
}
