//! Variants from JSON text and as JSON text (`VariantBuilder.parseJson`, `Variant.toJson`).

use std::fmt::Write as _;

use base64::Engine as _;
use kindling_common::SparkResult;

use super::{Builder, Value, Variant};
use crate::{
    SessionTimeZone,
    cast::{decimal_text, double_text, float_text},
    datetime::{date_text, write_local_timestamp},
    json_text::{Json, JsonSyntax, parse_json_prefix, write_json_string},
};

/// `value` and `metadata` of a JSON text; `None` where it is malformed.
pub(crate) fn parse_variant(text: &str) -> SparkResult<Option<(Vec<u8>, Vec<u8>)>> {
    match parse_json_prefix(text, JsonSyntax::default()) {
        Some(json) => json_variant(&json).map(Some),
        None => Ok(None),
    }
}

/// `value` and `metadata` of a JSON value.
pub(crate) fn json_variant(json: &Json) -> SparkResult<(Vec<u8>, Vec<u8>)> {
    let mut builder = Builder::default();
    append(&mut builder, json)?;
    builder.finish()
}

fn append(builder: &mut Builder, json: &Json) -> SparkResult<()> {
    match json {
        Json::Null => builder.null(),
        Json::Bool(value) => builder.boolean(*value),
        Json::String(text) => builder.string(text),
        Json::Number(text) => append_number(builder, text),
        Json::Array(items) => {
            let start = builder.position();
            let mut offsets = Vec::with_capacity(items.len());
            for item in items {
                offsets.push(builder.position() - start);
                append(builder, item)?;
            }
            builder.array(start, &offsets);
        }
        Json::Object(object) => {
            let start = builder.position();
            let mut fields = Vec::with_capacity(object.len());
            for (key, value) in object {
                fields.push(builder.field(key, start));
                append(builder, value)?;
            }
            builder.object(start, fields)?;
        }
    }
    Ok(())
}

/// Integers as such, plain decimals of up to 38 digits exactly, the rest as doubles.
fn append_number(builder: &mut Builder, text: &str) {
    if let Ok(value) = text.parse::<i64>() {
        builder.long(value);
        return;
    }
    match exact(text) {
        Some((unscaled, scale)) => builder.decimal(unscaled, scale),
        None => builder.double(text.parse().unwrap_or(f64::NAN)),
    }
}

fn exact(text: &str) -> Option<(i128, u8)> {
    if text.contains(['e', 'E']) {
        return None;
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let unscaled: i128 = format!("{whole}{fraction}").parse().ok()?;
    let digits = unscaled.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
    (digits <= 38 && fraction.len() <= 38).then_some((unscaled, fraction.len() as u8))
}

/// A decimal as text, without trailing zeros after the point.
pub(super) fn trimmed_decimal(unscaled: i128, scale: u8) -> String {
    let text = decimal_text(unscaled, scale as i8);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// A timestamp with its offset, as `toJson` prints it.
fn timestamp(micros: i64, zone: &SessionTimeZone) -> String {
    let mut out = String::new();
    write_local_timestamp(&mut out, zone.to_local(micros));
    out + &crate::timezone::format_offset(zone.offset_at(micros), true)
}

/// Writes a variant as JSON.
pub(crate) fn write_variant(variant: Variant<'_>, zone: &SessionTimeZone, out: &mut String) -> SparkResult<()> {
    match variant.decode()? {
        Value::Null => out.push_str("null"),
        Value::Boolean(value) => out.push_str(if value { "true" } else { "false" }),
        Value::Long(value) => {
            let _ = write!(out, "{value}");
        }
        Value::Float(value) if value.is_finite() => out.push_str(&float_text(value)),
        Value::Float(value) => write_json_string(&float_text(value), out),
        Value::Double(value) if value.is_finite() => out.push_str(&double_text(value)),
        Value::Double(value) => write_json_string(&double_text(value), out),
        Value::Decimal(unscaled, scale) => out.push_str(&trimmed_decimal(unscaled, scale)),
        Value::Date(days) => write_json_string(&date_text(days), out),
        Value::Timestamp(micros) => write_json_string(&timestamp(micros, zone), out),
        Value::TimestampNtz(micros) => {
            let mut text = String::new();
            write_local_timestamp(&mut text, micros);
            write_json_string(&text, out);
        }
        Value::Binary(bytes) => {
            write_json_string(&base64::engine::general_purpose::STANDARD.encode(bytes), out);
        }
        Value::Uuid(bits) => write_json_string(&uuid::Uuid::from_u128(bits).to_string(), out),
        Value::String(text) => write_json_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_variant(item, zone, out)?;
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (index, (key, value)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json_string(key, out);
                out.push(':');
                write_variant(value, zone, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str) -> String {
        let (value, metadata) = parse_variant(text).unwrap().unwrap();
        let mut out = String::new();
        write_variant(Variant { value: &value, metadata: &metadata }, &SessionTimeZone::utc(), &mut out).unwrap();
        out
    }

    #[test]
    fn json_comes_back_with_sorted_keys() {
        assert_eq!(
            round_trip(r#"{ "b": [1, 300, 70000, 5000000000], "a": {"c": null} }"#),
            r#"{"a":{"c":null},"b":[1,300,70000,5000000000]}"#
        );
        assert_eq!(round_trip("12345678901234567890"), "12345678901234567890");
        assert_eq!(round_trip("1.50"), "1.5");
        assert_eq!(round_trip("1e3"), "1000.0");
        let long = format!("\"{}\"", "x".repeat(300));
        assert_eq!(round_trip(&long), long);
        let wide = format!("[{}]", (0..300).map(|i| i.to_string()).collect::<Vec<_>>().join(","));
        assert_eq!(round_trip(&wide), wide);
    }

    #[test]
    fn bytes_are_those_of_spark() {
        let (value, metadata) = parse_variant(r#"{"a":1}"#).unwrap().unwrap();
        assert_eq!(value, [2, 1, 0, 0, 2, 12, 1]);
        assert_eq!(metadata, [1, 1, 0, 1, b'a']);
    }
}
