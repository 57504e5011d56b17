//! `FetchErrorDetails`: the whole error behind a status.

use kindling_proto::connect::{FetchErrorDetailsRequest, FetchErrorDetailsResponse};

use crate::{ConnectError, ConnectService, error::error_details};

impl ConnectService {
    /// Hands out the details of an error once; an unknown id has none.
    pub fn fetch_error_details(
        &self,
        request: &FetchErrorDetailsRequest,
    ) -> Result<FetchErrorDetailsResponse, ConnectError> {
        let session = self.session(&request.session_id, request.user_context.as_ref())?;
        let details = session.take_error(&request.error_id).map(|error| error_details(&error)).unwrap_or_default();
        Ok(FetchErrorDetailsResponse {
            session_id: request.session_id.clone(),
            server_side_session_id: session.server_side_session_id.clone(),
            ..details
        })
    }
}
