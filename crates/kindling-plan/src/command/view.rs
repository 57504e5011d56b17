//! Views: temporary, global and persistent.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{CreateView, Relation, RelationKind, StructField, StructType, ViewScope};

use super::{CommandContext, CommandOutput};
use crate::{
    analyze,
    attribute::quote_parts,
    catalog::{CatalogTable, CatalogTableType, TempView, ViewDefinition, errors},
};

impl CommandContext<'_> {
    pub(super) fn create_view(&self, view: &CreateView) -> SparkResult<CommandOutput> {
        if view.scope == ViewScope::Persistent {
            return self.create_persistent_view(view);
        }
        let catalog = &self.state.catalog;
        let global = view.scope == ViewScope::GlobalTemp;
        let name = match view.name.as_slice() {
            [name] => name,
            [database, name] if global && database.eq_ignore_ascii_case(crate::catalog::GLOBAL_TEMP_DATABASE) => name,
            parts => {
                return Err(
                    SparkError::analysis("TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS").param("actualName", quote_parts(parts))
                );
            }
        };
        // Errors of the query show when the view is made.
        let schema = analyze(self.state, &view.query)?.schema();
        self.check_view_columns(view, &schema)?;
        let exists = if global { catalog.global_temp_view(name).is_some() } else { catalog.temp_view(name).is_some() };
        if exists && !view.replace {
            let shown = if global { vec!["global_temp".to_string(), name.clone()] } else { vec![name.clone()] };
            return Err(errors::temp_view_already_exists(&shown));
        }
        let query = renamed(view);
        let bound = view.query_text.as_ref().map(|_| {
            let names = view.columns.iter().map(|(name, _)| name.clone());
            let mut columns = schema.clone();
            columns.fields.iter_mut().zip(names).for_each(|(field, name)| field.name = name);
            (catalog.current_database(), columns)
        });
        let temp = TempView { name: name.clone(), query, query_text: view.query_text.clone(), bound };
        let before = if global { catalog.global_temp_view(name) } else { catalog.temp_view(name) };
        if let Some(before) = before {
            self.uncache_replaced(&before, &temp)?;
        }
        if global {
            catalog.create_global_temp_view(temp)
        } else {
            catalog.create_temp_view(temp)
        }
        Ok(CommandOutput::empty())
    }

    fn check_view_columns(&self, view: &CreateView, schema: &StructType) -> SparkResult<()> {
        if view.columns.is_empty() || view.columns.len() == schema.fields.len() {
            return Ok(());
        }
        let condition = if view.columns.len() > schema.fields.len() {
            "CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS"
        } else {
            "CREATE_VIEW_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS"
        };
        let list = |names: Vec<&String>| {
            names.iter().map(|name| kindling_spec::quote_identifier(name)).collect::<Vec<_>>().join(", ")
        };
        Err(SparkError::analysis(condition)
            .param("viewName", quote_parts(&view.name))
            .param("viewColumns", list(view.columns.iter().map(|(name, _)| name).collect()))
            .param("dataColumns", list(schema.fields.iter().map(|field| &field.name).collect())))
    }

    fn create_persistent_view(&self, view: &CreateView) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        let Some(text) = view.query_text.clone() else {
            return Err(SparkError::unsupported("a persistent view of a DataFrame"));
        };
        let identifier = catalog.qualify(&view.name)?;
        catalog.database(&identifier.database)?;
        let existing = catalog.table(&identifier)?;
        if let Some(existing) = &existing {
            if view.if_not_exists {
                return Ok(CommandOutput::empty());
            }
            if !existing.is_view() {
                return Err(SparkError::analysis("EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE")
                    .param("tableName", identifier.quoted())
                    .param("operation", if view.replace { "CREATE OR REPLACE VIEW" } else { "CREATE VIEW" }));
            }
            if !view.replace {
                return Err(errors::table_already_exists(&identifier));
            }
        }
        let query = crate::resolver::raw_schema(analyze(self.state, &view.query)?.schema());
        self.check_view_columns(view, &query)?;
        if let Some((kind, name)) = crate::resolver::Resolver::new(self.state)?.temporary_in(&view.query)? {
            return Err(SparkError::analysis("INVALID_TEMP_OBJ_REFERENCE")
                .param("obj", "VIEW")
                .param("objName", identifier.quoted())
                .param("tempObj", kind)
                .param("tempObjName", quote_parts(&[name])));
        }
        let query_columns = query.fields.iter().map(|field| field.name.clone()).collect();
        let mut properties = view.properties.clone();
        let schema_mode = properties
            .remove("view.schemaMode")
            .unwrap_or_else(|| crate::resolver::default_schema_mode(&self.state.conf.read()).to_string());
        let table = CatalogTable {
            identifier,
            table_type: CatalogTableType::View,
            schema: view_schema(query, &view.columns),
            provider: None,
            options: Default::default(),
            partition_columns: vec![],
            bucket_spec: None,
            partitions: None,
            statistics: None,
            location: None,
            comment: view.comment.clone(),
            properties,
            defaults: Default::default(),
            created_at: self.state.clock.now_millis(),
            view: Some(ViewDefinition { text, database: catalog.current_database(), query_columns, schema_mode }),
        };
        if let Some(existing) = &existing {
            self.uncache_files_of(existing)?;
            catalog.alter_table(&table)?
        } else {
            catalog.create_table(&table)?
        }
        Ok(CommandOutput::empty())
    }

    /// `ALTER VIEW … AS query`
    pub(super) fn alter_view_query(&self, name: &[String], query: &Relation, text: &str) -> SparkResult<CommandOutput> {
        let catalog = &self.state.catalog;
        if let [single] = name
            && let Some(view) = catalog.temp_view(single)
        {
            let schema = analyze(self.state, query)?.schema();
            self.uncache_temp_view(&view);
            let bound = Some((catalog.current_database(), schema));
            let query = query.clone();
            catalog.create_temp_view(TempView { query, query_text: Some(text.to_string()), bound, ..view });
            return Ok(CommandOutput::empty());
        }
        let mut table = self.view_of(name, "ALTER VIEW ... AS")?;
        let schema = analyze(self.state, query)?.schema();
        self.uncache_files_of(&table)?;
        if let Some(view) = &mut table.view {
            view.text = text.to_string();
            view.database = catalog.current_database();
            view.query_columns = schema.fields.iter().map(|field| field.name.clone()).collect();
        }
        table.schema = schema;
        catalog.alter_table(&table)?;
        Ok(CommandOutput::empty())
    }

    /// A persistent view by name.
    pub(super) fn view_of(&self, name: &[String], operation: &str) -> SparkResult<CatalogTable> {
        let table = self.state.catalog.table_by_name(name)?;
        if table.is_view() {
            return Ok(table);
        }
        Err(SparkError::analysis("EXPECT_VIEW_NOT_TABLE.USE_ALTER_TABLE")
            .param("tableName", table.identifier.quoted())
            .param("operation", operation))
    }
}

/// The query with the view's column names.
fn renamed(view: &CreateView) -> Relation {
    if view.columns.is_empty() {
        return view.query.clone();
    }
    let column_names = view.columns.iter().map(|(name, _)| name.clone()).collect();
    RelationKind::ToDf { input: Box::new(view.query.clone()), column_names }.into()
}

fn view_schema(query: StructType, columns: &[(String, Option<String>)]) -> StructType {
    if columns.is_empty() {
        return query;
    }
    let fields = query.fields.into_iter().zip(columns).map(|(field, (name, comment))| StructField {
        name: name.clone(),
        metadata: match comment {
            Some(comment) => Some(serde_json::json!({ "comment": comment }).to_string()),
            None => field.metadata,
        },
        ..field
    });
    StructType { fields: fields.collect() }
}
