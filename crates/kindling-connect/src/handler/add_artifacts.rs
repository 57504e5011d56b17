//! `AddArtifacts` and `ArtifactStatus`.

use std::sync::Arc;

use kindling_proto::connect::{
    AddArtifactsRequest, AddArtifactsResponse, ArtifactStatusesRequest, ArtifactStatusesResponse,
    artifact_statuses_response::ArtifactStatus,
};

use crate::{ConnectError, ConnectService, lower_error};

/// Names of artifacts that hold rows or a schema of a cached local relation.
const CACHE_PREFIX: &str = "cache/";

impl ConnectService {
    /// Stores uploaded artifacts in the session.
    pub fn add_artifacts(&self, requests: Vec<AddArtifactsRequest>) -> Result<AddArtifactsResponse, ConnectError> {
        let first = requests.first().ok_or_else(|| lower_error("no artifact was sent"))?;
        let session = self.session(&first.session_id, first.user_context.as_ref())?;
        let session_id = first.session_id.clone();
        let mut store = session.artifacts.lock();
        let artifacts = store.add(requests).map_err(|error| session.keep_error(error))?;
        // Rows of local relations: plans name them by hash.
        for artifact in artifacts.iter().filter(|artifact| artifact.is_crc_successful) {
            if let (Some(hash), Some(data)) = (artifact.name.strip_prefix(CACHE_PREFIX), store.get(&artifact.name)) {
                session.state.cached_artifacts.write().insert(hash.to_string(), Arc::from(data.as_ref()));
            }
        }
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
