//! The catalog's errors.

use kindling_common::SparkError;

use super::{SESSION_CATALOG, SessionCatalog, TableIdentifier};
use crate::attribute::quote_parts;

/// `TABLE_OR_VIEW_NOT_FOUND` for a name in a query, with the path that was searched.
pub fn table_or_view_not_found(catalog: &SessionCatalog, name: &[String]) -> SparkError {
    let path = [
        quote_parts(&["system", "builtin"]),
        quote_parts(&["system", "session"]),
        quote_parts(&[SESSION_CATALOG, &catalog.current_database()]),
    ];
    SparkError::analysis("TABLE_OR_VIEW_NOT_FOUND")
        .param("relationName", quote_parts(name))
        .param("searchPath", format!("[{}]", path.join(", ")))
}

/// `TABLE_OR_VIEW_NOT_FOUND` for the object of a command.
pub fn command_target_not_found(catalog: &SessionCatalog, identifier: &TableIdentifier) -> SparkError {
    let path = quote_parts(&[SESSION_CATALOG, &catalog.current_database()]);
    SparkError::analysis("TABLE_OR_VIEW_NOT_FOUND")
        .param("relationName", identifier.quoted())
        .param("searchPath", format!("[{path}]"))
}

/// `SCHEMA_NOT_FOUND`
pub fn schema_not_found(name: &str) -> SparkError {
    SparkError::analysis("SCHEMA_NOT_FOUND").param("schemaName", quote_parts(&[SESSION_CATALOG, &name.to_lowercase()]))
}

/// `TABLE_OR_VIEW_ALREADY_EXISTS`
pub fn table_already_exists(identifier: &TableIdentifier) -> SparkError {
    SparkError::analysis("TABLE_OR_VIEW_ALREADY_EXISTS").param("relationName", identifier.quoted())
}

/// `TEMP_TABLE_OR_VIEW_ALREADY_EXISTS`
pub fn temp_view_already_exists(name: &[String]) -> SparkError {
    SparkError::analysis("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS").param("relationName", quote_parts(name))
}

/// `CATALOG_NOT_FOUND`
pub fn catalog_not_found(name: &str) -> SparkError {
    SparkError::analysis("CATALOG_NOT_FOUND")
        .param("catalogName", kindling_spec::quote_identifier(name))
        .param("config", format!("\"spark.sql.catalog.{name}\""))
}
