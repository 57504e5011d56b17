//! One entry for every RPC of the Connect service: bytes in, bytes out.

use kindling_connect::{ConnectError, ConnectService};
use kindling_proto::connect as proto;
use prost::Message;

/// Takes each response's bytes.
pub type OnResponse<'a> = &'a mut dyn FnMut(Vec<u8>);

fn parse<M: Message + Default>(request: &[u8]) -> Result<M, ConnectError> {
    M::decode(request)
        .map_err(|error| kindling_common::SparkError::internal(format!("malformed request: {error}")).into())
}

/// The requests of a client stream, each after its length.
fn parse_stream<M: Message + Default>(mut bytes: &[u8]) -> Result<Vec<M>, ConnectError> {
    let mut requests = vec![];
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = (u32::from_le_bytes(*length) as usize).min(rest.len());
        let (request, rest) = rest.split_at(length);
        requests.push(parse(request)?);
        bytes = rest;
    }
    Ok(requests)
}

/// Calls the handler of `method`, the last part of the RPC's path.
pub fn call(
    service: &ConnectService,
    method: &str,
    request: &[u8],
    respond: OnResponse<'_>,
) -> Result<(), ConnectError> {
    macro_rules! unary {
        ($handler:ident, $request:ty) => {
            respond(service.$handler(&parse::<$request>(request)?)?.encode_to_vec())
        };
    }
    match method {
        "ExecutePlan" => {
            service.execute_plan(parse(request)?, &mut |response: proto::ExecutePlanResponse| {
                respond(response.encode_to_vec())
            })?;
        }
        "AnalyzePlan" => unary!(analyze_plan, proto::AnalyzePlanRequest),
        "Config" => unary!(config, proto::ConfigRequest),
        "AddArtifacts" => respond(service.add_artifacts(parse_stream(request)?)?.encode_to_vec()),
        "ArtifactStatus" => unary!(artifact_status, proto::ArtifactStatusesRequest),
        "Interrupt" => unary!(interrupt, proto::InterruptRequest),
        "ReleaseExecute" => unary!(release_execute, proto::ReleaseExecuteRequest),
        "ReleaseSession" => unary!(release_session, proto::ReleaseSessionRequest),
        "FetchErrorDetails" => unary!(fetch_error_details, proto::FetchErrorDetailsRequest),
        "CloneSession" => unary!(clone_session, proto::CloneSessionRequest),
        "GetStatus" => unary!(get_status, proto::GetStatusRequest),
        // A call in the same worker cannot lose its stream, so there is nothing to reattach to.
        other => return Err(kindling_common::SparkError::unsupported(format!("the RPC {other}")).into()),
    }
    Ok(())
}
