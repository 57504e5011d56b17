//! Parts of strings and places in them: `substring`, `locate`, `overlay`, `trim`, `lpad`.

use kindling_common::SparkResult;
use kindling_spec::DataType;

use super::{Args, INT, STRING, join::binaries_as_text, typed};
use crate::{
    CallContext, TypedExpr,
    coercion::{Accept, expect},
    functions::take,
    kernels::{Bin, I32, Str},
    udf::call,
};

/// `trim(s)`, `trim(chars, s)`; only `btrim` has the characters last.
pub(super) fn trim(
    ctx: &CallContext<'_>,
    mut args: Args,
    name: &'static str,
    start: bool,
    end: bool,
) -> SparkResult<TypedExpr> {
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

/// Start and end, in elements, of `substring(pos, len)` over `n` of them (`UTF8String.substringSQL`).
pub(super) fn bounds(n: usize, pos: i32, len: i32) -> (usize, usize) {
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

pub(super) fn substring(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

pub(super) fn substring_index<'a>(s: &'a str, delimiter: &str, count: i32) -> &'a str {
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
pub(super) fn position(s: &str, sub: &str, start: i32) -> i32 {
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

pub(super) fn locate(ctx: &CallContext<'_>, mut args: Args, name: &'static str) -> SparkResult<TypedExpr> {
    if args.len() == 2 {
        args.push(TypedExpr::integer(1));
    }
    let (args, n) = typed(ctx, args, &[STRING, STRING, INT])?;
    Ok(call(ctx, name).map3::<Str, Str, I32, i32>(args, INT, n, |sub, s, start| Ok(Some(position(s, sub, start)))))
}

pub(super) fn pad(ctx: &CallContext<'_>, mut args: Args, name: &'static str) -> SparkResult<TypedExpr> {
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

pub(super) fn overlay(ctx: &CallContext<'_>, mut args: Args) -> SparkResult<TypedExpr> {
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
        assert_eq!(position("foobarbar", "bar", 5), 7);
    }
}
