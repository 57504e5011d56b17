//! JSON as Spark 4.2.0 reads it: every expectation here was taken from it.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::*;

fn check(content: impl AsRef<[u8]>, schema: Option<&str>, options: &[(&str, &str)], expected: &[&str]) {
    let files = Files::new();
    files.put("f.json", &content);
    let found = read(files.table("json", "f.json", schema.map(ddl), options));
    let text = String::from_utf8_lossy(content.as_ref()).into_owned();
    assert_eq!(found, expected, "{text:?} {schema:?} {options:?}");
}

#[test]
fn fields_are_sorted_and_types_merged() {
    check(
        "{\"b\":1,\"a\":\"x\"}\n{\"a\":\"y\",\"c\":true}\n",
        None,
        &[],
        &["struct<a:string,b:bigint,c:boolean>", "x|1|NULL", "y|NULL|true"],
    );
    check(
        "{\"a\":1}\n{\"a\":1.5}\n{\"a\":3000000000}\n",
        None,
        &[],
        &["struct<a:double>", "1.0", "1.5", "3000000000.0"],
    );
    check(
        "{\"a\":99999999999999999999,\"b\":123456789012345678901234567890123456789012}\n",
        None,
        &[],
        &["struct<a:decimal(20,0),b:double>", "99999999999999999999|1.2345678901234568e41"],
    );
    check(
        "{\"a\":[1,2.5],\"b\":{\"x\":1,\"y\":null},\"c\":[],\"d\":null,\"e\":{}}\n",
        None,
        &[],
        &[
            "struct<a:array<double>,b:struct<x:bigint,y:string>,c:array<string>,d:string>",
            "[1.0, 2.5]|{x: 1, y: NULL}|[]|NULL",
        ],
    );
    check(
        "{\"a\":[1,\"x\"]}\n{\"a\":[{\"z\":1}]}\n{\"a\":5}\n",
        None,
        &[],
        &["struct<a:string>", "[1,\"x\"]", "[{\"z\":1}]", "5"],
    );
    check("{\"a\":{\"x\":1}}\n{\"a\":\"s\"}\n", None, &[], &["struct<a:string>", "{\"x\":1}", "s"]);
    check("{\"a\":[]}\n{\"a\":[[1]]}\n", None, &[], &["struct<a:array<array<bigint>>>", "[]", "[[1]]"]);
    check(
        "{\"a\":1.10,\"b\":\"x\"}\n",
        None,
        &[("primitivesAsString", "true")],
        &["struct<a:string,b:string>", "1.10|x"],
    );
    check("{\"a\":1.10}\n", None, &[("prefersDecimal", "true")], &["struct<a:decimal(3,2)>", "1.10"]);
    check("", None, &[], &["struct<>"]);
    check("\n\n", None, &[], &["struct<>"]);
}

#[test]
fn timestamps_are_inferred_on_request() {
    let text = "{\"a\":\"2020-01-01\",\"b\":\"2020-01-01 10:00:00\"}\n";
    check(text, None, &[], &["struct<a:string,b:string>", "2020-01-01|2020-01-01 10:00:00"]);
    check(
        text,
        None,
        &[("inferTimestamp", "true")],
        &["struct<a:timestamp,b:timestamp>", "2020-01-01T00:00:00Z|2020-01-01T10:00:00Z"],
    );
}

#[test]
fn malformed_records_by_mode() {
    let text = "{\"a\":1}\n{bad\n\n{\"a\":2}\n";
    check(text, None, &[], &["struct<_corrupt_record:string,a:bigint>", "NULL|1", "{bad|NULL", "NULL|2"]);
    check(text, None, &[("mode", "DROPMALFORMED")], &["struct<a:bigint>", "1", "2"]);
    check(text, None, &[("mode", "FAILFAST")], &["!MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION"]);
    check(text, Some("a int"), &[("mode", "FAILFAST")], &["struct<a:int>", "!FAILED_READ_FILE.NO_HINT"]);
    check(
        "{\"a\":1}\n{bad\n{\"a\":\"x\"}\n",
        Some("a int, _corrupt_record string"),
        &[],
        &["struct<a:int,_corrupt_record:string>", "1|NULL", "NULL|{bad", "NULL|{\"a\":\"x\"}"],
    );
    check(
        "5\n\"x\"\nnull\ntrue\n{\"a\":1}\n",
        None,
        &[],
        &["struct<_corrupt_record:string,a:bigint>", "5|NULL", "\"x\"|NULL", "null|NULL", "true|NULL", "NULL|1"],
    );
    check(
        b"{\"b\":1}\n{\"a\":\"\xe9\"}\n",
        None,
        &[],
        &["struct<_corrupt_record:string,b:bigint>", "NULL|1", "{\"a\":\"\u{fffd}\"}|NULL"],
    );
}

#[test]
fn a_scan_of_malformed_records_alone_is_refused() {
    let files = Files::new();
    files.put("f.json", "{bad\n");
    let table = files.table("json", "f.json", None, &[]).unwrap();
    let state = datafusion::prelude::SessionContext::new().state();
    let scan = datafusion::catalog::TableProvider::scan(&table, &state, None, &[], None);
    assert!(futures::executor::block_on(scan).unwrap_err().to_string().contains("QUERY_ONLY_CORRUPT_RECORD_COLUMN"));
}

#[test]
fn documents_and_arrays_of_objects() {
    check("[{\"a\":1},{\"a\":2}]\n{\"a\":3}\n", None, &[], &["struct<a:bigint>", "1", "2", "3"]);
    let multi = [("multiLine", "true")];
    check("[{\"a\":1},\n{\"a\":2}]\n", None, &multi, &["struct<a:bigint>", "1", "2"]);
    check("{\n\"a\":1\n}\n", None, &multi, &["struct<a:bigint>", "1"]);
    check("{\"a\":1}{\"a\":2}\n", None, &[], &["struct<a:bigint>", "1"]);
    check("{\"a\":1} x\n", None, &[], &["struct<a:bigint>", "1"]);
    check("{\"a\":1}\r\n{\"a\":2}\r{\"a\":3}", None, &[], &["struct<a:bigint>", "1", "2", "3"]);
    check("{\"a\":1}|{\"a\":2}", None, &[("lineSep", "|")], &["struct<a:bigint>", "1", "2"]);
}

#[test]
fn values_by_type() {
    check(
        "{\"a\":1.10,\"b\":1e3,\"c\":{\"x\": 1.10},\"d\":true}\n",
        Some("a string, b string, c string, d string"),
        &[],
        &["struct<a:string,b:string,c:string,d:string>", "1.10|1e3|{\"x\": 1.10}|true"],
    );
    check(
        "{\"a\":\"2020-01-01\",\"b\":\"2020-01-01 10:00:00\",\"c\":\"2020-01-01T10:00:00Z\",\"d\":1577836800}\n",
        Some("a date, b timestamp, c timestamp, d timestamp"),
        &[],
        &[
            "struct<a:date,b:timestamp,c:timestamp,d:timestamp>",
            "2020-01-01|2020-01-01T10:00:00Z|2020-01-01T10:00:00Z|2020-01-01T00:00:00Z",
        ],
    );
    check(
        "{\"a\":\"1\",\"b\":1.0,\"c\":\"NaN\",\"d\":\"Infinity\",\"e\":1}\n",
        Some("a int, b int, c double, d float, e double"),
        &[],
        &["struct<a:int,b:int,c:double,d:float,e:double>", "NULL|NULL|NaN|inf|1.0"],
    );
    check(
        "{\"a\":\"1.5\",\"b\":300,\"c\":\"true\",\"d\":1}\n",
        Some("a double, b tinyint, c boolean, d boolean"),
        &[],
        &["struct<a:double,b:tinyint,c:boolean,d:boolean>", "NULL|NULL|NULL|NULL"],
    );
    check(
        "{\"a\":NaN,\"b\":Infinity,\"c\":-INF}\n",
        None,
        &[],
        &["struct<a:double,b:double,c:double>", "NaN|inf|-inf"],
    );
    check(
        "{\"a\":\"SGk=\",\"b\":\"1.55\",\"c\":1.55}\n",
        Some("a binary, b decimal(5,1), c decimal(5,1)"),
        &[],
        &["struct<a:binary,b:decimal(5,1),c:decimal(5,1)>", "4869|1.6|1.6"],
    );
    check("{\"A\":1}\n", Some("a int"), &[], &["struct<a:int>", "NULL"]);
}

#[test]
fn nested_values_fail_as_far_as_they_must() {
    check(
        "{\"a\":{\"x\":1,\"y\":\"s\"}}\n{\"a\":{\"x\":\"bad\",\"y\":\"t\"}}\n",
        Some("a struct<x:int,y:string>, _corrupt_record string"),
        &[],
        &[
            "struct<a:struct<x:int,y:string>,_corrupt_record:string>",
            "{x: 1, y: s}|NULL",
            "{x: NULL, y: t}|{\"a\":{\"x\":\"bad\",\"y\":\"t\"}}",
        ],
    );
    check(
        "{\"a\":[1,\"x\",3]}\n",
        Some("a array<int>, b int, _corrupt_record string"),
        &[],
        &["struct<a:array<int>,b:int,_corrupt_record:string>", "NULL|NULL|{\"a\":[1,\"x\",3]}"],
    );
    check("{\"a\":{\"k\":1,\"j\":\"x\"}}\n", Some("a map<string,int>"), &[], &["struct<a:map<string,int>>", "NULL"]);
    check("{\"a\":{\"k\":1}}\n", Some("a map<string,int>"), &[], &["struct<a:map<string,int>>", "{k: 1}"]);
}

#[test]
fn leniencies() {
    let corrupt = "struct<_corrupt_record:string>";
    check("{'a':'x'}\n", None, &[], &["struct<a:string>", "x"]);
    check("{a:1}\n", None, &[("allowUnquotedFieldNames", "true")], &["struct<a:bigint>", "1"]);
    check("/* c */{\"a\":1}\n", None, &[("allowComments", "true")], &["struct<a:bigint>", "1"]);
    check("{\"a\":01}\n", None, &[("allowNumericLeadingZeros", "true")], &["struct<a:bigint>", "1"]);
    for text in ["{a:1}\n", "{\"a\":01}\n", "{\"a\":\"x\ty\"}\n"] {
        let files = Files::new();
        files.put("f.json", text);
        assert_eq!(files.table("json", "f.json", None, &[]).unwrap().spark_schema().simple_string(), corrupt, "{text}");
    }
    check("{\"a\":\"\\u00e9\\n\\/\"}\n", None, &[], &["struct<a:string>", "é\n/"]);
    check("{\"a\":1,\"a\":2}\n", None, &[], &["!COLUMN_ALREADY_EXISTS"]);
    check("{\"a\":1,\"A\":2}\n", None, &[], &["!COLUMN_ALREADY_EXISTS"]);
}

#[test]
fn text_files() {
    let files = Files::new();
    let check = |content: &[u8], options: &[(&str, &str)], expected: &[&str]| {
        files.put("f.txt", content);
        assert_eq!(read(files.table("text", "f.txt", None, options))[1..], *expected, "{content:?}");
    };
    check(b"a\n\nb\r\nc", &[], &["a", "", "b", "c"]);
    check(b"a\n\nb", &[("wholetext", "true")], &["a\n\nb"]);
    check(b"a|b", &[("lineSep", "|")], &["a", "b"]);
    check(b"", &[], &[]);
}
