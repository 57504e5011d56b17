//! gRPC methods onto `ConnectService`: decoding, threads and status codes, no query logic.

use std::{sync::Arc, time::Duration};

use kindling_connect::{ConnectError, ConnectService, ExecuteHolder, Next};
use kindling_proto::connect as proto;
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming};

/// The service trait that `build.rs` generates.
pub mod generated {
    #![allow(missing_docs, clippy::all, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    tonic::include_proto!("spark.connect");
}

use generated::spark_connect_service_server::SparkConnectService;

/// Responses that may wait in a stream before the execution's buffer holds them.
const STREAM_BUFFER: usize = 16;

/// How long a stream waits for a response before it looks whether its client is still there.
const POLL: Duration = Duration::from_millis(100);

/// The engine as a gRPC service.
#[derive(Debug, Clone)]
pub struct GrpcService {
    service: Arc<ConnectService>,
}

type ResponseStream = ReceiverStream<Result<proto::ExecutePlanResponse, Status>>;

impl GrpcService {
    /// A service over an engine.
    pub fn new(service: Arc<ConnectService>) -> GrpcService {
        GrpcService { service }
    }

    /// Runs a blocking call off the reactor.
    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&ConnectService) -> Result<T, ConnectError> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        let service = Arc::clone(&self.service);
        match tokio::task::spawn_blocking(move || call(&service)).await {
            Ok(result) => result.map(Response::new).map_err(|error| to_status(&error)),
            Err(error) => Err(Status::internal(format!("the call did not finish: {error}"))),
        }
    }
}

/// A status with the details that the client reads its exception from.
fn to_status(error: &ConnectError) -> Status {
    let status = error.status();
    Status::with_details(Code::Internal, status.message.clone(), status.encode_to_vec().into())
}

/// Sends an execution's responses from `index` on until its end or until the client is gone.
fn stream_responses(holder: Arc<ExecuteHolder>, mut index: usize) -> ResponseStream {
    let (sender, receiver) = mpsc::channel(STREAM_BUFFER);
    tokio::task::spawn_blocking(move || {
        while !sender.is_closed() {
            match holder.next(index, POLL) {
                Next::Response(response) => {
                    index += 1;
                    if sender.blocking_send(Ok(*response)).is_err() {
                        return;
                    }
                }
                Next::Failed(error) => {
                    drop(sender.blocking_send(Err(to_status(&error))));
                    return;
                }
                Next::End => return,
                Next::Waiting => {}
            }
        }
        // A client that cannot come back has no use for the result.
        if !holder.reattachable {
            holder.interrupt();
        }
    });
    ReceiverStream::new(receiver)
}

#[tonic::async_trait]
impl SparkConnectService for GrpcService {
    type ExecutePlanStream = ResponseStream;
    type ReattachExecuteStream = ResponseStream;

    async fn execute_plan(
        &self,
        request: Request<proto::ExecutePlanRequest>,
    ) -> Result<Response<ResponseStream>, Status> {
        let request = request.into_inner();
        let execution = self.service.start_execute(&request).map_err(|error| to_status(&error))?;
        let holder = Arc::clone(&execution.holder);
        let service = Arc::clone(&self.service);
        tokio::task::spawn_blocking(move || service.run_execute(&execution, request));
        Ok(Response::new(stream_responses(holder, 0)))
    }

    async fn reattach_execute(
        &self,
        request: Request<proto::ReattachExecuteRequest>,
    ) -> Result<Response<ResponseStream>, Status> {
        let (holder, index) = self.service.reattach_execute(request.get_ref()).map_err(|error| to_status(&error))?;
        Ok(Response::new(stream_responses(holder, index)))
    }

    async fn analyze_plan(
        &self,
        request: Request<proto::AnalyzePlanRequest>,
    ) -> Result<Response<proto::AnalyzePlanResponse>, Status> {
        self.call(move |service| service.analyze_plan(request.get_ref())).await
    }

    async fn config(&self, request: Request<proto::ConfigRequest>) -> Result<Response<proto::ConfigResponse>, Status> {
        self.call(move |service| service.config(request.get_ref())).await
    }

    async fn add_artifacts(
        &self,
        request: Request<Streaming<proto::AddArtifactsRequest>>,
    ) -> Result<Response<proto::AddArtifactsResponse>, Status> {
        let mut stream = request.into_inner();
        let mut requests = vec![];
        while let Some(request) = stream.message().await? {
            requests.push(request);
        }
        self.call(move |service| service.add_artifacts(requests)).await
    }

    async fn artifact_status(
        &self,
        request: Request<proto::ArtifactStatusesRequest>,
    ) -> Result<Response<proto::ArtifactStatusesResponse>, Status> {
        self.call(move |service| service.artifact_status(request.get_ref())).await
    }

    async fn interrupt(
        &self,
        request: Request<proto::InterruptRequest>,
    ) -> Result<Response<proto::InterruptResponse>, Status> {
        self.call(move |service| service.interrupt(request.get_ref())).await
    }

    async fn release_execute(
        &self,
        request: Request<proto::ReleaseExecuteRequest>,
    ) -> Result<Response<proto::ReleaseExecuteResponse>, Status> {
        self.call(move |service| service.release_execute(request.get_ref())).await
    }

    async fn release_session(
        &self,
        request: Request<proto::ReleaseSessionRequest>,
    ) -> Result<Response<proto::ReleaseSessionResponse>, Status> {
        self.call(move |service| service.release_session(request.get_ref())).await
    }

    async fn fetch_error_details(
        &self,
        request: Request<proto::FetchErrorDetailsRequest>,
    ) -> Result<Response<proto::FetchErrorDetailsResponse>, Status> {
        self.call(move |service| service.fetch_error_details(request.get_ref())).await
    }

    async fn clone_session(
        &self,
        request: Request<proto::CloneSessionRequest>,
    ) -> Result<Response<proto::CloneSessionResponse>, Status> {
        self.call(move |service| service.clone_session(request.get_ref())).await
    }

    async fn get_status(
        &self,
        request: Request<proto::GetStatusRequest>,
    ) -> Result<Response<proto::GetStatusResponse>, Status> {
        self.call(move |service| service.get_status(request.get_ref())).await
    }
}
