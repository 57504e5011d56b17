//! `SHOW CREATE TABLE`.

use std::collections::BTreeMap;

use kindling_common::{RuntimeConfig, SparkError, SparkResult};
use kindling_spec::{DataType, StructField, quote_if_needed};

use super::{
    CommandContext, CommandOutput,
    describe::comment_of,
    rows::{output, text},
};
use crate::catalog::{CatalogRelation, CatalogTable, CatalogTableType, errors};

fn quoted_text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn pairs(map: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> =
        map.iter().map(|(key, value)| format!("  {} = {}", quoted_text(key), quoted_text(value))).collect();
    format!("(\n{})\n", pairs.join(",\n"))
}

impl CommandContext<'_> {
    pub(super) fn show_create_table(&self, name: &[String]) -> SparkResult<CommandOutput> {
        let statement = self.create_statement(name)?;
        output(vec![text("createtab_stmt", false)], vec![vec![statement.into()]])
    }

    pub(super) fn create_statement(&self, name: &[String]) -> SparkResult<String> {
        match self.state.catalog.lookup_relation(name) {
            Some(CatalogRelation::Table(table)) => Ok(table_statement(&table)),
            Some(CatalogRelation::View(view)) => Ok(view_statement(&view, &self.state.conf.read())),
            Some(CatalogRelation::TempView(_) | CatalogRelation::GlobalTempView(_)) => {
                Err(SparkError::analysis("EXPECT_PERMANENT_VIEW_NOT_TEMP")
                    .param("viewName", crate::attribute::quote_parts(name))
                    .param("operation", "SHOW CREATE TABLE"))
            }
            None => Err(errors::table_or_view_not_found(&self.state.catalog, name)),
        }
    }
}

fn column(table: &CatalogTable, field: &StructField) -> String {
    // Strings carry their collation here.
    let data_type = match &field.data_type {
        DataType::String => "STRING COLLATE UTF8_BINARY".to_string(),
        other => other.sql(),
    };
    let mut out = format!("  {} {data_type}", quote_if_needed(&field.name));
    if !field.nullable {
        out.push_str(" NOT NULL");
    }
    if let Some(default) = table.defaults.get(&field.name) {
        out.push_str(&format!(" DEFAULT {default}"));
    }
    if let Some(comment) = comment_of(field) {
        out.push_str(&format!(" COMMENT {}", quoted_text(&comment)));
    }
    out
}

fn table_statement(table: &CatalogTable) -> String {
    let columns: Vec<String> = table.schema.fields.iter().map(|field| column(table, field)).collect();
    let names = |names: &[String]| names.iter().map(|name| quote_if_needed(name)).collect::<Vec<_>>().join(", ");
    let mut out = format!("CREATE TABLE {} (\n{})\n", table.identifier.unquoted(), columns.join(",\n"));
    if let Some(provider) = &table.provider {
        out.push_str(&format!("USING {provider}\n"));
    }
    if !table.options.is_empty() {
        out.push_str(&format!("OPTIONS {}", pairs(&table.options)));
    }
    if !table.partition_columns.is_empty() {
        out.push_str(&format!("PARTITIONED BY ({})\n", names(&table.partition_columns)));
    }
    if let Some(spec) = &table.bucket_spec {
        out.push_str(&format!("CLUSTERED BY ({})\n", names(&spec.columns)));
        if !spec.sort_columns.is_empty() {
            out.push_str(&format!("SORTED BY ({})\n", names(&spec.sort_columns)));
        }
        out.push_str(&format!("INTO {} BUCKETS\n", spec.num_buckets));
    }
    if let Some(comment) = &table.comment {
        out.push_str(&format!("COMMENT {}\n", quoted_text(comment)));
    }
    if let (CatalogTableType::External, Some(location)) = (table.table_type, &table.location) {
        out.push_str(&format!("LOCATION {}\n", quoted_text(location)));
    }
    if !table.properties.is_empty() {
        out.push_str(&format!("TBLPROPERTIES {}", pairs(&table.properties)));
    }
    out
}

fn view_statement(table: &CatalogTable, conf: &RuntimeConfig) -> String {
    let columns = table.schema.fields.iter().map(|field| match comment_of(field) {
        Some(comment) => format!("  {} COMMENT {}", quote_if_needed(&field.name), quoted_text(&comment)),
        None => format!("  {}", quote_if_needed(&field.name)),
    });
    let columns: Vec<String> = columns.collect();
    let name = format!("{}.{}", table.identifier.database, table.identifier.table);
    let mut out = format!("CREATE VIEW {name} (\n{})\n", columns.join(",\n"));
    if let Some(comment) = &table.comment {
        out.push_str(&format!("COMMENT {}\n", quoted_text(comment)));
    }
    if !table.properties.is_empty() {
        out.push_str(&format!("TBLPROPERTIES {}", pairs(&table.properties)));
    }
    if let Some(view) = &table.view {
        let mode = crate::resolver::schema_mode(conf, &view.schema_mode);
        if mode != "UNSUPPORTED" {
            out.push_str(&format!("WITH SCHEMA {mode}\n"));
        }
        out.push_str(&format!("AS {}\n", view.text));
    }
    out
}
