//! Ids as newtypes, so that a stage id never stands where a job id is meant.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! numeric_id {
    ($($(#[doc = $doc:literal])+ $name:ident($inner:ty);)*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(pub $inner);

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Display::fmt(&self.0, f)
                }
            }
        )*
    };
}

numeric_id! {
    /// A job: one action.
    JobId(i32);
    /// A stage; its attempts share the id.
    StageId(i32);
    /// A task attempt, unique in the application.
    TaskId(i64);
    /// A shuffle.
    ShuffleId(i32);
    /// An RDD (for a DataFrame, the node of its lineage that the DAG draws).
    RddId(i32);
    /// A SQL execution.
    ExecutionId(i64);
    /// An accumulator.
    AccumulatorId(i64);
}

/// One attempt of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageAttempt {
    /// Stage.
    pub stage_id: StageId,
    /// Attempt, from zero.
    pub attempt: i32,
}

impl fmt::Display for StageAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.stage_id, self.attempt)
    }
}

/// An executor (`driver`, `0`, `1`, …); cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutorId(Arc<str>);

impl ExecutorId {
    /// From its name.
    pub fn new(name: &str) -> Self {
        ExecutorId(Arc::from(name))
    }

    /// The driver.
    pub fn driver() -> Self {
        ExecutorId::new("driver")
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the driver.
    pub fn is_driver(&self) -> bool {
        &*self.0 == "driver"
    }
}

impl Default for ExecutorId {
    fn default() -> Self {
        ExecutorId::new("")
    }
}

impl From<&str> for ExecutorId {
    fn from(name: &str) -> Self {
        ExecutorId::new(name)
    }
}

impl fmt::Display for ExecutorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ExecutorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExecutorId({})", self.0)
    }
}

impl Serialize for ExecutorId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ExecutorId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| ExecutorId(Arc::from(name)))
    }
}
