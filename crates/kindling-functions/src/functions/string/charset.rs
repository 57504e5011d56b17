//! Text as bytes: `encode`, `decode`, base 64.

use kindling_common::{ExceptionClass, SparkError, SparkResult};
use kindling_spec::DataType;

use super::{Args, STRING, typed};
use crate::{
    CallContext, TypedExpr,
    coercion::unexpected_type,
    functions::take,
    kernels::{Bin, Str},
    udf::call,
};

/// Base64 with white space allowed and padding optional, as Java's MIME decoder has it.
pub(in crate::functions) fn decode_base64(s: &str) -> Option<Vec<u8>> {
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

pub(super) fn encode(s: &str, charset: &str) -> SparkResult<Vec<u8>> {
    let unmappable = || {
        SparkError::runtime("MALFORMED_CHARACTER_CODING")
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
        SparkError::runtime("MALFORMED_CHARACTER_CODING")
            .param("function", "`decode`")
            .param("charset", charset.to_string())
    };
    let wide = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(malformed());
        }
        let units = pairs.iter().map(|pair| read(*pair));
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
        "UTF-32" if !bytes.len().is_multiple_of(4) => Err(malformed()),
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
pub(super) fn decode(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
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
