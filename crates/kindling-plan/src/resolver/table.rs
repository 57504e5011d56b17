//! Tables, views, CTEs, files and SQL texts by name.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use datafusion::{
    common::TableReference,
    datasource::provider_as_source,
    logical_expr::{Expr as DfExpr, LogicalPlan, TableScanBuilder},
};
use kindling_common::{SparkError, SparkResult, conf, to_arrow_schema};
use kindling_datasource::{FileFormat, SourceOptions, SourceRequest, TableFiles, resolve_source};
use kindling_functions::{
    FunctionKind,
    error::{from_arrow_error, from_datafusion},
};
use kindling_spec::{
    Cte, DataSource, DataType, Expr, Options, Relation, RelationKind, StructField, StructType, TemporalClause,
};

use super::{
    CteInScope, Resolved, Resolver, local::parse_schema, plan, subquery_alias::qualified, view_schema::schema_mode,
};
use crate::{
    Attribute,
    attribute::quote_parts,
    catalog::{
        CatalogRelation, CatalogTable, GLOBAL_TEMP_DATABASE, SESSION_CATALOG, TempView, errors::table_or_view_not_found,
    },
    logical::{JoinHint, StreamingRelation, extension},
};

impl Resolver<'_> {
    pub(super) fn named_table(
        &mut self,
        name: &[String],
        options: &Options,
        temporal: Option<&TemporalClause>,
        is_streaming: bool,
    ) -> SparkResult<Resolved> {
        if is_streaming {
            let Some(CatalogRelation::Table(table)) = self.state.catalog.lookup_relation(name) else {
                return Err(table_or_view_not_found(&self.state.catalog, name));
            };
            let attributes: Vec<Attribute> = table.schema.fields.iter().map(|field| self.new_column(field)).collect();
            let schema = plan::internal_schema(&attributes)?;
            let relation = StreamingRelation { source: table.identifier.unquoted(), schema };
            return Ok(Resolved::new(extension(relation), attributes));
        }
        if temporal.is_some() {
            return Err(SparkError::unsupported("time travel"));
        }
        let mut resolved = self.named_relation(name, options)?;
        if let Some(strategy) = self.join_hint(name) {
            resolved.plan = extension(JoinHint::new(resolved.plan, strategy));
        }
        Ok(resolved)
    }

    fn named_relation(&mut self, name: &[String], options: &Options) -> SparkResult<Resolved> {
        if let [single] = name
            && let Some(bound) = self.bound_rows(single)
        {
            return Ok(qualified(bound?, vec![single.clone()]));
        }
        if let [single] = name
            && let Some(position) = self.ctes.iter().rposition(|scope| self.names.same(&scope.cte.name, single))
        {
            return self.cte(position);
        }
        if let Some(found) = self.state.catalog.lookup_relation(name) {
            self.reads_data = true;
            return match found {
                CatalogRelation::TempView(view) => self.temp_view(&view, vec![view.name.clone()]),
                CatalogRelation::GlobalTempView(view) => {
                    self.temp_view(&view, vec![GLOBAL_TEMP_DATABASE.into(), view.name.clone()])
                }
                CatalogRelation::Table(table) => self.catalog_table(&table, options),
                CatalogRelation::View(table) => self.catalog_view(&table),
            };
        }
        // ``format.`path` `` reads files.
        if let [format, path] = name {
            match FileFormat::find(format) {
                Ok(_) if path.is_empty() => {
                    return Err(SparkError::analysis("INVALID_EMPTY_LOCATION").param("location", path));
                }
                Ok(format) => return self.files(format, vec![path.clone()], None, options, None),
                // A source that Spark has and this has not.
                Err(error) if error.condition.starts_with("UNSUPPORTED_FEATURE") => return Err(error),
                Err(_) => {}
            }
        }
        self.state.catalog.qualify(name).map_err(|error| error.param("identifier", quote_parts(name)))?;
        Err(table_or_view_not_found(&self.state.catalog, name))
    }

    fn cte(&mut self, position: usize) -> SparkResult<Resolved> {
        let Some(CteInScope { cte, visible, recursive }) = self.ctes.get(position).cloned() else {
            return Err(SparkError::internal("a CTE out of scope"));
        };
        let hidden = self.ctes.split_off(visible);
        if !recursive {
            self.row_goal = None;
        }
        self.starts_query = !recursive;
        let hints = std::mem::take(&mut self.hints);
        let resolved = if recursive { self.recursive_cte(&cte) } else { self.relation(&cte.query) };
        self.ctes.truncate(visible);
        self.ctes.extend(hidden);
        self.hints = hints;
        let resolved = resolved?;
        let resolved =
            if cte.columns.is_empty() || recursive { resolved } else { self.rename_columns(resolved, &cte.columns)? };
        Ok(qualified(resolved, vec![cte.name]))
    }

    fn temp_view(&mut self, view: &TempView, qualifier: Vec<String>) -> SparkResult<Resolved> {
        if self.views.is_empty() {
            self.temporary_used.push(("VIEW", view.name.clone()));
        }
        let Some((database, schema)) = &view.bound else { return self.view(&qualifier, &view.query) };
        let before = self.state.catalog.swap_current_database(database.clone());
        let resolved = self.view(&qualifier, &view.query);
        self.state.catalog.swap_current_database(before);
        let resolved = resolved?;
        // A view keeps the columns that it was made with, whatever its tables have gained since.
        let same = resolved.attributes().len() == schema.fields.len()
            && resolved.attributes().iter().zip(&schema.fields).all(|(a, f)| a.name == f.name);
        if same {
            return Ok(resolved);
        }
        let mut kept = Vec::with_capacity(schema.fields.len());
        for field in &schema.fields {
            let Some(found) = resolved.scope.find(self.names, std::slice::from_ref(&field.name))? else {
                return Err(incompatible(&qualifier, "CREATE OR REPLACE TEMPORARY VIEW".into(), &field.name));
            };
            kept.push(found.attribute);
        }
        let plan = plan::select_attributes(resolved.plan, &kept)?;
        Ok(Resolved::new(plan, kept))
    }

    /// The query of a view, as its own: it sees neither the CTEs nor the outer columns of the query that uses it.
    fn view(&mut self, qualifier: &[String], query: &Relation) -> SparkResult<Resolved> {
        let name = qualifier.join(".");
        if self.views.contains(&name) {
            return Err(SparkError::analysis("RECURSIVE_VIEW")
                .param("viewIdent", quote_parts(qualifier))
                .param("newPath", self.views.join(" -> ")));
        }
        let ctes = std::mem::take(&mut self.ctes);
        let outer = std::mem::take(&mut self.outer);
        let hints = std::mem::take(&mut self.hints);
        self.views.push(name);
        let resolved = self.relation(query);
        self.views.pop();
        self.ctes = ctes;
        self.outer = outer;
        self.hints = hints;
        let mut resolved = qualified(resolved?, qualifier.to_vec());
        for attribute in &mut resolved.scope.attributes {
            attribute.plan_ids.clear();
        }
        Ok(resolved)
    }

    fn catalog_view(&mut self, table: &CatalogTable) -> SparkResult<Resolved> {
        let Some(view) = &table.view else {
            return Err(SparkError::internal(format!("{} has no text", table.identifier.unquoted())));
        };
        let query = kindling_sql::parse_query(&view.text, &self.parser_options())?;
        let mode = schema_mode(&self.conf, &view.schema_mode);
        let identifier = &table.identifier;
        let qualifier = vec![SESSION_CATALOG.to_string(), identifier.database.clone(), identifier.table.clone()];
        let before = self.state.catalog.swap_current_database(view.database.clone());
        let resolved = self.view(&qualifier, &query);
        self.state.catalog.swap_current_database(before);
        let resolved = resolved?;
        let names = || table.schema.fields.iter().map(|field| &field.name);
        // Columns that the statement named stay as they are.
        if mode == "EVOLUTION" && names().eq(view.query_columns.iter()) {
            let mut seen: Vec<String> = vec![];
            for column in resolved.attributes() {
                let key = column.name.to_lowercase();
                if seen.contains(&key) {
                    return Err(SparkError::analysis("COLUMN_ALREADY_EXISTS")
                        .param("columnName", kindling_spec::quote_identifier(&key)));
                }
                seen.push(key);
            }
            return Ok(qualified(resolved, qualifier));
        }
        // The view's columns are found by the names that its query had when it was made.
        let mut items = Vec::with_capacity(table.schema.fields.len());
        for (index, field) in table.schema.fields.iter().enumerate() {
            let found = match view.query_columns.get(index) {
                Some(name) => resolved.scope.find(self.names, std::slice::from_ref(name))?.map(|found| found.attribute),
                None => resolved.attributes().get(index).cloned(),
            };
            let Some(column) = found else {
                let list: Vec<&str> = names().map(String::as_str).collect();
                let columns = if names().eq(view.query_columns.iter()) {
                    String::new()
                } else {
                    format!(" ({})", list.join(", "))
                };
                let suggestion = format!("CREATE OR REPLACE VIEW {}{columns} AS {}", identifier.unquoted(), view.text);
                let wanted = view.query_columns.get(index).unwrap_or(&field.name);
                return Err(incompatible(&qualifier, suggestion, wanted));
            };
            let (expr, attribute) = self.view_column(mode, &column, field)?;
            items.push((expr, Attribute { qualifier: qualifier.clone(), ..attribute }));
        }
        let plan = plan::project_items(resolved.plan, &items)?;
        Ok(Resolved::new(plan, items.into_iter().map(|(_, attribute)| attribute).collect()))
    }

    fn catalog_table(&mut self, table: &CatalogTable, options: &Options) -> SparkResult<Resolved> {
        let identifier = &table.identifier;
        let provider = table.provider.clone().unwrap_or_else(|| self.conf.value(&conf::DEFAULT_SOURCE).to_string());
        let mut merged = table.options.clone();
        merged.extend(options.clone());
        let paths = table.location.clone().into_iter().collect();
        let files =
            TableFiles { partitions: table.partitions.as_ref().map(|partitions| partitions.iter().cloned().collect()) };
        let resolved = self.files(
            FileFormat::find(&provider)?,
            paths,
            Some(super::char_type::as_strings(&table.schema)),
            &merged,
            Some(files),
        )?;
        let resolved = self.padded(resolved, &table.schema)?;
        let qualifier = vec![SESSION_CATALOG.to_string(), identifier.database.clone(), identifier.table.clone()];
        let mut resolved = qualified(resolved, qualifier);
        for attribute in &mut resolved.scope.attributes {
            let field = table.schema.fields.iter().find(|field| field.name == attribute.name);
            attribute.metadata = field.and_then(super::char_type::metadata);
        }
        Ok(resolved)
    }

    pub(super) fn with_ctes(&mut self, input: &Relation, ctes: &[Cte], recursive: bool) -> SparkResult<Resolved> {
        let starts = std::mem::take(&mut self.starts_query);
        self.in_ctes(ctes, recursive, starts, |resolver| resolver.relation(input))
    }

    /// Runs `f` where the names of CTEs are known.
    pub(super) fn in_ctes<T>(
        &mut self,
        ctes: &[Cte],
        recursive: bool,
        starts_query: bool,
        f: impl FnOnce(&mut Self) -> SparkResult<T>,
    ) -> SparkResult<T> {
        let depth = self.ctes.len();
        let policy = self.conf.get("spark.sql.legacy.ctePrecedencePolicy").unwrap_or("CORRECTED").to_uppercase();
        let mut names: Vec<String> = vec![];
        for cte in ctes {
            if names.iter().any(|name| self.names.same(name, &cte.name)) {
                return Err(SparkError::analysis("DUPLICATED_CTE_NAMES")
                    .param("duplicateNames", kindling_spec::quote_identifier(&cte.name)));
            }
            names.push(cte.name.clone());
            // Names clash where a `WITH` begins the query of another CTE or of a subquery expression.
            let is_outer =
                starts_query && self.ctes.iter().take(depth).any(|outer| self.names.same(&outer.cte.name, &cte.name));
            match (is_outer, policy.as_str()) {
                (true, "EXCEPTION") => {
                    return Err(SparkError::analysis("AMBIGUOUS_ALIAS_IN_NESTED_CTE")
                        .param("name", kindling_spec::quote_identifier(&cte.name))
                        .param("config", "\"spark.sql.legacy.ctePrecedencePolicy\"")
                        .param("docroot", "https://spark.apache.org/docs/latest"));
                }
                // The name means what it means outside.
                (true, "LEGACY") => continue,
                _ => {}
            }
            let visible = self.ctes.len();
            let recursive = recursive && mentions(&cte.query, &cte.name);
            self.ctes.push(CteInScope { cte: cte.clone(), visible, recursive });
        }
        let result = f(self);
        self.ctes.truncate(depth);
        result
    }

    pub(super) fn data_source(&mut self, source: &DataSource) -> SparkResult<Resolved> {
        if source.is_streaming {
            return self.streaming_source(source);
        }
        let name = source.format.clone().unwrap_or_else(|| self.conf.value(&conf::DEFAULT_SOURCE).to_string());
        let format = FileFormat::find(&name)?;
        let schema = match &source.schema {
            Some(text) => Some(parse_schema(text)?),
            None => None,
        };
        let mut paths = source.paths.clone();
        if paths.is_empty() {
            paths.extend(
                source.options.iter().find(|(key, _)| key.eq_ignore_ascii_case("path")).map(|(_, v)| v.clone()),
            );
        }
        self.files(format, paths, schema, &source.options, None)
    }

    fn files(
        &mut self,
        format: FileFormat,
        paths: Vec<String>,
        schema: Option<StructType>,
        options: &Options,
        table: Option<TableFiles>,
    ) -> SparkResult<Resolved> {
        match format {
            FileFormat::Xml => self.xml_files(paths, schema, options, table),
            _ => self.scan(format, paths, schema, options, table),
        }
    }

    pub(super) fn scan(
        &mut self,
        format: FileFormat,
        paths: Vec<String>,
        schema: Option<StructType>,
        options: &Options,
        table: Option<TableFiles>,
    ) -> SparkResult<Resolved> {
        let request = SourceRequest {
            format,
            table,
            paths,
            schema,
            options: SourceOptions::new(options.iter().map(|(key, value)| (key.clone(), value.clone()))),
            conf: self.conf.clone(),
            inferred: Arc::clone(&self.state.inferred_schemas),
        };
        let table = resolve_source(Arc::clone(&self.state.file_system), &request)?;
        let attributes: Vec<Attribute> =
            table.spark_schema().fields.iter().map(|field| self.new_column(field)).collect();
        let names = attributes.iter().map(Attribute::internal_name).collect();
        let table = table.with_column_names(names);
        let scan_name = TableReference::bare(format!("{}_{}", format.short_name(), self.state.next_id()));
        let source = provider_as_source(Arc::new(table));
        let scan = TableScanBuilder::new(scan_name.clone(), source).build().map_err(from_datafusion)?;
        // A scan's columns are qualified; ours are not.
        let exprs: Vec<DfExpr> = attributes
            .iter()
            .map(|attribute| {
                let name = attribute.internal_name();
                DfExpr::Column(datafusion::common::Column::new(Some(scan_name.clone()), &name)).alias(name)
            })
            .collect();
        let plan = plan::project(LogicalPlan::TableScan(scan), exprs)?;
        Ok(Resolved::new(plan, attributes))
    }

    /// `FROM f(…)`.
    pub(super) fn table_function(&mut self, name: &[String], arguments: &[Expr]) -> SparkResult<Resolved> {
        let function = super::expression::builtin_name(name).unwrap_or_default();
        if function == "range" {
            return self.range_function(arguments);
        }
        if function == "sql_keywords" {
            return self.sql_keywords(arguments);
        }
        if function == "collations" {
            return self.collations(arguments);
        }
        match kindling_functions::lookup(&function).map(|entry| entry.kind) {
            Some(FunctionKind::Generator(_)) => self.generator_relation(&Expr::call(function, arguments.to_vec())),
            Some(_) => Err(SparkError::analysis("NOT_A_TABLE_FUNCTION").param("functionName", quote_parts(name))),
            None => match self.sql_function(name)? {
                Some(routine) => {
                    if routine.is_temporary() && self.views.is_empty() {
                        self.temporary_used.push(("FUNCTION", routine.name.join(".")));
                    }
                    self.sql_table_function(&routine, arguments)
                }
                None => {
                    Err(SparkError::analysis("UNRESOLVABLE_TABLE_VALUED_FUNCTION").param("name", quote_parts(name)))
                }
            },
        }
    }

    /// `sql_keywords()`
    fn sql_keywords(&mut self, arguments: &[Expr]) -> SparkResult<Resolved> {
        check_no_arguments("sql_keywords", arguments)?;
        let options = self.parser_options();
        let enforced = options.ansi && options.enforce_reserved_keywords;
        let (words, reserved): (Vec<&str>, Vec<bool>) =
            kindling_sql::keywords().map(|(word, reserved)| (word, reserved && enforced)).unzip();
        let schema = StructType {
            fields: vec![
                StructField::new("keyword", DataType::String, false),
                StructField::new("reserved", DataType::Boolean, false),
            ],
        };
        let columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(words)), Arc::new(BooleanArray::from(reserved))];
        let batch = RecordBatch::try_new(Arc::new(to_arrow_schema(&schema)), columns).map_err(from_arrow_error)?;
        self.local_rows(&schema, vec![batch])
    }

    /// `collations()`: those there are, which is one.
    fn collations(&mut self, arguments: &[Expr]) -> SparkResult<Resolved> {
        check_no_arguments("collations", arguments)?;
        let row = [
            ("CATALOG", Some("SYSTEM"), false),
            ("SCHEMA", Some("BUILTIN"), false),
            ("NAME", Some("UTF8_BINARY"), false),
            ("LANGUAGE", None, true),
            ("COUNTRY", None, true),
            ("ACCENT_SENSITIVITY", Some("ACCENT_SENSITIVE"), false),
            ("CASE_SENSITIVITY", Some("CASE_SENSITIVE"), false),
            ("PAD_ATTRIBUTE", Some("NO_PAD"), false),
            ("ICU_VERSION", None, true),
        ];
        let fields = row.iter().map(|(name, _, nullable)| StructField::new(*name, DataType::String, *nullable));
        let schema = StructType { fields: fields.collect() };
        let columns = row.iter().map(|(_, value, _)| Arc::new(StringArray::from(vec![*value])) as ArrayRef);
        let batch = RecordBatch::try_new(Arc::new(to_arrow_schema(&schema)), columns.collect());
        self.local_rows(&schema, vec![batch.map_err(from_arrow_error)?])
    }

    fn range_function(&mut self, arguments: &[Expr]) -> SparkResult<Resolved> {
        let mut numbers = vec![];
        for (index, argument) in arguments.iter().enumerate() {
            let names: &[&str] = if arguments.len() == 1 { &["end"] } else { &["start", "end", "step", "numSlices"] };
            let name = names.get(index).copied().unwrap_or("end");
            let scope = super::scope::Scope::default();
            let mut context = super::expression::ExprContext::new(&scope, "FROM");
            let value = self.expression(argument, &mut context)?;
            let unexpected = || {
                let place = ["first", "second", "third", "fourth"].get(index + usize::from(arguments.len() == 1));
                SparkError::analysis("UNEXPECTED_INPUT_TYPE")
                    .param("functionName", "`range`")
                    .param("paramIndex", place.copied().unwrap_or("first"))
                    .param("requiredType", "\"BIGINT\"")
                    .param("inputSql", format!("\"{}\"", value.text))
                    .param("inputType", format!("\"{}\"", value.typed.data_type.sql()))
            };
            let long = kindling_spec::DataType::Long;
            let from = &value.typed.data_type;
            if !(from.is_numeric() || from.is_string()) {
                return Err(unexpected());
            }
            let typed = self.cast_typed(value.typed.clone(), &long)?;
            match kindling_functions::fold(&typed)? {
                Some(datafusion::scalar::ScalarValue::Int64(Some(number))) => numbers.push(number),
                Some(_) => return Err(unexpected()),
                None => {
                    return Err(SparkError::analysis("NON_FOLDABLE_ARGUMENT")
                        .param("funcName", "`range`")
                        .param("paramName", format!("`{name}`"))
                        .param("paramType", "\"BIGINT\""));
                }
            }
        }
        if let [_, _, 0, ..] = numbers.as_slice() {
            return Err(SparkError::analysis("FAILED_FUNCTION_CALL").param("funcName", "`range`"));
        }
        match numbers.as_slice() {
            [end] => self.range(0, *end, 1, None),
            [start, end] => self.range(*start, *end, 1, None),
            [start, end, step] => self.range(*start, *end, *step, None),
            [start, end, step, partitions] => self.range(*start, *end, *step, usize::try_from(*partitions).ok()),
            _ => Err(SparkError::analysis("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
                .param("functionName", "`range`")
                .param("expectedNum", "[1, 2, 3, 4]")
                .param("actualNum", numbers.len().to_string())
                .param("docroot", "https://spark.apache.org/docs/latest")),
        }
    }
}

fn check_no_arguments(function: &str, arguments: &[Expr]) -> SparkResult<()> {
    if arguments.is_empty() {
        return Ok(());
    }
    Err(SparkError::analysis("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
        .param("functionName", format!("`{function}`"))
        .param("expectedNum", "0")
        .param("actualNum", arguments.len().to_string())
        .param("docroot", "https://spark.apache.org/docs/latest"))
}

/// A view's query has lost a column.
fn incompatible(view: &[String], suggestion: String, column: &str) -> SparkError {
    SparkError::analysis("INCOMPATIBLE_VIEW_SCHEMA_CHANGE")
        .param("viewName", quote_parts(view))
        .param("suggestion", suggestion)
        .param("actualCols", "[]")
        .param("colName", column)
        .param("expectedNum", "1")
}

/// Whether a query reads a table of a name, so that a CTE of that name is recursive.
pub(super) fn mentions(relation: &Relation, name: &str) -> bool {
    // A name that the query itself defines is another one.
    if let RelationKind::WithCtes { ctes, .. } = &relation.kind
        && ctes.iter().any(|cte| cte.name.eq_ignore_ascii_case(name))
    {
        return false;
    }
    // The unresolved plan has no visitor; its debug form names each table it reads.
    let text = format!("{relation:?}").to_lowercase();
    text.contains(&format!("NamedTable {{ name: [{name:?}]").to_lowercase())
}
