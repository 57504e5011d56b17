//! `from_csv`, `to_csv`, `schema_of_csv` (`CsvToStructs`, `StructsToCsv`, `SchemaOfCsv`): one record a text.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, StringArray, StringBuilder, StructArray},
    buffer::NullBuffer,
    datatypes::{DataType as ArrowType, Date32Type, TimestampMicrosecondType},
};
use datafusion::common::ScalarValue;
use kindling_common::{SparkError, SparkResult, to_arrow};
use kindling_spec::{DataType, StructField, StructType};

use super::{
    options::{Options, TimeReader, TimeWriter, malformed_record, nullable_all, schema_argument},
    string::typed,
};
use crate::{
    CallContext, TypedExpr,
    cast::{TextStyle, write_text},
    coercion::{non_foldable, unexpected_type},
    datetime::parse,
    entry::{FunctionEntry, scalar},
    error::from_arrow_error,
    text_value::{TextReader, text_column},
    udf::call,
};

type Args = Vec<TypedExpr>;

pub(super) static ENTRIES: &[FunctionEntry] =
    &[scalar("from_csv", 2, 3, from_csv), scalar("to_csv", 1, 2, to_csv), scalar("schema_of_csv", 1, 2, schema_of_csv)];

/// How a record is written (`CSVOptions`).
#[derive(Debug, Clone)]
struct Dialect {
    separator: String,
    quote: char,
    escape: char,
    trim_start: bool,
    trim_end: bool,
    null: String,
}

impl Dialect {
    fn new(options: &Options, writing: bool) -> Dialect {
        Dialect {
            separator: options.get("sep").or(options.get("delimiter")).unwrap_or(",").replace("\\t", "\t"),
            quote: options.character("quote", '"'),
            escape: options.character("escape", '\\'),
            trim_start: options.flag("ignoreleadingwhitespace", writing),
            trim_end: options.flag("ignoretrailingwhitespace", writing),
            null: options.text("nullvalue", "").to_string(),
        }
    }

    /// The fields of a record; quoted ones may hold anything.
    fn split(&self, text: &str) -> Vec<String> {
        let mut fields = vec![];
        let mut rest = text;
        loop {
            if self.trim_start {
                rest = rest.trim_start_matches([' ', '\t']);
            }
            let (field, tail) = match rest.strip_prefix(self.quote) {
                Some(quoted) => self.quoted(quoted),
                None => {
                    let end = rest.find(self.separator.as_str()).unwrap_or(rest.len());
                    (rest[..end].to_string(), &rest[end..])
                }
            };
            fields.push(if self.trim_end { field.trim_end_matches([' ', '\t']).to_string() } else { field });
            match tail.strip_prefix(self.separator.as_str()) {
                Some(next) => rest = next,
                None => return fields,
            }
        }
    }

    fn quoted<'a>(&self, text: &'a str) -> (String, &'a str) {
        let mut out = String::new();
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            if c == self.escape && next.is_some_and(|next| next == self.quote || next == self.escape) {
                out.extend(next);
                chars.next();
            } else if c == self.quote {
                let tail = &text[at + c.len_utf8()..];
                // What stands between the closing quote and the separator belongs to the field.
                let end = tail.find(self.separator.as_str()).unwrap_or(tail.len());
                out.push_str(tail[..end].trim_matches([' ', '\t']));
                return (out, &tail[end..]);
            } else {
                out.push(c);
            }
        }
        (out, "")
    }

    /// A field as it stands in a record.
    fn field(&self, value: &str, out: &mut String) {
        let mut value = value;
        if self.trim_start {
            value = value.trim_start_matches([' ', '\t']);
        }
        if self.trim_end {
            value = value.trim_end_matches([' ', '\t']);
        }
        let special = value.contains(self.separator.as_str()) || value.contains([self.quote, '\n', '\r']);
        if !special {
            out.push_str(value);
            return;
        }
        out.push(self.quote);
        for c in value.chars() {
            if c == self.quote {
                out.push(self.escape);
            }
            out.push(c);
        }
        out.push(self.quote);
    }
}

fn from_csv(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let schema = nullable_all(schema_argument(ctx, &args[1])?);
    let DataType::Struct(fields) = schema.clone() else {
        return Err(SparkError::analysis("INVALID_SCHEMA.NON_STRUCT_TYPE")
            .param("inputSchema", format!("\"{}\"", ctx.text.argument(1)))
            .param("dataType", format!("\"{}\"", schema.sql())));
    };
    let nested = |t: &DataType| matches!(t, DataType::Array { .. } | DataType::Map { .. } | DataType::Struct(_));
    if let Some(field) = fields.fields.iter().find(|field| nested(&field.data_type)) {
        return Err(
            SparkError::analysis("UNSUPPORTED_DATATYPE").param("typeName", format!("\"{}\"", field.data_type.sql()))
        );
    }
    let options = Options::of(ctx, &args, 2)?;
    let fail_fast = options.fail_fast("from_csv")?;
    let dialect = Dialect::new(&options, false);
    let corrupt = options.text("columnnameofcorruptrecord", "_corrupt_record").to_string();
    let reader = TextReader {
        times: TimeReader::new(ctx, &options)?,
        nan: options.text("nanvalue", "NaN").to_string(),
        positive_infinity: options.text("positiveinf", "Inf").to_string(),
        negative_infinity: options.text("negativeinf", "-Inf").to_string(),
    };
    let (args, n) = typed(ctx, args.into_iter().take(1).collect(), &[DataType::String])?;
    let key = format!("{} {}", options.key(), reader.times.zone);
    Ok(call(ctx, "from_csv").key(key).arrays(args, schema, n, move |arrays, rows| {
        let texts = arrays[0].as_string::<i32>();
        let records: Vec<Option<Vec<String>>> =
            (0..rows).map(|row| texts.is_valid(row).then(|| dialect.split(texts.value(row)))).collect();
        let data: Vec<&StructField> = fields.fields.iter().filter(|field| field.name != corrupt).collect();
        let mut bad = vec![false; rows];
        let mut columns: Vec<ArrayRef> = vec![];
        for (index, field) in data.iter().enumerate() {
            let values: Vec<Option<&str>> = records
                .iter()
                .map(|record| record.as_ref()?.get(index).map(String::as_str).filter(|text| *text != dialect.null))
                .collect();
            let column = text_column(&values, &field.data_type, &reader)?;
            for row in 0..rows {
                bad[row] |= values[row].is_some() && column.is_null(row);
            }
            columns.push(column);
        }
        for (row, record) in records.iter().enumerate() {
            bad[row] |= record.as_ref().is_some_and(|record| record.len() != data.len());
        }
        if let Some(row) = bad.iter().position(|bad| *bad).filter(|_| fail_fast) {
            return Err(malformed_record(&record_text(&columns, &data, row)?));
        }
        if data.len() < fields.fields.len() {
            let raw = (0..rows).map(|row| bad[row].then(|| texts.value(row)));
            let raw: ArrayRef = Arc::new(raw.collect::<StringArray>());
            let place = fields.fields.iter().position(|field| field.name == corrupt).unwrap_or(data.len());
            columns.insert(place, raw);
        }
        let ArrowType::Struct(arrow_fields) = to_arrow(&DataType::Struct(fields.clone())) else {
            return Err(SparkError::internal("no struct"));
        };
        let nulls = NullBuffer::from_iter(records.iter().map(Option::is_some));
        Ok(Arc::new(StructArray::try_new(arrow_fields, columns, Some(nulls)).map_err(from_arrow_error)?))
    }))
}

/// A parsed record as Spark's `InternalRow` prints.
fn record_text(columns: &[ArrayRef], fields: &[&StructField], row: usize) -> SparkResult<String> {
    let mut parts = vec![];
    for (column, field) in columns.iter().zip(fields) {
        let mut text = String::new();
        if column.is_null(row) {
            text.push_str("null");
        } else {
            write_text(column, &field.data_type, &TextStyle::pretty(crate::SessionTimeZone::utc()))?(row, &mut text)?;
        }
        parts.push(text);
    }
    Ok(format!("[{}]", parts.join(",")))
}

fn to_csv(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let options = Options::of(ctx, &args, 1)?;
    let arg = args.into_iter().next().ok_or_else(|| SparkError::internal("no argument"))?;
    let DataType::Struct(fields) = arg.data_type.clone() else {
        return Err(SparkError::analysis("DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE")
            .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
            .param("functionName", "`to_csv`")
            .param("dataType", format!("\"{}\"", arg.data_type.sql())));
    };
    let dialect = Dialect::new(&options, true);
    let empty = options.text("emptyvalue", "\"\"").to_string();
    let quote_all = options.flag("quoteall", false);
    let times = TimeWriter::new(ctx, &options)?;
    let nullable = arg.nullable;
    let key = format!("{} {}", options.key(), times.zone);
    Ok(call(ctx, "to_csv").key(key).arrays(vec![arg], DataType::String, nullable, move |arrays, rows| {
        let structs = arrays[0].as_struct();
        let mut columns = vec![];
        for (column, field) in structs.columns().iter().zip(&fields.fields) {
            columns.push(csv_texts(column, &field.data_type, &times)?);
        }
        let mut builder = StringBuilder::with_capacity(rows, rows * 32);
        let mut record = String::new();
        for row in 0..rows {
            if structs.is_null(row) {
                builder.append_null();
                continue;
            }
            record.clear();
            for (index, texts) in columns.iter().enumerate() {
                if index > 0 {
                    record.push_str(&dialect.separator);
                }
                match texts.is_valid(row).then(|| texts.value(row)) {
                    None => record.push_str(&dialect.null),
                    Some("") => record.push_str(&empty),
                    Some(text) if quote_all => {
                        let mut field = String::new();
                        dialect.field(text, &mut field);
                        let quoted = field.starts_with(dialect.quote);
                        record.push_str(&if quoted { field } else { format!("{0}{field}{0}", dialect.quote) });
                    }
                    Some(text) => dialect.field(text, &mut record),
                }
            }
            builder.append_value(&record);
        }
        Ok(Arc::new(builder.finish()))
    }))
}

/// A column as the texts of its fields.
fn csv_texts(column: &ArrayRef, t: &DataType, times: &TimeWriter) -> SparkResult<StringArray> {
    let mut out = Vec::with_capacity(column.len());
    match t {
        DataType::Date => {
            for days in column.as_primitive::<Date32Type>() {
                out.push(days.map(|days| times.date(days)).transpose()?);
            }
        }
        DataType::Timestamp | DataType::TimestampNtz => {
            for micros in column.as_primitive::<TimestampMicrosecondType>() {
                let text = |micros| {
                    if *t == DataType::Timestamp { times.timestamp(micros) } else { times.timestamp_ntz(micros) }
                };
                out.push(micros.map(text).transpose()?);
            }
        }
        _ => {
            let writer = write_text(column, t, &TextStyle::csv(times.zone))?;
            for row in 0..column.len() {
                let mut text = String::new();
                if column.is_valid(row) && *t != DataType::Null {
                    writer(row, &mut text)?;
                    out.push(Some(text));
                } else {
                    out.push(None);
                }
            }
        }
    }
    Ok(StringArray::from(out))
}

fn schema_of_csv(ctx: &CallContext<'_>, args: Args) -> SparkResult<TypedExpr> {
    let options = Options::of(ctx, &args, 1)?;
    let text = match crate::fold(&args[0])? {
        Some(ScalarValue::Utf8(Some(text))) => text,
        Some(value) if value.is_null() => {
            return Err(SparkError::analysis("DATATYPE_MISMATCH.UNEXPECTED_NULL")
                .param("sqlExpr", format!("\"{}\"", ctx.text.call()))
                .param("exprName", "csv"));
        }
        Some(_) => return Err(unexpected_type(ctx, 0, "\"STRING\"", &args[0].data_type)),
        None => return Err(non_foldable(ctx, 0, "csv", "\"STRING\"")),
    };
    let dialect = Dialect::new(&options, false);
    let times = TimeReader::new(ctx, &options)?;
    let fields: Vec<StructField> = dialect
        .split(&text)
        .iter()
        .enumerate()
        .map(|(index, field)| StructField::new(format!("_c{index}"), infer(field, &dialect, &times), true))
        .collect();
    Ok(TypedExpr::string(super::json::ddl(&DataType::Struct(StructType { fields }))))
}

/// `CSVInferSchema.inferField`
fn infer(field: &str, dialect: &Dialect, times: &TimeReader) -> DataType {
    if field.is_empty() || field == dialect.null {
        return DataType::String;
    }
    let digits = field.strip_prefix(['-', '+']).unwrap_or(field);
    let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if field.parse::<i32>().is_ok() {
        DataType::Integer
    } else if field.parse::<i64>().is_ok() {
        DataType::Long
    } else if whole && digits.len() <= 38 {
        DataType::Decimal { precision: digits.len() as u8, scale: 0 }
    } else if crate::cast::parse_float(field).is_some() {
        DataType::Double
    } else if times.date(field).is_some()
        && parse::parse_timestamp_parts(field)
            .is_none_or(|p| p.local % crate::datetime::MICROS_PER_DAY == 0 && !field.contains(':'))
    {
        DataType::Date
    } else if field.contains(['-', ':']) && times.timestamp(field).is_some() {
        DataType::Timestamp
    } else if field.eq_ignore_ascii_case("true") || field.eq_ignore_ascii_case("false") {
        DataType::Boolean
    } else {
        DataType::String
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_split_at_separators_outside_quotes() {
        let dialect = Dialect::new(&Options::default(), false);
        assert_eq!(dialect.split(r#"a,"b,c",d"#), ["a", "b,c", "d"]);
        assert_eq!(dialect.split(r#""x\"y",,"#), ["x\"y", "", ""]);
        assert_eq!(dialect.split(""), [""]);
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let dialect = Dialect::new(&Options::default(), true);
        let mut out = String::new();
        dialect.field("he\"y", &mut out);
        dialect.field(" x ", &mut out);
        assert_eq!(out, "\"he\\\"y\"x");
    }
}
