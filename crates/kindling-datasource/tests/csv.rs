//! CSV as Spark 4.2.0 reads it: every expectation here was taken from it.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::*;

fn check(content: impl AsRef<[u8]>, schema: Option<&str>, options: &[(&str, &str)], expected: &[&str]) {
    let files = Files::new();
    files.put("f.csv", &content);
    let found = read(files.table("csv", "f.csv", schema.map(ddl), options));
    let text = String::from_utf8_lossy(content.as_ref()).into_owned();
    assert_eq!(found, expected, "{text:?} {schema:?} {options:?}");
}

const HEADER: (&str, &str) = ("header", "true");
const INFER: [(&str, &str); 2] = [HEADER, ("inferSchema", "true")];

#[test]
fn inference_of_dates_and_timestamps() {
    check(
        "a,b\n2020-01-01 10:00:00,2020-01-01\n",
        None,
        &INFER,
        &["struct<a:timestamp,b:date>", "2020-01-01T10:00:00Z|2020-01-01"],
    );
    check(
        "a,b,c\n2020-01-01,2020-01-01,12:30\n2020-01-02 10:00:00,2020-1-2,x\n",
        None,
        &INFER,
        &[
            "struct<a:timestamp,b:timestamp,c:string>",
            "2020-01-01T00:00:00Z|2020-01-01T00:00:00Z|12:30",
            "2020-01-02T10:00:00Z|2020-01-02T00:00:00Z|x",
        ],
    );
    check(
        "a,b\n2020-01-01T10:00:00.123+02:00,2020-01\n",
        None,
        &INFER,
        &["struct<a:timestamp,b:timestamp>", "2020-01-01T08:00:00.123Z|2020-01-01T00:00:00Z"],
    );
    check(
        "a,b\n01/02/2020,02-01-2020 10:11\n",
        None,
        &[HEADER, INFER[1], ("dateFormat", "dd/MM/yyyy"), ("timestampFormat", "dd-MM-yyyy HH:mm")],
        &["struct<a:date,b:timestamp>", "2020-02-01|2020-01-02T10:11:00Z"],
    );
    check(
        "a,b\n01/02/2020,1\n2020-01-01,2\n",
        None,
        &[HEADER, INFER[1], ("dateFormat", "dd/MM/yyyy")],
        &["struct<a:string,b:int>", "01/02/2020|1", "2020-01-01|2"],
    );
    check(
        "a,b\n2020-01-01 25:00:00,1\n2020-01-01 10:00:00,2\n",
        None,
        &INFER,
        &["struct<a:string,b:int>", "2020-01-01 25:00:00|1", "2020-01-01 10:00:00|2"],
    );
}

#[test]
fn inference_of_numbers() {
    check(
        "a,b,c\n1,1,1\n3000000000,1.5,99999999999999999999\n,,\n",
        None,
        &INFER,
        &[
            "struct<a:bigint,b:double,c:decimal(20,0)>",
            "1|1.0|1",
            "3000000000|1.5|99999999999999999999",
            "NULL|NULL|NULL",
        ],
    );
    check(
        "a,b,c,d\n1,1e3,NaN,1e400\n1.0,1,Inf,-Inf\n",
        None,
        &INFER,
        &["struct<a:double,b:double,c:double,d:double>", "1.0|1000.0|NaN|inf", "1.0|1.0|inf|-inf"],
    );
    check(
        "a,b,c\n123456789012345678901234567890123456789,true,TRUE\n1,false,x\n",
        None,
        &INFER,
        &["struct<a:double,b:boolean,c:string>", "1.2345678901234568e38|true|TRUE", "1.0|false|x"],
    );
    check(" a , b \n 1 , x \n 2 ,\"  y \"\n", None, &INFER, &["struct< a :double, b :string>", "1.0| x ", "2.0|  y "]);
    check(
        " a , b \n 1 , x \n 2 ,\"  y \"\n",
        None,
        &[HEADER, INFER[1], ("ignoreLeadingWhiteSpace", "true"), ("ignoreTrailingWhiteSpace", "true")],
        &["struct<a:int,b:string>", "1|x", "2|  y "],
    );
}

#[test]
fn headers_are_made_safe() {
    check(
        "a,a,,A,b\n1,2,3,4,5\n",
        None,
        &[HEADER],
        &["struct<a0:string,a1:string,_c2:string,A3:string,b:string>", "1|2|3|4|5"],
    );
    check(
        "a,a,,A,b\n1,2,3,4,5\n",
        None,
        &[],
        &["struct<_c0:string,_c1:string,_c2:string,_c3:string,_c4:string>", "a|a|NULL|A|b", "1|2|3|4|5"],
    );
    check("", None, &[HEADER], &["struct<>"]);
    check("\n\n", None, &[HEADER], &["struct<>"]);
    check("a,b\n", None, &INFER, &["struct<a:string,b:string>"]);
}

#[test]
fn ragged_and_blank_lines() {
    check(
        "a,b\n1\n1,2,3\n\n  \n,\n\"\",\"\"\n",
        None,
        &[HEADER],
        &["struct<a:string,b:string>", "1|NULL", "1|2", "NULL|NULL", "NULL|NULL"],
    );
    check("a,b\n1\n1,2,3\n", None, &[HEADER, ("mode", "DROPMALFORMED")], &["struct<a:string,b:string>"]);
    check(
        "a,b\n1\n1,2,3\n",
        None,
        &[HEADER, ("mode", "FAILFAST")],
        &["struct<a:string,b:string>", "!FAILED_READ_FILE.NO_HINT"],
    );
}

#[test]
fn malformed_records_by_mode() {
    check(
        "a,b\n1,x\n1,2\n1\n1,2,3\n",
        Some("a int, b int, _corrupt_record string"),
        &[HEADER],
        &["struct<a:int,b:int,_corrupt_record:string>", "1|NULL|1,x", "1|2|NULL", "1|NULL|1", "1|2|1,2,3"],
    );
    check("a,b\n1,x\n1,2\n", Some("a int, b int"), &[HEADER], &["struct<a:int,b:int>", "1|NULL", "1|2"]);
    check(
        "a,b\n1,x\n1,2\n",
        Some("a int, b int"),
        &[HEADER, ("mode", "DROPMALFORMED")],
        &["struct<a:int,b:int>", "1|2"],
    );
    check(
        "a,b\n1,x\n1,2\n",
        Some("a int, b int"),
        &[HEADER, ("mode", "FAILFAST")],
        &["struct<a:int,b:int>", "!FAILED_READ_FILE.NO_HINT"],
    );
    check("a,b\n1,2\n", Some("a int, _corrupt_record int"), &[], &["!INVALID_CORRUPT_RECORD_TYPE"]);
}

#[test]
fn quotes_and_escapes() {
    check(
        "a,b\n1,\"x\"\"y\"\n2,\"x\\\"y\"\n3,x\"y\n4,\"x\"y\n5,\"abc\n",
        None,
        &[HEADER],
        &["struct<a:string,b:string>", "1|\"x\"\"y\"", "2|x\"y", "3|x\"y", "4|\"x\"y", "5|abc"],
    );
    check(
        "a,b\n1,\"x\"\"y\"\n2,\"x\\\"y,\"\n3,\"x\"y,z\"\n",
        None,
        &[HEADER, ("escape", "\"")],
        &["struct<a:string,b:string>", "1|x\"y", "2|\"x\\\"y", "3|\"x\"y"],
    );
    check(
        "a,b\n\"1\",\"x\"\n'2','y,z'\n",
        None,
        &[HEADER, ("quote", "'")],
        &["struct<a:string,b:string>", "\"1\"|\"x\"", "2|y,z"],
    );
    check("a,b\n\"1\",\"x\"\n", None, &[HEADER, ("quote", "")], &["struct<a:string,b:string>", "\"1\"|\"x\""]);
    let handling = |name: &'static str| [HEADER, ("unescapedQuoteHandling", name)];
    let text = "a,b\n1,\"x\"y,z\n";
    let schema = "struct<a:string,b:string>";
    check(text, None, &handling("STOP_AT_CLOSING_QUOTE"), &[schema, "1|x\"y,z"]);
    check(text, None, &handling("STOP_AT_DELIMITER"), &[schema, "1|\"x\"y"]);
    check(text, None, &handling("SKIP_VALUE"), &[schema, "1|NULL"]);
    check(text, None, &handling("RAISE_ERROR"), &[schema, "!FAILED_READ_FILE.NO_HINT"]);
}

#[test]
fn lines_inside_quotes_need_multi_line() {
    let text = "a,b\n1,\"x\ny\"\n2,z\n";
    check(text, None, &[HEADER], &["struct<a:string,b:string>", "1|x", "y\"|NULL", "2|z"]);
    check(text, None, &[HEADER, ("multiLine", "true")], &["struct<a:string,b:string>", "1|x\ny", "2|z"]);
}

#[test]
fn separators_line_ends_and_comments() {
    let schema = "struct<a:string,b:string>";
    check("a||b\n1||2\n\"x||y\"||z\n", None, &[HEADER, ("sep", "||")], &[schema, "1|2", "x||y|z"]);
    check("a\tb\n1\t2\n", None, &[HEADER, ("sep", "\\t")], &[schema, "1|2"]);
    check("#c\na,b\n#x\n1,2\n #y,1\n", None, &[HEADER, ("comment", "#")], &[schema, "1|2", " #y|1"]);
    check("a;b\r\n1;2\r\n3;4", None, &[HEADER, ("sep", ";")], &[schema, "1|2", "3|4"]);
    check("a;b\r1;2\r3;4", None, &[HEADER, ("sep", ";")], &[schema, "1|2", "3|4"]);
    check("a;b|1;2|3;4", None, &[HEADER, ("sep", ";"), ("lineSep", "|")], &[schema, "1|2", "3|4"]);
}

#[test]
fn nulls_and_empty_values() {
    let schema = "struct<a:string,b:string>";
    check("a,b\n-,1\nNULL,NULL\n", None, &[HEADER, ("nullValue", "NULL")], &[schema, "-|1", "NULL|NULL"]);
    check(
        "a,b\n\"\",1\n,NULL\n\"NULL\",2\n",
        None,
        &[HEADER, ("nullValue", "NULL"), ("emptyValue", "EMPTY")],
        &[schema, "EMPTY|1", "NULL|NULL", "NULL|2"],
    );
}

#[test]
fn encodings_and_marks() {
    let schema = "struct<a:string,b:string>";
    let latin: Vec<u8> = b"a,b\n1,\xe9\n".to_vec();
    check("\u{feff}a,b\n1,2\n", None, &[HEADER], &[schema, "1|2"]);
    check("\u{feff}a,b\n1,2\n", None, &[HEADER, ("multiLine", "true")], &[schema, "1|2"]);
    check(&latin, None, &[HEADER, ("encoding", "ISO-8859-1")], &[schema, "1|é"]);
    check(&latin, None, &[HEADER], &[schema, "1|\u{fffd}"]);
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend("a,b\n1,é\n".encode_utf16().flat_map(u16::to_le_bytes));
    check(&utf16, None, &[HEADER, ("encoding", "UTF-16"), ("multiLine", "true")], &[schema, "1|é"]);
    // Spark splits these lines in the middle of a character; we do not.
    check(&utf16, None, &[HEADER, ("encoding", "UTF-16")], &[schema, "1|é"]);
    check("a,b\n1,2\n", None, &[("encoding", "NOPE")], &["!INVALID_PARAMETER_VALUE.CHARSET"]);
}

#[test]
fn a_schema_rules_over_the_header() {
    check("x,y\n1,2\n", Some("a int, b int"), &[HEADER], &["struct<a:int,b:int>", "1|2"]);
    check("b,a\n1,2\n", Some("a int, b int, c int"), &[HEADER], &["struct<a:int,b:int,c:int>", "1|2|NULL"]);
    check(
        "x,y\n1,2\n",
        Some("a int, b int"),
        &[HEADER, ("enforceSchema", "false")],
        &["struct<a:int,b:int>", "!FAILED_READ_FILE.NO_HINT"],
    );
    check("a,b\n1,2\n", Some("a int, b array<int>"), &[], &["!UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE"]);
}

#[test]
fn values_by_type() {
    let schema = "a tinyint, b float, c boolean, d date, e timestamp, f decimal(5,1)";
    let shown = "struct<a:tinyint,b:float,c:boolean,d:date,e:timestamp,f:decimal(5,1)>";
    check(
        "a,b,c,d,e,f\n1,1.5,true,2020-01-01,2020-01-01 00:00:00,1.55\n",
        Some(schema),
        &[HEADER],
        &[shown, "1|1.5|true|2020-01-01|2020-01-01T00:00:00Z|1.6"],
    );
    check(
        "a,b,c,d,e,f\n300,x,yes,2020-13-01,x,1234567\n",
        Some(schema),
        &[HEADER],
        &[shown, "NULL|NULL|NULL|NULL|NULL|NULL"],
    );
    check("a\n 1\n1 \n1.0\n\"1\"\n", Some("a int"), &[HEADER], &["struct<a:int>", "NULL", "NULL", "NULL", "1"]);
    check("a\n 1.5\n1.5 \n1e2\n1f\n", Some("a double"), &[HEADER], &["struct<a:double>", "1.5", "1.5", "100.0", "1.0"]);
}

#[test]
fn bad_options_are_refused() {
    check("a\n", None, &[("sep", "")], &["!INVALID_DELIMITER_VALUE.EMPTY_STRING"]);
    check("a\n", None, &[("header", "maybe")], &["!_LEGACY_ERROR_TEMP_2147"]);
    check("a\n", None, &[("quote", "\"\"")], &["!OPTION_VALUE_EXCEEDS_ONE_CHARACTER"]);
    check("a,b\n1,2\n", None, &[("mode", "NOPE")], &["struct<_c0:string,_c1:string>", "a|b", "1|2"]);
}

#[test]
fn binary_junk_is_read_as_text() {
    check(
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xfe\x00\n,\x80,\x81\n",
        None,
        &INFER,
        &["struct<\u{fffd}PNG:string>", "IHDR\u{fffd}\u{fffd}\0", "NULL"],
    );
}

#[test]
fn three_hundred_columns() {
    let names: Vec<String> = (0..300).map(|i| format!("c{i}")).collect();
    let values: Vec<String> = (0..300).map(|i| i.to_string()).collect();
    let files = Files::new();
    files.put("f.csv", format!("{}\n{}\n", names.join(","), values.join(",")));
    let table = files.table("csv", "f.csv", None, &INFER).unwrap();
    assert_eq!(table.spark_schema().fields.len(), 300);
    let batches = collect(&scan(&table, Some(vec![299, 0]))).unwrap();
    assert_eq!(rows(&batches), ["299|0"]);
    assert_eq!(read(files.table("csv", "f.csv", None, &[("maxColumns", "20")])), ["!MALFORMED_CSV_RECORD"]);
}

#[test]
fn every_split_gives_the_same_rows() {
    let mut text = String::from("id,name,value\r\n");
    for i in 0..500 {
        text.push_str(&format!("{i},\"n, {i}\",{}.5\r\n", i * 7));
    }
    let files = Files::new();
    files.put("f.csv", &text);
    let whole = read(files.table("csv", "f.csv", None, &INFER));
    assert_eq!(whole.len(), 501);
    for size in ["13b", "100b", "1000b"] {
        let settings = [("spark.sql.files.maxPartitionBytes", size), ("spark.sql.files.openCostInBytes", "0")];
        let table = files.table_with("csv", "f.csv", None, &INFER, &settings).unwrap();
        let plan = scan(&table, None);
        assert!(plan.properties().partitioning.partition_count() > 10, "{size}");
        let mut found = rows(&collect(&plan).unwrap());
        found.sort_by_key(|row| row.split('|').next().unwrap().parse::<i32>().unwrap());
        assert_eq!(found, whole[1..], "{size}");
    }
}

#[test]
fn counting_needs_no_columns() {
    let files = Files::new();
    files.put("f.csv", "a,b\n1,2\n3\n\n4,5,6\n");
    let table = files.table("csv", "f.csv", None, &[HEADER]).unwrap();
    let batches = collect(&scan(&table, Some(vec![]))).unwrap();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 3);
}

#[test]
fn gzip_is_one_partition() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    encoder.write_all(b"a,b\n1,2\n3,4\n").unwrap();
    let files = Files::new();
    files.put("f.csv.gz", encoder.finish().unwrap());
    let settings = [("spark.sql.files.maxPartitionBytes", "5b"), ("spark.sql.files.openCostInBytes", "0")];
    let table = files.table_with("csv", "f.csv.gz", None, &INFER, &settings);
    assert_eq!(read(table), ["struct<a:int,b:int>", "1|2", "3|4"]);
}

#[test]
fn partition_folders_become_columns() {
    let files = Files::new();
    files.put("t/y=2020/m=01/a.csv", "1\n2\n");
    files.put("t/y=2021/m=02/b.csv", "3\n");
    files.put("t/_SUCCESS", "");
    let table = files.table("csv", "t", Some(ddl("v int")), &[]).unwrap();
    let found = read(Ok(table.clone()));
    assert_eq!(found, ["struct<v:int,y:int,m:int>", "1|2020|1", "2|2020|1", "3|2021|2"]);
    assert_eq!(table.input_files(), ["file:///t/y=2020/m=01/a.csv", "file:///t/y=2021/m=02/b.csv"]);
    // A path inside the table loses the folders above it, unless `basePath` says where the table starts.
    assert_eq!(read(files.table("csv", "t/y=2020", Some(ddl("v int")), &[]))[0], "struct<v:int,m:int>");
    let based = files.table("csv", "t/y=2020", Some(ddl("v int")), &[("basePath", "t")]);
    assert_eq!(read(based)[0], "struct<v:int,y:int,m:int>");
    let flat = files.table("csv", "t", Some(ddl("v int")), &[("recursiveFileLookup", "true")]);
    assert_eq!(read(flat), ["struct<v:int>", "1", "2", "3"]);
}

#[test]
fn metrics_count_rows_and_bytes() {
    let files = Files::new();
    files.put("f.csv", "1,2\n3,4\n");
    let plan = scan(&files.table("csv", "f.csv", None, &[]).unwrap(), None);
    collect(&plan).unwrap();
    let metrics = plan.metrics().unwrap();
    assert_eq!(metrics.output_rows(), Some(2));
    assert_eq!(metrics.sum_by_name("bytes_scanned").map(|value| value.as_usize()), Some(8));
}

#[test]
fn a_missing_path_and_an_empty_folder() {
    let files = Files::new();
    assert_eq!(read(files.table("csv", "nope.csv", None, &[])), ["!PATH_NOT_FOUND"]);
    files.0.mkdirs(&kindling_datasource::FilePath::root().join("empty")).unwrap();
    assert_eq!(read(files.table("csv", "empty", None, &[])), ["!UNABLE_TO_INFER_SCHEMA"]);
}

#[test]
fn missing_and_corrupt_files_are_passed_over_on_request() {
    let files = Files::new();
    files.put("t/a.csv.gz", "not gzip at all");
    files.put("t/b.csv", "1\n");
    let read_with = |options: &[(&str, &str)]| {
        let table = files.table("csv", "t", Some(ddl("v int")), options);
        files.0.delete(&kindling_datasource::FilePath::root().join("t/c.csv"), false).unwrap();
        read(table)
    };
    assert_eq!(read_with(&[])[1], "!FAILED_READ_FILE.NO_HINT");
    assert_eq!(read_with(&[("ignoreCorruptFiles", "true")])[1..], ["1"]);
    files.0.delete(&kindling_datasource::FilePath::root().join("t/a.csv.gz"), false).unwrap();
    files.put("t/c.csv", "2\n");
    assert_eq!(read_with(&[])[1], "!FAILED_READ_FILE.FILE_NOT_EXIST");
    files.put("t/c.csv", "2\n");
    assert_eq!(read_with(&[("ignoreMissingFiles", "true")])[1..], ["1"]);
}
