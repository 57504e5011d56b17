//! Paths into variants (`VariantPathParser`): `$.a['b'][0]`.

use kindling_common::SparkResult;

use super::{Value, Variant};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// Parses a path; `None` where it is none.
pub(crate) fn parse_path(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = vec![];
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (key, tail) = after.split_at(end);
            if key.is_empty() {
                return None;
            }
            steps.push(Step::Key(key.to_string()));
            rest = tail;
            continue;
        }
        let after = rest.strip_prefix('[')?;
        let quote = after.chars().next().filter(|c| matches!(c, '\'' | '"'));
        rest = match quote {
            Some(quote) => {
                let (key, tail) = after[1..].split_once(quote)?;
                steps.push(Step::Key(key.to_string()));
                tail.strip_prefix(']')?
            }
            None => {
                let (index, tail) = after.split_once(']')?;
                let digits = !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit());
                steps.push(Step::Index(index.parse::<i32>().ok().filter(|_| digits)? as usize));
                tail
            }
        };
    }
    Some(steps)
}

/// The part of a variant that a path leads to.
pub(crate) fn get<'a>(variant: Variant<'a>, steps: &[Step]) -> SparkResult<Option<Variant<'a>>> {
    let mut current = variant;
    for step in steps {
        let next = match (step, current.decode()?) {
            (Step::Key(key), Value::Object(fields)) => {
                fields.into_iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            (Step::Index(index), Value::Array(items)) => items.into_iter().nth(*index),
            _ => None,
        };
        match next {
            Some(next) => current = next,
            None => return Ok(None),
        }
    }
    Ok(Some(current))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_parse_as_sparks_do() {
        let key = |key: &str| Step::Key(key.into());
        assert_eq!(parse_path("$"), Some(vec![]));
        assert_eq!(parse_path("$.a[0]['b c']"), Some(vec![key("a"), Step::Index(0), key("b c")]));
        for bad in ["a", "$a", "$.", "$[x]", "$[-1]", "$['a]", ""] {
            assert_eq!(parse_path(bad), None, "{bad}");
        }
    }
}
