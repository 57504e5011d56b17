//! State that outlives one RPC: sessions and the executions in them.

mod artifacts;
mod execute_holder;
mod session_holder;

pub use artifacts::ArtifactStore;
pub use execute_holder::{ExecuteHolder, ExecuteState, Next};
pub use session_holder::{SessionHolder, SessionKey};
