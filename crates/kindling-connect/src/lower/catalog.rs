//! `spark.catalog` calls.

use kindling_common::SparkResult;
use kindling_proto::connect::{self as proto, catalog::CatType};
use kindling_spec::{CatalogCall, Command, DataType, StorageLevel, StructType};

use super::{data_type::lower_data_type, invalid_plan, relation::options, required};

/// A catalog message as a command; those that only change the catalog are the SQL statements they stand for.
pub fn lower_catalog(catalog: &proto::Catalog) -> SparkResult<Command> {
    let name = |name: &str| kindling_sql::parse_multipart_identifier(name);
    Ok(Command::Catalog(match required(catalog.cat_type.clone(), "catalog call")? {
        CatType::CurrentDatabase(_) => CatalogCall::CurrentDatabase,
        CatType::SetCurrentDatabase(call) => CatalogCall::SetCurrentDatabase { db_name: call.db_name },
        CatType::ListDatabases(call) => CatalogCall::ListDatabases { pattern: call.pattern },
        CatType::ListTables(call) => CatalogCall::ListTables { db_name: call.db_name, pattern: call.pattern },
        CatType::ListFunctions(call) => CatalogCall::ListFunctions { db_name: call.db_name, pattern: call.pattern },
        CatType::ListColumns(call) => CatalogCall::ListColumns { table_name: call.table_name, db_name: call.db_name },
        CatType::GetDatabase(call) => CatalogCall::GetDatabase { db_name: call.db_name },
        CatType::GetTable(call) => CatalogCall::GetTable { table_name: call.table_name, db_name: call.db_name },
        CatType::GetFunction(call) => {
            CatalogCall::GetFunction { function_name: call.function_name, db_name: call.db_name }
        }
        CatType::DatabaseExists(call) => CatalogCall::DatabaseExists { db_name: call.db_name },
        CatType::TableExists(call) => CatalogCall::TableExists { table_name: call.table_name, db_name: call.db_name },
        CatType::FunctionExists(call) => {
            CatalogCall::FunctionExists { function_name: call.function_name, db_name: call.db_name }
        }
        CatType::CreateExternalTable(call) => CatalogCall::CreateTable {
            table_name: call.table_name,
            path: call.path,
            source: call.source,
            description: None,
            schema: schema(call.schema)?,
            options: options(&call.options),
            external: true,
        },
        CatType::CreateTable(call) => CatalogCall::CreateTable {
            table_name: call.table_name,
            path: call.path,
            source: call.source,
            description: call.description,
            schema: schema(call.schema)?,
            options: options(&call.options),
            external: false,
        },
        CatType::DropTempView(call) => CatalogCall::DropTempView { view_name: call.view_name },
        CatType::DropGlobalTempView(call) => CatalogCall::DropGlobalTempView { view_name: call.view_name },
        CatType::RecoverPartitions(call) => CatalogCall::RecoverPartitions { table_name: call.table_name },
        CatType::IsCached(call) => CatalogCall::IsCached { table_name: call.table_name },
        CatType::CacheTable(call) => CatalogCall::CacheTable {
            table_name: call.table_name,
            storage_level: call.storage_level.as_ref().map(lower_storage_level),
        },
        CatType::UncacheTable(call) => CatalogCall::UncacheTable { table_name: call.table_name },
        CatType::ClearCache(_) => CatalogCall::ClearCache,
        CatType::RefreshTable(call) => CatalogCall::RefreshTable { table_name: call.table_name },
        CatType::RefreshByPath(call) => CatalogCall::RefreshByPath { path: call.path },
        CatType::CurrentCatalog(_) => CatalogCall::CurrentCatalog,
        CatType::SetCurrentCatalog(call) => CatalogCall::SetCurrentCatalog { catalog_name: call.catalog_name },
        CatType::ListCatalogs(call) => CatalogCall::ListCatalogs { pattern: call.pattern },
        CatType::ListPartitions(call) => CatalogCall::ListPartitions { table_name: call.table_name },
        CatType::ListViews(call) => CatalogCall::ListViews { db_name: call.db_name, pattern: call.pattern },
        CatType::GetTableProperties(call) => CatalogCall::GetTableProperties { table_name: call.table_name },
        CatType::GetCreateTableString(call) => {
            CatalogCall::GetCreateTableString { table_name: call.table_name, as_serde: call.as_serde }
        }
        CatType::DropTable(call) => {
            return Ok(Command::DropTable {
                name: name(&call.table_name)?,
                if_exists: call.if_exists,
                is_view: false,
                purge: call.purge,
            });
        }
        CatType::DropView(call) => {
            return Ok(Command::DropTable {
                name: name(&call.view_name)?,
                if_exists: call.if_exists,
                is_view: true,
                purge: false,
            });
        }
        CatType::CreateDatabase(call) => {
            return Ok(Command::CreateNamespace {
                name: name(&call.db_name)?,
                if_not_exists: call.if_not_exists,
                comment: call.properties.get("comment").cloned(),
                location: call.properties.get("location").cloned(),
                properties: options(
                    call.properties.iter().filter(|(key, _)| !["comment", "location"].contains(&key.as_str())),
                ),
            });
        }
        CatType::DropDatabase(call) => {
            return Ok(Command::DropNamespace {
                name: name(&call.db_name)?,
                if_exists: call.if_exists,
                cascade: call.cascade,
            });
        }
        CatType::TruncateTable(call) => {
            return Ok(Command::TruncateTable { name: name(&call.table_name)?, partition: vec![] });
        }
        CatType::AnalyzeTable(call) => {
            return Ok(Command::AnalyzeTable {
                table: name(&call.table_name)?,
                partition: vec![],
                columns: vec![],
                all_columns: false,
                no_scan: call.no_scan,
            });
        }
    }))
}

fn schema(data_type: Option<proto::DataType>) -> SparkResult<Option<StructType>> {
    match data_type.as_ref().map(lower_data_type).transpose()? {
        None => Ok(None),
        Some(DataType::Struct(schema)) => Ok(Some(schema)),
        Some(other) => Err(invalid_plan(format!("schema must be a struct, not {}", other.simple_string()))),
    }
}

/// Spark's storage level as the protocol's.
pub fn raise_storage_level(level: StorageLevel) -> proto::StorageLevel {
    proto::StorageLevel {
        use_disk: level.use_disk,
        use_memory: level.use_memory,
        use_off_heap: level.use_off_heap,
        deserialized: level.deserialized,
        replication: i32::try_from(level.replication).unwrap_or(1),
    }
}

/// The protocol's storage level as Spark's.
pub fn lower_storage_level(level: &proto::StorageLevel) -> StorageLevel {
    StorageLevel {
        use_disk: level.use_disk,
        use_memory: level.use_memory,
        use_off_heap: level.use_off_heap,
        deserialized: level.deserialized,
        replication: u32::try_from(level.replication).unwrap_or(1),
    }
}
