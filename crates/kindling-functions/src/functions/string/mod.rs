//! Strings. Positions and lengths count characters, as in `UTF8String`.

mod charset;
mod compare;
mod format;
mod join;
mod mask;
mod parts;

use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::DataType;

use super::{any_nullable, take};
use crate::{
    CallContext, TypedExpr,
    coercion::{Accept, expect},
    entry::{FunctionEntry, MANY, scalar},
    kernels::{Bin, I32, I64, Str},
    udf::call,
};

pub(super) use charset::decode_base64;
use charset::{decode, encode};
use compare::{levenshtein, luhn, soundex};
use format::{format_number, format_string};
use join::{concat, concat_ws, elt};
use mask::mask;
use parts::{locate, overlay, pad, position, substring, substring_index, trim};

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
