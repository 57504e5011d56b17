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
    /// What it returns.
    pub returns: FunctionResult,
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
        json!({ "name": self.name, "text": self.definition.text, "ansi": self.ansi, "kind": kind, "returns": returns })
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
        Some(SqlFunction { name, definition: *definition, ansi: value.get("ansi")?.as_bool()?, returns })
    }
}
