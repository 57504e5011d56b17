//! The catalog's files: `<warehouse>/_catalog/<database>/_database.json` and `…/<table>.json`.

use std::{collections::BTreeMap, sync::Arc};

use kindling_common::{SparkError, SparkResult};
use kindling_datasource::{FilePath, FileSystem, FsErrorKind};
use serde_json::Value;

use super::{CatalogDatabase, CatalogTable, DEFAULT_DATABASE, SqlFunction, TableIdentifier};

const DATABASE_FILE: &str = "_database.json";

/// Reads and writes the catalog's files.
#[derive(Debug)]
pub(super) struct Warehouse {
    file_system: Arc<dyn FileSystem>,
    directory: String,
}

impl Warehouse {
    pub(super) fn new(file_system: Arc<dyn FileSystem>, directory: &str) -> Warehouse {
        Warehouse { file_system, directory: directory.to_string() }
    }

    fn root(&self) -> SparkResult<FilePath> {
        Ok(self.file_system.resolve(&self.directory)?)
    }

    fn database_folder(&self, name: &str) -> SparkResult<FilePath> {
        Ok(self.root()?.join("_catalog").join(&file_name(name)))
    }

    fn table_file(&self, identifier: &TableIdentifier) -> SparkResult<FilePath> {
        let folder = self.database_folder(&identifier.database)?;
        Ok(folder.join(&format!("{}.json", file_name(&identifier.table))))
    }

    fn read(&self, path: &FilePath) -> SparkResult<Option<Value>> {
        match self.file_system.read_all(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| SparkError::internal(format!("the catalog's file {path} is damaged: {error}"))),
            Err(error) if matches!(error.kind, FsErrorKind::NotFound | FsErrorKind::WrongKind) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn write(&self, path: &FilePath, value: &Value) -> SparkResult<()> {
        Ok(self.file_system.write_all(path, format!("{value:#}").as_bytes())?)
    }

    fn list(&self, folder: &FilePath) -> SparkResult<Vec<kindling_datasource::FileStatus>> {
        match self.file_system.list(folder) {
            Ok(children) => Ok(children),
            Err(error) if error.kind == FsErrorKind::NotFound => Ok(vec![]),
            Err(error) => Err(error.into()),
        }
    }

    // Databases.

    fn default_database(&self) -> SparkResult<CatalogDatabase> {
        Ok(CatalogDatabase {
            name: DEFAULT_DATABASE.into(),
            description: "default database".into(),
            location: self.root()?.uri(),
            properties: BTreeMap::new(),
        })
    }

    pub(super) fn database_location(&self, name: &str) -> SparkResult<String> {
        Ok(self.root()?.join(&format!("{}.db", name.to_lowercase())).uri())
    }

    pub(super) fn database(&self, name: &str) -> SparkResult<Option<CatalogDatabase>> {
        let name = name.to_lowercase();
        let stored = self.read(&self.database_folder(&name)?.join(DATABASE_FILE))?;
        match stored.as_ref().and_then(CatalogDatabase::from_json) {
            Some(database) => Ok(Some(database)),
            None if name == DEFAULT_DATABASE => self.default_database().map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn databases(&self) -> SparkResult<Vec<CatalogDatabase>> {
        let mut names = vec![DEFAULT_DATABASE.to_string()];
        for child in self.list(&self.root()?.join("_catalog"))? {
            let name = unescaped(child.path.name());
            if child.is_dir && name != DEFAULT_DATABASE {
                names.push(name);
            }
        }
        names.sort();
        let mut databases = vec![];
        for name in names {
            databases.extend(self.database(&name)?);
        }
        Ok(databases)
    }

    pub(super) fn put_database(&self, database: &CatalogDatabase) -> SparkResult<()> {
        self.write(&self.database_folder(&database.name)?.join(DATABASE_FILE), &database.to_json())
    }

    pub(super) fn remove_database(&self, database: &CatalogDatabase) -> SparkResult<()> {
        self.file_system.delete(&self.database_folder(&database.name)?, true)?;
        self.remove_folder(&database.location)
    }

    // Tables.

    pub(super) fn table(&self, identifier: &TableIdentifier) -> SparkResult<Option<CatalogTable>> {
        let path = self.table_file(identifier)?;
        match self.read(&path)? {
            None => Ok(None),
            Some(value) => CatalogTable::from_json(&value)
                .map(Some)
                .ok_or_else(|| SparkError::internal(format!("the catalog's file {path} is damaged"))),
        }
    }

    pub(super) fn tables(&self, database: &str) -> SparkResult<Vec<CatalogTable>> {
        let mut tables = vec![];
        for child in self.list(&self.database_folder(&database.to_lowercase())?)? {
            let name = child.path.name();
            if name != DATABASE_FILE
                && name.ends_with(".json")
                && let Some(value) = self.read(&child.path)?
            {
                tables.extend(CatalogTable::from_json(&value));
            }
        }
        tables.sort_by(|a, b| a.identifier.table.cmp(&b.identifier.table));
        Ok(tables)
    }

    pub(super) fn put_table(&self, table: &CatalogTable) -> SparkResult<()> {
        self.write(&self.table_file(&table.identifier)?, &table.to_json())
    }

    pub(super) fn remove_table(&self, identifier: &TableIdentifier) -> SparkResult<()> {
        self.file_system.delete(&self.table_file(identifier)?, false)?;
        Ok(())
    }

    // Functions, in a folder beside the tables.

    fn function_file(&self, identifier: &TableIdentifier) -> SparkResult<FilePath> {
        let folder = self.database_folder(&identifier.database)?.join("_functions");
        Ok(folder.join(&format!("{}.json", file_name(&identifier.table))))
    }

    pub(super) fn function(&self, identifier: &TableIdentifier) -> SparkResult<Option<SqlFunction>> {
        Ok(self.read(&self.function_file(identifier)?)?.as_ref().and_then(SqlFunction::from_json))
    }

    pub(super) fn functions(&self, database: &str) -> SparkResult<Vec<SqlFunction>> {
        let mut functions = vec![];
        for child in self.list(&self.database_folder(&database.to_lowercase())?.join("_functions"))? {
            functions.extend(self.read(&child.path)?.as_ref().and_then(SqlFunction::from_json));
        }
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(functions)
    }

    pub(super) fn put_function(&self, identifier: &TableIdentifier, function: &SqlFunction) -> SparkResult<()> {
        self.write(&self.function_file(identifier)?, &function.to_json())
    }

    pub(super) fn remove_function(&self, identifier: &TableIdentifier) -> SparkResult<bool> {
        let existed = self.function(identifier)?.is_some();
        if existed {
            self.file_system.delete(&self.function_file(identifier)?, false)?;
        }
        Ok(existed)
    }

    // Folders.

    pub(super) fn make_folder(&self, location: &str) -> SparkResult<()> {
        Ok(self.file_system.mkdirs(&self.file_system.resolve(location)?)?)
    }

    pub(super) fn remove_folder(&self, location: &str) -> SparkResult<()> {
        self.file_system.delete(&self.file_system.resolve(location)?, true)?;
        Ok(())
    }

    pub(super) fn rename_folder(&self, from: &str, to: &str) -> SparkResult<()> {
        let (from, to) = (self.file_system.resolve(from)?, self.file_system.resolve(to)?);
        Ok(self.file_system.rename(&from, &to)?)
    }

    pub(super) fn is_empty_folder(&self, location: &str) -> SparkResult<bool> {
        Ok(self.list(&self.file_system.resolve(location)?)?.is_empty())
    }
}

/// A name as a file name: lower case, and what a path may not hold as `%xx`.
fn file_name(name: &str) -> String {
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_alphanumeric() || "_- ".contains(c) {
            out.push(c);
        } else {
            out.push_str(&format!("%{:04x}", c as u32));
        }
    }
    out
}

fn unescaped(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(at) = rest.find('%') {
        out.push_str(rest.get(..at).unwrap_or(""));
        let code = rest.get(at + 1..at + 5).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        out.extend(code.and_then(char::from_u32));
        rest = rest.get(at + 5..).unwrap_or("");
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_as_file_names() {
        for name in ["t", "a b", "x/y.z", "ü%"] {
            assert_eq!(unescaped(&file_name(name)), name);
            assert!(!file_name(name).contains('/'));
        }
    }
}
