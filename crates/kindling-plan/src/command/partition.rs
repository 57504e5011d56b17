//! Partitions: the folders `a=1/b=x` below a table's own.

use kindling_common::{SparkError, SparkResult};
use kindling_spec::{ExprKind, Literal, PartitionSpec};

use super::{
    CommandContext, CommandOutput,
    rows::{output, text},
};
use crate::catalog::CatalogTable;

/// The folder name that Hive gives NULL.
pub(super) const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// Values of a partition by column.
type Values = Vec<(String, String)>;

impl CommandContext<'_> {
    pub(super) fn check_partitioned(&self, table: &CatalogTable) -> SparkResult<()> {
        if !table.partition_columns.is_empty() {
            return Ok(());
        }
        Err(SparkError::analysis("INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY")
            .param("name", table.identifier.quoted()))
    }

    pub(super) fn show_partitions(&self, name: &[String], partition: &PartitionSpec) -> SparkResult<CommandOutput> {
        let table = self.table_of(name, "SHOW PARTITIONS")?;
        self.check_partitioned(&table)?;
        let mut paths: Vec<String> =
            self.matching_partitions(&table, partition)?.into_iter().map(|(path, _)| path).collect();
        paths.sort();
        output(vec![text("partition", false)], paths.into_iter().map(|path| vec![path.into()]).collect())
    }

    /// The partitions of a table: folder below the table's, and values.
    pub(super) fn partitions(&self, table: &CatalogTable) -> SparkResult<Vec<(String, Values)>> {
        let files = &self.state.file_system;
        let root = files.resolve(table.location.as_deref().unwrap_or_default())?;
        let mut found: Vec<(String, Values)> = vec![(String::new(), vec![])];
        for column in &table.partition_columns {
            let mut next = vec![];
            for (path, values) in found {
                let folder = root.join(&path);
                if !files.exists(&folder)? {
                    continue;
                }
                for child in files.list(&folder)?.into_iter().filter(|child| child.is_dir) {
                    let folder_name = child.path.name().to_string();
                    let Some((name, value)) = folder_name.split_once('=') else { continue };
                    if !unescape(name).eq_ignore_ascii_case(column) {
                        continue;
                    }
                    let path = if path.is_empty() { folder_name.clone() } else { format!("{path}/{folder_name}") };
                    let mut values = values.clone();
                    values.push((column.clone(), unescape(value)));
                    next.push((path, values));
                }
            }
            found = next;
        }
        if let Some(known) = &table.partitions {
            found.retain(|(path, _)| known.contains(path));
        }
        Ok(found)
    }

    /// The partitions that have the values of a specification.
    pub(super) fn matching_partitions(
        &self,
        table: &CatalogTable,
        partition: &PartitionSpec,
    ) -> SparkResult<Vec<(String, Values)>> {
        let wanted = self.values_of(table, partition)?;
        let all = self.partitions(table)?;
        let matches = |values: &Values| {
            wanted.iter().all(|(name, value)| values.iter().any(|(other, found)| other == name && found == value))
        };
        Ok(all.into_iter().filter(|(_, values)| matches(values)).collect())
    }

    /// The values of a specification under the table's names.
    pub(super) fn values_of(&self, table: &CatalogTable, partition: &PartitionSpec) -> SparkResult<Values> {
        partition
            .iter()
            .filter_map(|(name, value)| value.as_ref().map(|value| (name, value)))
            .map(|(name, value)| {
                let Some(column) = table.partition_columns.iter().find(|column| column.eq_ignore_ascii_case(name))
                else {
                    return Err(SparkError::analysis("PARTITIONS_NOT_FOUND")
                        .param("partitionList", kindling_spec::quote_identifier(name))
                        .param("tableName", table.identifier.quoted()));
                };
                let ExprKind::Literal(literal) = &value.kind else {
                    return Err(SparkError::unsupported("a partition value that is no literal"));
                };
                let text = literal_text(literal)?;
                let field = table.schema.fields.iter().find(|field| field.name == *column);
                let text = match field.filter(|_| text != NULL_PARTITION) {
                    Some(field) => kindling_functions::fit_text(&text, &field.data_type)?,
                    None => text,
                };
                Ok((column.clone(), text))
            })
            .collect()
    }

    /// The folder of one partition, all of whose columns a specification gives.
    pub(super) fn full_partition(&self, table: &CatalogTable, partition: &PartitionSpec) -> SparkResult<String> {
        let values = self.values_of(table, partition)?;
        if values.len() != table.partition_columns.len() {
            let keys: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
            return Err(SparkError::analysis("_LEGACY_ERROR_TEMP_1232")
                .param("specKeys", keys.join(", "))
                .param("partitionColumnNames", table.partition_columns.join(", "))
                .param("tableName", table.identifier.quoted()));
        }
        match self.matching_partitions(table, partition)?.into_iter().next() {
            Some((path, _)) => Ok(path),
            None => Err(partition_error("PARTITIONS_NOT_FOUND", table, &values)),
        }
    }

    pub(super) fn add_partitions(
        &self,
        table: &CatalogTable,
        partitions: &[(PartitionSpec, Option<String>)],
        if_not_exists: bool,
    ) -> SparkResult<CommandOutput> {
        self.check_partitioned(table)?;
        let files = &self.state.file_system;
        let root = files.resolve(table.location.as_deref().unwrap_or_default())?;
        let mut added = vec![];
        for (spec, location) in partitions {
            if location.is_some() {
                return Err(SparkError::unsupported("partitions outside their table's folder"));
            }
            let values = self.values_of(table, spec)?;
            let path = partition_path(table, &values);
            if !self.matching_partitions(table, spec)?.is_empty() {
                if if_not_exists {
                    continue;
                }
                return Err(partition_error("PARTITIONS_ALREADY_EXIST", table, &values));
            }
            files.mkdirs(&root.join(&path))?;
            added.push(path);
        }
        self.table_changed(table, |known| known.extend(added))?;
        self.recache_table(table)?;
        Ok(CommandOutput::empty())
    }

    pub(super) fn drop_partitions(
        &self,
        table: &CatalogTable,
        partitions: &[PartitionSpec],
        if_exists: bool,
    ) -> SparkResult<CommandOutput> {
        self.check_partitioned(table)?;
        let files = &self.state.file_system;
        let root = files.resolve(table.location.as_deref().unwrap_or_default())?;
        let mut dropped = vec![];
        for spec in partitions {
            let matching = self.matching_partitions(table, spec)?;
            if matching.is_empty() && !if_exists {
                return Err(partition_error("PARTITIONS_NOT_FOUND", table, &self.values_of(table, spec)?));
            }
            for (path, _) in matching {
                files.delete(&root.join(&path), true)?;
                dropped.push(path);
            }
        }
        self.table_changed(table, |known| known.retain(|path| !dropped.contains(path)))?;
        self.recache_table(table)?;
        Ok(CommandOutput::empty())
    }

    pub(super) fn rename_partition(
        &self,
        table: &CatalogTable,
        from: &PartitionSpec,
        to: &PartitionSpec,
    ) -> SparkResult<CommandOutput> {
        self.check_partitioned(table)?;
        let files = &self.state.file_system;
        let root = files.resolve(table.location.as_deref().unwrap_or_default())?;
        let matching = self.matching_partitions(table, from)?;
        let [(path, _)] = matching.as_slice() else {
            return Err(partition_error("PARTITIONS_NOT_FOUND", table, &self.values_of(table, from)?));
        };
        let values = self.values_of(table, to)?;
        if !self.matching_partitions(table, to)?.is_empty() {
            return Err(partition_error("PARTITIONS_ALREADY_EXIST", table, &values));
        }
        let renamed = partition_path(table, &values);
        files.rename(&root.join(path), &root.join(&renamed))?;
        self.table_changed(table, |known| {
            known.remove(path);
            known.insert(renamed);
        })?;
        self.recache_table(table)?;
        Ok(CommandOutput::empty())
    }
}

fn partition_error(condition: &'static str, table: &CatalogTable, values: &Values) -> SparkError {
    let list: Vec<String> =
        values.iter().map(|(name, value)| format!("{} = {value}", kindling_spec::quote_identifier(name))).collect();
    SparkError::analysis(condition)
        .param("partitionList", format!("PARTITION ({})", list.join(", ")))
        .param("tableName", table.identifier.quoted())
}

/// `a=1/b=x` in the order of the table's partition columns.
pub(super) fn partition_path(table: &CatalogTable, values: &[(String, String)]) -> String {
    let parts = table.partition_columns.iter().filter_map(|column| {
        let (_, value) = values.iter().find(|(name, _)| name == column)?;
        Some(format!("{}={}", escape(column), escape(value)))
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A constant as it stands in a folder's name.
fn literal_text(literal: &Literal) -> SparkResult<String> {
    Ok(match literal {
        Literal::Null(_) => NULL_PARTITION.to_string(),
        Literal::String(text) if text.is_empty() => NULL_PARTITION.to_string(),
        Literal::String(text) => text.clone(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Byte(value) => value.to_string(),
        Literal::Short(value) => value.to_string(),
        Literal::Integer(value) => value.to_string(),
        Literal::Long(value) => value.to_string(),
        Literal::Date(days) => {
            let date = arrow::temporal_conversions::date32_to_datetime(*days);
            date.map(|date| date.date().to_string()).unwrap_or_default()
        }
        Literal::Decimal { value, scale: 0, .. } => value.to_string(),
        _ => return Err(SparkError::unsupported("a partition value of this type")),
    })
}

/// `ExternalCatalogUtils.escapePathName`
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if (c as u32) < 0x20 || "\"#%'*/:=?\\\u{7F}{[]^".contains(c) {
            out.push_str(&format!("%{:02X}", c as u32));
        } else {
            out.push(c);
        }
    }
    out
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(rest.get(..at).unwrap_or(""));
        match rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(code) => {
                out.push(char::from(code));
                rest = rest.get(at + 3..).unwrap_or("");
            }
            None => {
                out.push('%');
                rest = rest.get(at + 1..).unwrap_or("");
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_escape_what_spark_escapes() {
        assert_eq!(escape("a/b=c:d"), "a%2Fb%3Dc%3Ad");
        assert_eq!(unescape("a%2Fb%3Dc%3Ad%"), "a/b=c:d%");
    }
}
