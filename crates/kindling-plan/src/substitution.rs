//! `${key}` in SQL text (Spark's `VariableSubstitution` and `ConfigReader`).

use std::borrow::Cow;

use kindling_common::{ExceptionClass, RuntimeConfig, SparkError, SparkResult, conf};

/// Prefixes that mean the session's configuration, as no prefix does.
const CONFIGURATION: &[&str] = &["spark", "sparkconf", "hivevar", "hiveconf"];

/// A text with the values of the keys in it: `${key}` and `${spark:key}`. A key that is not set is an empty text; another
/// prefix than those of the configuration stays as it is written.
pub(crate) fn substitute<'t>(text: &'t str, conf: &RuntimeConfig) -> SparkResult<Cow<'t, str>> {
    if !text.contains("${") || !conf.boolean(&conf::VARIABLE_SUBSTITUTE) {
        return Ok(Cow::Borrowed(text));
    }
    substituted(text, conf, &mut vec![]).map(Cow::Owned)
}

fn substituted(text: &str, conf: &RuntimeConfig, within: &mut Vec<String>) -> SparkResult<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, following)) = after.split_once('}').filter(|(name, _)| is_reference(name)) else {
            out.push_str("${");
            rest = after;
            continue;
        };
        rest = following;
        let (prefix, key) = match name.split_once(':') {
            Some((prefix, key)) if is_word(prefix) && !key.is_empty() => (Some(prefix), key),
            _ => (None, name),
        };
        if prefix.is_some_and(|prefix| !CONFIGURATION.contains(&prefix)) {
            out.push_str(&format!("${{{name}}}"));
            continue;
        }
        if within.iter().any(|outer| outer == key) {
            return Err(SparkError::new(ExceptionClass::IllegalArgument, "INTERNAL_ERROR")
                .param("message", format!("requirement failed: Circular reference in {text}: {key}")));
        }
        within.push(key.to_string());
        out.push_str(&substituted(conf.get(key).unwrap_or(""), conf, within)?);
        within.pop();
    }
    out.push_str(rest);
    Ok(out)
}

fn is_reference(name: &str) -> bool {
    !name.is_empty() && !name.contains(char::is_whitespace)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)], text: &str) -> SparkResult<String> {
        let mut conf = RuntimeConfig::default();
        for (key, value) in pairs {
            conf.set(*key, *value);
        }
        substitute(text, &conf).map(Cow::into_owned)
    }

    #[test]
    fn keys_are_replaced_by_their_values() {
        let pairs = [("my.key", "1 + 1"), ("outer", "(${my.key})")];
        assert_eq!(with(&pairs, "SELECT ${my.key}, ${spark:my.key}").unwrap(), "SELECT 1 + 1, 1 + 1");
        assert_eq!(with(&pairs, "SELECT ${hivevar:outer} * 2").unwrap(), "SELECT (1 + 1) * 2");
        assert_eq!(with(&pairs, "SELECT '${unknown}'").unwrap(), "SELECT ''");
    }

    #[test]
    fn what_is_no_reference_stays() {
        for text in ["SELECT '$.a', '${}'", "'${x y}'", "'${env:HOME}'", "'${'", "'$ {a}'"] {
            assert_eq!(with(&[], text).unwrap(), text);
        }
        assert_eq!(with(&[("a", "1"), (conf::VARIABLE_SUBSTITUTE.key, "false")], "${a}").unwrap(), "${a}");
    }

    #[test]
    fn a_key_within_itself_is_an_error() {
        assert!(with(&[("a", "${b}"), ("b", "${a}")], "${a}").is_err());
    }
}
