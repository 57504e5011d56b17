//! `Interrupt`: stop executions by id, by tag, or all.

use kindling_proto::connect::{
    InterruptRequest, InterruptResponse,
    interrupt_request::{Interrupt, InterruptType},
};

use crate::{ConnectError, ConnectService, lower_error};

impl ConnectService {
    /// Asks executions to stop and names those that will.
    pub fn interrupt(&self, request: &InterruptRequest) -> Result<InterruptResponse, ConnectError> {
        let session = self.session(&request.session_id, request.user_context.as_ref())?;
        let mut interrupted_ids = vec![];
        for holder in session.executions() {
            let wanted = match (request.interrupt_type(), &request.interrupt) {
                (InterruptType::All, _) => true,
                (InterruptType::Tag, Some(Interrupt::OperationTag(tag))) => holder.tags.contains(tag),
                (InterruptType::OperationId, Some(Interrupt::OperationId(id))) => holder.operation_id == *id,
                _ => return Err(lower_error("the interrupt request names nothing to interrupt").into()),
            };
            if wanted && holder.interrupt() {
                interrupted_ids.push(holder.operation_id.clone());
            }
        }
        Ok(InterruptResponse {
            session_id: request.session_id.clone(),
            server_side_session_id: session.server_side_session_id.clone(),
            interrupted_ids,
        })
    }
}
