//! URLs (`java.net.URI`, `URLEncoder`).

use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::DataType;

use super::string::typed;
use crate::{
    CallContext, TypedExpr,
    entry::{FunctionEntry, scalar},
    kernels::Str,
    udf::call,
};

type Args = Vec<TypedExpr>;

const STRING: DataType = DataType::String;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("parse_url", 2, 3, |ctx, args| parse_url(ctx, args, ctx.ansi)),
    scalar("try_parse_url", 2, 3, |ctx, args| parse_url(ctx, args, false)),
    scalar("url_encode", 1, 1, |ctx, args| {
        let (args, n) = typed(ctx, args, &[STRING])?;
        Ok(call(ctx, "url_encode").map1::<Str, String>(args, STRING, n, |s| Ok(Some(encode(s)))))
    }),
    scalar("url_decode", 1, 1, |ctx, args| url_decode(ctx, args, true)),
    scalar("try_url_decode", 1, 1, |ctx, args| url_decode(ctx, args, false)),
];

fn encode(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for b in s.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => out.push(b as char),
            b' ' => out.push('+'),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

fn decode(s: &str) -> Option<String> {
    let bytes = s.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'+' => out.push(b' '),
            b'%' => {
                let digits = s.get(i + 1..i + 3)?;
                out.push(u8::from_str_radix(digits, 16).ok()?);
                i += 2;
            }
            b => out.push(b),
        }
        i += 1;
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

fn url_decode(ctx: &CallContext<'_>, args: Args, fail: bool) -> SparkResult<TypedExpr> {
    let (args, n) = typed(ctx, args, &[STRING])?;
    Ok(call(ctx, "url_decode").key(fail.to_string()).map1::<Str, String>(
        args,
        STRING,
        n || !fail,
        move |s| match decode(s) {
            Some(text) => Ok(Some(text)),
            None if fail => {
                Err(SparkError::new(ExceptionClass::IllegalArgument, "CANNOT_DECODE_URL").param("url", s.to_string()))
            }
            None => Ok(None),
        },
    ))
}

/// The parts of a hierarchical URI.
struct Uri<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

fn split(url: &str) -> Option<Uri<'_>> {
    // Characters that `java.net.URI` refuses.
    if url.bytes().any(|b| b <= b' ' || b"\"<>\\^`{|}".contains(&b)) {
        return None;
    }
    let (rest, fragment) = url.split_once('#').map_or((url, None), |(rest, f)| (rest, Some(f)));
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, q)| (rest, Some(q)));
    let scheme_end = rest.find(':').filter(|at| {
        rest.starts_with(|c: char| c.is_ascii_alphabetic())
            && rest[..*at].bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    });
    let (scheme, rest) = scheme_end.map_or((None, rest), |at| (Some(&rest[..at]), &rest[at + 1..]));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(after) => {
            let end = after.find('/').unwrap_or(after.len());
            (Some(&after[..end]), &after[end..])
        }
        None => (None, rest),
    };
    Some(Uri { scheme, authority, path, query, fragment })
}

fn part(uri: &Uri<'_>, part: &str) -> Option<String> {
    let text = |s: &str| Some(s.to_string());
    let host_of = |authority: &str| {
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if host.starts_with('[') {
            return host.find(']').map(|end| host[..=end].to_string());
        }
        let host = host.split(':').next().unwrap_or("");
        (!host.is_empty()).then(|| host.to_string())
    };
    match part {
        "HOST" => uri.authority.and_then(host_of),
        "PATH" => text(uri.path),
        "QUERY" => uri.query.and_then(text),
        "REF" => uri.fragment.and_then(text),
        "PROTOCOL" => uri.scheme.and_then(text),
        "FILE" => Some(match uri.query {
            Some(query) => format!("{}?{query}", uri.path),
            None => uri.path.to_string(),
        }),
        "AUTHORITY" => uri.authority.and_then(text),
        "USERINFO" => uri.authority.and_then(|a| a.rsplit_once('@')).and_then(|(user, _)| text(user)),
        _ => None,
    }
}

fn parse_url(ctx: &CallContext<'_>, args: Args, fail: bool) -> SparkResult<TypedExpr> {
    let invalid =
        |url: &str| SparkError::new(ExceptionClass::IllegalArgument, "INVALID_URL").param("url", url.to_string());
    let key = fail.to_string();
    if args.len() == 2 {
        let (args, _) = typed(ctx, args, &[STRING, STRING])?;
        return Ok(call(ctx, "parse_url").key(key).map2::<Str, Str, String>(args, STRING, true, move |url, name| {
            match split(url) {
                Some(uri) => Ok(part(&uri, name)),
                None if fail => Err(invalid(url)),
                None => Ok(None),
            }
        }));
    }
    let (args, _) = typed(ctx, args, &[STRING, STRING, STRING])?;
    Ok(call(ctx, "parse_url").key(key).map3::<Str, Str, Str, String>(args, STRING, true, move |url, name, key| {
        if name != "QUERY" {
            return Ok(None);
        }
        match split(url) {
            Some(uri) => Ok(uri.query.and_then(|query| {
                query
                    .split('&')
                    .find_map(|pair| pair.split_once('=').filter(|(k, _)| *k == key))
                    .map(|(_, v)| v.to_string())
            })),
            None if fail => Err(invalid(url)),
            None => Ok(None),
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_of_java() {
        let uri = split("http://user@spark.apache.org:80/path?query=1#frag").unwrap();
        assert_eq!(part(&uri, "HOST").as_deref(), Some("spark.apache.org"));
        assert_eq!(part(&uri, "FILE").as_deref(), Some("/path?query=1"));
        assert_eq!(part(&uri, "USERINFO").as_deref(), Some("user"));
        assert_eq!(encode("https://spark.apache.org a"), "https%3A%2F%2Fspark.apache.org+a");
        assert_eq!(decode("a%3A+b").as_deref(), Some("a: b"));
        assert!(split("inva lid://x").is_none());
    }
}
