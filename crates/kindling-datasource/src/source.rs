//! From a request to a table: listing, partition folders, schema, options.

use std::sync::Arc;

use kindling_common::{RuntimeConfig, SparkError, SparkResult, conf};
use kindling_spec::{DataType, StructField, StructType};

use crate::{
    FilePath, FileSystem, FileTable, InferredSchemas, SourceOptions,
    format::Format,
    listing::{Listing, list_files},
    partitioning::{self, PartitionSpec, same_name},
    split::PartitionDirectory,
    value::SessionZone,
};

/// A file format by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// `csv`
    Csv,
    /// `json`
    Json,
    /// `parquet`
    Parquet,
    /// `text`
    Text,
    /// `xml`: its columns are the texts of records ([`XML_RECORD`](crate::XML_RECORD)) and of files.
    Xml,
}

impl FileFormat {
    /// The format a user named; fails with `DATA_SOURCE_NOT_FOUND`.
    pub fn find(name: &str) -> SparkResult<FileFormat> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "csv" | "com.databricks.spark.csv" | "org.apache.spark.sql.csv" => FileFormat::Csv,
            "json" | "org.apache.spark.sql.json" => FileFormat::Json,
            "parquet" | "org.apache.spark.sql.parquet" => FileFormat::Parquet,
            "text" | "org.apache.spark.sql.text" => FileFormat::Text,
            "xml" | "com.databricks.spark.xml" | "org.apache.spark.sql.execution.datasources.xml" => FileFormat::Xml,
            "avro" | "orc" | "binaryfile" | "jdbc" | "delta" | "kafka" | "rate" | "socket" => {
                return Err(SparkError::unsupported(format!("the data source '{name}'")));
            }
            _ => return Err(SparkError::analysis("DATA_SOURCE_NOT_FOUND").param("provider", name)),
        })
    }

    /// Its short name, as `format(…)` takes it.
    pub fn short_name(self) -> &'static str {
        match self {
            FileFormat::Csv => "csv",
            FileFormat::Json => "json",
            FileFormat::Parquet => "parquet",
            FileFormat::Text => "text",
            FileFormat::Xml => "xml",
        }
    }

    /// Its name in plans and messages (`FileFormat.toString`).
    pub fn display_name(self) -> &'static str {
        match self {
            FileFormat::Csv => "CSV",
            FileFormat::Json => "JSON",
            FileFormat::Parquet => "Parquet",
            FileFormat::Text => "Text",
            FileFormat::Xml => "XML",
        }
    }
}

/// What a read asks for.
#[derive(Debug, Clone)]
pub struct SourceRequest {
    /// Format.
    pub format: FileFormat,
    /// Paths and globs as the user wrote them.
    pub paths: Vec<String>,
    /// Schema that the user gave.
    pub schema: Option<StructType>,
    /// Reader options.
    pub options: SourceOptions,
    /// The session's configuration.
    pub conf: RuntimeConfig,
    /// The schemas that the session knows already.
    pub inferred: Arc<InferredSchemas>,
    /// Set where the paths are a table's of the catalog.
    pub table: Option<TableFiles>,
}

/// What the catalog knows of a table's files.
#[derive(Debug, Clone, Default)]
pub struct TableFiles {
    /// Folders of the partitions that the catalog knows, below the table's (`a=1/b=2`); `None` for all that are there.
    pub partitions: Option<Vec<String>>,
}

impl TableFiles {
    /// Whether a file below `root` belongs to the table.
    fn holds(&self, root: &FilePath, file: &FilePath) -> bool {
        let Some(partitions) = &self.partitions else { return true };
        partitions.iter().any(|partition| file.starts_with(&root.join(partition)))
    }
}

/// Lists the files of a request, finds partition folders, infers the schema where none was given.
pub fn resolve_source(fs: Arc<dyn FileSystem>, request: &SourceRequest) -> SparkResult<FileTable> {
    let zone = SessionZone::parse(request.conf.value(&conf::SESSION_TIME_ZONE))?;
    let format = Format::new(request.format, &request.options, &request.conf)?;
    let mut listing = list_files(fs.as_ref(), &request.paths, &request.options, &zone, request.table.is_some())?;
    if let (Some(table), [root]) = (&request.table, request.paths.as_slice()) {
        let root = fs.resolve(root)?;
        listing.files.retain(|file| table.holds(&root, &file.path));
    }
    let recursive = request.options.boolean("recursiveFileLookup", false)?;
    let spec = discover(fs.as_ref(), request, &listing, recursive, &zone)?;

    let case_sensitive = request.conf.boolean(&conf::CASE_SENSITIVE);
    let is_partition = |name: &str| spec.schema.fields.iter().any(|p| same_name(&p.name, name, case_sensitive));
    let data = match &request.schema {
        Some(schema) => schema.clone(),
        None => {
            let files: Vec<_> = spec.directories.iter().flat_map(|directory| &directory.files).cloned().collect();
            let inferred = if files.is_empty() && !format.has_fixed_schema() {
                None
            } else {
                let infer = || format.infer(&fs, &files);
                request.inferred.get_or_infer(request.format, &request.options, &request.conf, &files, infer)?
            };
            inferred.ok_or_else(|| {
                SparkError::analysis("UNABLE_TO_INFER_SCHEMA").param("format", request.format.display_name())
            })?
        }
    };
    let mut data = as_nullable(&data);
    check_duplicates(&data, case_sensitive)?;
    // A user schema may list the partition columns too; values still come from the folders.
    let order: Vec<StructField> = data.fields.clone();
    data.fields.retain(|field| !is_partition(&field.name) || request.schema.is_none());
    let overlap: Vec<String> =
        data.fields.iter().filter(|field| is_partition(&field.name)).map(|field| field.name.clone()).collect();
    if request.schema.is_some() {
        data.fields.retain(|field| !overlap.contains(&field.name));
    }
    format.check_schema(&data)?;
    FileTable::new(fs, request, format, data, spec, &order, listing.roots)
}

fn discover(
    fs: &dyn FileSystem,
    request: &SourceRequest,
    listing: &Listing,
    recursive: bool,
    zone: &SessionZone,
) -> SparkResult<PartitionSpec> {
    let unpartitioned = |files: Vec<_>| PartitionSpec {
        schema: StructType::default(),
        directories: vec![PartitionDirectory { values: Arc::new(vec![]), files }],
    };
    if recursive {
        return Ok(unpartitioned(listing.files.clone()));
    }
    let base_paths: Vec<FilePath> = match request.options.get("basePath") {
        Some(base) => vec![fs.resolve(base)?],
        None => listing
            .roots
            .iter()
            .map(|root| if root.is_dir { root.path.clone() } else { root.path.parent().unwrap_or_else(FilePath::root) })
            .collect(),
    };
    let spec = partitioning::discover(&listing.files, &base_paths, request.schema.as_ref(), &request.conf, zone)?;
    if !spec.schema.fields.is_empty() {
        return Ok(spec);
    }
    // Without partition folders only what lies directly in the paths is read.
    let direct = |file: &&crate::FileStatus| {
        listing.roots.iter().any(|root| root.path == file.path || file.path.parent().as_ref() == Some(&root.path))
    };
    Ok(unpartitioned(listing.files.iter().filter(direct).cloned().collect()))
}

fn check_duplicates(schema: &StructType, case_sensitive: bool) -> SparkResult<()> {
    for (i, field) in schema.fields.iter().enumerate() {
        if schema.fields[..i].iter().any(|other| same_name(&other.name, &field.name, case_sensitive)) {
            return Err(SparkError::analysis("COLUMN_ALREADY_EXISTS")
                .param("columnName", kindling_spec::quote_identifier(&field.name.to_lowercase())));
        }
    }
    Ok(())
}

/// Files promise nothing, so every field may be null (`StructType.asNullable`).
pub(crate) fn as_nullable(schema: &StructType) -> StructType {
    let fields = schema.fields.iter().map(|field| StructField {
        data_type: nullable_type(&field.data_type),
        nullable: true,
        ..field.clone()
    });
    StructType { fields: fields.collect() }
}

fn nullable_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Struct(schema) => DataType::Struct(as_nullable(schema)),
        DataType::Array { element, .. } => DataType::array(nullable_type(element)),
        DataType::Map { key, value, .. } => DataType::map(nullable_type(key), nullable_type(value)),
        other => other.clone(),
    }
}
