//! Functions with a SQL body (Spark's `SQLFunction`).

use kindling_spec::{Command, CreateFunction, DataType, Plan, StructType};
use serde_json::{Value, json};

/// A function that `CREATE FUNCTION … RETURN` made.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlFunction {
    /// The name that results are shown under: one part for a temporary function, else three.
    pub name: Vec<String>,
    /// Parameters and body as written.
    pub definition: CreateFunction,
    /// `spark.sql.ansi.enabled` when it was made: the body keeps its meaning.
    pub ansi: bool,
    /// `spark.sql.session.timeZone` when it was made.
    pub time_zone: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    /// What it returns.
    pub returns: FunctionResult,
    /// What its body does.
    pub traits: BodyTraits,
}

/// What the body of a function does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BodyTraits {
    /// Whether the same arguments may give another result.
    pub volatile: bool,
    /// Whether it reads tables.
    pub reads_data: bool,
}

/// What a function returns.
#[derive(Debug, Clone, PartialEq)]
pub enum FunctionResult {
    /// One value.
    Scalar(DataType),
    /// Rows.
    Table(StructType),
}

impl SqlFunction {
    /// Whether it lives in the session only.
    pub fn is_temporary(&self) -> bool {
        self.definition.temporary
    }

    pub(super) fn to_json(&self) -> Value {
        let (kind, returns) = match &self.returns {
            FunctionResult::Scalar(data_type) => ("scalar", data_type.to_json()),
            FunctionResult::Table(columns) => ("table", DataType::Struct(columns.clone()).to_json()),
        };
        json!({
            "name": self.name,
            "text": self.definition.text,
            "ansi": self.ansi,
            "timeZone": self.time_zone,
            "createdAt": self.created_at,
            "kind": kind,
            "returns": returns,
            "volatile": self.traits.volatile,
            "readsData": self.traits.reads_data,
        })
    }

    pub(super) fn from_json(value: &Value) -> Option<SqlFunction> {
        let text = value.get("text")?.as_str()?;
        let Ok(Plan::Command(Command::CreateFunction(definition))) = kindling_sql::parse_plan(text) else {
            return None;
        };
        let name = value.get("name")?.as_array()?.iter().filter_map(|part| part.as_str().map(str::to_string)).collect();
        let returns = DataType::from_json(value.get("returns")?)?;
        let returns = match (value.get("kind")?.as_str()?, returns) {
            ("table", DataType::Struct(columns)) => FunctionResult::Table(columns),
            (_, data_type) => FunctionResult::Scalar(data_type),
        };
        let flag = |key: &str| value.get(key).and_then(Value::as_bool);
        Some(SqlFunction {
            name,
            definition: *definition,
            ansi: flag("ansi")?,
            time_zone: value.get("timeZone").and_then(Value::as_str).unwrap_or("UTC").to_string(),
            created_at: value.get("createdAt").and_then(Value::as_i64).unwrap_or(0),
            returns,
            traits: BodyTraits {
                volatile: flag("volatile").unwrap_or(false),
                reads_data: flag("readsData").unwrap_or(false),
            },
        })
    }
}
