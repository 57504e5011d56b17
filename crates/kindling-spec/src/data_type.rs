//! Spark's data types and their text forms (`org.apache.spark.sql.types`).

use std::fmt::Write as _;

use crate::{DayTimeField, YearMonthField};

/// A Spark SQL data type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DataType {
    /// `VOID`
    Null,
    /// `BOOLEAN`
    Boolean,
    /// `TINYINT`
    Byte,
    /// `SMALLINT`
    Short,
    /// `INT`
    Integer,
    /// `BIGINT`
    Long,
    /// `FLOAT`
    Float,
    /// `DOUBLE`
    Double,
    /// `DECIMAL(precision, scale)`
    Decimal {
        /// Total digits, 1 to 38.
        precision: u8,
        /// Digits after the point.
        scale: i8,
    },
    /// `STRING` with the `UTF8_BINARY` collation.
    String,
    /// `CHAR(n)`
    Char(u32),
    /// `VARCHAR(n)`
    Varchar(u32),
    /// `BINARY`
    Binary,
    /// `DATE`
    Date,
    /// `TIMESTAMP` with the session's local time zone.
    Timestamp,
    /// `TIMESTAMP_NTZ`
    TimestampNtz,
    /// `TIME(precision)`
    Time {
        /// Fractional digits, 0 to 6.
        precision: u8,
    },
    /// `INTERVAL` (legacy calendar interval)
    CalendarInterval,
    /// `INTERVAL start TO end` over years and months
    YearMonthInterval {
        /// First field.
        start: YearMonthField,
        /// Last field.
        end: YearMonthField,
    },
    /// `INTERVAL start TO end` over days to seconds
    DayTimeInterval {
        /// First field.
        start: DayTimeField,
        /// Last field.
        end: DayTimeField,
    },
    /// `ARRAY<element>`
    Array {
        /// Element type.
        element: Box<DataType>,
        /// Whether elements may be null.
        contains_null: bool,
    },
    /// `MAP<key, value>`
    Map {
        /// Key type.
        key: Box<DataType>,
        /// Value type.
        value: Box<DataType>,
        /// Whether values may be null.
        value_contains_null: bool,
    },
    /// `STRUCT<…>`
    Struct(StructType),
    /// `VARIANT`
    Variant,
}

/// A struct's, table's or DataFrame's fields (Spark's `StructType`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct StructType {
    /// Fields in order.
    pub fields: Vec<StructField>,
}

/// One field (Spark's `StructField`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StructField {
    /// Name as the user wrote it.
    pub name: String,
    /// Type.
    pub data_type: DataType,
    /// Whether the field may be null.
    pub nullable: bool,
    /// Metadata as a JSON object's text, `None` when empty.
    pub metadata: Option<String>,
}

impl StructField {
    /// A field without metadata.
    pub fn new(name: impl Into<String>, data_type: DataType, nullable: bool) -> Self {
        StructField { name: name.into(), data_type, nullable, metadata: None }
    }
}

impl From<Vec<StructField>> for StructType {
    fn from(fields: Vec<StructField>) -> Self {
        StructType { fields }
    }
}

impl YearMonthField {
    /// The keyword in lower case.
    pub fn name(self) -> &'static str {
        match self {
            YearMonthField::Year => "year",
            YearMonthField::Month => "month",
        }
    }
}

impl DayTimeField {
    /// The keyword in lower case.
    pub fn name(self) -> &'static str {
        match self {
            DayTimeField::Day => "day",
            DayTimeField::Hour => "hour",
            DayTimeField::Minute => "minute",
            DayTimeField::Second => "second",
        }
    }
}

fn interval(start: &str, end: &str) -> String {
    if start == end { format!("interval {start}") } else { format!("interval {start} to {end}") }
}

/// Backquotes a name unless it is a plain identifier (Spark's `quoteIfNeeded`).
pub fn quote_if_needed(name: &str) -> String {
    let plain = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.chars().all(|c| c.is_ascii_digit());
    if plain { name.to_string() } else { quote_identifier(name) }
}

/// Backquotes a name (Spark's `quoteIdentifier`).
pub fn quote_identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

impl DataType {
    /// The default `DAY TO SECOND` interval type.
    pub const DAY_TIME: DataType = DataType::DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Second };
    /// The default `YEAR TO MONTH` interval type.
    pub const YEAR_MONTH: DataType =
        DataType::YearMonthInterval { start: YearMonthField::Year, end: YearMonthField::Month };

    /// `ARRAY<element>` with nullable elements.
    pub fn array(element: DataType) -> DataType {
        DataType::Array { element: Box::new(element), contains_null: true }
    }

    /// `MAP<key, value>` with nullable values.
    pub fn map(key: DataType, value: DataType) -> DataType {
        DataType::Map { key: Box::new(key), value: Box::new(value), value_contains_null: true }
    }

    /// Whether the type is a number.
    pub fn is_numeric(&self) -> bool {
        self.is_integral() || self.is_fractional()
    }

    /// Whether the type is `TINYINT`, `SMALLINT`, `INT` or `BIGINT`.
    pub fn is_integral(&self) -> bool {
        matches!(self, DataType::Byte | DataType::Short | DataType::Integer | DataType::Long)
    }

    /// Whether the type is `FLOAT`, `DOUBLE` or `DECIMAL`.
    pub fn is_fractional(&self) -> bool {
        matches!(self, DataType::Float | DataType::Double | DataType::Decimal { .. })
    }

    /// Whether the type holds characters.
    pub fn is_string(&self) -> bool {
        matches!(self, DataType::String | DataType::Char(_) | DataType::Varchar(_))
    }

    /// `DataType.typeName`: the name without parameters, as JSON schemas use it.
    pub fn type_name(&self) -> String {
        match self {
            DataType::Null => "void".into(),
            DataType::Boolean => "boolean".into(),
            DataType::Byte => "byte".into(),
            DataType::Short => "short".into(),
            DataType::Integer => "integer".into(),
            DataType::Long => "long".into(),
            DataType::Float => "float".into(),
            DataType::Double => "double".into(),
            DataType::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
            DataType::Array { .. } => "array".into(),
            DataType::Map { .. } => "map".into(),
            DataType::Struct(_) => "struct".into(),
            other => other.simple_string(),
        }
    }

    /// `DataType.catalogString`: the lower-case text form, e.g. `array<struct<a:int>>`.
    pub fn simple_string(&self) -> String {
        match self {
            DataType::Null => "void".into(),
            DataType::Boolean => "boolean".into(),
            DataType::Byte => "tinyint".into(),
            DataType::Short => "smallint".into(),
            DataType::Integer => "int".into(),
            DataType::Long => "bigint".into(),
            DataType::Float => "float".into(),
            DataType::Double => "double".into(),
            DataType::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
            DataType::String => "string".into(),
            DataType::Char(n) => format!("char({n})"),
            DataType::Varchar(n) => format!("varchar({n})"),
            DataType::Binary => "binary".into(),
            DataType::Date => "date".into(),
            DataType::Timestamp => "timestamp".into(),
            DataType::TimestampNtz => "timestamp_ntz".into(),
            DataType::Time { precision } => format!("time({precision})"),
            DataType::CalendarInterval => "interval".into(),
            DataType::YearMonthInterval { start, end } => interval(start.name(), end.name()),
            DataType::DayTimeInterval { start, end } => interval(start.name(), end.name()),
            DataType::Array { element, .. } => format!("array<{}>", element.simple_string()),
            DataType::Map { key, value, .. } => format!("map<{},{}>", key.simple_string(), value.simple_string()),
            DataType::Struct(fields) => fields.simple_string(),
            DataType::Variant => "variant".into(),
        }
    }

    /// `DataType.sql`: the upper-case text form used in error messages, e.g. `ARRAY<STRUCT<a: INT NOT NULL>>`.
    pub fn sql(&self) -> String {
        match self {
            DataType::Array { element, .. } => format!("ARRAY<{}>", element.sql()),
            DataType::Map { key, value, .. } => format!("MAP<{}, {}>", key.sql(), value.sql()),
            DataType::Struct(fields) => {
                let mut out = String::from("STRUCT<");
                for (i, field) in fields.fields.iter().enumerate() {
                    let separator = if i == 0 { "" } else { ", " };
                    let not_null = if field.nullable { "" } else { " NOT NULL" };
                    let name = quote_if_needed(&field.name);
                    let _ = write!(out, "{separator}{name}: {}{not_null}", field.data_type.sql());
                }
                out.push('>');
                out
            }
            other => other.simple_string().to_uppercase(),
        }
    }
}

impl StructType {
    /// The lower-case text form, e.g. `struct<a:int,b:string>`.
    pub fn simple_string(&self) -> String {
        let fields: Vec<String> =
            self.fields.iter().map(|f| format!("{}:{}", f.name, f.data_type.simple_string())).collect();
        format!("struct<{}>", fields.join(","))
    }

    /// `StructType.treeString`: what `printSchema` prints, `level` levels deep (all when `None`).
    pub fn tree_string(&self, level: Option<usize>) -> String {
        let mut out = String::from("root\n");
        tree_fields(&mut out, self, " |", level.unwrap_or(usize::MAX));
        out
    }
}

fn tree_fields(out: &mut String, fields: &StructType, prefix: &str, depth: usize) {
    if depth == 0 {
        return;
    }
    for field in &fields.fields {
        let nullable = field.nullable;
        let _ = writeln!(out, "{prefix}-- {}: {} (nullable = {nullable})", field.name, tree_name(&field.data_type));
        tree_type(out, &field.data_type, &format!("{prefix}    |"), depth - 1);
    }
}

fn tree_type(out: &mut String, data_type: &DataType, prefix: &str, depth: usize) {
    if depth == 0 {
        return;
    }
    let nested = format!("{prefix}    |");
    match data_type {
        DataType::Array { element, contains_null } => {
            let _ = writeln!(out, "{prefix}-- element: {} (containsNull = {contains_null})", tree_name(element));
            tree_type(out, element, &nested, depth - 1);
        }
        DataType::Map { key, value, value_contains_null } => {
            let _ = writeln!(out, "{prefix}-- key: {}", tree_name(key));
            tree_type(out, key, &nested, depth - 1);
            let _ = writeln!(out, "{prefix}-- value: {} (valueContainsNull = {value_contains_null})", tree_name(value));
            tree_type(out, value, &nested, depth - 1);
        }
        DataType::Struct(fields) => tree_fields(out, fields, prefix, depth),
        _ => {}
    }
}

fn tree_name(data_type: &DataType) -> String {
    data_type.type_name()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tree_string_prints_nested_types_as_print_schema_does() {
        let inner = StructType::from(vec![StructField::new("x", DataType::Integer, false)]);
        let schema = StructType::from(vec![
            StructField::new("a", DataType::array(DataType::Struct(inner)), true),
            StructField::new("m", DataType::map(DataType::String, DataType::Long), true),
        ]);
        let expected = "root\n |-- a: array (nullable = true)\n |    |-- element: struct (containsNull = true)\n \
                        |    |    |-- x: integer (nullable = false)\n |-- m: map (nullable = true)\n |    |-- key: \
                        string\n |    |-- value: long (valueContainsNull = true)\n";
        assert_eq!(schema.tree_string(None), expected);
    }

    #[test]
    fn sql_text_of_a_struct_quotes_and_marks_not_null() {
        let fields = StructType::from(vec![StructField::new("a b", DataType::Integer, false)]);
        assert_eq!(DataType::Struct(fields).sql(), "STRUCT<`a b`: INT NOT NULL>");
    }
}
