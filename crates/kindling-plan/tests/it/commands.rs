//! Statements and `spark.catalog` calls, and what they answer.

use std::sync::Mutex;

use arrow::{
    array::RecordBatch,
    util::display::{ArrayFormatter, FormatOptions},
};
use kindling_common::SparkResult;
use kindling_plan::{
    AnalyzedPlan, CommandOutput, CommandRunner, FileWrite, SessionState, analyze, parse_sql, run_command,
};
use kindling_spec::{CatalogCall, Command, ExplainMode, Plan, SaveMode};

use crate::harness;

/// Writes CSV without partition folders, and keeps what it was asked to write.
#[derive(Default)]
pub struct Runner {
    writes: Mutex<Vec<FileWrite>>,
}

pub fn cells(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let columns: Vec<ArrayFormatter<'_>> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
    (0..batch.num_rows()).map(|row| columns.iter().map(|column| column.value(row).to_string()).collect()).collect()
}

impl CommandRunner for Runner {
    fn collect(&self, state: &SessionState, plan: &AnalyzedPlan) -> SparkResult<Vec<RecordBatch>> {
        harness::run(state, plan)
    }

    fn write(&self, state: &SessionState, plan: &AnalyzedPlan, write: &FileWrite) -> SparkResult<Vec<String>> {
        let mut text = String::new();
        for batch in harness::run(state, plan)? {
            for row in cells(&batch) {
                text.push_str(&row.join(","));
                text.push('\n');
            }
        }
        let folder = state.file_system.resolve(&write.path)?;
        if write.mode == SaveMode::Overwrite {
            state.file_system.delete(&folder, true)?;
        }
        let mut writes = self.writes.lock().unwrap();
        let file = folder.join(&format!("part-{:05}.csv", writes.len()));
        state.file_system.write_all(&file, text.as_bytes())?;
        writes.push(write.clone());
        Ok(vec![])
    }

    fn explain(&self, _: &SessionState, _: &Plan, _: ExplainMode) -> SparkResult<String> {
        Ok("the plan".into())
    }
}

pub struct Session {
    state: SessionState,
    runner: Runner,
}

impl Session {
    pub fn new() -> Session {
        Session { state: harness::session(), runner: Runner::default() }
    }

    fn output(&self, sql: &str) -> SparkResult<CommandOutput> {
        match parse_sql(&self.state, sql, &Default::default(), &[])? {
            Plan::Command(command) => run_command(&self.state, &command, &self.runner),
            Plan::Relation(relation) => {
                let plan = analyze(&self.state, &relation)?;
                let batches = harness::run(&self.state, &plan)?;
                Ok(CommandOutput { schema: plan.schema(), batches })
            }
        }
    }

    /// Rows as lines with tabs, or the error's condition.
    pub fn run(&self, sql: &str) -> String {
        show(self.output(sql))
    }

    fn message(&self, sql: &str) -> String {
        self.output(sql).unwrap_err().message()
    }

    fn call(&self, call: CatalogCall) -> String {
        show(run_command(&self.state, &Command::Catalog(call), &self.runner))
    }

    pub fn ok(&self, sql: &str) {
        assert_eq!(self.run(sql), "", "{sql}");
    }
}

fn show(output: SparkResult<CommandOutput>) -> String {
    match output {
        Ok(output) => {
            let rows: Vec<String> = output.batches.iter().flat_map(cells).map(|row| row.join("\t")).collect();
            rows.join("\n")
        }
        Err(error) => error.condition.to_string(),
    }
}

#[test]
fn databases_come_and_go() {
    let s = Session::new();
    assert_eq!(s.run("SHOW DATABASES"), "default");
    s.ok("CREATE DATABASE D1 COMMENT 'hello' WITH DBPROPERTIES (a = 'b')");
    assert_eq!(s.run("SHOW DATABASES"), "d1\ndefault");
    assert_eq!(s.run("CREATE SCHEMA d1"), "SCHEMA_ALREADY_EXISTS");
    s.ok("CREATE SCHEMA IF NOT EXISTS d1");
    assert_eq!(
        s.run("DESCRIBE DATABASE EXTENDED d1"),
        "Catalog Name\tspark_catalog\nNamespace Name\td1\nComment\thello\nLocation\tfile:/spark-warehouse/d1.db\n\
         Properties\t((a,b))"
    );
    s.ok("USE d1");
    assert_eq!(s.run("SHOW CURRENT NAMESPACE"), "spark_catalog\td1");
    s.ok("CREATE TABLE t (a INT) USING csv");
    assert_eq!(s.run("DROP DATABASE d1"), "SCHEMA_NOT_EMPTY");
    s.ok("USE default");
    s.ok("DROP DATABASE d1 CASCADE");
    assert_eq!(s.run("USE d1"), "SCHEMA_NOT_FOUND");
    assert_eq!(s.run("DROP DATABASE default"), "UNSUPPORTED_FEATURE.DROP_DATABASE");
}

#[test]
fn tables_keep_their_rows_between_sessions() {
    let s = Session::new();
    s.ok("CREATE TABLE t (a INT COMMENT 'ca', b STRING) USING csv COMMENT 'tc' TBLPROPERTIES ('k' = 'v')");
    s.ok("INSERT INTO t VALUES (1, 'x'), (2, NULL)");
    s.ok("INSERT INTO t (b, a) SELECT 'y', 3L");
    assert_eq!(s.run("SELECT a FROM t ORDER BY a"), "1\n2\n3");
    assert_eq!(s.run("SELECT spark_catalog.default.t.a FROM default.t WHERE a = 3"), "3");
    let other = Session {
        state: SessionState::new(s.state.file_system.clone(), s.state.clock.clone()),
        runner: Runner::default(),
    };
    other.state.conf.write().set("spark.default.parallelism", "1");
    assert_eq!(other.run("SELECT count(*) FROM t"), "3");
    s.ok("INSERT OVERWRITE t SELECT 9, 'z'");
    assert_eq!(s.run("SELECT * FROM t"), "9\tz");
    s.ok("TRUNCATE TABLE t");
    assert_eq!(s.run("SELECT count(*) FROM t"), "0");
    s.ok("DROP TABLE t");
    assert_eq!(s.run("SELECT * FROM t"), "TABLE_OR_VIEW_NOT_FOUND");
    assert_eq!(other.run("SHOW TABLES"), "");
}

#[test]
fn inserts_check_width_and_types() {
    let s = Session::new();
    s.ok("CREATE TABLE t (a INT, b STRING DEFAULT 'd') USING csv");
    assert_eq!(
        s.message("INSERT INTO t VALUES (1)"),
        "[INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS] Cannot write to `spark_catalog`.`default`.`t`, the \
         reason is not enough data columns:\nTable columns: `a`, `b`.\nData columns: `col1`. SQLSTATE: 21S01"
    );
    assert_eq!(s.run("INSERT INTO t VALUES (1, 2, 3)"), "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS");
    assert_eq!(s.run("INSERT INTO t VALUES ('x', 'y')"), "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST");
    s.ok("INSERT INTO t (a) VALUES (7)");
    s.ok("INSERT INTO t VALUES (8, DEFAULT)");
    assert_eq!(s.run("SELECT * FROM t ORDER BY a"), "7\td\n8\td");
}

#[test]
fn tables_from_queries_are_gone_when_the_query_fails() {
    let s = Session::new();
    s.ok("CREATE TABLE c USING csv AS SELECT id, id * 2 AS d FROM range(2)");
    assert_eq!(s.run("SELECT d FROM c ORDER BY d"), "0\n2");
    assert_eq!(s.run("CREATE TABLE c USING csv AS SELECT 1"), "TABLE_OR_VIEW_ALREADY_EXISTS");
    s.ok("CREATE TABLE IF NOT EXISTS c USING csv AS SELECT 1");
    assert_eq!(s.run("CREATE TABLE e USING csv AS SELECT 1 / 0 AS x"), "DIVIDE_BY_ZERO");
    assert_eq!(s.run("SHOW TABLES"), "default\tc\tfalse");
}

#[test]
fn partitions_are_folders() {
    let s = Session::new();
    s.ok("CREATE TABLE p (a INT, d STRING, e INT) USING csv PARTITIONED BY (d)");
    assert_eq!(s.run("SHOW PARTITIONS p"), "");
    s.ok("ALTER TABLE p ADD PARTITION (d = 'x') PARTITION (d = 'a/b')");
    assert_eq!(s.run("SHOW PARTITIONS p"), "d=a%2Fb\nd=x");
    assert_eq!(s.run("ALTER TABLE p ADD PARTITION (d = 'x')"), "PARTITIONS_ALREADY_EXIST");
    s.ok("ALTER TABLE p DROP PARTITION (d = 'a/b')");
    assert_eq!(s.run("SHOW PARTITIONS p"), "d=x");
    assert_eq!(s.run("SHOW COLUMNS IN p"), "a\ne\nd");
    s.state
        .file_system
        .write_all(&s.state.file_system.resolve("spark-warehouse/p/d=x/old.csv").unwrap(), b"1,1\n")
        .unwrap();
    s.ok("INSERT OVERWRITE p PARTITION (d = 'x') SELECT 2, 2 WHERE false");
    assert_eq!(s.run("SELECT count(*) FROM p WHERE d = 'x'"), "0");
    let write = s.runner.writes.lock().unwrap().pop().unwrap();
    assert_eq!((write.partition_columns, write.mode), (vec!["d".to_string()], SaveMode::Append));
    assert_eq!(s.run("INSERT OVERWRITE p PARTITION (d = 'x') SELECT a, e FROM p"), "UNSUPPORTED_OVERWRITE.TABLE");
    assert_eq!(s.run("SHOW PARTITIONS nope"), "TABLE_OR_VIEW_NOT_FOUND");
    s.ok("CREATE TABLE q (a INT) USING csv");
    assert_eq!(s.run("SHOW PARTITIONS q"), "INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY");
}

#[test]
fn views_resolve_where_they_were_made() {
    let s = Session::new();
    s.ok("CREATE DATABASE d");
    s.ok("USE d");
    s.ok("CREATE TABLE t USING csv AS SELECT 5 AS a");
    s.ok("CREATE VIEW v (x COMMENT 'cx') AS SELECT a + 1 FROM t");
    s.ok("USE default");
    assert_eq!(s.run("SELECT x FROM d.v"), "6");
    assert_eq!(s.run("CREATE VIEW d.v AS SELECT 1"), "TABLE_OR_VIEW_ALREADY_EXISTS");
    assert_eq!(s.run("CREATE VIEW w (x, y) AS SELECT 1"), "CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS");
    assert_eq!(s.run("DROP VIEW d.t"), "WRONG_COMMAND_FOR_OBJECT_TYPE");
    s.ok("CREATE TEMP VIEW tv AS SELECT 1 AS x");
    assert_eq!(s.run("CREATE TEMP VIEW tv AS SELECT 2"), "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS");
    s.ok("CREATE OR REPLACE TEMP VIEW tv AS SELECT 2 AS x");
    s.ok("CREATE GLOBAL TEMP VIEW gv AS SELECT 3 AS y");
    assert_eq!(s.run("SELECT x + y FROM tv, global_temp.gv"), "5");
    assert_eq!(s.run("SHOW VIEWS IN d"), "d\tv\tfalse\n\ttv\ttrue");
    assert_eq!(s.run("SHOW TABLES IN global_temp"), "global_temp\tgv\ttrue\n\ttv\ttrue");
    s.ok("DROP VIEW tv");
    assert_eq!(s.run("SELECT * FROM tv"), "TABLE_OR_VIEW_NOT_FOUND");
}

#[test]
fn describe_reads_as_spark_s() {
    let s = Session::new();
    s.ok("CREATE TABLE t (a INT COMMENT 'ca', p DATE) USING parquet PARTITIONED BY (p) COMMENT 'tc' TBLPROPERTIES ('k'='v')");
    assert_eq!(
        s.run("DESCRIBE EXTENDED t"),
        "a\tint\tca\np\tdate\tNULL\n# Partition Information\t\t\n# col_name\tdata_type\tcomment\np\tdate\tNULL\n\t\t\n# \
         Detailed Table Information\t\t\nCatalog\tspark_catalog\t\nDatabase\tdefault\t\nTable\tt\t\nCreated Time\tTue \
         Nov 14 22:13:20 UTC 2023\t\nLast Access\tUNKNOWN\t\nCreated By\tSpark 4.2.0\t\nType\tMANAGED\t\nProvider\t\
         parquet\t\nComment\ttc\t\nTable Properties\t[k=v]\t\nLocation\tfile:/spark-warehouse/t\t\nPartition \
         Provider\tCatalog\t"
    );
    assert_eq!(s.run("DESC t a"), "col_name\ta\ndata_type\tint\ncomment\tca");
    assert_eq!(
        s.run("SHOW CREATE TABLE t"),
        "CREATE TABLE spark_catalog.default.t (\n  a INT COMMENT 'ca',\n  p DATE)\nUSING parquet\nPARTITIONED BY \
         (p)\nCOMMENT 'tc'\nTBLPROPERTIES (\n  'k' = 'v')\n"
    );
    assert_eq!(s.run("SHOW TBLPROPERTIES t ('zz')"), "zz\tTable spark_catalog.default.t does not have property: zz");
    assert_eq!(s.run("DESCRIBE QUERY SELECT 1 AS a, 'x' AS b"), "a\tint\tNULL\nb\tstring\tNULL");
    s.ok("ALTER TABLE t ADD COLUMNS (z INT)");
    s.ok("ALTER TABLE t RENAME TO t2");
    assert_eq!(s.run("SHOW COLUMNS IN t2"), "a\nz\np");
}

#[test]
fn configuration_is_set_and_shown() {
    let s = Session::new();
    assert_eq!(s.run("SET spark.sql.shuffle.partitions"), "spark.sql.shuffle.partitions\t200");
    assert_eq!(s.run("SET spark.foo = bar"), "spark.foo\tbar");
    assert_eq!(s.run("SET spark.foo"), "spark.foo\tbar");
    s.ok("RESET spark.foo");
    assert_eq!(s.run("SET spark.foo"), "spark.foo\t<undefined>");
    assert_eq!(s.run("SET TIME ZONE INTERVAL 5 HOURS"), "spark.sql.session.timeZone\t+05:00");
}

#[test]
fn catalog_calls_give_py_spark_s_rows() {
    let s = Session::new();
    s.ok("CREATE TABLE t (a INT COMMENT 'ca') USING csv COMMENT 'tc'");
    s.ok("CREATE TEMP VIEW tv AS SELECT 1 AS x");
    assert_eq!(s.call(CatalogCall::CurrentDatabase), "default");
    assert_eq!(
        s.call(CatalogCall::ListDatabases { pattern: None }),
        "default\tspark_catalog\tdefault database\tfile:/spark-warehouse"
    );
    assert_eq!(
        s.call(CatalogCall::ListTables { db_name: None, pattern: None }),
        "t\tspark_catalog\t[default]\ttc\tMANAGED\tfalse\ntv\tNULL\t[]\tNULL\tTEMPORARY\ttrue"
    );
    assert_eq!(
        s.call(CatalogCall::ListColumns { table_name: "t".into(), db_name: None }),
        "a\tca\tint\ttrue\tfalse\tfalse\tfalse"
    );
    assert_eq!(s.call(CatalogCall::TableExists { table_name: "zz".into(), db_name: None }), "false");
    assert_eq!(s.call(CatalogCall::GetTable { table_name: "zz".into(), db_name: None }), "TABLE_OR_VIEW_NOT_FOUND");
    assert_eq!(s.call(CatalogCall::ListTables { db_name: Some("no".into()), pattern: None }), "SCHEMA_NOT_FOUND");
    assert_eq!(s.call(CatalogCall::SetCurrentCatalog { catalog_name: "x".into() }), "CATALOG_NOT_FOUND");
    assert_eq!(s.call(CatalogCall::DropTempView { view_name: "tv".into() }), "true");
    assert_eq!(s.call(CatalogCall::FunctionExists { function_name: "sum".into(), db_name: None }), "true");
}
