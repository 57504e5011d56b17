//! `ReleaseExecute`: drop responses that the client has, or the whole execution.

use kindling_proto::connect::{ReleaseExecuteRequest, ReleaseExecuteResponse, release_execute_request::Release};

use crate::{ConnectError, ConnectService};

impl ConnectService {
    /// Releases responses; an execution that is gone already is no error, as in Spark.
    pub fn release_execute(&self, request: &ReleaseExecuteRequest) -> Result<ReleaseExecuteResponse, ConnectError> {
        let session = self.session(&request.session_id, request.user_context.as_ref())?;
        let found = match &request.release {
            Some(Release::ReleaseUntil(until)) => session.execution(&request.operation_id).inspect(|holder| {
                holder.release_until(&until.response_id);
            }),
            Some(Release::ReleaseAll(_)) | None => session.remove_execution(&request.operation_id).inspect(|holder| {
                holder.interrupt();
            }),
        };
        Ok(ReleaseExecuteResponse {
            session_id: request.session_id.clone(),
            server_side_session_id: session.server_side_session_id.clone(),
            operation_id: found.map(|holder| holder.operation_id.clone()),
        })
    }
}
