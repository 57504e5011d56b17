//! `DESCRIBE …`.

use datafusion::scalar::ScalarValue;
use kindling_common::{SparkError, SparkResult};
use kindling_spec::{DataType, Expr, Literal, PartitionSpec, Relation, StructField, StructType};

use super::{
    CommandContext, CommandOutput,
    describe_text::{bucket_information, detailed_information, partition_information, storage_information},
    function::described,
    function_info::function_info,
    rows::{Cell, output, text},
};
use crate::{
    analyze,
    attribute::quote_parts,
    catalog::{CatalogRelation, CatalogTable, ColumnStatistics, errors},
};

/// The comment of a column.
pub(super) fn comment_of(field: &StructField) -> Option<String> {
    let metadata: serde_json::Value = serde_json::from_str(field.metadata.as_deref()?).ok()?;
    metadata.get("comment")?.as_str().map(str::to_string)
}

fn column_row(field: &StructField) -> Vec<Cell> {
    vec![field.name.as_str().into(), field.data_type.simple_string().into(), comment_of(field).into()]
}

fn header_row(name: &str) -> Vec<Cell> {
    vec![name.into(), "".into(), "".into()]
}

fn describe_fields() -> Vec<StructField> {
    vec![text("col_name", false), text("data_type", false), text("comment", true)]
}

impl CommandContext<'_> {
    pub(super) fn describe_query(&self, query: &Relation) -> SparkResult<CommandOutput> {
        let schema = analyze(self.state, query)?.schema();
        output(describe_fields(), schema.fields.iter().map(column_row).collect())
    }

    pub(super) fn describe_table(
        &self,
        name: &[String],
        extended: bool,
        partition: &PartitionSpec,
        column: Option<&[String]>,
        as_json: bool,
    ) -> SparkResult<CommandOutput> {
        if as_json {
            return Err(SparkError::unsupported("DESCRIBE ... AS JSON"));
        }
        let found = self.state.catalog.lookup_relation(name);
        let Some(found) = found else { return Err(errors::table_or_view_not_found(&self.state.catalog, name)) };
        if !partition.is_empty() {
            self.check_described_partition(name, &found, partition)?;
        }
        if let Some(column) = column {
            return self.describe_column(name, extended, column);
        }
        let table = match found {
            CatalogRelation::Table(table) | CatalogRelation::View(table) => table,
            CatalogRelation::TempView(view) | CatalogRelation::GlobalTempView(view) => {
                return self.describe_query(&view.query);
            }
        };
        let mut rows: Vec<Vec<Cell>> = table.schema.fields.iter().map(column_row).collect();
        rows.extend(partition_rows(&table));
        rows.extend(default_rows(&table));
        let row = |(key, value): (&'static str, String)| vec![key.into(), value.into(), "".into()];
        if extended && !partition.is_empty() {
            rows.extend([header_row(""), header_row("# Detailed Partition Information")]);
            rows.push(row(("Database", table.identifier.database.clone())));
            rows.push(row(("Table", table.identifier.table.clone())));
            for found in self.matching_partitions(&table, partition)?.iter().take(1) {
                rows.extend(partition_information(&table, found).into_iter().map(row));
            }
            rows.extend([header_row(""), header_row("# Storage Information")]);
            rows.extend(bucket_information(&table).into_iter().map(row));
            rows.extend(storage_information(&table).into_iter().map(row));
            return output(describe_fields(), rows);
        }
        if extended {
            rows.push(header_row(""));
            rows.push(header_row("# Detailed Table Information"));
            let details = detailed_information(&table, &self.state.conf.read());
            rows.extend(details.into_iter().map(row));
        }
        output(describe_fields(), rows)
    }

    /// The partition has to be there, and be a table's.
    fn check_described_partition(
        &self,
        name: &[String],
        found: &CatalogRelation,
        partition: &PartitionSpec,
    ) -> SparkResult<()> {
        let forbidden = |object_type: &str| {
            Err(SparkError::analysis("FORBIDDEN_OPERATION")
                .param("statement", "DESC PARTITION")
                .param("objectType", object_type)
                .param("objectName", quote_parts(name)))
        };
        let table = match found {
            CatalogRelation::Table(table) => table,
            CatalogRelation::View(_) => return forbidden("VIEW"),
            CatalogRelation::TempView(_) | CatalogRelation::GlobalTempView(_) => return forbidden("TEMPORARY VIEW"),
        };
        self.full_partition(table, partition).map(drop)
    }

    fn describe_column(&self, name: &[String], extended: bool, column: &[String]) -> SparkResult<CommandOutput> {
        let schema = self.schema_of(name)?;
        let not_found = || {
            let names: Vec<String> = schema.fields.iter().map(|f| kindling_spec::quote_identifier(&f.name)).collect();
            SparkError::analysis("UNRESOLVED_COLUMN.WITH_SUGGESTION")
                .param("objectName", quote_parts(column))
                .param("proposal", names.join(", "))
        };
        let [single] = column else { return Err(SparkError::unsupported("DESCRIBE of a nested column")) };
        let field = find_field(&schema, single).ok_or_else(not_found)?;
        let mut rows: Vec<Vec<Cell>> = vec![
            vec!["col_name".into(), single.as_str().into()],
            vec!["data_type".into(), field.data_type.simple_string().into()],
            vec!["comment".into(), comment_of(field).unwrap_or_else(|| "NULL".into()).into()],
        ];
        if extended {
            let table = match self.state.catalog.lookup_relation(name) {
                Some(CatalogRelation::Table(table)) => Some(table),
                _ => None,
            };
            let found = table.and_then(|table| table.statistics?.columns.remove(&field.name));
            let bound = |value: Option<&String>| match value {
                Some(micros) if field.data_type == DataType::Timestamp => self.shown_instant(micros),
                Some(value) => Ok(value.clone()),
                None => Ok("NULL".into()),
            };
            let number = |pick: fn(&ColumnStatistics) -> u64| {
                found.as_ref().map_or("NULL".to_string(), |found| pick(found).to_string())
            };
            rows.extend([
                vec!["min".into(), bound(found.as_ref().and_then(|found| found.min.as_ref()))?.into()],
                vec!["max".into(), bound(found.as_ref().and_then(|found| found.max.as_ref()))?.into()],
                vec!["num_nulls".into(), number(|found| found.null_count).into()],
                vec!["distinct_count".into(), number(|found| found.distinct_count).into()],
                vec!["avg_col_len".into(), number(|found| found.avg_len).into()],
                vec!["max_col_len".into(), number(|found| found.max_len).into()],
                vec!["histogram".into(), "NULL".into()],
            ]);
        }
        output(vec![text("info_name", false), text("info_value", false)], rows)
    }

    /// Microseconds since the epoch in the session's time zone: `2020-01-01 00:00:00.000000 -0800`.
    fn shown_instant(&self, micros: &str) -> SparkResult<String> {
        let micros = Expr::literal(Literal::Long(micros.parse().unwrap_or_default()));
        let pattern = Expr::literal(Literal::String("yyyy-MM-dd HH:mm:ss.SSSSSS Z".into()));
        let instant = Expr::call("timestamp_micros", vec![micros]);
        let (value, ..) = self.evaluate(Some(&Expr::call("date_format", vec![instant, pattern])), None)?;
        match value {
            ScalarValue::Utf8(Some(text)) => Ok(text),
            _ => Ok("NULL".into()),
        }
    }

    pub(super) fn describe_function(&self, name: &[String], extended: bool) -> SparkResult<CommandOutput> {
        let rows = match name {
            [single] if is_builtin(single) => {
                let single = single.to_lowercase();
                let Some(info) = function_info(&single) else { return Err(self.unresolved_routine(name)) };
                let mut rows = vec![format!("Function: {single}")];
                rows.extend(info.class.map(|class| format!("Class: {class}")));
                rows.push(format!("Usage: {}", info.usage));
                if extended {
                    rows.push(format!("Extended Usage:{}", info.extended));
                }
                rows
            }
            _ => match self.state.catalog.function(name)? {
                Some(function) => described(&function, extended),
                None => return Err(self.unresolved_routine(name)),
            },
        };
        output(vec![text("function_desc", false)], rows.into_iter().map(|row| vec![row.into()]).collect())
    }

    pub(super) fn unresolved_routine(&self, name: &[String]) -> SparkError {
        SparkError::analysis("UNRESOLVED_ROUTINE")
            .param("routineName", quote_parts(name))
            .param("searchPath", self.routine_path())
    }
}

/// Whether a name is one of ours, or an operator that Spark documents like a function.
fn is_builtin(name: &str) -> bool {
    let name = name.to_lowercase();
    ["!=", "<>", "case", "||", "between", "range"].contains(&name.as_str())
        || kindling_functions::lookup(&name).is_some()
}

fn find_field<'a>(schema: &'a StructType, name: &str) -> Option<&'a StructField> {
    schema.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
}

fn default_rows(table: &CatalogTable) -> Vec<Vec<Cell>> {
    if table.defaults.is_empty() {
        return vec![];
    }
    let mut rows = vec![header_row(""), header_row("# Column Default Values")];
    for field in &table.schema.fields {
        if let Some(default) = table.defaults.get(&field.name) {
            let data_type = field.data_type.simple_string();
            rows.push(vec![field.name.as_str().into(), data_type.into(), default.as_str().into()]);
        }
    }
    rows
}

fn partition_rows(table: &CatalogTable) -> Vec<Vec<Cell>> {
    if table.partition_columns.is_empty() {
        return vec![];
    }
    let mut rows =
        vec![header_row("# Partition Information"), vec!["# col_name".into(), "data_type".into(), "comment".into()]];
    rows.extend(table.schema.fields.iter().filter(|field| table.is_partition_column(&field.name)).map(column_row));
    rows
}
