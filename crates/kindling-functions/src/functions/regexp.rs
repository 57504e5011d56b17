//! Patterns: `LIKE`, `RLIKE` and the `regexp_` functions, with Java's syntax read as Rust's where they agree.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use datafusion::{
    common::ScalarValue,
    logical_expr::{Expr, Like},
};
use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::DataType;
use regex::Regex;

use super::{string::typed, take};
use crate::{
    CallContext, TypedExpr,
    coercion::{Accept, expect},
    entry::{FunctionEntry, scalar},
    kernels::{I32, Str, View},
    udf::call,
};

type Args = Vec<TypedExpr>;

const STRING: DataType = DataType::String;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("like", 2, 3, |ctx, args| like(ctx, args, false)),
    scalar("ilike", 2, 3, |ctx, args| like(ctx, args, true)),
    scalar("rlike", 2, 2, rlike),
    scalar("regexp", 2, 2, rlike),
    scalar("regexp_like", 2, 2, rlike),
    scalar("regexp_replace", 3, 4, regexp_replace),
    scalar("regexp_extract", 2, 3, regexp_extract),
    scalar("regexp_extract_all", 2, 3, regexp_extract_all),
    scalar("regexp_count", 2, 2, |ctx, args| {
        let (args, n) = typed(ctx, args, &[STRING, STRING])?;
        with_regex(ctx, "regexp_count", args, DataType::Integer, n, |re, s| Some(matches(re, s).len() as i32))
    }),
    scalar("regexp_substr", 2, 2, |ctx, args| {
        let (args, _) = typed(ctx, args, &[STRING, STRING])?;
        // What matches nothing is no part.
        with_regex(ctx, "regexp_substr", args, STRING, true, |re, s| {
            re.find(s).map(|m| m.as_str().to_string()).filter(|found| !found.is_empty())
        })
    }),
    scalar("regexp_instr", 2, 3, |ctx, mut args| {
        args.truncate(2);
        let (args, n) = typed(ctx, args, &[STRING, STRING])?;
        with_regex(ctx, "regexp_instr", args, DataType::Integer, n, |re, s| {
            Some(re.find(s).map_or(0, |m| s[..m.start()].chars().count() as i32 + 1))
        })
    }),
];

/// All matches as Java's `Matcher.find` gives them one by one: after one of something the next may be of nothing.
fn matches<'t>(regex: &Regex, text: &'t str) -> Vec<regex::Captures<'t>> {
    let (mut found, mut at) = (vec![], 0);
    while at <= text.len() {
        let Some(captures) = regex.captures_at(text, at) else { break };
        let whole = captures.get_match();
        at = match whole.is_empty() {
            false => whole.end(),
            true => whole.end() + text[whole.end()..].chars().next().map_or(1, char::len_utf8),
        };
        found.push(captures);
    }
    found
}

/// A Java pattern; what Rust's engine lacks (look-around, back references, possessive quantifiers) is named.
pub(super) fn java_regex(pattern: &str) -> SparkResult<Regex> {
    Regex::new(&translate(pattern)).map_err(|_| {
        let advanced = ["(?=", "(?!", "(?<=", "(?<!", "(?>", "\\1", "\\2", "\\k<", "*+", "++", "?+"];
        if advanced.iter().any(|construct| pattern.contains(construct)) {
            return SparkError::unsupported(format!("the regular expression {pattern:?}"));
        }
        SparkError::runtime("INVALID_PARAMETER_VALUE.PATTERN")
            .param("functionName", "`rlike`")
            .param("parameter", "`regexp`")
            .param("value", format!("'{pattern}'"))
    })
}

/// Java's spelling in Rust's: `\Q…\E`, named groups, POSIX classes, ASCII meaning of `\d \w \s \b`.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut depth = 0_usize;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        if c == '\\' {
            if let Some(body) = after.strip_prefix('Q') {
                let (literal, tail) = body.split_once("\\E").unwrap_or((body, ""));
                out.push_str(&regex::escape(literal));
                rest = tail;
                continue;
            }
            let Some(next) = after.chars().next() else {
                out.push('\\');
                break;
            };
            rest = &after[next.len_utf8()..];
            match next {
                'd' if depth == 0 => out.push_str("[0-9]"),
                'd' => out.push_str("0-9"),
                'D' if depth == 0 => out.push_str("[^0-9]"),
                'w' if depth == 0 => out.push_str("[a-zA-Z0-9_]"),
                'w' => out.push_str("a-zA-Z0-9_"),
                'W' if depth == 0 => out.push_str("[^a-zA-Z0-9_]"),
                's' if depth == 0 => out.push_str("[ \\t\\n\\x0B\\f\\r]"),
                's' => out.push_str(" \\t\\n\\x0B\\f\\r"),
                'S' if depth == 0 => out.push_str("[^ \\t\\n\\x0B\\f\\r]"),
                'h' if depth == 0 => out.push_str("[ \\t\\u00A0]"),
                'R' => out.push_str("(?:\\r\\n|[\\n\\x0B\\f\\r\\u0085\\u2028\\u2029])"),
                'Z' => out.push_str("\\n?\\z"),
                'e' => out.push_str("\\x1B"),
                'p' | 'P' => {
                    let class = rest.strip_prefix('{').and_then(|r| r.split_once('}'));
                    let posix = class.and_then(|(name, tail)| {
                        let posix = match name {
                            "Lower" => "[:lower:]",
                            "Upper" => "[:upper:]",
                            "Alpha" => "[:alpha:]",
                            "Digit" => "[:digit:]",
                            "Alnum" => "[:alnum:]",
                            "Punct" => "[:punct:]",
                            "Space" => "[:space:]",
                            "ASCII" => "[:ascii:]",
                            "XDigit" => "[:xdigit:]",
                            "Blank" => "[:blank:]",
                            "Cntrl" => "[:cntrl:]",
                            "Graph" => "[:graph:]",
                            "Print" => "[:print:]",
                            _ => return None,
                        };
                        Some((posix, tail))
                    });
                    match posix {
                        Some((posix, tail)) => {
                            let posix = if next == 'P' { posix.replacen("[:", "[:^", 1) } else { posix.to_string() };
                            if depth == 0 {
                                out.push_str(&format!("[{posix}]"));
                            } else {
                                out.push_str(&posix);
                            }
                            rest = tail;
                        }
                        None => {
                            out.push('\\');
                            out.push(next);
                        }
                    }
                }
                next if next.is_ascii_alphanumeric() => {
                    out.push('\\');
                    out.push(next);
                }
                // An escaped other character is itself.
                next => out.push_str(&regex::escape(&next.to_string())),
            }
            continue;
        }
        match c {
            '[' => {
                depth += 1;
                out.push('[');
            }
            ']' if depth > 0 => {
                depth -= 1;
                out.push(']');
            }
            // A brace that opens no quantifier is literal in Java's practice.
            '{' if depth == 0 && !after.starts_with(|c: char| c.is_ascii_digit()) => out.push_str("\\{"),
            '}' if depth == 0 && !quantifier_open(&out) => out.push_str("\\}"),
            c => out.push(c),
        }
        rest = after;
    }
    out
}

fn quantifier_open(out: &str) -> bool {
    out.rfind('{')
        .is_some_and(|at| !out[..at].ends_with('\\') && out[at + 1..].chars().all(|c| c.is_ascii_digit() || c == ','))
        || out
            .rfind("\\p{")
            .or_else(|| out.rfind("\\P{"))
            .or_else(|| out.rfind("\\x{"))
            .is_some_and(|at| !out[at..].contains('}'))
}

/// The pattern argument compiled once when it is a constant.
fn constant_regex(arg: &TypedExpr) -> SparkResult<Option<Regex>> {
    match crate::fold(arg)? {
        Some(datafusion::common::ScalarValue::Utf8(Some(pattern))) => java_regex(&pattern).map(Some),
        _ => Ok(None),
    }
}

fn with_regex<R: crate::kernels::Out>(
    ctx: &CallContext<'_>,
    name: &'static str,
    args: Args,
    data_type: DataType,
    nullable: bool,
    f: impl Fn(&Regex, &str) -> Option<R> + Send + Sync + 'static,
) -> SparkResult<TypedExpr> {
    let regex = constant_regex(&args[1])?;
    Ok(call(ctx, name).map2::<Str, Str, R>(args, data_type, nullable, move |s, pattern| {
        Ok(match &regex {
            Some(regex) => f(regex, s),
            None => f(&java_regex(pattern)?, s),
        })
    }))
}

fn like(ctx: &CallContext<'_>, args: Args, insensitive: bool) -> SparkResult<TypedExpr> {
    let escape = match args.get(2) {
        None => '\\',
        Some(arg) => match crate::fold(arg)? {
            Some(datafusion::common::ScalarValue::Utf8(Some(text))) if text.chars().count() == 1 => {
                text.chars().next().unwrap_or('\\')
            }
            _ => {
                return Err(SparkError::analysis("INVALID_ESCAPE_CHAR")
                    .param("sqlExpr", format!("\"{}\"", ctx.text.argument(2))));
            }
        },
    };
    let mut args = args;
    args.truncate(2);
    let (args, n) = typed(ctx, args, &[STRING, STRING])?;
    let [value, pattern] = take(args)?;
    let simple = match pattern.as_literal() {
        Some(datafusion::common::ScalarValue::Utf8(Some(text))) => !text.contains(escape) && !text.contains('\\'),
        _ => false,
    };
    if simple && !insensitive {
        let expr = Expr::Like(Like::new(false, Box::new(value.expr), Box::new(pattern.expr), None, false));
        return Ok(TypedExpr::new(expr, DataType::Boolean, n));
    }
    let constant = match pattern.as_literal() {
        Some(datafusion::common::ScalarValue::Utf8(Some(text))) => Some(like_regex(text, escape, insensitive)?),
        _ => None,
    };
    let name = if insensitive { "ilike" } else { "like" };
    let c = call(ctx, name).key(escape.to_string());
    Ok(c.map2::<Str, Str, bool>(vec![value, pattern], DataType::Boolean, n, move |s, pattern| {
        Ok(Some(match &constant {
            Some(regex) => regex.is_match(s),
            None => like_regex(pattern, escape, insensitive)?.is_match(s),
        }))
    }))
}

/// A `LIKE` pattern as a regular expression (`StringUtils.escapeLikeRegex`).
fn like_regex(pattern: &str, escape: char, insensitive: bool) -> SparkResult<Regex> {
    let mut out = String::from(if insensitive { "(?is)\\A" } else { "(?s)\\A" });
    let mut chars = pattern.chars();
    let invalid = |condition: &'static str| {
        SparkError::analysis(condition).param("format", format!("'{pattern}'")).param("char", format!("'{escape}'"))
    };
    while let Some(c) = chars.next() {
        if c == escape {
            match chars.next() {
                Some(next) if next == '_' || next == '%' || next == escape => {
                    out.push_str(&regex::escape(&next.to_string()))
                }
                Some(next) => {
                    return Err(invalid("INVALID_FORMAT.ESC_IN_THE_MIDDLE").param("char", format!("'{next}'")));
                }
                None => return Err(invalid("INVALID_FORMAT.ESC_AT_THE_END")),
            }
        } else if c == '_' {
            out.push('.');
        } else if c == '%' {
            out.push_str(".*");
        } else {
            out.push_str(&regex::escape(&c.to_string()));
        }
    }
    out.push_str("\\z");
    Regex::new(&out).map_err(|error| SparkError::internal(error.to_string()))
}

fn rlike(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let (args, n) = typed(ctx, args, &[STRING, STRING])?;
    with_regex(ctx, "rlike", args, DataType::Boolean, n, |re, s| Some(re.is_match(s)))
}

/// Java's replacement text in Rust's: `$1` becomes `${1}`, `\$` a dollar.
fn replacement(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('$') => out.push_str("$$"),
                Some(next) => out.push(next),
                None => {}
            },
            '$' => match chars.peek() {
                Some(d) if d.is_ascii_digit() => {
                    out.push_str(&format!("${{{d}}}"));
                    chars.next();
                }
                Some('{') => out.push('$'),
                _ => out.push_str("$$"),
            },
            c => out.push(c),
        }
    }
    out
}

fn regexp_replace(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
    if args.len() == 3 {
        args.push(TypedExpr::integer(1));
    }
    let regex = constant_regex(&args[1])?;
    let (args, n) = typed(ctx, args, &[STRING, STRING, STRING, DataType::Integer])?;
    match crate::fold(&args[3])? {
        Some(ScalarValue::Int32(Some(position))) if position < 1 => {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE")
                .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                .param("exprName", "position")
                .param("valueRange", "(0, 2147483647]")
                .param("currentValue", position.to_string()));
        }
        Some(_) => {}
        None => return Err(crate::coercion::non_foldable(ctx, 3, "position", "\"INT\"")),
    }
    Ok(call(ctx, "regexp_replace").map4::<Str, Str, Str, I32, String>(
        args,
        STRING,
        n,
        move |s, pattern, with, from| {
            let compiled;
            let regex = match &regex {
                Some(regex) => regex,
                None => {
                    compiled = java_regex(pattern)?;
                    &compiled
                }
            };
            let skip = from.max(1) as usize - 1;
            let at = s.char_indices().map(|(i, _)| i).chain([s.len()]).nth(skip).unwrap_or(s.len());
            let (with, rest) = (replacement(with), &s[at..]);
            let (mut out, mut last) = (s[..at].to_string(), 0);
            for found in matches(regex, rest) {
                let whole = found.get_match();
                out.push_str(&rest[last..whole.start()]);
                found.expand(&with, &mut out);
                last = whole.end();
            }
            out.push_str(&rest[last..]);
            Ok(Some(out))
        },
    ))
}

fn group_error(function: &str, groups: usize, index: i32) -> SparkError {
    SparkError::new(ExceptionClass::Runtime, "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX")
        .param("functionName", format!("`{function}`"))
        .param("parameter", "`idx`")
        .param("groupCount", groups.to_string())
        .param("groupIndex", index.to_string())
}

fn regexp_extract(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
    if args.len() == 2 {
        args.push(TypedExpr::integer(1));
    }
    let regex = constant_regex(&args[1])?;
    let (args, n) = typed(ctx, args, &[STRING, STRING, DataType::Integer])?;
    Ok(call(ctx, "regexp_extract").map3::<Str, Str, I32, String>(args, STRING, n, move |s, pattern, index| {
        let compiled;
        let regex = match &regex {
            Some(regex) => regex,
            None => {
                compiled = java_regex(pattern)?;
                &compiled
            }
        };
        let Some(found) = regex.captures(s) else { return Ok(Some(String::new())) };
        if index < 0 || index as usize >= regex.captures_len() {
            return Err(group_error("regexp_extract", regex.captures_len() - 1, index));
        }
        Ok(Some(found.get(index as usize).map_or(String::new(), |m| m.as_str().to_string())))
    }))
}

fn regexp_extract_all(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
    if args.len() == 2 {
        args.push(TypedExpr::integer(1));
    }
    let (args, n) = typed(ctx, args, &[STRING, STRING, DataType::Integer])?;
    let data_type = DataType::array(STRING);
    let t = data_type.clone();
    Ok(call(ctx, "regexp_extract_all").arrays(args, data_type, n, move |arrays, rows| {
        strings_per_row(&t, arrays, rows, |row, out| {
            let regex = java_regex(arrays[1].as_string::<i32>().value(row))?;
            let index = View::<I32>::at(&arrays[2], row)?;
            for found in matches(&regex, arrays[0].as_string::<i32>().value(row)) {
                if index < 0 || index as usize >= regex.captures_len() {
                    return Err(group_error("regexp_extract_all", regex.captures_len() - 1, index));
                }
                out.push(found.get(index as usize).map_or(String::new(), |m| m.as_str().to_string()));
            }
            Ok(())
        })
    }))
}

/// A list of strings a row; null where any argument is.
fn strings_per_row(
    data_type: &DataType,
    arrays: &[ArrayRef],
    rows: usize,
    f: impl Fn(usize, &mut Vec<String>) -> SparkResult<()>,
) -> SparkResult<ArrayRef> {
    let (mut values, mut lengths, mut valid) = (vec![], vec![], vec![]);
    for row in 0..rows {
        let before = values.len();
        let present = arrays.iter().all(|array| array.is_valid(row));
        if present {
            f(row, &mut values)?;
        }
        valid.push(present);
        lengths.push(values.len() - before);
    }
    let values: ArrayRef = Arc::new(StringArray::from(values));
    super::collection::list(data_type, values, lengths, Some(valid.into()))
}

/// `split(text, regex[, limit])`
pub(super) fn split(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
    if args.len() == 2 {
        args.push(TypedExpr::integer(-1));
    }
    let regex = constant_regex(&args[1])?;
    let limit = expect(ctx, args.swap_remove(2), 2, Accept::Type(DataType::Integer))?;
    args.push(limit);
    let (args, n) = typed(ctx, args, &[STRING, STRING, DataType::Integer])?;
    let data_type = DataType::Array { element: Box::new(STRING), contains_null: false };
    let t = data_type.clone();
    Ok(call(ctx, "split").arrays(args, data_type, n, move |arrays, rows| {
        strings_per_row(&t, arrays, rows, |row, out| {
            let text = arrays[0].as_string::<i32>().value(row);
            let limit = View::<I32>::at(&arrays[2], row)?;
            let pattern = arrays[1].as_string::<i32>().value(row);
            let compiled;
            let regex = match &regex {
                Some(regex) => regex,
                None => {
                    compiled = java_regex(pattern)?;
                    &compiled
                }
            };
            let (mut last, mut pieces) = (0, 1);
            for found in regex.find_iter(text) {
                // No empty first piece for a match of nothing, and none at the end.
                if found.is_empty() && (found.end() == 0 || found.start() >= text.len()) {
                    continue;
                }
                if limit > 0 && pieces >= limit {
                    break;
                }
                out.push(text[last..found.start()].to_string());
                last = found.end();
                pieces += 1;
            }
            out.push(text[last..].to_string());
            Ok(())
        })
    }))
}
