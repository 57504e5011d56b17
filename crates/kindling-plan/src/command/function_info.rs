//! What Spark documents of its functions (`ExpressionInfo`), compressed in the binary.

use std::io::Read;

use flate2::read::DeflateDecoder;
use serde_json::Value;

/// One JSON object a line, by name; `tests/conformance/function_info.py` writes it.
static FUNCTIONS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/functions.deflate"));

/// A function's documentation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FunctionInfo {
    /// The class that Spark has for it; operators of the grammar have none.
    pub class: Option<String>,
    /// How it is called and what it does.
    pub usage: String,
    /// Arguments, examples, notes.
    pub extended: String,
}

/// The documentation of a built-in function, its name in lower case.
pub(super) fn function_info(name: &str) -> Option<FunctionInfo> {
    let mut text = String::new();
    DeflateDecoder::new(FUNCTIONS).read_to_string(&mut text).ok()?;
    let start = format!("{{\"name\": {}, ", Value::from(name));
    let line = text.lines().find(|line| line.starts_with(&start))?;
    let value: Value = serde_json::from_str(line).ok()?;
    let field = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_string);
    Some(FunctionInfo { class: field("class"), usage: field("usage")?, extended: field("extended")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_is_found_by_name() {
        let info = function_info("abs").unwrap();
        assert_eq!(info.class.as_deref(), Some("org.apache.spark.sql.catalyst.expressions.Abs"));
        assert_eq!(info.usage, "abs(expr) - Returns the absolute value of the numeric or interval value.");
        assert!(info.extended.contains("> SELECT abs(-1);"));
        assert_eq!(function_info("case").unwrap().class, None);
        assert_eq!(function_info("nope"), None);
    }
}
