//! `ReattachExecute`: go on with the responses of an execution.

use std::sync::Arc;

use kindling_common::{ExceptionClass, SparkError};
use kindling_proto::connect::ReattachExecuteRequest;

use crate::{ConnectError, ConnectService, holder::ExecuteHolder};

impl ConnectService {
    /// The execution, and the index of the first response that the client has not seen.
    pub fn reattach_execute(
        &self,
        request: &ReattachExecuteRequest,
    ) -> Result<(Arc<ExecuteHolder>, usize), ConnectError> {
        let session = self.session(&request.session_id, request.user_context.as_ref())?;
        let holder = session.execution(&request.operation_id).ok_or_else(|| {
            session.keep_error(
                SparkError::new(ExceptionClass::Spark, "INVALID_HANDLE.OPERATION_NOT_FOUND")
                    .param("handle", &request.operation_id),
            )
        })?;
        let index = match request.last_response_id.as_deref() {
            None | Some("") => 0,
            Some(id) => holder.index_after(id).ok_or_else(|| {
                session.keep_error(
                    SparkError::new(ExceptionClass::Spark, "INVALID_CURSOR.POSITION_NOT_FOUND").param("responseId", id),
                )
            })?,
        };
        Ok((holder, index))
    }
}
