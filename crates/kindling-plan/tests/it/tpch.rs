//! The 22 queries of TPC-H plan, with the schemas that real Spark gives them.

use std::path::PathBuf;

use kindling_plan::{analyze, create_physical_plan, optimize};

use crate::harness::{parse, session, view};

const TABLES: &[(&str, &str)] = &[
    ("region", "r_regionkey BIGINT, r_name STRING, r_comment STRING"),
    ("nation", "n_nationkey BIGINT, n_name STRING, n_regionkey BIGINT, n_comment STRING"),
    (
        "supplier",
        "s_suppkey BIGINT, s_name STRING, s_address STRING, s_nationkey BIGINT, s_phone STRING, \
         s_acctbal DECIMAL(15,2), s_comment STRING",
    ),
    (
        "customer",
        "c_custkey BIGINT, c_name STRING, c_address STRING, c_nationkey BIGINT, c_phone STRING, \
         c_acctbal DECIMAL(15,2), c_mktsegment STRING, c_comment STRING",
    ),
    (
        "part",
        "p_partkey BIGINT, p_name STRING, p_mfgr STRING, p_brand STRING, p_type STRING, p_size INT, \
         p_container STRING, p_retailprice DECIMAL(15,2), p_comment STRING",
    ),
    (
        "partsupp",
        "ps_partkey BIGINT, ps_suppkey BIGINT, ps_availqty INT, ps_supplycost DECIMAL(15,2), ps_comment STRING",
    ),
    (
        "orders",
        "o_orderkey BIGINT, o_custkey BIGINT, o_orderstatus STRING, o_totalprice DECIMAL(15,2), o_orderdate DATE, \
         o_orderpriority STRING, o_clerk STRING, o_shippriority INT, o_comment STRING",
    ),
    (
        "lineitem",
        "l_orderkey BIGINT, l_partkey BIGINT, l_suppkey BIGINT, l_linenumber INT, l_quantity DECIMAL(15,2), \
         l_extendedprice DECIMAL(15,2), l_discount DECIMAL(15,2), l_tax DECIMAL(15,2), l_returnflag STRING, \
         l_linestatus STRING, l_shipdate DATE, l_commitdate DATE, l_receiptdate DATE, l_shipinstruct STRING, \
         l_shipmode STRING, l_comment STRING",
    ),
];

#[test]
fn all_queries_plan_with_spark_s_schemas() {
    let folder = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../tests/tpch");
    let expected: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("expected_sf0.01.json")).unwrap()).unwrap();
    let state = session();
    for (name, columns) in TABLES {
        let columns: Vec<String> = columns
            .split(", ")
            .map(|column| {
                let (name, data_type) = column.split_once(' ').unwrap();
                format!("CAST(NULL AS {data_type}) AS {name}")
            })
            .collect();
        view(&state, name, &format!("SELECT {} WHERE 1 = 2", columns.join(", ")));
    }
    let mut failures = vec![];
    for number in 1..=22 {
        let name = format!("q{number:02}");
        let text = std::fs::read_to_string(folder.join("queries").join(format!("{name}.sql"))).unwrap();
        let planned = parse(&text).and_then(|relation| {
            let analyzed = analyze(&state, &relation)?;
            let optimized = optimize(&state, &analyzed)?;
            create_physical_plan(&state, &optimized)?;
            Ok(analyzed.schema().simple_string())
        });
        match planned {
            Ok(schema) if schema == expected[&name]["schema"] => {}
            Ok(schema) => failures.push(format!("{name}: {schema}, not {}", expected[&name]["schema"])),
            Err(error) => failures.push(format!("{name}: {}", error.message())),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
