//! Formats of files by name, and the cell that reads one.

use crate::kernel::protocol::FileEntry;

/// Format of a file, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Comma-separated.
    Csv,
    /// Tab-separated.
    Tsv,
    /// JSON lines.
    Json,
    /// Parquet.
    Parquet,
    /// Avro.
    Avro,
    /// ORC.
    Orc,
    /// Plain text.
    Text,
    /// A notebook.
    Notebook,
    /// A table of the warehouse.
    Table,
    /// A folder.
    Folder,
    /// Anything else.
    Other,
}

impl FileFormat {
    /// The format of a path.
    pub fn of(path: &str, directory: bool) -> FileFormat {
        if directory {
            return if path.starts_with("spark-warehouse/") { FileFormat::Table } else { FileFormat::Folder };
        }
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let name = [".gz", ".bz2", ".zst", ".snappy", ".lz4", ".deflate"]
            .iter()
            .find_map(|s| name.strip_suffix(s))
            .unwrap_or(&name);
        match name.rsplit_once('.').map(|(_, ext)| ext) {
            Some("csv") => FileFormat::Csv,
            Some("tsv" | "tab") => FileFormat::Tsv,
            Some("json" | "jsonl" | "ndjson") => FileFormat::Json,
            Some("parquet" | "parq" | "pq") => FileFormat::Parquet,
            Some("avro") => FileFormat::Avro,
            Some("orc") => FileFormat::Orc,
            Some("txt" | "text" | "log" | "md") => FileFormat::Text,
            Some("ipynb") => FileFormat::Notebook,
            _ => FileFormat::Other,
        }
    }

    /// The badge: short word and CSS class.
    pub fn badge(self) -> (&'static str, &'static str) {
        match self {
            FileFormat::Csv => ("csv", "csv"),
            FileFormat::Tsv => ("tsv", "csv"),
            FileFormat::Json => ("json", "json"),
            FileFormat::Parquet => ("parq", ""),
            FileFormat::Avro => ("avro", ""),
            FileFormat::Orc => ("orc", ""),
            FileFormat::Text => ("txt", ""),
            FileFormat::Notebook => ("nb", "tbl"),
            FileFormat::Table => ("tbl", "tbl"),
            FileFormat::Folder => ("dir", ""),
            FileFormat::Other => ("file", ""),
        }
    }

    /// True if the engine can show its columns.
    pub fn has_schema(self) -> bool {
        !matches!(self, FileFormat::Notebook | FileFormat::Folder | FileFormat::Other)
    }
}

/// The PySpark cell that reads a file.
pub fn read_cell(path: &str, directory: bool) -> String {
    let quoted = quote(path);
    let read = match FileFormat::of(path, directory) {
        FileFormat::Csv => format!("spark.read.option(\"header\", True).option(\"inferSchema\", True).csv({quoted})"),
        FileFormat::Tsv => format!(
            "spark.read.option(\"sep\", \"\\t\").option(\"header\", True).option(\"inferSchema\", True).csv({quoted})"
        ),
        FileFormat::Json => format!("spark.read.json({quoted})"),
        FileFormat::Parquet => format!("spark.read.parquet({quoted})"),
        FileFormat::Avro => format!("spark.read.format(\"avro\").load({quoted})"),
        FileFormat::Orc => format!("spark.read.orc({quoted})"),
        FileFormat::Text => format!("spark.read.text({quoted})"),
        FileFormat::Table => format!("spark.table({})", quote(path.trim_start_matches("spark-warehouse/"))),
        FileFormat::Folder => format!("spark.read.load({quoted})"),
        FileFormat::Notebook | FileFormat::Other => format!("spark.read.format(\"binaryFile\").load({quoted})"),
    };
    format!("{name} = {read}\ndisplay({name})", name = variable(path))
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// A Python name made from a file's name.
fn variable(path: &str) -> String {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let mut out: String = stem
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect::<String>()
        .trim_matches('_')
        .to_owned();
    // Names that would hide something a cell needs.
    const TAKEN: [&str; 14] =
        ["spark", "sc", "f", "df", "display", "class", "def", "import", "from", "for", "in", "is", "list", "print"];
    if out.is_empty() || TAKEN.contains(&out.as_str()) {
        return "df".to_owned();
    }
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert_str(0, "df_");
    }
    out
}

/// A path for a new file that is not taken: `a.csv`, `a (2).csv`.
pub fn free_path(path: &str, taken: &[String]) -> String {
    if !taken.iter().any(|t| t == path) {
        return path.to_owned();
    }
    let (folder, name) = path.rsplit_once('/').map_or((String::new(), path), |(f, n)| (format!("{f}/"), n));
    let (stem, ext) = name.split_once('.').map_or((name, String::new()), |(s, e)| (s, format!(".{e}")));
    (2..)
        .map(|n| format!("{folder}{stem} ({n}){ext}"))
        .find(|p| !taken.iter().any(|t| t == p))
        .unwrap_or_else(|| path.to_owned())
}

/// One row of the file list.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRow {
    /// Path from the root.
    pub path: String,
    /// Size, of a folder with all in it.
    pub size: f64,
    /// A folder that Spark reads as one: a written data set or a table.
    pub directory: bool,
}

/// Files as the list shows them: a folder of part files is one row, hidden files are left out.
pub fn rows(entries: &[FileEntry]) -> Vec<FileRow> {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let parent = |path: &str| path.rsplit_once('/').map(|(p, _)| p.to_owned());
    let mut sets: Vec<String> = entries
        .iter()
        .filter(|e| {
            let name = name(&e.path);
            if e.directory { name.contains('=') } else { name.starts_with("part-") || name == "_SUCCESS" }
        })
        .filter_map(|e| parent(&e.path))
        .collect();
    let tables = entries.iter().filter(|e| e.directory && e.path.matches('/').count() == 1);
    sets.extend(tables.filter(|e| e.path.starts_with("spark-warehouse/")).map(|e| e.path.clone()));
    sets.sort();
    sets.dedup();
    // Partition folders belong to the set above them.
    let all = sets.clone();
    sets.retain(|s| !all.iter().any(|other| s.starts_with(&format!("{other}/"))));
    let mut rows: Vec<FileRow> =
        sets.iter().map(|path| FileRow { path: path.clone(), size: 0.0, directory: true }).collect();
    for entry in entries.iter().filter(|e| !e.directory) {
        if let Some(set) = rows.iter_mut().find(|r| r.directory && entry.path.starts_with(&format!("{}/", r.path))) {
            set.size += entry.size;
        } else if !entry.path.split('/').any(|part| part.starts_with(['.', '_'])) {
            rows.push(FileRow { path: entry.path.clone(), size: entry.size, directory: false });
        }
    }
    rows.retain(|r| !r.path.split('/').any(|part| part.starts_with('.')));
    rows.sort_by_key(|r| r.path.to_lowercase());
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_part_files_is_one_row() {
        let entry =
            |path: &str, size: f64, directory: bool| FileEntry { path: path.into(), size, modified: 0.0, directory };
        let entries = [
            entry("trips.csv", 10.0, false),
            entry(".trash/1/x.csv", 10.0, false),
            entry("out", 0.0, true),
            entry("out/_SUCCESS", 0.0, false),
            entry("out/day=1", 0.0, true),
            entry("out/day=1/part-0.parquet", 5.0, false),
            entry("out/day=2/part-0.parquet", 6.0, false),
            entry("spark-warehouse/t", 0.0, true),
            entry("data/a.json", 1.0, false),
        ];
        let rows: Vec<_> = rows(&entries).into_iter().map(|r| (r.path, r.size, r.directory)).collect();
        assert_eq!(
            rows,
            [
                ("data/a.json".into(), 1.0, false),
                ("out".into(), 11.0, true),
                ("spark-warehouse/t".into(), 0.0, true),
                ("trips.csv".into(), 10.0, false),
            ]
        );
    }

    fn check(path: &str, expect: &str) {
        assert_eq!(read_cell(path, false).lines().next().unwrap(), expect);
    }

    #[test]
    fn each_format_is_read_as_people_write_it() {
        check("trips.csv", r#"trips = spark.read.option("header", True).option("inferSchema", True).csv("trips.csv")"#);
        check("data/Yellow Trips.parquet", r#"yellow_trips = spark.read.parquet("data/Yellow Trips.parquet")"#);
        check("a.json.gz", r#"a = spark.read.json("a.json.gz")"#);
        check("2024.csv", r#"df_2024 = spark.read.option("header", True).option("inferSchema", True).csv("2024.csv")"#);
        check("df.txt", r#"df = spark.read.text("df.txt")"#);
        check("q\"x.orc", r#"q_x = spark.read.orc("q\"x.orc")"#);
    }

    #[test]
    fn a_second_file_of_a_name_gets_a_number() {
        let taken = ["a.csv".to_owned(), "a (2).csv".to_owned()];
        assert_eq!(free_path("a.csv", &taken), "a (3).csv");
        assert_eq!(free_path("b.csv", &taken), "b.csv");
    }
}
