//! `ANALYZE TABLE` (Spark's `AnalyzeTableCommand` and `AnalyzeColumnCommand`).

use arrow::array::{Array, AsArray};
use kindling_common::{SparkError, SparkResult};
use kindling_datasource::{FilePath, FileSystem};
use kindling_spec::{Aggregate, CastMode, DataType, Expr, ExprKind, GroupType, Literal, RelationKind, StructField};

use super::{CommandContext, CommandOutput};
use crate::{
    analyze,
    attribute::quote_parts,
    catalog::{CatalogTable, TableStatistics},
};

impl CommandContext<'_> {
    pub(super) fn analyze_table(
        &self,
        name: &[String],
        columns: &[String],
        all_columns: bool,
        no_scan: bool,
    ) -> SparkResult<CommandOutput> {
        if let [single] = name
            && self.state.catalog.temp_view(single).is_some()
        {
            return Err(SparkError::analysis("EXPECT_PERMANENT_VIEW_NOT_TEMP")
                .param("operation", "ANALYZE TABLE")
                .param("viewName", quote_parts(name)));
        }
        let table = self.state.catalog.table_by_name(name)?;
        if table.is_view() {
            return Err(SparkError::analysis("UNSUPPORTED_FEATURE.ANALYZE_VIEW"));
        }
        let files = self.state.file_system.as_ref();
        let size = size_of(files, &files.resolve(table.location.as_deref().unwrap_or_default())?)?;
        let old = table.statistics.clone().unwrap_or_default();
        let chosen = self.columns_to_analyze(&table, columns, all_columns)?;
        let statistics = if !columns.is_empty() || all_columns {
            let (rows, found) = self.column_statistics(&table, &chosen)?;
            let mut columns = old.columns;
            columns.extend(found);
            TableStatistics { size_in_bytes: size, rows: Some(rows), columns }
        } else if no_scan {
            // A count of other files says nothing of these.
            let rows = old.rows.filter(|_| old.size_in_bytes == size);
            TableStatistics { size_in_bytes: size, rows, columns: old.columns }
        } else {
            let (rows, _) = self.column_statistics(&table, &[])?;
            TableStatistics { size_in_bytes: size, rows: Some(rows), columns: old.columns }
        };
        self.state.catalog.alter_table(&CatalogTable { statistics: Some(statistics), ..table })?;
        Ok(CommandOutput::empty())
    }

    fn columns_to_analyze(
        &self,
        table: &CatalogTable,
        columns: &[String],
        all_columns: bool,
    ) -> SparkResult<Vec<StructField>> {
        if all_columns {
            let fields = table.schema.fields.iter().filter(|field| has_statistics(&field.data_type));
            return Ok(fields.cloned().collect());
        }
        let mut out = vec![];
        for name in columns {
            let found = table.schema.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name));
            let Some(field) = found else {
                return Err(SparkError::analysis("COLUMN_NOT_FOUND")
                    .param("colName", kindling_spec::quote_identifier(name))
                    .param("caseSensitiveConfig", "\"spark.sql.caseSensitive\""));
            };
            if !has_statistics(&field.data_type) {
                return Err(SparkError::analysis("UNSUPPORTED_FEATURE.ANALYZE_UNSUPPORTED_COLUMN_TYPE")
                    .param("columnType", format!("\"{}\"", field.data_type.sql()))
                    .param("columnName", kindling_spec::quote_identifier(&field.name))
                    .param("tableName", table.identifier.quoted()));
            }
            out.push(field.clone());
        }
        Ok(out)
    }

    /// How many rows a table has, and what its columns hold: one job (`CommandUtils.computeColumnStats`).
    #[allow(clippy::type_complexity)] // Columns with their statistics.
    fn column_statistics(
        &self,
        table: &CatalogTable,
        columns: &[StructField],
    ) -> SparkResult<(u64, Vec<(String, Vec<(String, String)>)>)> {
        let name = vec![table.identifier.database.clone(), table.identifier.table.clone()];
        let input = RelationKind::NamedTable { name, options: Default::default(), temporal: None, is_streaming: false };
        let number = |n: i32| Expr::literal(Literal::Integer(n));
        let mut aggregates = vec![text(Expr::call("count", vec![number(1)]))];
        let mut names: Vec<(usize, &str)> = vec![];
        for (index, field) in columns.iter().enumerate() {
            let column = || Expr::column([field.name.as_str()]);
            let count = || Expr::call("count", vec![column()]);
            let distinct = Expr::call("approx_count_distinct", vec![column()]);
            let mut add = |name: &'static str, value: Expr| {
                names.push((index, name));
                aggregates.push(text(value));
            };
            match &field.data_type {
                DataType::String | DataType::Char(_) | DataType::Varchar(_) | DataType::Binary => {
                    let length = || Expr::call("length", vec![column()]);
                    let mean = Expr::call("ceil", vec![Expr::call("avg", vec![length()])]);
                    add("avg_col_len", or_zero(mean));
                    add("max_col_len", or_zero(Expr::call("max", vec![length()])));
                }
                other => {
                    add("min", Expr::call("min", vec![column()]));
                    add("max", Expr::call("max", vec![column()]));
                    add("avg_col_len", number(default_size(other)));
                    add("max_col_len", number(default_size(other)));
                }
            }
            add("num_nulls", Expr::call("-", vec![Expr::call("count", vec![number(1)]), count()]));
            add("distinct_count", Expr::call("least", vec![distinct, count()]));
        }
        let aggregate = Aggregate {
            input: input.into(),
            group_type: GroupType::GroupBy,
            grouping: vec![],
            grouping_sets: vec![],
            aggregates,
            with_grouping_expressions: false,
            pivot: None,
        };
        let plan = analyze(self.state, &RelationKind::Aggregate(Box::new(aggregate)).into())?;
        let batches = self.runner.collect(self.state, &plan)?;
        let values: Vec<Option<String>> = match batches.iter().find(|batch| batch.num_rows() > 0) {
            Some(batch) => {
                let columns = batch.columns().iter().map(|column| column.as_string::<i32>());
                columns.map(|column| column.is_valid(0).then(|| column.value(0).to_string())).collect()
            }
            None => return Err(SparkError::internal("an aggregate without a row")),
        };
        let rows = values.first().and_then(|count| count.as_deref()?.parse().ok()).unwrap_or(0);
        let mut out: Vec<(String, Vec<(String, String)>)> =
            columns.iter().map(|field| (field.name.clone(), vec![])).collect();
        for ((index, name), value) in names.into_iter().zip(values.into_iter().skip(1)) {
            if let (Some((_, pairs)), Some(value)) = (out.get_mut(index), value) {
                pairs.push((name.to_string(), value));
            }
        }
        Ok((rows, out))
    }
}

fn text(value: Expr) -> Expr {
    ExprKind::Cast { expr: Box::new(value), to: DataType::String, mode: CastMode::Legacy }.into()
}

fn or_zero(value: Expr) -> Expr {
    Expr::call("coalesce", vec![value, Expr::literal(Literal::Integer(0))])
}

/// `DataType.defaultSize` of a type with statistics.
fn default_size(data_type: &DataType) -> i32 {
    match data_type {
        DataType::Boolean | DataType::Byte => 1,
        DataType::Short => 2,
        DataType::Integer | DataType::Float | DataType::Date | DataType::YearMonthInterval { .. } => 4,
        DataType::Decimal { precision: 19.., .. } => 16,
        _ => 8,
    }
}

/// `AnalyzeColumnCommand.supportsType`
fn has_statistics(data_type: &DataType) -> bool {
    !matches!(
        data_type,
        DataType::Array { .. }
            | DataType::Map { .. }
            | DataType::Struct(_)
            | DataType::Variant
            | DataType::Null
            | DataType::CalendarInterval
    )
}

/// Bytes of the data files below a folder.
fn size_of(files: &dyn FileSystem, folder: &FilePath) -> SparkResult<u64> {
    if !files.exists(folder)? {
        return Ok(0);
    }
    let mut size = 0;
    for child in files.list(folder)? {
        if child.path.name().starts_with(['_', '.']) {
            continue;
        }
        size += if child.is_dir { size_of(files, &child.path)? } else { child.len };
    }
    Ok(size)
}
