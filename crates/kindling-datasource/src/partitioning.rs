//! Hive-style partition folders: names, values and their types (Spark's `PartitioningUtils`).

use std::{collections::BTreeSet, sync::Arc};

use datafusion::scalar::ScalarValue;
use kindling_common::{RuntimeConfig, SparkError, SparkResult, conf};
use kindling_spec::{DataType, StructField, StructType};

use crate::{
    FilePath, FileStatus,
    split::PartitionDirectory,
    value::{
        SessionZone, parse_boolean, parse_date, parse_decimal, parse_decimal_as, parse_double, parse_integer,
        parse_timestamp,
    },
};

/// Stands for null in a folder's name.
pub(crate) const DEFAULT_PARTITION_NAME: &str = "__HIVE_DEFAULT_PARTITION__";

/// Partition columns and the files by their values.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartitionSpec {
    pub schema: StructType,
    pub directories: Vec<PartitionDirectory>,
}

/// Finds partition folders between `base_paths` and the files.
pub(crate) fn discover(
    files: &[FileStatus],
    base_paths: &[FilePath],
    user_schema: Option<&StructType>,
    config: &RuntimeConfig,
    zone: &SessionZone,
) -> SparkResult<PartitionSpec> {
    let mut folders: Vec<FilePath> = vec![];
    for file in files {
        let folder = file.path.parent().unwrap_or_else(FilePath::root);
        if folders.last() != Some(&folder) && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    let mut parsed = vec![];
    let mut bases = BTreeSet::new();
    for folder in &folders {
        let (columns, base) = parse_folder(folder, base_paths);
        bases.extend(base);
        parsed.push(columns);
    }
    if parsed.iter().all(Vec::is_empty) {
        let directories = vec![PartitionDirectory { values: Arc::new(vec![]), files: files.to_vec() }];
        return Ok(PartitionSpec { schema: StructType::default(), directories });
    }
    if bases.len() > 1 {
        let paths: Vec<String> = bases.iter().map(|base| base.uri()).collect();
        return Err(SparkError::new(kindling_common::ExceptionClass::Runtime, "CONFLICTING_DIRECTORY_STRUCTURES")
            .param("discoveredBasePaths", format!("\t{}", paths.join("\n\t"))));
    }
    check_names(&folders, &parsed)?;

    let names: Vec<String> = parsed.iter().find(|c| !c.is_empty()).into_iter().flatten().map(|c| c.0.clone()).collect();
    let case_sensitive = config.boolean(&conf::CASE_SENSITIVE);
    let infer = config.boolean(&conf::PARTITION_COLUMN_TYPE_INFERENCE);
    let mut fields = vec![];
    for (i, name) in names.iter().enumerate() {
        let given =
            user_schema.and_then(|schema| schema.fields.iter().find(|f| same_name(&f.name, name, case_sensitive)));
        let data_type = match given {
            Some(field) => field.data_type.clone(),
            None => {
                let raws = parsed.iter().filter_map(|columns| columns.get(i)).map(|column| column.1.as_str());
                column_type(raws, infer, zone)
            }
        };
        fields.push(StructField::new(name, data_type, true));
    }
    let mut directories = vec![];
    for (folder, columns) in folders.iter().zip(&parsed) {
        let values: SparkResult<Vec<ScalarValue>> =
            columns.iter().zip(&fields).map(|(column, field)| literal(&column.1, field, zone)).collect();
        let values = values?;
        // A file beside partition folders has no values: `check_names` refused that already.
        if values.len() == fields.len() {
            let files = files.iter().filter(|file| file.path.parent().as_ref() == Some(folder)).cloned().collect();
            directories.push(PartitionDirectory { values: Arc::new(values), files });
        }
    }
    Ok(PartitionSpec { schema: StructType { fields }, directories })
}

pub(crate) fn same_name(a: &str, b: &str, case_sensitive: bool) -> bool {
    if case_sensitive { a == b } else { a == b || a.to_lowercase() == b.to_lowercase() }
}

/// The columns of a folder, outermost first, and the folder that they start from.
fn parse_folder(folder: &FilePath, base_paths: &[FilePath]) -> (Vec<(String, String)>, Option<FilePath>) {
    let mut columns = vec![];
    let mut current = folder.clone();
    loop {
        if current.name().eq_ignore_ascii_case("_temporary") {
            return (vec![], None);
        }
        if base_paths.contains(&current) {
            break;
        }
        let column = parse_column(current.name());
        let stop = column.is_none() && !columns.is_empty();
        columns.extend(column);
        match current.parent() {
            Some(parent) if !stop => current = parent,
            _ => break,
        }
    }
    columns.reverse();
    if columns.is_empty() { (columns, Some(folder.clone())) } else { (columns, Some(current)) }
}

fn parse_column(name: &str) -> Option<(String, String)> {
    let (name, value) = name.split_once('=')?;
    if name.is_empty() || value.is_empty() {
        return None;
    }
    Some((unescape(name), unescape(value)))
}

fn check_names(folders: &[FilePath], parsed: &[Vec<(String, String)>]) -> SparkResult<()> {
    let mut distinct: Vec<Vec<&str>> = vec![];
    for columns in parsed {
        let names: Vec<&str> = columns.iter().map(|column| column.0.as_str()).collect();
        if !distinct.contains(&names) {
            distinct.push(names);
        }
    }
    if distinct.len() <= 1 {
        return Ok(());
    }
    let lists: Vec<String> = distinct
        .iter()
        .enumerate()
        .map(|(i, names)| format!("\tPartition column name list #{i}: {}", names.join(", ")))
        .collect();
    let paths: Vec<String> = folders.iter().map(|folder| format!("\t{}", folder.uri())).collect();
    Err(SparkError::new(kindling_common::ExceptionClass::Runtime, "CONFLICTING_PARTITION_COLUMN_NAMES")
        .param("distinctPartColLists", lists.join("\n"))
        .param("suspiciousPaths", paths.join("\n")))
}

/// `inferPartitionColumnValue` over all values of a column.
fn column_type<'a>(raws: impl Iterator<Item = &'a str>, infer: bool, zone: &SessionZone) -> DataType {
    let mut found: Option<DataType> = None;
    for raw in raws.filter(|raw| *raw != DEFAULT_PARTITION_NAME) {
        let next = if infer { value_type(raw, zone) } else { DataType::String };
        found = Some(match found {
            None => next,
            Some(found) => wider(found, next),
        });
    }
    found.unwrap_or(DataType::String)
}

fn value_type(raw: &str, zone: &SessionZone) -> DataType {
    let bytes = raw.as_bytes();
    if let Some(value) = parse_integer(bytes) {
        return if i32::try_from(value).is_ok() { DataType::Integer } else { DataType::Long };
    }
    if let Some((_, precision, 0)) = parse_decimal(bytes)
        && precision <= 38
    {
        return DataType::Decimal { precision: precision as u8, scale: 0 };
    }
    if !raw.ends_with(['d', 'D', 'f', 'F']) && parse_double(bytes).is_some() {
        return DataType::Double;
    }
    // A date is exactly `yyyy-MM-dd`, a timestamp `yyyy-MM-dd HH:mm:ss[.S]`.
    if raw.len() == 10 && parse_date(bytes).is_some() {
        return DataType::Date;
    }
    if raw.len() >= 19 && raw.as_bytes()[10] == b' ' && parse_timestamp(bytes, zone).is_some() {
        return DataType::Timestamp;
    }
    DataType::String
}

fn wider(a: DataType, b: DataType) -> DataType {
    use DataType::{Date, Decimal, Double, Integer, Long, Timestamp};
    if a == b {
        return a;
    }
    let digits = |data_type: &DataType| match data_type {
        Integer => Some(10),
        Long => Some(20),
        Decimal { precision, .. } => Some(*precision),
        _ => None,
    };
    match (&a, &b) {
        (Integer, Long) | (Long, Integer) => Long,
        (Date, Timestamp) | (Timestamp, Date) => Timestamp,
        (Double, other) | (other, Double) if digits(other).is_some() => Double,
        (x, y) => match (digits(x), digits(y)) {
            (Some(x), Some(y)) => Decimal { precision: x.max(y), scale: 0 },
            _ => DataType::String,
        },
    }
}

/// A folder's value as its column's type.
fn literal(raw: &str, field: &StructField, zone: &SessionZone) -> SparkResult<ScalarValue> {
    let null = raw == DEFAULT_PARTITION_NAME;
    scalar((!null).then_some(raw), &field.data_type, zone).ok_or_else(|| {
        SparkError::runtime("CAST_INVALID_INPUT")
            .param("expression", format!("'{raw}'"))
            .param("sourceType", "\"STRING\"")
            .param("targetType", format!("\"{}\"", field.data_type.sql()))
            .param("ansiConfig", "\"spark.sql.ansi.enabled\"")
    })
}

/// Text as a value of a type, `None` where it is not one.
pub(crate) fn scalar(text: Option<&str>, data_type: &DataType, zone: &SessionZone) -> Option<ScalarValue> {
    let Some(text) = text else {
        return ScalarValue::try_from(&kindling_common::to_arrow(data_type)).ok();
    };
    let bytes = text.as_bytes();
    let integer = || parse_integer(crate::value::trim(bytes));
    Some(match data_type {
        DataType::Boolean => ScalarValue::Boolean(Some(parse_boolean(bytes)?)),
        DataType::Byte => ScalarValue::Int8(Some(i8::try_from(integer()?).ok()?)),
        DataType::Short => ScalarValue::Int16(Some(i16::try_from(integer()?).ok()?)),
        DataType::Integer => ScalarValue::Int32(Some(i32::try_from(integer()?).ok()?)),
        DataType::Long => ScalarValue::Int64(Some(integer()?)),
        DataType::Float => ScalarValue::Float32(Some(parse_double(bytes)? as f32)),
        DataType::Double => ScalarValue::Float64(Some(parse_double(bytes)?)),
        DataType::Decimal { precision, scale } => {
            ScalarValue::Decimal128(Some(parse_decimal_as(bytes, *precision, *scale)?), *precision, *scale)
        }
        DataType::Date => ScalarValue::Date32(Some(parse_date(bytes)?)),
        DataType::Timestamp => {
            ScalarValue::TimestampMicrosecond(Some(parse_timestamp(bytes, zone)?), Some(Arc::from("UTC")))
        }
        DataType::TimestampNtz => {
            ScalarValue::TimestampMicrosecond(Some(parse_timestamp(bytes, &SessionZone::utc())?), None)
        }
        DataType::Binary => ScalarValue::Binary(Some(bytes.to_vec())),
        DataType::String | DataType::Char(_) | DataType::Varchar(_) => ScalarValue::Utf8(Some(text.to_string())),
        _ => return None,
    })
}

const ESCAPED: &str = "\"#%'*/:=?\\\u{7f}{[]^";

/// `ExternalCatalogUtils.escapePathName`.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c < ' ' || ESCAPED.contains(c) {
            out.push_str(&format!("%{:02X}", c as u32));
        } else {
            out.push(c);
        }
    }
    out
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let code = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                out.extend(char::from(code).to_string().bytes());
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(paths: &[&str]) -> SparkResult<(String, Vec<String>)> {
        let files: Vec<FileStatus> = paths
            .iter()
            .map(|path| FileStatus { path: FilePath::root().join(path), len: 1, is_dir: false, modification_time: 0 })
            .collect();
        let base = [FilePath::root().join("t")];
        let spec = discover(&files, &base, None, &RuntimeConfig::default(), &SessionZone::utc())?;
        let values = spec.directories.iter().map(|d| format!("{:?}", d.values)).collect();
        Ok((spec.schema.simple_string(), values))
    }

    #[test]
    fn types_are_the_narrowest_that_hold_every_value() {
        let schema = |paths: &[&str]| check(paths).unwrap().0;
        assert_eq!(schema(&["t/a=1/b=x/f", "t/a=2/b=2/f"]), "struct<a:int,b:string>");
        assert_eq!(schema(&["t/a=1/f", "t/a=3000000000/f"]), "struct<a:bigint>");
        assert_eq!(schema(&["t/a=1.5/f", "t/a=1/f"]), "struct<a:double>");
        assert_eq!(schema(&["t/a=2020-01-01/f"]), "struct<a:date>");
        assert_eq!(schema(&["t/a=2020-01-01 10%3A00%3A00/f"]), "struct<a:timestamp>");
        assert_eq!(schema(&["t/a=__HIVE_DEFAULT_PARTITION__/f"]), "struct<a:string>");
        assert_eq!(schema(&["t/a=99999999999999999999/f"]), "struct<a:decimal(20,0)>");
        assert_eq!(schema(&["t/f"]), "struct<>");
    }

    #[test]
    fn names_must_agree() {
        assert_eq!(check(&["t/a=1/f", "t/b=1/f"]).unwrap_err().condition, "CONFLICTING_PARTITION_COLUMN_NAMES");
        assert_eq!(check(&["t/a=1/f", "t/f"]).unwrap_err().condition, "CONFLICTING_PARTITION_COLUMN_NAMES");
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(escape("a/b:c"), "a%2Fb%3Ac");
        assert_eq!(unescape("a%2Fb%3Ac%zz"), "a/b:c%zz");
    }
}
