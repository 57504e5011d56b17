//! `levenshtein`, `soundex`, `luhn_check`.

use kindling_common::SparkResult;

use super::{Args, INT, STRING, typed};
use crate::{
    CallContext, TypedExpr,
    kernels::{I32, Str},
    udf::call,
};

pub(super) fn soundex(s: &str) -> String {
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

pub(super) fn levenshtein(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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

pub(super) fn luhn(s: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_and_check_digits_are_those_of_the_names() {
        assert_eq!(soundex("Miller"), "M460");
        assert!(luhn("8112189876"));
        assert!(!luhn("8112189875"));
    }
}
