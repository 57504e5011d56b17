//! Modules that are split compute what they did before, whatever goes where. Node runs them: its engine is that of browsers.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::{fs, path::PathBuf, process::Command};

use kindling_split::{Module, Patterns, instrument, select, split};
use wasmparser::{Validator, WasmFeatures};

/// What every module of these tests has: memory, a tag, a loader, a table; `body` follows.
fn module(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
          (import "env" "load" (func $load (param i32)))
          (import "env" "add" (func $add (param i32 i32) (result i32)))
          (import "env" "refuse" (func $refuse (param i32)))
          (import "env" "memory" (memory 1 4 shared))
          (type $unary (func (param i32) (result i32)))
          (tag $exception (param i32))
          (global $stack (mut i32) (i32.const 100))
          (func $loader (export "loader") (param i32) (call $load (local.get 0)))
          {body})"#
    );
    wat::parse_str(text).unwrap()
}

struct Outcome {
    /// The JSON of the results.
    results: String,
    loads: usize,
}

fn node(calls: &str, files: &[PathBuf]) -> Outcome {
    // Read when the test runs: clones may share one target folder.
    let script = format!("{}/tests/run.mjs", std::env::var("CARGO_MANIFEST_DIR").unwrap());
    let output = Command::new("node").arg(script).arg(calls).args(files).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (results, loads) = text.trim().strip_prefix("{\"results\":").unwrap().rsplit_once(",\"loads\":").unwrap();
    Outcome { results: results.to_string(), loads: loads.trim_end_matches('}').parse().unwrap() }
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn validate(bytes: &[u8]) {
    Validator::new_with_features(WasmFeatures::all()).validate_all(bytes).unwrap();
}

fn patterns(text: &str) -> Patterns {
    let mut patterns = Patterns::default();
    patterns.add(text).unwrap();
    patterns
}

/// Names of the functions that are moved.
fn moved(bytes: &[u8], rare: &str) -> Vec<String> {
    let module = Module::parse(bytes).unwrap();
    let selection = select(&module, &patterns(rare), module.exported_function("loader").unwrap());
    (0..module.functions())
        .filter(|&function| selection.moved[function])
        .map(|function| module.names[function].clone())
        .collect()
}

/// Runs calls on the module split, and on the module whole where `as_whole` says that both must answer alike.
fn run(name: &str, bytes: &[u8], rare: &str, calls: &str, as_whole: bool) -> Outcome {
    let module = Module::parse(bytes).unwrap();
    let loader = module.exported_function("loader").unwrap();
    let selection = select(&module, &patterns(rare), loader);
    let parts = split(&module, &selection.moved, loader).unwrap();
    let folder = folder(name);
    let files = ["first.wasm", "second.wasm", "whole.wasm"].map(|file| folder.join(file));
    for (file, bytes) in files.iter().zip([parts.first.as_slice(), &parts.second, bytes]) {
        fs::write(file, bytes).unwrap();
    }
    let outcome = node(calls, &files[..2]);
    if as_whole {
        assert_eq!(outcome.results, node(calls, &files[2..]).results);
    }
    outcome
}

/// Long enough to be worth a stub, and answers its argument.
const LONG: &str =
    "(local.get 0) (i32.const 123456789) (i32.add) (i32.const 123456789) (i32.sub) (i32.const 987654321) (i32.xor)
    (i32.const 987654321) (i32.xor)";

#[test]
fn the_second_module_is_loaded_by_the_first_call_into_it() {
    let bytes = module(&format!(
        r#"(table 0 funcref)
           (elem (i32.const 0))
           (func $cold (type $unary) {LONG} (i32.const 7) (call $add))
           (func $hot (export "hot") (type $unary) (local.get 0))
           (func (export "once") (type $unary) (call $cold (local.get 0)))
           (func (export "thrice") (type $unary) (call $cold (call $cold (call $cold (local.get 0)))))"#
    ));
    assert_eq!(run("none", &bytes, "cold", r#"[["hot",1]]"#, true).loads, 0);
    let outcome = run("first_call", &bytes, "cold", r#"[["once",1],["hot",2],["thrice",3],["once",4]]"#, true);
    assert_eq!((outcome.results.as_str(), outcome.loads), ("[8,2,24,11]", 1));
}

#[test]
fn functions_in_the_table_are_replaced_where_they_stand() {
    let bytes = module(&format!(
        r#"(table 3 3 funcref)
           (elem (i32.const 1) $dyn_cold $dyn_hot)
           (func $dyn_cold (type $unary) {LONG} (i32.const 1) (i32.add) (call_indirect (type $unary) (i32.const 2)))
           (func $dyn_hot (type $unary) (i32.mul (local.get 0) (i32.const 2)))
           (func (export "call") (param i32 i32) (result i32) (call_indirect (type $unary) (local.get 0) (local.get 1)))
           (func (export "direct") (type $unary) (call $dyn_cold (local.get 0)))"#
    ));
    assert_eq!(run("table_hot", &bytes, "dyn_cold", r#"[["call",5,2],["call",5,0]]"#, true).loads, 0);
    let outcome = run("table_cold", &bytes, "dyn_cold", r#"[["call",5,1],["call",6,1],["direct",7]]"#, true);
    assert_eq!((outcome.results.as_str(), outcome.loads), ("[12,14,16]", 1));
}

#[test]
fn both_parts_share_globals_and_memory() {
    let bytes = module(&format!(
        r#"(table 0 funcref)
           (elem (i32.const 0))
           (func $cold (type $unary) (global.set $stack (i32.sub (global.get $stack) (local.get 0)))
             (i32.store (i32.const 16) (call $hot (local.get 0))) {LONG})
           (func $hot (type $unary) (i32.add (global.get $stack) (local.get 0)))
           (func (export "run") (type $unary) (call $cold (local.get 0)))
           (func (export "stack") (result i32) (global.get $stack))
           (func (export "stored") (result i32) (i32.load (i32.const 16)))"#
    ));
    let outcome =
        run("shared", &bytes, "cold", r#"[["run",1],["stack"],["stored"],["run",10],["stack"],["stored"]]"#, true);
    assert_eq!(outcome.results, "[1,99,100,10,89,99]");
}

#[test]
fn exceptions_cross_the_border_in_both_directions() {
    let bytes = module(&format!(
        r#"(table 0 funcref)
           (elem (i32.const 0))
           (func $cold_throws (type $unary) (throw $exception (i32.add (local.get 0) (i32.const 1))) {LONG})
           (func $hot_throws (type $unary) (throw $exception (i32.add (local.get 0) (i32.const 2))))
           (func $cold_catches (type $unary) try (result i32) local.get 0 call $hot_throws catch $exception end (drop)
             try (result i32) {LONG} call $hot_throws catch $exception end)
           (func $cold_cleans (type $unary)
             try (result i32) {LONG} call $hot_throws catch_all i32.const 5 global.set $stack rethrow 0 end)
           (func (export "catch") (type $unary) try (result i32) local.get 0 call $cold_throws catch $exception end)
           (func (export "caught") (type $unary) (call $cold_catches (local.get 0)))
           (func (export "cleaned") (type $unary) try (result i32) local.get 0 call $cold_cleans catch $exception end)
           (func (export "stack") (result i32) (global.get $stack))"#
    ));
    let outcome = run("exceptions", &bytes, "cold", r#"[["catch",10],["caught",20],["cleaned",30],["stack"]]"#, true);
    assert_eq!((outcome.results.as_str(), outcome.loads), ("[11,22,32,5]", 1));
}

#[test]
fn a_load_that_fails_fails_the_call_and_the_next_call_tries_again() {
    let bytes = module(&format!(
        r#"(table 1 1 funcref)
           (elem (i32.const 0) $dyn_cold)
           (func $cold (type $unary) {LONG})
           (func $dyn_cold (type $unary) {LONG})
           (func (export "refuse") (param i32) (call $refuse (local.get 0)))
           (func (export "call") (type $unary) (call_indirect (type $unary) (local.get 0) (i32.const 0)))
           (func (export "direct") (type $unary) (call $cold (local.get 0)))"#
    ));
    let outcome =
        run("refused", &bytes, "cold", r#"[["refuse",2],["direct",1],["call",2],["call",3],["direct",4]]"#, false);
    assert_eq!((outcome.results.as_str(), outcome.loads), (r#"[null,"the host is gone","the host is gone",3,4]"#, 1));
}

#[test]
fn what_only_moved_functions_call_goes_with_them() {
    let bytes = module(&format!(
        r#"(table 1 1 funcref)
           (elem (i32.const 0) $in_table)
           (func $cold (type $unary) (call $helper (local.get 0)) (call $shared) (call $in_table) (drop) {LONG})
           (func $helper (type $unary) (call $inner (local.get 0)))
           (func $inner (type $unary) (if (local.get 0) (then (drop (call $inner (i32.const 0))))) (local.get 0))
           (func $shared (type $unary) (local.get 0))
           (func $in_table (type $unary) (local.get 0))
           (func (export "hot") (type $unary) (drop (call $shared (local.get 0))) (call $cold (local.get 0)))"#
    ));
    assert_eq!(moved(&bytes, "cold"), ["cold", "helper", "inner"]);
    assert_eq!(run("followed", &bytes, "cold", r#"[["hot",3]]"#, true).results, "[3]");
}

#[test]
fn what_javascript_or_the_loader_calls_stays() {
    let bytes = module(&format!(
        r#"(table 0 funcref)
           (elem (i32.const 0))
           (func $cold_exported (export "run") (type $unary) {LONG})
           (func $cold_copier (param i32) {LONG} (drop) (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))
           (func $cold_start (param i32) {LONG} (drop) (memory.init $text (i32.const 0) (i32.const 0) (i32.const 1)))
           (func (export "hot") (call $cold_copier (i32.const 0)) (call $cold_start (i32.const 0)))
           (data $text "x")"#
    ));
    assert_eq!(moved(&bytes, "cold"), ["cold_copier"]);
    let needed = wat::parse_str(format!(
        r#"(module (memory 1) (table 0 funcref)
             (func $cold (param i32) (result i32) {LONG})
             (func (export "loader") (param i32) (drop (call $cold (local.get 0))))
             (func (export "hot") (drop (call $cold (i32.const 0)))))"#
    ));
    assert_eq!(moved(&needed.unwrap(), "cold"), [""; 0]);
}

#[test]
fn an_instrumented_module_notes_what_runs() {
    let bytes = module(&format!(
        r#"(table 0 funcref)
           (elem (i32.const 0))
           (func $called (type $unary) {LONG})
           (func $other (export "other") (type $unary) {LONG})
           (func (export "run") (type $unary) (call $called (local.get 0)))
           (func (export "noted") (type $unary) (i32.load8_u (i32.add (i32.const 65536) (local.get 0))))"#
    ));
    let instrumented = instrument(&Module::parse(&bytes).unwrap()).unwrap();
    validate(&instrumented.bytes);
    assert_eq!((instrumented.pages, instrumented.needed_pages), (1, 2));
    let file = folder("instrumented").join("module.wasm");
    fs::write(&file, &instrumented.bytes).unwrap();
    // Imports are 0 to 2, the loader is 3.
    let calls = r#"[["run",9],["noted",3],["noted",4],["noted",5],["noted",6]]"#;
    assert_eq!(node(calls, &[file]).results, "[9,0,1,0,1]");
}

#[test]
fn a_module_that_has_been_split_is_refused() {
    let bytes = module(&format!(
        r#"(table 0 funcref)
           (elem (i32.const 0))
           (func $cold (type $unary) {LONG})
           (func (export "run") (type $unary) (call $cold (local.get 0)))"#
    ));
    let module = Module::parse(&bytes).unwrap();
    let loader = module.exported_function("loader").unwrap();
    let parts = split(&module, &select(&module, &patterns("cold"), loader).moved, loader).unwrap();
    let first = Module::parse(&parts.first).unwrap();
    let nothing = vec![false; first.functions()];
    assert!(split(&first, &nothing, first.exported_function("loader").unwrap()).is_err());
}
