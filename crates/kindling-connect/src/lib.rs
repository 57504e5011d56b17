//! The Spark Connect service without a transport: holders and one handler per RPC.
