//! Strings. Positions and lengths count characters, as in `UTF8String`.

use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::{CastMode, DataType};

use super::{any_nullable, take};
use crate::{
    CallContext, TypedExpr,
    cast::{cast, double_text},
    coercion::{Accept, expect, unexpected_type},
    entry::{FunctionEntry, MANY, scalar},
    kernels::{Bin, Dec, F64, I32, I64, Str, View, collect_rows},
    udf::call,
};

type Args = Vec<TypedExpr>;

const STRING: DataType = DataType::String;
const INT: DataType = DataType::Integer;

macro_rules! text {
    ($name:literal, $f:expr) => {
        scalar($name, 1, 1, |ctx, args| {
            let (args, n) = typed(ctx, args, &[STRING])?;
            Ok(call(ctx, $name).map1::<Str, String>(args, STRING, n, |s| Ok(Some($f(s)))))
        })
    };
}

macro_rules! text_test {
    ($name:literal, $f:expr, $b:expr) => {
        scalar($name, 2, 2, |ctx, args| {
            if args.iter().all(|arg| arg.data_type == DataType::Binary) {
                let n = any_nullable(&args);
                return Ok(call(ctx, $name).key("binary").map2::<Bin, Bin, bool>(
                    args,
                    DataType::Boolean,
                    n,
                    |a, b| Ok(Some($b(a, b))),
                ));
            }
            let (args, n) = typed(ctx, args, &[STRING, STRING])?;
            Ok(call(ctx, $name).map2::<Str, Str, bool>(args, DataType::Boolean, n, |a, b| Ok(Some($f(a, b)))))
        })
    };
}

pub(super) static ENTRIES: &[FunctionEntry] = &[
    text!("upper", |s: &str| s.to_uppercase()),
    text!("ucase", |s: &str| s.to_uppercase()),
    text!("lower", |s: &str| s.to_lowercase()),
    text!("lcase", |s: &str| s.to_lowercase()),
    text!("initcap", initcap),
    text!("soundex", soundex),
    text!("quote", |s: &str| format!("'{}'", s.replace('\\', "\\\\").replace('\'', "\\'"))),
    scalar("length", 1, 1, length),
    scalar("len", 1, 1, length),
    scalar("char_length", 1, 1, length),
    scalar("character_length", 1, 1, length),
    scalar("octet_length", 1, 1, |ctx, args| bytes_length(ctx, args, "octet_length", 1)),
    scalar("bit_length", 1, 1, |ctx, args| bytes_length(ctx, args, "bit_length", 8)),
    scalar("ascii", 1, 1, |ctx, args| {
        let (args, n) = typed(ctx, args, &[STRING])?;
        Ok(call(ctx, "ascii").map1::<Str, i32>(args, INT, n, |s| Ok(Some(s.chars().next().map_or(0, |c| c as i32)))))
    }),
    scalar("chr", 1, 1, chr),
    scalar("char", 1, 1, chr),
    text_test!("contains", |a: &str, b: &str| a.contains(b), |a: &[u8], b: &[u8]| {
        b.is_empty() || a.windows(b.len()).any(|w| w == b)
    }),
    text_test!("startswith", |a: &str, b: &str| a.starts_with(b), |a: &[u8], b: &[u8]| a.starts_with(b)),
    text_test!("endswith", |a: &str, b: &str| a.ends_with(b), |a: &[u8], b: &[u8]| a.ends_with(b)),
    scalar("trim", 1, 2, |ctx, args| trim(ctx, args, "trim", true, true)),
    scalar("btrim", 1, 2, |ctx, args| trim(ctx, args, "btrim", true, true)),
    scalar("ltrim", 1, 2, |ctx, args| trim(ctx, args, "ltrim", true, false)),
    scalar("rtrim", 1, 2, |ctx, args| trim(ctx, args, "rtrim", false, true)),
    scalar("concat", 0, MANY, concat),
    scalar("||", 2, 2, concat),
    scalar("concat_ws", 1, MANY, concat_ws),
    scalar("substring", 2, 3, substring),
    scalar("substr", 2, 3, substring),
    scalar("left", 2, 2, |ctx, mut args| {
        if args[0].data_type == DataType::Binary {
            args.insert(1, TypedExpr::integer(1));
            return substring(ctx, args);
        }
        let (args, n) = typed(ctx, args, &[STRING, INT])?;
        Ok(call(ctx, "left")
            .map2::<Str, I32, String>(args, STRING, n, |s, k| Ok(Some(s.chars().take(k.max(0) as usize).collect()))))
    }),
    scalar("right", 2, 2, |ctx, args| {
        let (args, n) = typed(ctx, args, &[STRING, INT])?;
        Ok(call(ctx, "right").map2::<Str, I32, String>(args, STRING, n, |s, k| {
            let skip = s.chars().count().saturating_sub(k.max(0) as usize);
            Ok(Some(s.chars().skip(skip).collect()))
        }))
    }),
    scalar("substring_index", 3, 3, |ctx, args| {
        let (args, n) = typed(ctx, args, &[STRING, STRING, INT])?;
        Ok(call(ctx, "substring_index")
            .map3::<Str, Str, I32, String>(args, STRING, n, |s, d, k| Ok(Some(substring_index(s, d, k).to_string()))))
    }),
    scalar("split_part", 3, 3, |ctx, args| {
        let (args, n) = typed(ctx, args, &[STRING, STRING, INT])?;
        Ok(call(ctx, "split_part").map3::<Str, Str, I32, String>(args, STRING, n, |s, d, k| {
            if k == 0 {
                return Err(SparkError::new(ExceptionClass::Runtime, "INVALID_INDEX_OF_ZERO"));
            }
            let parts: Vec<&str> = if d.is_empty() { vec![s] } else { s.split(d).collect() };
            let index = if k > 0 { k as usize - 1 } else { parts.len().wrapping_add_signed(k as isize) };
            Ok(Some(parts.get(index).copied().unwrap_or("").to_string()))
        }))
    }),
    scalar("instr", 2, 2, |ctx, args| {
        let (args, n) = typed(ctx, args, &[STRING, STRING])?;
        Ok(call(ctx, "instr").map2::<Str, Str, i32>(args, INT, n, |s, sub| Ok(Some(position(s, sub, 1)))))
    }),
    scalar("locate", 2, 3, |ctx, args| locate(ctx, args, "locate")),
    scalar("position", 2, 3, |ctx, args| locate(ctx, args, "position")),
    scalar("charindex", 2, 3, |ctx, args| locate(ctx, args, "charindex")),
    scalar("lpad", 2, 3, |ctx, args| pad(ctx, args, "lpad")),
    scalar("rpad", 2, 3, |ctx, args| pad(ctx, args, "rpad")),
    scalar("repeat", 2, 2, |ctx, args| {
        let (args, n) = typed(ctx, args, &[STRING, INT])?;
        Ok(call(ctx, "repeat").map2::<Str, I32, String>(args, STRING, n, |s, k| Ok(Some(s.repeat(k.max(0) as usize)))))
    }),
    scalar("space", 1, 1, |ctx, args| {
        let (args, n) = typed(ctx, args, &[INT])?;
        Ok(call(ctx, "space").map1::<I32, String>(args, STRING, n, |k| Ok(Some(" ".repeat(k.max(0) as usize)))))
    }),
    scalar("replace", 2, 3, |ctx, mut args| {
        if args.len() == 2 {
            args.push(TypedExpr::string(""));
        }
        let (args, n) = typed(ctx, args, &[STRING, STRING, STRING])?;
        Ok(call(ctx, "replace").map3::<Str, Str, Str, String>(args, STRING, n, |s, from, to| {
            Ok(Some(if from.is_empty() { s.to_string() } else { s.replace(from, to) }))
        }))
    }),
    scalar("translate", 3, 3, |ctx, args| {
        let (args, n) = typed(ctx, args, &[STRING, STRING, STRING])?;
        Ok(call(ctx, "translate").map3::<Str, Str, Str, String>(args, STRING, n, |s, from, to| {
            let to: Vec<char> = to.chars().collect();
            let from: Vec<char> = from.chars().collect();
            let map = |c: char| match from.iter().position(|f| *f == c) {
                Some(i) => to.get(i).copied(),
                None => Some(c),
            };
            Ok(Some(s.chars().filter_map(map).collect()))
        }))
    }),
    scalar("overlay", 3, 4, overlay),
    scalar("levenshtein", 2, 3, levenshtein),
    scalar("find_in_set", 2, 2, |ctx, args| {
        let (args, n) = typed(ctx, args, &[STRING, STRING])?;
        Ok(call(ctx, "find_in_set").map2::<Str, Str, i32>(args, INT, n, |s, set| {
            if s.contains(',') {
                return Ok(Some(0));
            }
            Ok(Some(set.split(',').position(|e| e == s).map_or(0, |i| i as i32 + 1)))
        }))
    }),
    scalar("format_string", 1, MANY, format_string),
    scalar("printf", 1, MANY, format_string),
    scalar("format_number", 2, 2, format_number),
    scalar("elt", 2, MANY, elt),
    scalar("mask", 1, 5, mask),
    scalar("luhn_check", 1, 1, |ctx, args| {
        let (args, n) = typed(ctx, args, &[STRING])?;
        Ok(call(ctx, "luhn_check").map1::<Str, bool>(args, DataType::Boolean, n, |s| Ok(Some(luhn(s)))))
    }),
    scalar("empty2null", 1, 1, |ctx, args| {
        let (args, _) = typed(ctx, args, &[STRING])?;
        Ok(call(ctx, "empty2null")
            .map1::<Str, String>(args, STRING, true, |s| Ok((!s.is_empty()).then(|| s.to_string()))))
    }),
    scalar("is_valid_utf8", 1, 1, |ctx, args| {
        let (args, n) = bytes(ctx, args)?;
        Ok(call(ctx, "is_valid_utf8")
            .map1::<Bin, bool>(args, DataType::Boolean, n, |b| Ok(Some(std::str::from_utf8(b).is_ok()))))
    }),
    scalar("make_valid_utf8", 1, 1, |ctx, args| {
        let (args, n) = bytes(ctx, args)?;
        Ok(call(ctx, "make_valid_utf8")
            .map1::<Bin, String>(args, STRING, n, |b| Ok(Some(String::from_utf8_lossy(b).into_owned()))))
    }),
    scalar("try_validate_utf8", 1, 1, |ctx, args| {
        let (args, _) = bytes(ctx, args)?;
        Ok(call(ctx, "try_validate_utf8")
            .map1::<Bin, String>(args, STRING, true, |b| Ok(std::str::from_utf8(b).ok().map(str::to_string))))
    }),
    scalar("validate_utf8", 1, 1, |ctx, args| {
        let (args, n) = bytes(ctx, args)?;
        Ok(call(ctx, "validate_utf8").map1::<Bin, String>(args, STRING, n, |b| match std::str::from_utf8(b) {
            Ok(text) => Ok(Some(text.to_string())),
            Err(_) => {
                let hex: String = b.iter().map(|b| format!("\\x{b:02X}")).collect();
                Err(SparkError::new(ExceptionClass::IllegalArgument, "INVALID_UTF8_STRING").param("str", hex))
            }
        }))
    }),
    scalar("collation", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        expect(ctx, a, 0, Accept::Type(STRING))?;
        Ok(TypedExpr::string("SYSTEM.BUILTIN.UTF8_BINARY"))
    }),
    scalar("base64", 1, 1, |ctx, args| {
        let [a] = take(args)?;
        let a = expect(ctx, a, 0, Accept::Type(DataType::Binary))?;
        let n = a.nullable;
        Ok(call(ctx, "base64").map1::<Bin, String>(vec![a], STRING, n, |b| {
            use base64::Engine as _;
            Ok(Some(base64::engine::general_purpose::STANDARD.encode(b)))
        }))
    }),
    scalar("unbase64", 1, 1, |ctx, args| {
        let (args, n) = typed(ctx, args, &[STRING])?;
        Ok(call(ctx, "unbase64").map1::<Str, Vec<u8>>(args, DataType::Binary, n, |s| {
            // Java's MIME decoder passes over what is not of its alphabet.
            let known: String =
                s.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')).collect();
            decode_base64(&known).map(Some).ok_or_else(|| {
                SparkError::new(ExceptionClass::IllegalArgument, "CONVERSION_INVALID_INPUT")
                    .param("str", format!("'{s}'"))
                    .param("fmt", "'BASE64'")
                    .param("targetType", "\"BINARY\"")
                    .param("suggestion", "`try_to_binary`")
            })
        }))
    }),
    scalar("encode", 2, 2, |ctx, args| {
        let (args, n) = typed(ctx, args, &[STRING, STRING])?;
        Ok(call(ctx, "encode")
            .map2::<Str, Str, Vec<u8>>(args, DataType::Binary, n, |s, charset| encode(s, charset).map(Some)))
    }),
    scalar("decode", 2, MANY, decode),
];

/// Casts arguments to fixed types.
pub(super) fn typed(ctx: &CallContext<'_>, args: Args, types: &[DataType]) -> SparkResult<(Args, bool)> {
    let args: SparkResult<Args> = args
        .into_iter()
        .zip(types)
        .enumerate()
        .map(|(i, (arg, t))| expect(ctx, arg, i, Accept::Type(t.clone())))
        .collect();
    let args = args?;
    let nullable = any_nullable(&args);
    Ok((args, nullable))
}

/// A string or binary argument as bytes.
fn bytes(ctx: &CallContext<'_>, args: Args) -> SparkResult<(Args, bool)> {
    let [a] = take(args)?;
    let a = expect(ctx, a, 0, Accept::StringOrBinary)?;
    let n = a.nullable;
    Ok((vec![a], n))
}

fn initcap(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    let mut start = true;
    for c in s.chars() {
        if c == ' ' {
            start = true;
            out.push(c);
        } else if start {
            out.extend(c.to_uppercase());
            start = false;
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}

fn soundex(s: &str) -> String {
    const CODES: &[u8; 26] = b"01230120022455012623010202";
    let code =
        |b: u8| if b.is_ascii_alphabetic() { Some(CODES[(b.to_ascii_uppercase() - b'A') as usize]) } else { None };
    let bytes = s.as_bytes();
    let Some(first) = bytes.first().filter(|b| b.is_ascii_alphabetic()) else { return s.to_string() };
    let mut out = String::from(first.to_ascii_uppercase() as char);
    let mut last = code(*first).unwrap_or(b'0');
    for b in &bytes[1..] {
        let Some(c) = code(*b) else {
            last = b'0';
            continue;
        };
        // `H` and `W` do not part equal codes.
        if matches!(b.to_ascii_uppercase(), b'H' | b'W') {
            continue;
        }
        if c != b'0' && c != last {
            out.push(c as char);
            if out.len() == 4 {
                break;
            }
        }
        last = c;
    }
    while out.len() < 4 {
        out.push('0');
    }
    out
}

fn length(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [a] = take(args)?;
    let a = expect(ctx, a, 0, Accept::StringOrBinary)?;
    let n = a.nullable;
    if a.data_type == DataType::Binary {
        return Ok(call(ctx, "length").map1::<Bin, i32>(vec![a], INT, n, |b| Ok(Some(b.len() as i32))));
    }
    Ok(call(ctx, "length").map1::<Str, i32>(vec![a], INT, n, |s| Ok(Some(s.chars().count() as i32))))
}

fn bytes_length(ctx: &CallContext<'_>, args: Args, name: &'static str, unit: i32) -> SparkResult<TypedExpr> {
    let [a] = take(args)?;
    let a = expect(ctx, a, 0, Accept::StringOrBinary)?;
    let n = a.nullable;
    Ok(call(ctx, name).map1::<Bin, i32>(vec![a], INT, n, move |b| Ok(Some(b.len() as i32 * unit))))
}

fn chr(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let (args, n) = typed(ctx, args, &[DataType::Long])?;
    Ok(call(ctx, "chr").map1::<I64, String>(args, STRING, n, |v| {
        if v < 0 {
            return Ok(Some(String::new()));
        }
        Ok(Some(char::from((v & 0xff) as u8).to_string()))
    }))
}

/// Binary arguments of string functions that take them as text.
fn binaries_as_text(ctx: &CallContext<'_>, args: Args) -> SparkResult<Args> {
    let text = |arg: TypedExpr| match arg.data_type {
        DataType::Binary => cast(ctx, arg, &STRING, CastMode::Session),
        _ => Ok(arg),
    };
    args.into_iter().map(text).collect()
}

/// `trim(s)`, `trim(chars, s)`; only `btrim` has the characters last.
fn trim(ctx: &CallContext<'_>, mut args: Args, name: &'static str, start: bool, end: bool) -> SparkResult<TypedExpr> {
    if args.len() == 2 && name != "btrim" {
        args.swap(0, 1);
    }
    let args = binaries_as_text(ctx, args)?;
    let cut = move |s: &str, set: &dyn Fn(char) -> bool| {
        let s = if start { s.trim_start_matches(set) } else { s };
        (if end { s.trim_end_matches(set) } else { s }).to_string()
    };
    if args.len() == 1 {
        let (args, n) = typed(ctx, args, &[STRING])?;
        return Ok(call(ctx, name).map1::<Str, String>(args, STRING, n, move |s| Ok(Some(cut(s, &|c| c == ' ')))));
    }
    let (args, n) = typed(ctx, args, &[STRING, STRING])?;
    Ok(call(ctx, name).map2::<Str, Str, String>(args, STRING, n, move |s, set| Ok(Some(cut(s, &|c| set.contains(c))))))
}

fn concat(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    if args.is_empty() {
        return Ok(TypedExpr::string(""));
    }
    if args.iter().any(|arg| matches!(arg.data_type, DataType::Array { .. })) {
        return super::collection::concat_arrays(ctx, args);
    }
    let n = any_nullable(&args);
    if args.iter().all(|arg| arg.data_type == DataType::Binary) {
        return Ok(call(ctx, "concat").key("binary").kernel(args, DataType::Binary, n, |values, rows| {
            let views: Vec<View<Bin>> = values.iter().map(View::new).collect::<SparkResult<_>>()?;
            collect_rows::<Vec<u8>>(values, rows, |row| {
                let mut out = vec![];
                for view in &views {
                    match view.get(row) {
                        Some(bytes) => out.extend_from_slice(bytes),
                        None => return Ok(None),
                    }
                }
                Ok(Some(out))
            })
        }));
    }
    let args: SparkResult<Args> = args
        .into_iter()
        .enumerate()
        .map(|(i, arg)| match arg.data_type {
            DataType::Binary => cast(ctx, arg, &STRING, CastMode::Session),
            _ => expect(ctx, arg, i, Accept::Type(STRING)),
        })
        .collect();
    Ok(call(ctx, "concat").kernel(args?, STRING, n, |values, rows| {
        let views: Vec<View<Str>> = values.iter().map(View::new).collect::<SparkResult<_>>()?;
        collect_rows::<String>(values, rows, |row| {
            let mut out = String::new();
            for view in &views {
                match view.get(row) {
                    Some(text) => out.push_str(text),
                    None => return Ok(None),
                }
            }
            Ok(Some(out))
        })
    }))
}

/// Strings and arrays of strings joined; nulls are skipped.
fn concat_ws(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    use arrow::array::{Array, AsArray};
    let n = args[0].nullable;
    let list = DataType::array(STRING);
    let args: SparkResult<Args> = args
        .into_iter()
        .enumerate()
        .map(|(i, arg)| match arg.data_type {
            DataType::Array { .. } if i > 0 => cast(ctx, arg, &list, CastMode::Session),
            _ => expect(ctx, arg, i, Accept::Type(STRING)),
        })
        .collect();
    Ok(call(ctx, "concat_ws").arrays(args?, STRING, n, |arrays, rows| {
        let separator = arrays[0].as_string::<i32>();
        let mut builder = arrow::array::StringBuilder::with_capacity(rows, rows * 16);
        for row in 0..rows {
            if separator.is_null(row) {
                builder.append_null();
                continue;
            }
            let mut parts: Vec<String> = vec![];
            for array in &arrays[1..] {
                if array.is_null(row) {
                    continue;
                }
                if let Some(list) = array.as_list_opt::<i32>() {
                    parts.extend(list.value(row).as_string::<i32>().iter().flatten().map(str::to_string));
                } else {
                    parts.push(array.as_string::<i32>().value(row).to_string());
                }
            }
            builder.append_value(parts.join(separator.value(row)));
        }
        Ok(std::sync::Arc::new(builder.finish()))
    }))
}

/// Start and end, in elements, of `substring(pos, len)` over `n` of them (`UTF8String.substringSQL`).
fn bounds(n: usize, pos: i32, len: i32) -> (usize, usize) {
    let n = n as i64;
    let start = if pos > 0 {
        i64::from(pos) - 1
    } else if pos < 0 {
        n + i64::from(pos)
    } else {
        0
    };
    let end = start.saturating_add(i64::from(len)).clamp(0, n);
    (start.clamp(0, n) as usize, end.max(start.clamp(0, n)) as usize)
}

fn substring(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let mut args = args;
    if args.len() == 2 {
        args.push(TypedExpr::integer(i32::MAX));
    }
    let [s, pos, len] = take(args)?;
    let s = expect(ctx, s, 0, Accept::StringOrBinary)?;
    let pos = expect(ctx, pos, 1, Accept::Type(INT))?;
    let len = expect(ctx, len, 2, Accept::Type(INT))?;
    let n = s.nullable || pos.nullable || len.nullable;
    if s.data_type == DataType::Binary {
        let c = call(ctx, "substring").key("binary");
        return Ok(c.map3::<Bin, I32, I32, Vec<u8>>(vec![s, pos, len], DataType::Binary, n, |b, pos, len| {
            let (start, end) = bounds(b.len(), pos, len);
            Ok(Some(b[start..end].to_vec()))
        }));
    }
    Ok(call(ctx, "substring").map3::<Str, I32, I32, String>(vec![s, pos, len], STRING, n, |s, pos, len| {
        if s.is_ascii() {
            let (start, end) = bounds(s.len(), pos, len);
            return Ok(Some(s[start..end].to_string()));
        }
        let (start, end) = bounds(s.chars().count(), pos, len);
        Ok(Some(s.chars().skip(start).take(end - start).collect()))
    }))
}

fn substring_index<'a>(s: &'a str, delimiter: &str, count: i32) -> &'a str {
    if delimiter.is_empty() || count == 0 {
        return "";
    }
    let n = count.unsigned_abs() as usize;
    if count > 0 {
        s.match_indices(delimiter).nth(n - 1).map_or(s, |(at, _)| &s[..at])
    } else {
        s.rmatch_indices(delimiter).nth(n - 1).map_or(s, |(at, _)| &s[at + delimiter.len()..])
    }
}

/// One-based position of `sub` from character `start` on; zero when it is not there.
fn position(s: &str, sub: &str, start: i32) -> i32 {
    if start < 1 {
        return 0;
    }
    let skip = start as usize - 1;
    let Some(from) = s.char_indices().map(|(i, _)| i).chain([s.len()]).nth(skip) else { return 0 };
    match s[from..].find(sub) {
        Some(at) => s[..from + at].chars().count() as i32 + 1,
        None => 0,
    }
}

fn locate(ctx: &CallContext<'_>, mut args: Args, name: &'static str) -> SparkResult<TypedExpr> {
    if args.len() == 2 {
        args.push(TypedExpr::integer(1));
    }
    let (args, n) = typed(ctx, args, &[STRING, STRING, INT])?;
    Ok(call(ctx, name).map3::<Str, Str, I32, i32>(args, INT, n, |sub, s, start| Ok(Some(position(s, sub, start)))))
}

fn pad(ctx: &CallContext<'_>, mut args: Args, name: &'static str) -> SparkResult<TypedExpr> {
    let left = name == "lpad";
    let binary = args[0].data_type == DataType::Binary && args.get(2).is_none_or(|p| p.data_type == DataType::Binary);
    if binary {
        if args.len() == 2 {
            let zero = datafusion::common::ScalarValue::Binary(Some(vec![0]));
            args.push(TypedExpr::scalar(zero, DataType::Binary, false));
        }
        let (args, n) = typed(ctx, args, &[DataType::Binary, INT, DataType::Binary])?;
        let c = call(ctx, name).key("binary");
        return Ok(c.map3::<Bin, I32, Bin, Vec<u8>>(args, DataType::Binary, n, move |b, len, pad| {
            let len = len.max(0) as usize;
            if len <= b.len() || pad.is_empty() {
                return Ok(Some(b[..len.min(b.len())].to_vec()));
            }
            let fill: Vec<u8> = pad.iter().copied().cycle().take(len - b.len()).collect();
            Ok(Some(if left { [&fill, b].concat() } else { [b, &fill[..]].concat() }))
        }));
    }
    if args.len() == 2 {
        args.push(TypedExpr::string(" "));
    }
    let args = binaries_as_text(ctx, args)?;
    let (args, n) = typed(ctx, args, &[STRING, INT, STRING])?;
    Ok(call(ctx, name).map3::<Str, I32, Str, String>(args, STRING, n, move |s, len, pad| {
        let (len, have) = (len.max(0) as usize, s.chars().count());
        if len <= have || pad.is_empty() {
            return Ok(Some(s.chars().take(len).collect()));
        }
        let fill: String = pad.chars().cycle().take(len - have).collect();
        Ok(Some(if left { fill + s } else { s.to_string() + &fill }))
    }))
}

fn overlay(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
    if args.len() == 3 {
        args.push(TypedExpr::integer(-1));
    }
    if args[0].data_type == DataType::Binary {
        let (args, n) = typed(ctx, args, &[DataType::Binary, DataType::Binary, INT, INT])?;
        let c = call(ctx, "overlay").key("binary");
        return Ok(c.map4::<Bin, Bin, I32, I32, Vec<u8>>(args, DataType::Binary, n, |s, r, pos, len| {
            let len = if len >= 0 { len } else { r.len() as i32 };
            let (a, b) = bounds(s.len(), 1, pos.saturating_sub(1));
            let (c, d) = bounds(s.len(), pos.saturating_add(len), i32::MAX);
            Ok(Some([&s[a..b], r, &s[c..d]].concat()))
        }));
    }
    let (args, n) = typed(ctx, args, &[STRING, STRING, INT, INT])?;
    Ok(call(ctx, "overlay").map4::<Str, Str, I32, I32, String>(args, STRING, n, |s, r, pos, len| {
        let len = if len >= 0 { len } else { r.chars().count() as i32 };
        let chars: Vec<char> = s.chars().collect();
        let (a, b) = bounds(chars.len(), 1, pos.saturating_sub(1));
        let (c, d) = bounds(chars.len(), pos.saturating_add(len), i32::MAX);
        Ok(Some(chars[a..b].iter().copied().chain(r.chars()).chain(chars[c..d].iter().copied()).collect()))
    }))
}

fn levenshtein(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let distance = |a: &str, b: &str| {
        let b: Vec<char> = b.chars().collect();
        let mut row: Vec<i32> = (0..=b.len() as i32).collect();
        for (i, ca) in a.chars().enumerate() {
            let mut previous = row[0];
            row[0] = i as i32 + 1;
            for (j, cb) in b.iter().enumerate() {
                let next = (previous + i32::from(ca != *cb)).min(row[j] + 1).min(row[j + 1] + 1);
                previous = row[j + 1];
                row[j + 1] = next;
            }
        }
        row[b.len()]
    };
    if args.len() == 2 {
        let (args, n) = typed(ctx, args, &[STRING, STRING])?;
        return Ok(call(ctx, "levenshtein").map2::<Str, Str, i32>(args, INT, n, move |a, b| Ok(Some(distance(a, b)))));
    }
    let (args, n) = typed(ctx, args, &[STRING, STRING, INT])?;
    Ok(call(ctx, "levenshtein").map3::<Str, Str, I32, i32>(args, INT, n, move |a, b, limit| {
        let d = distance(a, b);
        Ok(Some(if d <= limit { d } else { -1 }))
    }))
}

/// Java's `String.format` for `%s %d %f %x %c %b %e %%` with flags, width and precision.
fn format_string(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let n = args[0].nullable;
    let mut out = vec![expect(ctx, args[0].clone(), 0, Accept::Type(STRING))?];
    let mut kinds = vec![];
    for arg in args.into_iter().skip(1) {
        let kind = arg.data_type.clone();
        out.push(match &kind {
            t if t.is_integral() => cast(ctx, arg, &DataType::Long, CastMode::Session)?,
            DataType::Float | DataType::Double => cast(ctx, arg, &DataType::Double, CastMode::Session)?,
            _ => cast(ctx, arg, &STRING, CastMode::Session)?,
        });
        kinds.push(kind);
    }
    let key = format!("{kinds:?}");
    Ok(call(ctx, "format_string").key(key).arrays(out, STRING, n, move |arrays, rows| {
        use arrow::array::{Array, AsArray};
        let mut builder = arrow::array::StringBuilder::with_capacity(rows, rows * 16);
        for row in 0..rows {
            if arrays[0].is_null(row) {
                builder.append_null();
                continue;
            }
            let values: Vec<super::format::Value> = arrays[1..]
                .iter()
                .map(|array| {
                    if array.is_null(row) {
                        super::format::Value::Null
                    } else if let Some(longs) = array.as_primitive_opt::<arrow::datatypes::Int64Type>() {
                        super::format::Value::Long(longs.value(row))
                    } else if let Some(doubles) = array.as_primitive_opt::<arrow::datatypes::Float64Type>() {
                        super::format::Value::Double(doubles.value(row))
                    } else {
                        super::format::Value::Text(array.as_string::<i32>().value(row).to_string())
                    }
                })
                .collect();
            builder.append_value(super::format::format(arrays[0].as_string::<i32>().value(row), &values)?);
        }
        Ok(std::sync::Arc::new(builder.finish()))
    }))
}

/// `#,###,###.##` with rounding half even.
fn format_number(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [value, places] = take(args)?;
    let value = expect(ctx, value, 0, Accept::Numeric)?;
    if places.data_type.is_string() {
        return super::decimal_format::format_with_pattern(ctx, value, places);
    }
    let places = expect(ctx, places, 1, Accept::Type(INT))?;
    let c = call(ctx, "format_number");
    // What rounds to zero keeps its sign.
    let group = |digits: &str, negative: bool| {
        let (sign, digits) = (if negative { "-" } else { "" }, digits.trim_start_matches('-'));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mut out = String::new();
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i) % 3 == 0 {
                out.push(',');
            }
            out.push(digit);
        }
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{out}{point}{fraction}")
    };
    if let DataType::Decimal { scale, .. } = value.data_type {
        return Ok(c.map2::<Dec, I32, String>(vec![value, places], STRING, true, move |v, places| {
            if places < 0 {
                return Ok(None);
            }
            let text = super::format::round_text(&crate::cast::decimal_text(v, scale), places as usize);
            Ok(Some(group(&text, v < 0)))
        }));
    }
    if value.data_type.is_integral() {
        let value = cast(ctx, value, &DataType::Long, CastMode::Session)?;
        return Ok(c.map2::<I64, I32, String>(vec![value, places], STRING, true, move |v, places| {
            Ok((places >= 0).then(|| group(&super::format::round_text(&v.to_string(), places as usize), v < 0)))
        }));
    }
    let value = cast(ctx, value, &DataType::Double, CastMode::Session)?;
    Ok(c.map2::<F64, I32, String>(vec![value, places], STRING, true, move |v, places| {
        if places < 0 {
            return Ok(None);
        }
        if v.is_nan() || v.is_infinite() {
            return Ok(Some(double_text(v).replace("Infinity", "∞")));
        }
        let exact = format!("{v:.40}");
        Ok(Some(group(&super::format::round_text(&exact, places as usize), v.is_sign_negative())))
    }))
}

fn elt(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let mut out = vec![expect(ctx, args[0].clone(), 0, Accept::Type(INT))?];
    for (i, arg) in args.into_iter().enumerate().skip(1) {
        out.push(expect(ctx, arg, i, Accept::Type(STRING))?);
    }
    let ansi = ctx.ansi;
    Ok(call(ctx, "elt").key(ansi.to_string()).kernel(out, STRING, true, move |values, rows| {
        let index = View::<I32>::new(&values[0])?;
        let texts: Vec<View<Str>> = values[1..].iter().map(View::new).collect::<SparkResult<_>>()?;
        collect_rows::<String>(values, rows, |row| {
            let Some(i) = index.get(row) else { return Ok(None) };
            match usize::try_from(i - 1).ok().and_then(|i| texts.get(i)) {
                Some(view) => Ok(view.get(row).map(str::to_string)),
                None if ansi => Err(SparkError::new(ExceptionClass::ArrayIndexOutOfBounds, "INVALID_ARRAY_INDEX")
                    .param("indexValue", i.to_string())
                    .param("arraySize", texts.len().to_string())),
                None => Ok(None),
            }
        })
    }))
}

/// A character that masks: a constant string of one, or NULL.
fn mask_character(ctx: &CallContext<'_>, arg: &TypedExpr, index: usize) -> SparkResult<TypedExpr> {
    let name = ["upperChar", "lowerChar", "digitChar", "otherChar"].get(index).copied().unwrap_or("otherChar");
    if !arg.data_type.is_string() && arg.data_type != DataType::Null {
        return Err(unexpected_type(ctx, index + 1, "\"STRING\"", &arg.data_type));
    }
    let value = match crate::fold(arg)? {
        Some(value) => value,
        None => {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
                .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                .param("inputName", format!("`{name}`"))
                .param("inputType", "\"STRING\"")
                .param("inputExpr", format!("\"{}\"", ctx.text.argument(index + 1))));
        }
    };
    if let datafusion::common::ScalarValue::Utf8(Some(text)) = &value
        && text.chars().count() != 1
    {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("exprName", name));
    }
    expect(ctx, arg.clone(), index + 1, Accept::Type(STRING))
}

fn mask(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let n = args[0].nullable;
    let defaults = [Some("X"), Some("x"), Some("n"), None];
    let mut out = vec![expect(ctx, args[0].clone(), 0, Accept::Type(STRING))?];
    for (i, default) in defaults.iter().enumerate() {
        out.push(match (args.get(i + 1), default) {
            (Some(arg), _) => mask_character(ctx, arg, i)?,
            (None, Some(text)) => TypedExpr::string(*text),
            (None, None) => TypedExpr::null(STRING)?,
        });
    }
    Ok(call(ctx, "mask").kernel(out, STRING, n, |values, rows| {
        let views: Vec<View<Str>> = values.iter().map(View::new).collect::<SparkResult<_>>()?;
        collect_rows::<String>(values, rows, |row| {
            let Some(text) = views[0].get(row) else { return Ok(None) };
            let with = |i: usize, c: char| views[i].get(row).and_then(|s| s.chars().next()).unwrap_or(c);
            Ok(Some(
                text.chars()
                    .map(|c| match c {
                        c if c.is_uppercase() => with(1, c),
                        c if c.is_lowercase() => with(2, c),
                        c if c.is_numeric() => with(3, c),
                        c => with(4, c),
                    })
                    .collect(),
            ))
        })
    }))
}

fn luhn(s: &str) -> bool {
    if s.is_empty() || !s.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = s
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let d = u32::from(b - b'0') * if i % 2 == 1 { 2 } else { 1 };
            if d > 9 { d - 9 } else { d }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Base64 with white space allowed and padding optional, as Java's MIME decoder has it.
pub(super) fn decode_base64(s: &str) -> Option<Vec<u8>> {
    use base64::{
        Engine as _, alphabet,
        engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    };
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let text: String = s.chars().filter(|c| !c.is_whitespace()).collect();
    GeneralPurpose::new(&alphabet::STANDARD, config).decode(text).ok()
}

fn charset_error(charset: &str, function: &str) -> SparkError {
    SparkError::new(ExceptionClass::IllegalArgument, "INVALID_PARAMETER_VALUE.CHARSET")
        .param("functionName", format!("`{function}`"))
        .param("parameter", "`charset`")
        .param("charset", charset)
        .param("charsets", "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8")
}

fn encode(s: &str, charset: &str) -> SparkResult<Vec<u8>> {
    let unmappable = || {
        SparkError::new(ExceptionClass::IllegalArgument, "MALFORMED_CHARACTER_CODING")
            .param("function", "`encode`")
            .param("charset", charset.to_string())
    };
    Ok(match charset.to_uppercase().as_str() {
        "UTF-8" => s.as_bytes().to_vec(),
        "US-ASCII" => {
            if !s.is_ascii() {
                return Err(unmappable());
            }
            s.as_bytes().to_vec()
        }
        "ISO-8859-1" => {
            s.chars().map(|c| u8::try_from(c as u32).map_err(|_| unmappable())).collect::<SparkResult<_>>()?
        }
        "UTF-16BE" => s.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "UTF-16LE" => s.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "UTF-16" => [0xfe, 0xff].into_iter().chain(s.encode_utf16().flat_map(u16::to_be_bytes)).collect(),
        "UTF-32" => s.chars().flat_map(|c| (c as u32).to_be_bytes()).collect(),
        _ => return Err(charset_error(charset, "encode")),
    })
}

fn decode_bytes(bytes: &[u8], charset: &str) -> SparkResult<String> {
    let malformed = || {
        SparkError::new(ExceptionClass::IllegalArgument, "MALFORMED_CHARACTER_CODING")
            .param("function", "`decode`")
            .param("charset", charset.to_string())
    };
    let wide = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units = bytes.as_chunks::<2>().0.iter().map(|pair| read(*pair));
        char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| malformed())
    };
    match charset.to_uppercase().as_str() {
        "UTF-8" => String::from_utf8(bytes.to_vec()).map_err(|_| malformed()),
        "US-ASCII" if bytes.is_ascii() => Ok(bytes.iter().map(|b| *b as char).collect()),
        "US-ASCII" => Err(malformed()),
        "ISO-8859-1" => Ok(bytes.iter().map(|b| *b as char).collect()),
        "UTF-16BE" => wide(bytes, u16::from_be_bytes),
        "UTF-16LE" => wide(bytes, u16::from_le_bytes),
        "UTF-16" => match bytes {
            [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
            rest => wide(rest, u16::from_be_bytes),
        },
        "UTF-32" => bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|word| char::from_u32(u32::from_be_bytes(*word)).ok_or_else(malformed))
            .collect(),
        _ => Err(charset_error(charset, "decode")),
    }
}

/// `decode(bytes, charset)`, or `decode(expr, search, result, …[, default])`.
fn decode(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    if args.len() == 2 {
        let [bytes, charset] = take(args)?;
        if !matches!(bytes.data_type, DataType::Binary | DataType::Null) && !bytes.data_type.is_string() {
            return Err(unexpected_type(ctx, 0, "\"BINARY\"", &bytes.data_type));
        }
        let (args, n) = typed(ctx, vec![bytes, charset], &[DataType::Binary, STRING])?;
        return Ok(call(ctx, "decode").map2::<Bin, Str, String>(args, STRING, n, |b, c| decode_bytes(b, c).map(Some)));
    }
    let mut args = args.into_iter();
    let Some(value) = args.next() else { return Err(SparkError::internal("no argument")) };
    let rest: Args = args.collect();
    let mut branches = vec![];
    for pair in rest.chunks(2) {
        match pair {
            [search, result] => {
                let equal = crate::coercion::comparison(
                    ctx,
                    crate::coercion::ComparisonOp::EqualNullSafe,
                    value.clone(),
                    search.clone(),
                )?;
                branches.push(equal);
                branches.push(result.clone());
            }
            [default] => branches.push(default.clone()),
            _ => {}
        }
    }
    match crate::lookup("when") {
        Some(when) => when.build_scalar(ctx, branches),
        None => Err(SparkError::internal("no CASE")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substrings_count_as_sparks_do() {
        let check = |pos, len, expected: &str| {
            let (start, end) = bounds(9, pos, len);
            assert_eq!(&"Spark SQL"[start..end], expected);
        };
        check(5, i32::MAX, "k SQL");
        check(-3, i32::MAX, "SQL");
        check(5, 1, "k");
        check(0, 3, "Spa");
        check(-20, 12, "S");
        assert_eq!(substring_index("www.apache.org", ".", 2), "www.apache");
        assert_eq!(substring_index("www.apache.org", ".", -1), "org");
        assert_eq!(soundex("Miller"), "M460");
        assert_eq!(position("foobarbar", "bar", 5), 7);
        assert!(luhn("8112189876"));
    }
}
