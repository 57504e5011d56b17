//! `INSERT`: which column each value goes to, and casts as the store assignment policy allows.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{
    DataType, Expr, ExprKind, Insert, Literal, Relation, RelationKind, SaveMode, StructField, StructType,
};
use kindling_sql::ParserOptions;

use super::{CommandContext, CommandOutput, FileWrite, partition::partition_path, store_assignment::can_store_assign};
use crate::{AnalyzedPlan, analyze, catalog::CatalogTable};

/// How the columns of a query find their table columns.
pub(super) enum Matching<'a> {
    /// In order, the list of columns naming them when it is not empty.
    ByPosition(&'a [String]),
    /// By name.
    ByName,
}

impl CommandContext<'_> {
    pub(super) fn insert(&self, insert: &Insert) -> SparkResult<CommandOutput> {
        if let Some(directory) = &insert.directory {
            let plan = analyze(self.state, &insert.query)?;
            let write = FileWrite {
                path: directory.path.clone(),
                format: directory.provider.clone(),
                options: directory.options.clone(),
                mode: SaveMode::Overwrite,
                partition_columns: vec![],
                bucket_spec: None,
                dynamic_overwrite: false,
            };
            self.write_files(&plan, &write)?;
            return Ok(CommandOutput::empty());
        }
        let table = self.table_of(&insert.table, "INSERT").map_err(|error| error.at(&insert.table_origin))?;
        if insert.replace_where.is_some() {
            return Err(SparkError::analysis("UNSUPPORTED_FEATURE.TABLE_OPERATION")
                .param("tableName", table.identifier.quoted())
                .param("operation", "REPLACE WHERE"));
        }
        let statics = self.values_of(&table, &insert.partition)?;
        if insert.if_partition_not_exists && !self.matching_partitions(&table, &insert.partition)?.is_empty() {
            return Ok(CommandOutput::empty());
        }
        let given: Vec<(String, Expr)> = insert
            .partition
            .iter()
            .filter_map(|(name, value)| value.clone().map(|value| (name.clone(), value)))
            .collect();
        let matching = if insert.by_name { Matching::ByName } else { Matching::ByPosition(&insert.columns) };
        let plan = self.plan_insert(&table, &insert.query, &matching, &given)?;
        let mode = if insert.overwrite { SaveMode::Overwrite } else { SaveMode::Append };
        let write = self.write_of(&table, mode);
        if insert.overwrite && !write.dynamic_overwrite {
            self.check_not_read(&plan, &table)?;
            if !statics.is_empty() {
                return self.overwrite_partition(&table, &partition_path(&table, &statics), &plan);
            }
        }
        self.write_table(&table, &plan, &write)?;
        Ok(CommandOutput::empty())
    }

    /// Replaces what is below one folder of partition values: the new files first, and when they are there, the old go.
    fn overwrite_partition(&self, table: &CatalogTable, path: &str, plan: &AnalyzedPlan) -> SparkResult<CommandOutput> {
        let files = &self.state.file_system;
        let folder = files.resolve(table.location.as_deref().unwrap_or_default())?.join(path);
        let mut old = vec![];
        let mut open = vec![folder];
        while let Some(folder) = open.pop() {
            if !files.exists(&folder)? {
                continue;
            }
            for child in files.list(&folder)? {
                if child.is_dir { open.push(child.path) } else { old.push(child.path) }
            }
        }
        self.write_table(table, plan, &self.write_of(table, SaveMode::Append))?;
        for file in old {
            files.delete(&file, false)?;
        }
        self.recache_table(table)?;
        Ok(CommandOutput::empty())
    }

    /// The rows to write: the table's columns in order, cast to their types.
    pub(super) fn plan_insert(
        &self,
        table: &CatalogTable,
        query: &Relation,
        matching: &Matching<'_>,
        statics: &[(String, Expr)],
    ) -> SparkResult<AnalyzedPlan> {
        let is_static = |name: &str| statics.iter().any(|(column, _)| column.eq_ignore_ascii_case(name));
        let expected: Vec<&StructField> = match matching {
            Matching::ByPosition(columns) if !columns.is_empty() => columns
                .iter()
                .map(|name| {
                    let found = table.schema.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name));
                    found.ok_or_else(|| self.unknown_column(table, name))
                })
                .collect::<SparkResult<_>>()?,
            _ => table.schema.fields.iter().filter(|field| !is_static(&field.name)).collect(),
        };
        let query = self.with_defaults(table, query, &expected)?;
        let source = analyze(self.state, &query)?.schema();
        let by_name = matches!(matching, Matching::ByName);
        if by_name {
            if let Some(extra) = source.fields.iter().find(|field| !has_field(&table.schema, &field.name)) {
                return Err(SparkError::analysis("INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS")
                    .param("tableName", table.identifier.quoted())
                    .param("extraColumns", kindling_spec::quote_identifier(&extra.name)));
            }
        } else if source.fields.len() != expected.len() {
            return Err(if statics.is_empty() {
                arity_mismatch(table, &expected, &source)
            } else {
                partition_arity_mismatch(table, statics, &source)
            });
        }
        let names: Vec<String> = (0..source.fields.len()).map(|i| format!("_c{i}")).collect();
        let mut expressions = vec![];
        for field in &table.schema.fields {
            let given = statics.iter().find(|(name, _)| name.eq_ignore_ascii_case(&field.name));
            let position = if by_name {
                source.fields.iter().position(|other| other.name.eq_ignore_ascii_case(&field.name))
            } else {
                expected.iter().position(|other| other.name == field.name)
            };
            let value = match (given, position.and_then(|i| Some((names.get(i)?, source.fields.get(i)?)))) {
                (Some((_, value)), _) => value.clone(),
                (None, Some((name, from))) => {
                    if !can_store_assign(&from.data_type, &field.data_type) {
                        return Err(SparkError::analysis("INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST")
                            .param("tableName", table.identifier.quoted())
                            .param("colName", kindling_spec::quote_identifier(&field.name))
                            .param("srcType", format!("\"{}\"", from.data_type.sql()))
                            .param("targetType", format!("\"{}\"", field.data_type.sql())));
                    }
                    Expr::column([name.as_str()])
                }
                (None, None) => self.default_of(table, &field.name)?,
            };
            expressions.push(stored(value, field));
        }
        let input = RelationKind::ToDf { input: Box::new(query), column_names: names };
        analyze(self.state, &Relation::from(input).project(expressions))
    }

    fn unknown_column(&self, table: &CatalogTable, name: &str) -> SparkError {
        let names: Vec<String> = table.schema.fields.iter().map(|f| kindling_spec::quote_identifier(&f.name)).collect();
        SparkError::analysis("UNRESOLVED_COLUMN.WITH_SUGGESTION")
            .param("objectName", kindling_spec::quote_identifier(name))
            .param("proposal", names.join(", "))
    }

    /// A column's `DEFAULT`, or NULL.
    fn default_of(&self, table: &CatalogTable, name: &str) -> SparkResult<Expr> {
        match table.defaults.get(name) {
            Some(text) => kindling_sql::parse_expression(text, &ParserOptions::default()),
            None => Ok(Expr::literal(Literal::Null(DataType::Null))),
        }
    }

    /// `DEFAULT` among the values of `VALUES`.
    fn with_defaults(
        &self,
        table: &CatalogTable,
        query: &Relation,
        expected: &[&StructField],
    ) -> SparkResult<Relation> {
        let RelationKind::Values { rows } = &query.kind else { return Ok(query.clone()) };
        let is_default = |value: &Expr| {
            matches!(&value.kind, ExprKind::UnresolvedAttribute { name_parts, .. }
                if matches!(name_parts.as_slice(), [name] if name.eq_ignore_ascii_case("default")))
        };
        let mut rows = rows.clone();
        for row in &mut rows {
            for (value, field) in row.iter_mut().zip(expected) {
                if is_default(value) {
                    *value = self.default_of(table, &field.name)?;
                }
            }
        }
        Ok(Relation { kind: RelationKind::Values { rows }, ..query.clone() })
    }
}

fn has_field(schema: &StructType, name: &str) -> bool {
    schema.fields.iter().any(|field| field.name.eq_ignore_ascii_case(name))
}

/// `value AS name`, failing where the value does not fit.
fn stored(value: Expr, field: &StructField) -> Expr {
    let (column, to) = (field.name.clone(), field.data_type.clone());
    Expr::from(ExprKind::Stored { child: Box::new(value), column, to }).alias(&field.name)
}

fn arity_mismatch(table: &CatalogTable, expected: &[&StructField], source: &StructType) -> SparkError {
    let condition = if source.fields.len() < expected.len() {
        "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS"
    } else {
        "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS"
    };
    SparkError::analysis(condition)
        .param("tableName", table.identifier.quoted())
        .param("tableColumns", quoted(expected.iter().map(|field| field.name.as_str())))
        .param("dataColumns", quoted(source.fields.iter().map(|field| field.name.as_str())))
}

fn partition_arity_mismatch(table: &CatalogTable, statics: &[(String, Expr)], source: &StructType) -> SparkError {
    SparkError::analysis("INSERT_PARTITION_COLUMN_ARITY_MISMATCH")
        .param("tableName", table.identifier.quoted())
        .param("tableColumns", quoted(table.schema.fields.iter().map(|field| field.name.as_str())))
        .param("staticPartCols", quoted(statics.iter().map(|(name, _)| name.as_str())))
        .param("dataColumns", quoted(source.fields.iter().map(|field| field.name.as_str())))
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(kindling_spec::quote_identifier).collect::<Vec<_>>().join(", ")
}
