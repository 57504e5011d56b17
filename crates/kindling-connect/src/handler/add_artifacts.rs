//! `AddArtifacts` and `ArtifactStatus`.

use kindling_proto::connect::{
    AddArtifactsRequest, AddArtifactsResponse, ArtifactStatusesRequest, ArtifactStatusesResponse,
    artifact_statuses_response::ArtifactStatus,
};

use crate::{ConnectError, ConnectService, lower_error};

impl ConnectService {
    /// Stores uploaded artifacts in the session.
    pub fn add_artifacts(&self, requests: Vec<AddArtifactsRequest>) -> Result<AddArtifactsResponse, ConnectError> {
        let first = requests.first().ok_or_else(|| lower_error("no artifact was sent"))?;
        let session = self.session(&first.session_id, first.user_context.as_ref())?;
        let session_id = first.session_id.clone();
        let artifacts = session.artifacts.lock().add(requests).map_err(|error| session.keep_error(error))?;
        Ok(AddArtifactsResponse {
            session_id,
            server_side_session_id: session.server_side_session_id.clone(),
            artifacts,
        })
    }

    /// Says which artifacts the session has.
    pub fn artifact_status(&self, request: &ArtifactStatusesRequest) -> Result<ArtifactStatusesResponse, ConnectError> {
        let session = self.session(&request.session_id, request.user_context.as_ref())?;
        let artifacts = session.artifacts.lock();
        let statuses = request
            .names
            .iter()
            .map(|name| (name.clone(), ArtifactStatus { exists: artifacts.get(name).is_some() }))
            .collect();
        Ok(ArtifactStatusesResponse {
            session_id: request.session_id.clone(),
            server_side_session_id: session.server_side_session_id.clone(),
            statuses,
        })
    }
}
