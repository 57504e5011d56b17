//! Paths into JSON: `get_json_object`.

use serde_json::Value;

use super::plain;

#[derive(Debug, Clone)]
pub(super) enum Step {
    Key(String),
    Index(usize),
    Wildcard,
    AllKeys,
}

/// `$.a['b'][0][*].*`
pub(super) fn parse_path(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = vec![];
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let key = &after[..end];
            if key.is_empty() {
                return None;
            }
            steps.push(if key == "*" { Step::AllKeys } else { Step::Key(key.to_string()) });
            rest = &after[end..];
        } else {
            let after = rest.strip_prefix('[')?;
            if let Some(quoted) = after.strip_prefix('\'') {
                let (key, tail) = quoted.split_once("']")?;
                steps.push(if key == "*" { Step::AllKeys } else { Step::Key(key.to_string()) });
                rest = tail;
            } else {
                let (index, tail) = after.split_once(']')?;
                steps.push(if index == "*" { Step::Wildcard } else { Step::Index(index.trim().parse().ok()?) });
                rest = tail;
            }
        }
    }
    Some(steps)
}

pub(super) fn extract(value: &Value, steps: &[Step]) -> Option<String> {
    let mut found = vec![];
    let many = walk(value, steps, &mut found);
    match (found.as_slice(), many) {
        ([], _) => None,
        ([one], false) => plain(one),
        ([one], true) => Some(one.to_string()),
        (several, _) => Some(Value::Array(several.iter().map(|v| (*v).clone()).collect()).to_string()),
    }
}

/// Collects what a path reaches; whether it has a wildcard.
fn walk<'a>(value: &'a Value, steps: &[Step], out: &mut Vec<&'a Value>) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        out.push(value);
        return false;
    };
    match (step, value) {
        (Step::Key(key), Value::Object(object)) => object.get(key).is_some_and(|value| walk(value, rest, out)),
        // A key over an array reaches into each element.
        (Step::Key(_), Value::Array(items)) => {
            for item in items {
                if item.is_object() {
                    walk(item, steps, out);
                }
            }
            true
        }
        (Step::Index(index), Value::Array(items)) => items.get(*index).is_some_and(|value| walk(value, rest, out)),
        (Step::Wildcard, Value::Array(items)) => {
            items.iter().for_each(|item| {
                walk(item, rest, out);
            });
            true
        }
        (Step::AllKeys, Value::Object(object)) => {
            object.values().for_each(|item| {
                walk(item, rest, out);
            });
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_reach_what_sparks_do() {
        let value: Value = serde_json::from_str(r#"{"a":[{"b":1},{"b":"x"}],"c":"d"}"#).unwrap();
        let check = |path: &str, expected: Option<&str>| {
            assert_eq!(parse_path(path).and_then(|p| extract(&value, &p)).as_deref(), expected, "{path}");
        };
        check("$.c", Some("d"));
        check("$.a[0].b", Some("1"));
        check("$.a[*].b", Some("[1,\"x\"]"));
        check("$.z", None);
        check("a", None);
    }
}
