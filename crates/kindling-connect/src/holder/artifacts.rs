//! Artifacts that a client uploaded to its session (`AddArtifacts`), by name.

use std::collections::HashMap;

use bytes::Bytes;
use kindling_common::SparkResult;
use kindling_proto::connect::{
    AddArtifactsRequest,
    add_artifacts_request::{ArtifactChunk, Payload},
    add_artifacts_response::ArtifactSummary,
};

use crate::lower_error;

/// Artifacts of one session, and the one whose chunks are still coming.
#[derive(Debug, Default)]
pub struct ArtifactStore {
    artifacts: HashMap<String, Bytes>,
}

impl ArtifactStore {
    /// The content of an artifact.
    pub fn get(&self, name: &str) -> Option<&Bytes> {
        self.artifacts.get(name)
    }

    /// Stores what a stream of requests carries. An artifact with a wrong checksum or a missing chunk is not stored.
    pub fn add(
        &mut self,
        requests: impl IntoIterator<Item = AddArtifactsRequest>,
    ) -> SparkResult<Vec<ArtifactSummary>> {
        let mut summaries = vec![];
        let mut chunked: Option<Chunked> = None;
        for request in requests {
            match request.payload {
                Some(Payload::Batch(batch)) => {
                    for artifact in batch.artifacts {
                        let chunk = artifact.data.unwrap_or_default();
                        let sound = is_sound(&chunk);
                        self.finish(&mut summaries, artifact.name, sound, chunk.data);
                    }
                }
                Some(Payload::BeginChunk(begin)) => {
                    let mut artifact =
                        Chunked { name: begin.name, remaining: begin.num_chunks, sound: true, data: vec![] };
                    artifact.push(&begin.initial_chunk.unwrap_or_default());
                    chunked = Some(artifact);
                }
                Some(Payload::Chunk(chunk)) => match &mut chunked {
                    Some(artifact) => artifact.push(&chunk),
                    None => return Err(lower_error("an artifact chunk came before its beginning")),
                },
                None => return Err(lower_error("the artifact request carries nothing")),
            }
            if let Some(artifact) = chunked.take_if(|artifact| artifact.remaining <= 0) {
                self.finish(&mut summaries, artifact.name, artifact.sound, artifact.data.into());
            }
        }
        match chunked {
            Some(artifact) => Err(lower_error(format!("artifact {} is incomplete", artifact.name))),
            None => Ok(summaries),
        }
    }

    fn finish(&mut self, summaries: &mut Vec<ArtifactSummary>, name: String, sound: bool, data: Bytes) {
        summaries.push(ArtifactSummary { name: name.clone(), is_crc_successful: sound });
        if sound {
            self.artifacts.insert(name, data);
        }
    }
}

struct Chunked {
    name: String,
    remaining: i64,
    sound: bool,
    data: Vec<u8>,
}

impl Chunked {
    fn push(&mut self, chunk: &ArtifactChunk) {
        self.sound &= is_sound(chunk);
        self.data.extend_from_slice(&chunk.data);
        self.remaining -= 1;
    }
}

fn is_sound(chunk: &ArtifactChunk) -> bool {
    i64::from(crc32fast::hash(&chunk.data)) == chunk.crc
}

#[cfg(test)]
mod tests {
    use kindling_proto::connect::add_artifacts_request::BeginChunkedArtifact;

    use super::*;

    fn chunk(data: &'static [u8]) -> ArtifactChunk {
        ArtifactChunk { data: Bytes::from_static(data), crc: i64::from(crc32fast::hash(data)) }
    }

    fn request(payload: Payload) -> AddArtifactsRequest {
        AddArtifactsRequest { payload: Some(payload), ..Default::default() }
    }

    #[test]
    fn chunks_are_joined_and_checked() {
        let begin = BeginChunkedArtifact {
            name: "cache/x".to_string(),
            total_bytes: 4,
            num_chunks: 2,
            initial_chunk: Some(chunk(b"ab")),
        };
        let mut store = ArtifactStore::default();
        let summaries =
            store.add([request(Payload::BeginChunk(begin)), request(Payload::Chunk(chunk(b"cd")))]).unwrap();
        assert!(summaries[0].is_crc_successful);
        assert_eq!(store.get("cache/x").unwrap().as_ref(), b"abcd");
    }

    #[test]
    fn incomplete_artifact_is_refused() {
        let begin = BeginChunkedArtifact { name: "x".to_string(), num_chunks: 2, ..Default::default() };
        assert!(ArtifactStore::default().add([request(Payload::BeginChunk(begin))]).is_err());
    }
}
