//! `kindling connect`: the engine behind gRPC on loopback.

mod service;

use std::{io, path::PathBuf, sync::Arc};

use kindling_common::conf;
use kindling_connect::{ConnectService, ServiceOptions};
use kindling_datasource::LocalFileSystem;
use kindling_functions::SessionTimeZone;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;

use service::{GrpcService, generated::spark_connect_service_server::SparkConnectServiceServer};

/// Largest message either way: what Spark Connect allows (128 MiB).
const MAX_MESSAGE_BYTES: usize = 128 * 1024 * 1024;

/// What `kindling connect` takes.
#[derive(Debug, Clone, clap::Args)]
pub struct ConnectOptions {
    /// Port; 0 picks a free one.
    #[arg(long, default_value_t = 15002)]
    port: u16,
    /// Executors.
    #[arg(long, default_value_t = 1)]
    executors: usize,
    /// Threads of each executor; all processors when absent.
    #[arg(long)]
    cores: Option<usize>,
    /// Folder that relative paths mean; `spark-warehouse` is below it.
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// Write the event log (Spark's JSON lines) to this file.
    #[arg(long)]
    event_log: Option<PathBuf>,
    /// Session defaults, `key=value`.
    #[arg(long = "conf", value_name = "KEY=VALUE")]
    conf: Vec<String>,
}

/// The session time zone where none is given: the machine's, or what `TZ` names, as in Spark.
fn local_time_zone() -> String {
    let named = std::env::var("TZ").ok().map(|zone| zone.trim_start_matches(':').to_string());
    named
        .filter(|zone| !zone.is_empty())
        .or_else(|| iana_time_zone::get_timezone().ok())
        .filter(|zone| SessionTimeZone::find(zone).is_some())
        .unwrap_or_else(|| conf::SESSION_TIME_ZONE.default.to_string())
}

/// Serves until the process is told to stop.
pub async fn run(options: ConnectOptions) -> io::Result<()> {
    let root = options.root.canonicalize()?;
    let cores = options.cores.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from));
    let mut service_options = ServiceOptions::new(options.executors, cores);
    service_options.conf.set(conf::SESSION_TIME_ZONE.key, local_time_zone());
    service_options.user = std::env::var("USER").unwrap_or_default();
    for pair in &options.conf {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, format!("--conf {pair}: expected key=value")))?;
        service_options.conf.set(key, value);
    }
    let service = ConnectService::new(
        service_options,
        Arc::new(LocalFileSystem::new(root)),
        Arc::new(kindling_executor::NativeThreads),
        Arc::new(kindling_executor::SystemClock::default()),
    )
    .map_err(|error| io::Error::other(error.to_string()))?;
    if let Some(path) = &options.event_log {
        let file = std::fs::File::create(path)?;
        service.log_events_to(Box::new(file));
    }
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => io::Error::new(error.kind(), format!("port {} is in use", options.port)),
        _ => error,
    })?;
    println!("Spark Connect server on sc://localhost:{}", listener.local_addr()?.port());
    let grpc = SparkConnectServiceServer::new(GrpcService::new(Arc::new(service)))
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    Server::builder()
        .add_service(grpc)
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async {
            drop(tokio::signal::ctrl_c().await);
        })
        .await
        .map_err(io::Error::other)
}
