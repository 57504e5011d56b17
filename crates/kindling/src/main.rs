#![doc = include_str!("../README.md")]

#[cfg(feature = "connect")]
mod connect;
mod serve;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

/// Kindling's native commands.
#[derive(Debug, Parser)]
#[command(name = "kindling", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the engine as a Spark Connect server (gRPC) on loopback.
    #[cfg(feature = "connect")]
    Connect(connect::ConnectOptions),
    /// Serve a folder over HTTP with the headers that threads in a page need.
    Serve(ServeOptions),
}

/// What `kindling serve` takes.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeOptions {
    /// The folder to serve, e.g. `dist`.
    folder: PathBuf,
    /// Port; 0 picks a free one.
    #[arg(long, env = "PORT", default_value_t = 8080)]
    port: u16,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Path under which the folder appears, e.g. `/kindling/`.
    #[arg(long, default_value = "/")]
    base: String,
    /// Send no cross-origin isolation headers, as a plain static host.
    #[arg(long)]
    no_isolation: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        #[cfg(feature = "connect")]
        Command::Connect(options) => connect::run(options).await,
        Command::Serve(options) => serve::run(options).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kindling: {error}");
            ExitCode::FAILURE
        }
    }
}
