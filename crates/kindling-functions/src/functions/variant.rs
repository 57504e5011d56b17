//! `VARIANT` functions (`ParseJson`, `VariantGet`, `SchemaOfVariant`, …).

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, StringArray, StructArray},
    datatypes::DataType as ArrowType,
};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{DataType, StructField, StructType};

use super::{collection::list, options::malformed_record, string::typed, take};
use crate::{
    CallContext, GeneratorCall, TypedExpr,
    aggregate::{SketchState, sketch},
    cast::CastOptions,
    coercion::{Failure, non_foldable, unexpected_type},
    entry::{FunctionEntry, aggregate, generator, scalar},
    error::from_arrow_error,
    schema_text::parse_schema,
    udf::call,
    variant::{
        Step, Value, Variants, from_variant, get, is_well_formed, merge_schemas, parse_path, parse_variant, schema_of,
        schema_text, to_variant, variant_column,
    },
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] = &[
    scalar("parse_json", 1, 1, |ctx, args| parse(ctx, args, false)),
    scalar("try_parse_json", 1, 1, |ctx, args| parse(ctx, args, true)),
    scalar("is_variant_null", 1, 1, |ctx, args| {
        let [arg] = variant_argument(ctx, args)?;
        Ok(call(ctx, "is_variant_null").arrays(vec![arg], DataType::Boolean, false, |arrays, rows| {
            let variants = Variants::new(&arrays[0])?;
            let is_null = |row| variants.get(row).is_some_and(|v| matches!(v.decode(), Ok(Value::Null)));
            Ok(Arc::new(BooleanArray::from_iter((0..rows).map(|row| Some(is_null(row))))))
        }))
    }),
    scalar("is_valid_variant", 1, 1, |ctx, args| {
        let [arg] = variant_argument(ctx, args)?;
        let nullable = arg.nullable;
        Ok(call(ctx, "is_valid_variant").arrays(vec![arg], DataType::Boolean, nullable, |arrays, rows| {
            let variants = Variants::new(&arrays[0])?;
            Ok(Arc::new(BooleanArray::from_iter((0..rows).map(|row| variants.get(row).map(is_well_formed)))))
        }))
    }),
    scalar("to_variant_object", 1, 1, to_variant_object),
    scalar("schema_of_variant", 1, 1, |ctx, args| {
        let [arg] = variant_argument(ctx, args)?;
        let nullable = arg.nullable;
        Ok(call(ctx, "schema_of_variant").arrays(vec![arg], DataType::String, nullable, |arrays, rows| {
            let variants = Variants::new(&arrays[0])?;
            let mut out = Vec::with_capacity(rows);
            for row in 0..rows {
                out.push(match variants.get(row) {
                    Some(variant) => Some(schema_text(&schema_of(variant)?)),
                    None => None,
                });
            }
            Ok(Arc::new(StringArray::from(out)))
        }))
    }),
    aggregate("schema_of_variant_agg", 1, 1, |ctx, args, options| {
        let [arg] = variant_argument(ctx, args)?;
        let call = sketch("schema_of_variant_agg", String::new(), DataType::String, false, || Schema(DataType::Null));
        Ok(call.call(vec![arg], options))
    }),
    scalar("variant_get", 2, 3, |ctx, args| variant_get(ctx, args, "variant_get", Failure::Ansi)),
    scalar("try_variant_get", 2, 3, |ctx, args| variant_get(ctx, args, "try_variant_get", Failure::Try)),
    generator("variant_explode", 1, 1, |ctx, args| explode(ctx, args, false)),
    generator("variant_explode_outer", 1, 1, |ctx, args| explode(ctx, args, true)),
];

fn variant_argument(ctx: &CallContext<'_>, args: Args) -> SparkResult<[TypedExpr; 1]> {
    let [arg] = take(args)?;
    match arg.data_type {
        DataType::Variant => Ok([arg]),
        DataType::Null => Ok([TypedExpr::null(DataType::Variant)?]),
        ref other => Err(unexpected_type(ctx, 0, "\"VARIANT\"", other)),
    }
}

fn parse(ctx: &CallContext<'_>, args: Args, try_: bool) -> SparkResult<TypedExpr> {
    let name = if try_ { "try_parse_json" } else { "parse_json" };
    let (args, nullable) = typed(ctx, args, &[DataType::String])?;
    Ok(call(ctx, name).arrays(args, DataType::Variant, nullable || try_, move |arrays, rows| {
        let texts = arrays[0].as_string::<i32>();
        let mut out = Vec::with_capacity(rows);
        for row in 0..rows {
            if texts.is_null(row) {
                out.push(None);
                continue;
            }
            let text = texts.value(row);
            out.push(match parse_variant(text) {
                Ok(Some(variant)) => Some(variant),
                _ if try_ => None,
                // Duplicate keys are malformed too.
                _ => return Err(malformed_record(text)),
            });
        }
        variant_column(out)
    }))
}

/// Whether a nested type can be an object: maps need string keys.
fn fits_object(t: &DataType) -> bool {
    match t {
        DataType::Array { element, .. } => fits_object(element),
        DataType::Map { key, value, .. } => key.is_string() && fits_object(value),
        DataType::Struct(fields) => fields.fields.iter().all(|field| fits_object(&field.data_type)),
        DataType::CalendarInterval | DataType::YearMonthInterval { .. } | DataType::DayTimeInterval { .. } => false,
        _ => true,
    }
}

fn to_variant_object(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let [arg] = take(args)?;
    let t = arg.data_type.clone();
    let nested = matches!(t, DataType::Array { .. } | DataType::Map { .. } | DataType::Struct(_));
    if !nested || !fits_object(&t) {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("srcType", format!("\"{}\"", t.sql()))
            .param("targetType", "\"VARIANT\""));
    }
    let nullable = arg.nullable;
    let kernel = move |arrays: &[ArrayRef], _| to_variant(&arrays[0], &t);
    Ok(call(ctx, "to_variant_object").arrays(vec![arg], DataType::Variant, nullable, kernel))
}

/// The merged schema of a group.
struct Schema(DataType);

impl Schema {
    fn add(&mut self, t: DataType) {
        self.0 = merge_schemas(std::mem::replace(&mut self.0, DataType::Null), t);
    }
}

impl SketchState for Schema {
    fn update(&mut self, columns: &[ArrayRef]) -> SparkResult<()> {
        let variants = Variants::new(&columns[0])?;
        for row in 0..columns[0].len() {
            if let Some(variant) = variants.get(row) {
                self.add(schema_of(variant)?);
            }
        }
        Ok(())
    }

    fn state(&self) -> SparkResult<Vec<u8>> {
        Ok(self.0.sql().into_bytes())
    }

    fn merge(&mut self, state: &[u8]) -> SparkResult<()> {
        self.add(parse_schema(&String::from_utf8_lossy(state))?);
        Ok(())
    }

    fn evaluate(&self) -> SparkResult<ScalarValue> {
        Ok(ScalarValue::Utf8(Some(schema_text(&self.0))))
    }

    fn size(&self) -> usize {
        64
    }
}

fn invalid_path(path: &str, name: &str) -> SparkError {
    SparkError::runtime("INVALID_VARIANT_GET_PATH").param("path", path).param("functionName", format!("`{name}`"))
}

fn variant_get(ctx: &CallContext<'_>, args: Args, name: &'static str, failure: Failure) -> SparkResult<TypedExpr> {
    let to = match args.get(2) {
        None => DataType::Variant,
        Some(arg) => match crate::fold(arg)? {
            Some(ScalarValue::Utf8(Some(text))) => parse_schema(&text)?,
            _ => return Err(non_foldable(ctx, 2, "type", "\"STRING\"")),
        },
    };
    let mut args = args.into_iter();
    let [variant] = variant_argument(ctx, args.by_ref().take(1).collect())?;
    let (mut paths, _) = typed(ctx, args.take(1).collect(), &[DataType::String])?;
    let path = paths.pop().ok_or_else(|| SparkError::internal("no path"))?;
    let constant = match path.as_literal() {
        Some(ScalarValue::Utf8(Some(text))) => Some(parse_path(text).ok_or_else(|| invalid_path(text, name))?),
        _ => None,
    };
    let options = CastOptions { failure, zone: *ctx.time_zone(), now: ctx.conf.query_start_micros };
    let key = format!("{} {}", to.sql(), options.zone);
    let target = to.clone();
    Ok(call(ctx, name).key(key).arrays(vec![variant, path], to, true, move |arrays, rows| {
        let variants = Variants::new(&arrays[0])?;
        let paths = arrays[1].as_string::<i32>();
        let mut found = Vec::with_capacity(rows);
        for row in 0..rows {
            let (Some(variant), true) = (variants.get(row), paths.is_valid(row)) else {
                found.push(None);
                continue;
            };
            let parsed: Vec<Step>;
            let steps = match &constant {
                Some(steps) => steps,
                None => {
                    let text = paths.value(row);
                    parsed = parse_path(text).ok_or_else(|| invalid_path(text, name))?;
                    &parsed
                }
            };
            found.push(get(variant, steps)?);
        }
        from_variant(&found, &target, &options)
    }))
}

/// The elements of an array, or the fields of an object, as rows.
fn explode(ctx: &CallContext<'_>, args: Args, outer: bool) -> SparkResult<GeneratorCall> {
    let [arg] = variant_argument(ctx, args)?;
    let output = StructType {
        fields: vec![
            StructField::new("pos", DataType::Integer, outer),
            StructField::new("key", DataType::String, true),
            StructField::new("value", DataType::Variant, outer),
        ],
    };
    let row =
        StructType { fields: output.fields.iter().map(|f| StructField { nullable: true, ..f.clone() }).collect() };
    let t = DataType::Array { element: Box::new(DataType::Struct(row)), contains_null: false };
    let data_type = t.clone();
    let rows = call(ctx, "variant_explode").arrays(vec![arg], t, false, move |arrays, rows| {
        let variants = Variants::new(&arrays[0])?;
        let (mut positions, mut keys, mut values, mut lengths) = (vec![], vec![], vec![], vec![]);
        for row in 0..rows {
            let before = values.len();
            match variants.get(row).map(|variant| variant.decode()).transpose()? {
                Some(Value::Array(items)) => {
                    for (position, item) in items.into_iter().enumerate() {
                        positions.push(position as i32);
                        keys.push(None);
                        values.push(Some(item));
                    }
                }
                Some(Value::Object(fields)) => {
                    for (position, (key, value)) in fields.into_iter().enumerate() {
                        positions.push(position as i32);
                        keys.push(Some(key));
                        values.push(Some(value));
                    }
                }
                _ => {}
            }
            lengths.push(values.len() - before);
        }
        let options = CastOptions { failure: Failure::Try, zone: crate::SessionTimeZone::utc(), now: 0 };
        let values = from_variant(&values, &DataType::Variant, &options)?;
        let DataType::Array { element, .. } = &data_type else { return Err(SparkError::internal("no rows")) };
        let ArrowType::Struct(fields) = to_arrow(element) else { return Err(SparkError::internal("no fields")) };
        let columns: Vec<ArrayRef> =
            vec![Arc::new(Int32Array::from(positions)), Arc::new(StringArray::from(keys)), values];
        let structs = StructArray::try_new(fields, columns, None).map_err(from_arrow_error)?;
        list(&data_type, Arc::new(structs), lengths, None)
    });
    let name = if outer { "variant_explode_outer" } else { "variant_explode" };
    Ok(GeneratorCall { name, outer, rows, output })
}
