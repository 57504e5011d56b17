//! `ANALYZE TABLE` and `ANALYZE TABLES`: sizes of files, counts of rows, bounds of columns.

use kindling_common::{SparkError, SparkResult};
use kindling_datasource::FilePath;
use kindling_spec::{
    Aggregate, CastMode, DataType, Expr, ExprKind, GroupType, Literal, PartitionSpec, Relation, RelationKind,
    StructField,
};

use super::{CommandContext, CommandOutput};
use crate::{
    analyze,
    attribute::quote_parts,
    catalog::{CatalogRelation, CatalogTable, ColumnStatistics, SizeAndRows, errors},
};

/// What estimates of distinct values may be off by (`spark.sql.statistics.ndv.maxError`).
const NDV_MAX_ERROR: f64 = 0.05;

impl CommandContext<'_> {
    pub(super) fn analyze_tables(&self, namespace: Option<&[String]>, no_scan: bool) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        let database = match namespace {
            Some(parts) => catalog.database_name(parts)?,
            None => catalog.current_database(),
        };
        for table in catalog.tables(&database)?.into_iter().filter(|table| !table.is_view()) {
            self.analyze_whole(table, no_scan)?;
        }
        Ok(CommandOutput::empty())
    }

    pub(super) fn analyze_table(
        &self,
        name: &[String],
        partition: &PartitionSpec,
        (columns, all_columns): (&[String], bool),
        no_scan: bool,
    ) -> SparkResult<CommandOutput> {
        let table = match self.state.catalog.lookup_relation(name) {
            Some(CatalogRelation::Table(table)) => table,
            Some(CatalogRelation::View(_)) => return Err(SparkError::analysis("UNSUPPORTED_FEATURE.ANALYZE_VIEW")),
            Some(CatalogRelation::TempView(_) | CatalogRelation::GlobalTempView(_)) => {
                return Err(SparkError::analysis("EXPECT_PERMANENT_VIEW_NOT_TEMP")
                    .param("viewName", quote_parts(name))
                    .param("operation", "ANALYZE TABLE"));
            }
            None => return Err(errors::table_or_view_not_found(&self.state.catalog, name)),
        };
        if all_columns || !columns.is_empty() {
            // Spark takes no notice of a partition here.
            let columns = self.columns_to_analyze(&table, columns, all_columns)?;
            self.analyze_columns(table, &columns)
        } else if partition.is_empty() {
            self.analyze_whole(table, no_scan)
        } else {
            self.analyze_partitions(table, partition, no_scan)
        }
    }

    fn columns_to_analyze(
        &self,
        table: &CatalogTable,
        columns: &[String],
        all_columns: bool,
    ) -> SparkResult<Vec<StructField>> {
        let fields = &table.schema.fields;
        let chosen: Vec<StructField> = if all_columns {
            fields.clone()
        } else {
            let find = |name: &String| fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).cloned();
            columns
                .iter()
                .map(|name| {
                    find(name).ok_or_else(|| {
                        SparkError::analysis("COLUMN_NOT_FOUND")
                            .param("colName", kindling_spec::quote_identifier(name))
                            .param("caseSensitiveConfig", "\"spark.sql.caseSensitive\"")
                    })
                })
                .collect::<SparkResult<_>>()?
        };
        match chosen.iter().find(|field| !has_statistics(&field.data_type)) {
            Some(field) => Err(SparkError::analysis("UNSUPPORTED_FEATURE.ANALYZE_UNSUPPORTED_COLUMN_TYPE")
                .param("columnType", format!("\"{}\"", field.data_type.sql()))
                .param("columnName", kindling_spec::quote_identifier(&field.name))
                .param("tableName", table.identifier.quoted())),
            None => Ok(chosen),
        }
    }

    /// Size, and rows unless `no_scan`. What has not changed stays as it was found before.
    fn analyze_whole(&self, mut table: CatalogTable, no_scan: bool) -> SparkResult<CommandOutput> {
        let size = self.size_below(&self.folder_of(&table)?)?;
        let rows = if no_scan { None } else { Some(self.count_rows(&table, vec![])?) };
        let statistics = table.statistics.get_or_insert_default();
        let changed =
            statistics.whole.is_none_or(|known| known.size != size || rows.is_some_and(|n| known.rows != Some(n)));
        if changed {
            // Without a scan Spark says 0 rows.
            statistics.whole = Some(SizeAndRows { size, rows: Some(rows.unwrap_or(0)) });
        }
        self.state.catalog.alter_table(&table)?;
        Ok(CommandOutput::empty())
    }

    fn analyze_partitions(
        &self,
        mut table: CatalogTable,
        partition: &PartitionSpec,
        no_scan: bool,
    ) -> SparkResult<CommandOutput> {
        if let Some((name, _)) = partition.iter().find(|(name, _)| !table.is_partition_column(name)) {
            return Err(SparkError::analysis("PARTITIONS_NOT_FOUND")
                .param("partitionList", kindling_spec::quote_identifier(name))
                .param("tableName", table.identifier.quoted()));
        }
        let matching = self.matching_partitions(&table, partition)?;
        if matching.is_empty() {
            let values = self.values_of(&table, partition)?;
            let list: Vec<String> = values
                .iter()
                .map(|(name, value)| format!("{} = {value}", kindling_spec::quote_identifier(name)))
                .collect();
            let name = [&table.identifier.database, &table.identifier.table];
            return Err(SparkError::analysis("PARTITIONS_NOT_FOUND")
                .param("partitionList", format!("PARTITION ({})", list.join(", ")))
                .param("tableName", quote_parts(&name)));
        }
        let folder = self.folder_of(&table)?;
        let mut found = vec![];
        for (path, values) in matching {
            let size = self.size_below(&folder.join(&path))?;
            let rows = if no_scan { None } else { Some(self.count_rows(&table, values)?) };
            found.push((path, SizeAndRows { size, rows }));
        }
        let known = &mut table.statistics.get_or_insert_default().partitions;
        for (path, new) in found {
            let unchanged = |old: &SizeAndRows| old.size == new.size && new.rows.is_none();
            if !known.get(&path).is_some_and(unchanged) {
                known.insert(path, new);
            }
        }
        self.state.catalog.alter_table(&table)?;
        Ok(CommandOutput::empty())
    }

    fn analyze_columns(&self, mut table: CatalogTable, columns: &[StructField]) -> SparkResult<CommandOutput> {
        let size = self.size_below(&self.folder_of(&table)?)?;
        let mut items = vec![Expr::call("count", vec![Expr::literal(Literal::Integer(1))])];
        for field in columns {
            items.extend(statistics_of(field));
        }
        let row = self.row_of(&table, None, items)?;
        let mut values = row.into_iter();
        let mut number = || values.next().flatten();
        let rows = parse(number());
        let statistics = table.statistics.get_or_insert_default();
        for field in columns {
            let default = default_size(&field.data_type);
            let (min, max) = if has_bounds(&field.data_type) { (number(), number()) } else { (None, None) };
            let count = parse(number());
            let distinct = parse(number());
            let (avg_len, max_len) = match &field.data_type {
                data_type if data_type.is_string() || *data_type == DataType::Binary => {
                    let (avg, max) = (number(), number());
                    (avg.map_or(default, |n| parse(Some(n))), max.map_or(default, |n| parse(Some(n))))
                }
                _ => (default, default),
            };
            let found = ColumnStatistics {
                min,
                max,
                null_count: rows.saturating_sub(count),
                distinct_count: distinct.min(count),
                avg_len,
                max_len,
            };
            statistics.columns.insert(field.name.clone(), found);
        }
        statistics.whole = Some(SizeAndRows { size, rows: Some(rows) });
        self.state.catalog.alter_table(&table)?;
        Ok(CommandOutput::empty())
    }

    fn folder_of(&self, table: &CatalogTable) -> SparkResult<FilePath> {
        Ok(self.state.file_system.resolve(table.location.as_deref().unwrap_or_default())?)
    }

    /// Bytes of the data files below a folder.
    fn size_below(&self, folder: &FilePath) -> SparkResult<u64> {
        let files = &self.state.file_system;
        let mut open = vec![folder.clone()];
        let mut size = 0;
        while let Some(folder) = open.pop() {
            if !files.exists(&folder)? {
                continue;
            }
            for child in files.list(&folder)? {
                let name = child.path.name();
                if name.starts_with('.') || (name.starts_with('_') && !name.contains('=')) {
                    continue;
                }
                if child.is_dir { open.push(child.path) } else { size += child.len }
            }
        }
        Ok(size)
    }

    fn count_rows(&self, table: &CatalogTable, partition: Vec<(String, String)>) -> SparkResult<u64> {
        let condition = partition
            .into_iter()
            .map(|(name, value)| {
                let text = cast(Expr::column([name]), DataType::String);
                if value == super::partition::NULL_PARTITION {
                    Expr::call("isnull", vec![text])
                } else {
                    Expr::call("=", vec![text, Expr::literal(Literal::String(value))])
                }
            })
            .reduce(|a, b| Expr::call("and", vec![a, b]));
        let count = Expr::call("count", vec![Expr::literal(Literal::Integer(1))]);
        Ok(parse(self.row_of(table, condition, vec![count])?.into_iter().next().flatten()))
    }

    /// The one row of aggregates over a table, as texts.
    fn row_of(
        &self,
        table: &CatalogTable,
        condition: Option<Expr>,
        items: Vec<Expr>,
    ) -> SparkResult<Vec<Option<String>>> {
        let name = vec![table.identifier.database.clone(), table.identifier.table.clone()];
        let scan = RelationKind::NamedTable { name, options: Default::default(), temporal: None, is_streaming: false };
        let mut input = Relation::from(scan);
        if let Some(condition) = condition {
            input = input.filter(condition);
        }
        let aggregate = Aggregate {
            input,
            group_type: GroupType::GroupBy,
            grouping: vec![],
            grouping_sets: vec![],
            aggregates: items.into_iter().map(|item| cast(item, DataType::String)).collect(),
            with_grouping_expressions: true,
            pivot: None,
        };
        let analyzed = analyze(self.state, &RelationKind::Aggregate(Box::new(aggregate)).into())?;
        let mut row = vec![];
        for batch in self.runner.collect(self.state, &analyzed)? {
            for column in batch.columns() {
                let texts = column.as_any().downcast_ref::<arrow::array::StringArray>();
                row.push(texts.and_then(|texts| texts.iter().next().flatten()).map(str::to_string));
            }
        }
        Ok(row)
    }
}

/// The aggregates of a column: its bounds where it has any, values that are not null, distinct values, lengths.
fn statistics_of(field: &StructField) -> Vec<Expr> {
    let column = || Expr::column([field.name.as_str()]);
    let mut items = vec![];
    if has_bounds(&field.data_type) {
        for bound in ["min", "max"] {
            let value = Expr::call(bound, vec![column()]);
            items.push(match field.data_type {
                DataType::Timestamp => Expr::call("unix_micros", vec![value]),
                DataType::TimestampNtz => {
                    let pattern = Expr::literal(Literal::String("yyyy-MM-dd HH:mm:ss.SSSSSS".into()));
                    Expr::call("date_format", vec![value, pattern])
                }
                _ => value,
            });
        }
    }
    items.push(Expr::call("count", vec![column()]));
    let error = Expr::literal(Literal::Double(NDV_MAX_ERROR));
    items.push(Expr::call("approx_count_distinct", vec![column(), error]));
    if field.data_type.is_string() || field.data_type == DataType::Binary {
        let length = || Expr::call("length", vec![column()]);
        items.push(Expr::call("ceil", vec![Expr::call("avg", vec![length()])]));
        items.push(Expr::call("max", vec![length()]));
    }
    items
}

fn cast(expr: Expr, to: DataType) -> Expr {
    ExprKind::Cast { expr: Box::new(expr), to, mode: CastMode::Ansi }.into()
}

fn parse(text: Option<String>) -> u64 {
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn has_bounds(data_type: &DataType) -> bool {
    data_type.is_numeric()
        || matches!(data_type, DataType::Boolean | DataType::Date | DataType::Timestamp | DataType::TimestampNtz)
}

fn has_statistics(data_type: &DataType) -> bool {
    has_bounds(data_type) || data_type.is_string() || *data_type == DataType::Binary
}

/// What Spark takes a value of a type to be long.
fn default_size(data_type: &DataType) -> u64 {
    match data_type {
        DataType::Boolean | DataType::Byte => 1,
        DataType::Short => 2,
        DataType::Integer | DataType::Float | DataType::Date => 4,
        DataType::Decimal { precision, .. } if *precision > 18 => 16,
        DataType::String | DataType::Char(_) | DataType::Varchar(_) => 20,
        DataType::Binary => 100,
        _ => 8,
    }
}
