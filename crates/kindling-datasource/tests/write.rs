//! What is written, byte by byte where it is text, and read back where it is Parquet.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, RecordBatch, StringArray,
        TimestampMicrosecondArray,
    },
    datatypes::Schema,
};
use common::*;
use datafusion::{catalog::memory::MemorySourceConfig, physical_plan::ExecutionPlan, prelude::SessionContext};
use futures::{TryStreamExt, executor::block_on};
use kindling_common::{RuntimeConfig, SparkResult, from_arrow_schema, to_arrow_schema};
use kindling_datasource::*;
use kindling_spec::SaveMode;

struct Output<'a> {
    files: &'a Files,
    format: &'static str,
    mode: SaveMode,
    partition_by: &'a [&'a str],
    options: &'a [(&'a str, &'a str)],
}

impl<'a> Output<'a> {
    fn new(files: &'a Files, format: &'static str) -> Self {
        Output { files, format, mode: SaveMode::ErrorIfExists, partition_by: &[], options: &[] }
    }

    fn write(&self, partitions: &[Vec<RecordBatch>], schema: &Schema) -> SparkResult<Option<WriteStats>> {
        let request = WriteRequest {
            format: FileFormat::find(self.format)?,
            path: "out".into(),
            mode: self.mode,
            options: SourceOptions::new(self.options.iter().copied()),
            partition_by: self.partition_by.iter().map(|name| name.to_string()).collect(),
            schema: from_arrow_schema(schema)?,
            bucketed: false,
            job_uuid: "U".into(),
            conf: RuntimeConfig::default(),
        };
        let Some(job) = WriteJob::prepare(Arc::clone(&self.files.0), &request)?.map(Arc::new) else { return Ok(None) };
        job.setup()?;
        let input = MemorySourceConfig::try_new_exec(partitions, Arc::new(schema.clone()), None).unwrap();
        let exec = DataWritingExec::new(input, Arc::clone(&job));
        let mut messages = vec![];
        for partition in 0..partitions.len() {
            let stream = exec.execute(partition, SessionContext::new().task_ctx()).unwrap();
            match block_on(stream.try_collect::<Vec<_>>()) {
                Ok(batches) => {
                    for batch in &batches {
                        messages.extend(DataWritingExec::messages(batch)?);
                    }
                }
                Err(error) => {
                    job.abort()?;
                    return Err(spark_error(error));
                }
            }
        }
        job.commit(&messages).map(Some)
    }

    fn listing(&self) -> Vec<(String, String)> {
        let mut out = vec![];
        let mut folders = vec![FilePath::root().join("out")];
        while let Some(folder) = folders.pop() {
            for status in self.files.0.list(&folder).unwrap() {
                if status.is_dir {
                    folders.push(status.path);
                } else {
                    let text = String::from_utf8_lossy(&self.files.0.read_all(&status.path).unwrap()).into_owned();
                    out.push((status.path.as_str()[5..].to_string(), text));
                }
            }
        }
        out.sort();
        out
    }
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn strings() -> RecordBatch {
    let values = [
        Some("a"),
        Some(" b "),
        Some(""),
        None,
        Some("x,y"),
        Some("q\"q"),
        Some("\""),
        Some("back\\slash"),
        Some("b\\,c"),
        Some("b\\\"c"),
        Some("nl\nx"),
        Some("#c"),
        Some("tab\tx"),
        Some("\\"),
        Some(" "),
    ];
    let n = Int32Array::from(vec![1; values.len()]);
    batch(vec![("s", Arc::new(StringArray::from(values.to_vec()))), ("n", Arc::new(n))])
}

fn text_of(format: &'static str, options: &[(&str, &str)], data: &RecordBatch) -> String {
    let files = Files::new();
    let output = Output { options, ..Output::new(&files, format) };
    output.write(&[vec![data.clone()]], &data.schema()).unwrap();
    let listing = output.listing();
    assert_eq!(listing.len(), 2, "{listing:?}");
    assert_eq!(listing[0].0, "_SUCCESS");
    listing[1].1.clone()
}

#[test]
fn csv_quotes_what_could_not_be_read_back() {
    assert_eq!(
        text_of("csv", &[], &strings()),
        "a,1\nb,1\n\"\",1\n,1\n\"x,y\",1\n\"q\\\"q\",1\n\"\\\"\",1\nback\\slash,1\n\"b\\\\,c\",1\n\"b\\\\\\\"c\",1\n\"nl\nx\",\
         1\n\"#c\",1\ntab\tx,1\n\\,1\n\"\",1\n"
    );
    assert_eq!(
        text_of("csv", &[("nullValue", "NULL"), ("emptyValue", "E"), ("sep", "|")], &strings()),
        "a|1\nb|1\nE|1\nNULL|1\nx,y|1\n\"q\\\"q\"|1\n\"\\\"\"|1\nback\\slash|1\nb\\,c|1\n\"b\\\\\\\"c\"|1\n\"nl\nx\"|1\n\"#c\"|\
         1\ntab\tx|1\n\\|1\nE|1\n"
    );
    let all = text_of("csv", &[("quoteAll", "true"), ("header", "true")], &strings());
    assert!(all.starts_with("\"s\",\"n\"\n\"a\",\"1\"\n\"b\",\"1\"\n\"\",\"1\"\n\"\",\"1\"\n\"x,y\",\"1\"\n"), "{all}");
}

fn typed() -> RecordBatch {
    let micros = 1_577_934_245_678_900;
    batch(vec![
        ("b", Arc::new(BooleanArray::from(vec![true]))),
        ("d", Arc::new(Float64Array::from(vec![1e20]))),
        ("f", Arc::new(Float64Array::from(vec![f64::NAN]))),
        ("c", Arc::new(Decimal128Array::from(vec![150]).with_precision_and_scale(10, 2).unwrap())),
        ("dt", Arc::new(Date32Array::from(vec![18_263]))),
        ("ts", Arc::new(TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC"))),
        ("ntz", Arc::new(TimestampMicrosecondArray::from(vec![micros]))),
    ])
}

#[test]
fn values_have_sparks_text() {
    assert_eq!(
        text_of("csv", &[("header", "true")], &typed()),
        "b,d,f,c,dt,ts,ntz\ntrue,1.0E20,NaN,1.50,2020-01-02,2020-01-02T03:04:05.678Z,2020-01-02T03:04:05.678\n"
    );
    assert_eq!(
        text_of("json", &[], &typed()),
        "{\"b\":true,\"d\":1.0E20,\"f\":\"NaN\",\"c\":1.50,\"dt\":\"2020-01-02\",\"ts\":\"2020-01-02T03:04:05.678Z\",\
         \"ntz\":\"2020-01-02T03:04:05.678\"}\n"
    );
    let options = [("dateFormat", "dd/MM/yyyy"), ("timestampFormat", "yyyy-MM-dd HH:mm:ss")];
    assert!(text_of("csv", &options, &typed()).contains("02/01/2020,2020-01-02 03:04:05,"));
}

#[test]
fn json_leaves_null_fields_out_unless_told() {
    let data = batch(vec![("s", Arc::new(StringArray::from(vec![Some("a\"\n"), None])))]);
    assert_eq!(text_of("json", &[], &data), "{\"s\":\"a\\\"\\n\"}\n{}\n");
    assert_eq!(text_of("json", &[("ignoreNullFields", "false")], &data), "{\"s\":\"a\\\"\\n\"}\n{\"s\":null}\n");
    assert_eq!(text_of("text", &[], &data), "a\"\n\n\n");
}

#[test]
fn pretty_json_has_a_line_for_each_member() {
    use arrow::array::{ListArray, StructArray};
    use arrow::datatypes::Int32Type;
    let list = |values: Vec<Option<i32>>| ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(values)]);
    let inner = StructArray::try_from(vec![
        ("a", Arc::new(Int32Array::from(vec![1])) as arrow::array::ArrayRef),
        ("b", Arc::new(list(vec![Some(1), Some(2)]))),
        ("c", Arc::new(list(vec![]))),
    ]);
    let data = batch(vec![("s", Arc::new(inner.unwrap())), ("t", Arc::new(Int32Array::from(vec![1])))]);
    let expected = "{\n  \"s\" : {\n    \"a\" : 1,\n    \"b\" : [ 1, 2 ],\n    \"c\" : [ ]\n  },\n  \"t\" : 1\n}\n";
    assert_eq!(text_of("json", &[("pretty", "true")], &data), expected);
    let nothing = batch(vec![("s", Arc::new(StringArray::from(vec![None::<&str>])))]);
    assert_eq!(text_of("json", &[("pretty", "true")], &nothing), "{ }\n");
}

fn numbers(values: std::ops::Range<i32>) -> RecordBatch {
    batch(vec![("v", Arc::new(Int32Array::from_iter_values(values)))])
}

#[test]
fn every_task_writes_a_file_and_an_empty_one_none() {
    let files = Files::new();
    let output = Output { options: &[("header", "true")], ..Output::new(&files, "csv") };
    let schema = numbers(0..1).schema();
    let stats = output.write(&[vec![], vec![numbers(0..2)], vec![], vec![numbers(2..3)]], &schema).unwrap().unwrap();
    assert_eq!(stats, WriteStats { files: 3, rows: 3, bytes: 2 + 6 + 4, partitions: vec![] });
    let names: Vec<String> = output.listing().into_iter().map(|file| file.0).collect();
    assert_eq!(names, ["_SUCCESS", "part-00000-U-c000.csv", "part-00001-U-c000.csv", "part-00003-U-c000.csv"]);
    assert_eq!(read(files.table("csv", "out", None, &[("header", "true"), ("inferSchema", "true")]))[1..].len(), 3);
}

#[test]
fn a_job_without_tasks_still_writes_the_schema() {
    let files = Files::new();
    let output = Output::new(&files, "parquet");
    output.write(&[], &numbers(0..1).schema()).unwrap();
    assert_eq!(read(files.table("parquet", "out", None, &[])), ["struct<v:int>"]);
}

#[test]
fn records_per_file_are_limited() {
    let files = Files::new();
    let output = Output { options: &[("maxRecordsPerFile", "2")], ..Output::new(&files, "csv") };
    output.write(&[vec![numbers(0..3), numbers(3..5)]], &numbers(0..1).schema()).unwrap();
    let texts: Vec<String> = output.listing().into_iter().skip(1).map(|file| file.1).collect();
    assert_eq!(texts, ["0\n1\n", "2\n3\n", "4\n"]);
}

fn partitioned() -> RecordBatch {
    batch(vec![
        ("v", Arc::new(Int32Array::from(vec![1, 2, 3]))),
        ("p", Arc::new(StringArray::from(vec!["a/b", "", "x y"]))),
        ("d", Arc::new(Date32Array::from(vec![None, Some(18_262), Some(18_262)]))),
        ("f", Arc::new(Float64Array::from(vec![1.5, 2.0, 2.0]))),
    ])
}

#[test]
fn rows_go_to_their_partition_folders() {
    let files = Files::new();
    let output = Output { partition_by: &["p", "d", "f"], ..Output::new(&files, "csv") };
    let data = partitioned();
    let stats = output.write(&[vec![data.clone()]], &data.schema()).unwrap().unwrap();
    assert_eq!(stats.partitions.len(), 3);
    assert_eq!(
        output.listing()[1..],
        [
            ("p=__HIVE_DEFAULT_PARTITION__/d=2020-01-01/f=2.0/part-00000-U.c000.csv".into(), "2\n".into()),
            ("p=a%2Fb/d=__HIVE_DEFAULT_PARTITION__/f=1.5/part-00000-U.c000.csv".into(), "1\n".into()),
            ("p=x y/d=2020-01-01/f=2.0/part-00000-U.c000.csv".to_string(), "3\n".to_string()),
        ]
    );
    let mut back = read(files.table("csv", "out", Some(ddl("v int")), &[]));
    back[1..].sort();
    assert_eq!(
        back,
        ["struct<v:int,p:string,d:date,f:double>", "1|a/b|NULL|1.5", "2|NULL|2020-01-01|2.0", "3|x y|2020-01-01|2.0"]
    );
}

#[test]
fn save_modes() {
    let files = Files::new();
    let schema = numbers(0..1).schema();
    let write = |mode, rows: std::ops::Range<i32>| {
        Output { mode, ..Output::new(&files, "csv") }.write(&[vec![numbers(rows)]], &schema)
    };
    let count = || read(files.table("csv", "out", Some(ddl("v int")), &[]))[1..].len();
    write(SaveMode::ErrorIfExists, 0..2).unwrap();
    assert_eq!(write(SaveMode::ErrorIfExists, 0..2).unwrap_err().condition, "PATH_ALREADY_EXISTS");
    assert_eq!(write(SaveMode::Ignore, 0..2).unwrap(), None);
    assert_eq!(count(), 2);
    write(SaveMode::Overwrite, 0..5).unwrap();
    assert_eq!(count(), 5);
}

#[test]
fn dynamic_overwrite_replaces_only_what_it_writes() {
    let files = Files::new();
    let rows = |v: i32, p: i32| {
        batch(vec![("v", Arc::new(Int32Array::from(vec![v])) as ArrayRef), ("p", Arc::new(Int32Array::from(vec![p])))])
    };
    let output = Output { partition_by: &["p"], ..Output::new(&files, "csv") };
    output.write(&[vec![rows(1, 1), rows(2, 2)]], &rows(0, 0).schema()).unwrap();
    let output = Output {
        partition_by: &["p"],
        mode: SaveMode::Overwrite,
        options: &[("partitionOverwriteMode", "dynamic")],
        ..Output::new(&files, "csv")
    };
    output.write(&[vec![rows(3, 2)]], &rows(0, 0).schema()).unwrap();
    assert_eq!(read(files.table("csv", "out", Some(ddl("v int")), &[]))[1..], ["1|1", "3|2"]);
}

#[test]
fn bad_writes_are_refused_before_they_begin() {
    let files = Files::new();
    let data = partitioned();
    let refused = |partition_by: &[&str], format| {
        Output { partition_by, ..Output::new(&files, format) }.write(&[], &data.schema()).unwrap_err().condition
    };
    assert_eq!(refused(&["nope"], "csv"), "_LEGACY_ERROR_TEMP_1155");
    assert_eq!(refused(&["v", "p", "d", "f"], "csv"), "ALL_PARTITION_COLUMNS_NOT_ALLOWED");
    assert_eq!(refused(&[], "text"), "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE");
    let codec = Output { options: &[("compression", "bogus")], ..Output::new(&files, "csv") };
    let error = codec.write(&[], &data.schema()).unwrap_err();
    assert_eq!(error.condition, "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION");
    assert!(!files.0.exists(&FilePath::root().join("out")).unwrap());
}

#[test]
fn parquet_comes_back_with_every_codec() {
    let schema = to_arrow_schema(&ddl("a array<int>, m map<string,int>, s struct<x:int,y:string>"));
    let files = Files::new();
    files.put(
        "f.json",
        "{\"a\":[1,null],\"m\":{\"k\":1,\"z\":null},\"s\":{\"x\":1}}\n{\"a\":[]}\n{\"s\":{\"y\":\"q\"}}\n",
    );
    let nested =
        files.table("json", "f.json", Some(ddl("a array<int>, m map<string,int>, s struct<x:int,y:string>")), &[]);
    let batches = collect(&scan(&nested.unwrap(), None)).unwrap();
    let expected = rows(&batches);
    for (codec, extension) in [
        ("none", ".parquet"),
        ("snappy", ".snappy.parquet"),
        ("gzip", ".gz.parquet"),
        ("zstd", ".zstd.parquet"),
        ("lz4", ".lz4hadoop.parquet"),
        ("lz4_raw", ".lz4raw.parquet"),
        ("brotli", ".br.parquet"),
    ] {
        let files = Files::new();
        let options = [("compression", codec)];
        let output = Output { options: &options, ..Output::new(&files, "parquet") };
        output.write(std::slice::from_ref(&batches), &schema).unwrap();
        assert!(output.listing()[1].0.ends_with(&format!("c000{extension}")), "{codec}");
        let found = read(files.table("parquet", "out", None, &[]));
        assert_eq!(found[0], "struct<a:array<int>,m:map<string,int>,s:struct<x:int,y:string>>");
        assert_eq!(found[1..], expected, "{codec}");
    }
}

#[test]
fn parquet_keeps_types_and_reads_by_name_and_type() {
    let files = Files::new();
    let data = typed();
    Output::new(&files, "parquet").write(&[vec![data.clone()]], &data.schema()).unwrap();
    let found = read(files.table("parquet", "out", None, &[]));
    assert_eq!(
        found,
        [
            "struct<b:boolean,d:double,f:double,c:decimal(10,2),dt:date,ts:timestamp,ntz:timestamp_ntz>",
            "true|1e20|NaN|1.50|2020-01-02|2020-01-02T03:04:05.678900Z|2020-01-02T03:04:05.678900",
        ]
    );
    // Names match without case, columns that the file lacks are null, and types that do not fit are an error.
    assert_eq!(
        read(files.table("parquet", "out", Some(ddl("DT date, nope int")), &[])),
        ["struct<DT:date,nope:int>", "2020-01-02|NULL"]
    );
    assert_eq!(
        read(files.table("parquet", "out", Some(ddl("b string")), &[])),
        ["struct<b:string>", "!FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH"]
    );
}

#[test]
fn parquet_row_groups_belong_to_one_split_and_are_pruned() {
    use datafusion::{
        catalog::TableProvider,
        prelude::{col, lit},
    };
    let files = Files::new();
    let mut buffer = vec![];
    let properties =
        parquet::file::properties::WriterProperties::builder().set_max_row_group_row_count(Some(100)).build();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut buffer, numbers(0..1).schema(), Some(properties)).unwrap();
    writer.write(&numbers(0..1000)).unwrap();
    writer.close().unwrap();
    files.put("f.parquet", &buffer);
    let settings = [("spark.sql.files.maxPartitionBytes", "500b"), ("spark.sql.files.openCostInBytes", "0")];
    let table = files.table_with("parquet", "f.parquet", None, &[], &settings).unwrap();
    let plan = scan(&table, None);
    assert!(plan.properties().partitioning.partition_count() > 5);
    let mut found: Vec<i32> = rows(&collect(&plan).unwrap()).iter().map(|row| row.parse().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, (0..1000).collect::<Vec<_>>());

    let context = SessionContext::new();
    let filters = [col("v").gt_eq(lit(950))];
    let plan = block_on(table.scan(&context.state(), None, &filters, None)).unwrap();
    let kept = rows(&collect(&plan).unwrap());
    assert_eq!(kept.len(), 100, "one of ten row groups can hold such a value");
    let count = collect(&scan(&table, Some(vec![]))).unwrap().iter().map(|batch| batch.num_rows()).sum::<usize>();
    assert_eq!(count, 1000);
}

#[test]
fn broken_parquet_files_name_themselves() {
    let files = Files::new();
    for (name, content) in
        [("junk.parquet", &b"junk"[..]), ("empty.parquet", b""), ("cut.parquet", b"PAR1xxxxxxxxxxPAR1")]
    {
        files.put(name, content);
        let error = files.table("parquet", name, None, &[]).unwrap_err();
        assert_eq!(error.condition, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", "{name}");
        assert!(error.message().contains(name), "{error}");
    }
    let data = numbers(0..0);
    Output::new(&files, "parquet").write(&[vec![data.clone()]], &data.schema()).unwrap();
    assert_eq!(read(files.table("parquet", "out", None, &[])), ["struct<v:int>"]);
}

#[test]
fn parquet_schemas_merge_on_request() {
    let files = Files::new();
    let write = |path: &str, data: &RecordBatch| {
        let mut buffer = vec![];
        let mut writer = parquet::arrow::ArrowWriter::try_new(&mut buffer, data.schema(), None).unwrap();
        writer.write(data).unwrap();
        writer.close().unwrap();
        files.put(path, &buffer);
    };
    write("t/1.parquet", &batch(vec![("a", Arc::new(Int32Array::from(vec![1])))]));
    write("t/2.parquet", &batch(vec![("b", Arc::new(StringArray::from(vec!["x"])))]));
    assert_eq!(read(files.table("parquet", "t", None, &[]))[0], "struct<a:int>");
    let mut merged = read(files.table("parquet", "t", None, &[("mergeSchema", "true")]));
    merged[1..].sort();
    assert_eq!(merged, ["struct<a:int,b:string>", "1|NULL", "NULL|x"]);
    write("t/3.parquet", &batch(vec![("a", Arc::new(StringArray::from(vec!["x"])))]));
    assert_eq!(read(files.table("parquet", "t", None, &[("mergeSchema", "true")])), ["!CANNOT_MERGE_SCHEMAS"]);
}

#[test]
fn a_job_that_fails_leaves_nothing() {
    let files = Files::new();
    // Values of this type have no text, so the task fails after its file was opened.
    let nanos = arrow::array::TimestampNanosecondArray::from(vec![1]);
    let data = batch(vec![("t", Arc::new(nanos))]);
    let error = Output::new(&files, "csv").write(&[vec![data.clone()]], &data.schema()).unwrap_err();
    assert_eq!(error.condition, "UNSUPPORTED_FEATURE.NOT_IN_KINDLING");
    assert_eq!(Output::new(&files, "csv").listing(), []);
}
