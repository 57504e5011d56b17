//! Reader and writer options: keys without regard to case, as Spark's `CaseInsensitiveMap`.

use std::collections::BTreeMap;

use kindling_common::{ExceptionClass, SparkError, SparkResult};

/// Options of one read or write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceOptions(BTreeMap<String, String>);

impl SourceOptions {
    /// Takes options as they were written; of two spellings of one key the last wins.
    pub fn new<K: AsRef<str>, V: Into<String>>(options: impl IntoIterator<Item = (K, V)>) -> SourceOptions {
        SourceOptions(
            options.into_iter().map(|(key, value)| (key.as_ref().to_ascii_lowercase(), value.into())).collect(),
        )
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(&key.to_ascii_lowercase()).map(String::as_str)
    }

    /// The value of the first of several keys that is set.
    pub fn get_any(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// A boolean option; fails as `CSVOptions.getBool` does.
    pub fn boolean(&self, key: &str, default: bool) -> SparkResult<bool> {
        match self.get(key) {
            None => Ok(default),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(illegal("_LEGACY_ERROR_TEMP_2147").param("paramName", key)),
        }
    }

    /// A number.
    pub fn integer(&self, key: &str, default: i64) -> SparkResult<i64> {
        match self.get(key) {
            None => Ok(default),
            Some(text) => text.trim().parse().map_err(|_| not_an_integer(key, text)),
        }
    }

    /// A fraction.
    pub fn double(&self, key: &str, default: f64) -> SparkResult<f64> {
        match self.get(key) {
            None => Ok(default),
            Some(text) => text.trim().parse().map_err(|_| not_an_integer(key, text)),
        }
    }

    /// Keys in lower case and their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

fn illegal(condition: &'static str) -> SparkError {
    SparkError::new(ExceptionClass::IllegalArgument, condition)
}

fn not_an_integer(key: &str, text: &str) -> SparkError {
    illegal("_LEGACY_ERROR_TEMP_2146").param("paramName", key).param("value", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_match_without_case() {
        let options = SourceOptions::new([("InferSchema", "TRUE")]);
        assert!(options.boolean("inferSchema", false).unwrap());
        assert!(SourceOptions::new([("header", "yes")]).boolean("header", false).is_err());
    }
}
