// The engine: threaded WebAssembly of `crates/kindling-wasm`, in two modules: what every visit loads, and functions that few
// queries call.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cargoTarget, ensureRust, ensureWasmBindgen, filesBelow, once, parts, root, run, say } from "./tools.mjs";

export const engineFolder = join(parts, "engine");
/** What every visit loads, and what is loaded when something in it is called. */
export const FIRST_WASM = "kindling_wasm_bg.wasm";
export const SECOND_WASM = "kindling_wasm_second.wasm";

/** The module before it is split, and with its functions' names. */
const wholeFolder = join(parts, "engine-whole");
const splitterSources = join(root, "crates", "kindling-split", "src");
/** What goes to the second module: chosen by hand, and what measuring showed to be called all the same. */
export const RARE = ["second_module.txt", "second_module_called.txt"].map((name) => join(import.meta.dirname, name));
/** `crates/kindling-wasm/src/second_module.rs` */
const LOADER = "load_second_module";

/**
 * Shared memory needs a standard library built with atomics, hence build-std on the pinned stable toolchain. Panics unwind, so
 * that a task which panics fails alone. Link arguments are in the crate's build.rs.
 */
const FLAGS = [
  "-Cpanic=unwind",
  "-Zlocation-detail=none",
  "-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals,+simd128,+exception-handling",
  '--cfg=getrandom_backend="wasm_js"',
];
const ENVIRONMENT = {
  RUSTC_BOOTSTRAP: "1",
  CARGO_TARGET_DIR: cargoTarget,
  CARGO_ENCODED_RUSTFLAGS: FLAGS.join("\x1f"),
  // zstd is C.
  CC_wasm32_unknown_unknown: "clang",
  AR_wasm32_unknown_unknown: "llvm-ar",
  CFLAGS_wasm32_unknown_unknown: "-matomics -mbulk-memory",
};
const WASM_FEATURES = [
  "threads",
  "bulk-memory",
  "bulk-memory-opt",
  "mutable-globals",
  "simd",
  "exception-handling",
  "reference-types",
  "multivalue",
  "sign-ext",
  "nontrapping-float-to-int",
  "extended-const",
];

export async function buildEngine() {
  await ensureRust();
  const wasmBindgen = await ensureWasmBindgen();
  say("building the engine (the first time compiles all of DataFusion, about a quarter of an hour)");
  await run(
    "cargo",
    ["build", "--package", "kindling-wasm", "--profile", "wasm", "--target", "wasm32-unknown-unknown", "-Zbuild-std=std,panic_unwind"],
    { env: ENVIRONMENT },
  );
  const linked = join(cargoTarget, "wasm32-unknown-unknown", "wasm", "kindling_wasm.wasm");
  const key = createHash("sha256").update(readFileSync(linked)).digest("hex");
  const optimised = `${key} ${process.env.KINDLING_WASM_OPT ?? ""}`;
  await once("engine-whole", optimised, async () => {
    rmSync(wholeFolder, { recursive: true, force: true });
    mkdirSync(wholeFolder, { recursive: true });
    await run(wasmBindgen, [linked, "--target", "web", "--no-typescript", "--remove-producers-section", "--out-dir", wholeFolder]);
    await optimise(join(wholeFolder, FIRST_WASM), ["-Oz", "--debuginfo"]);
  });
  const sources = filesBelow(splitterSources).map((name) => join(splitterSources, name));
  await once("engine", [optimised, ...[...sources, ...RARE].map((path) => readFileSync(path, "utf8"))].join("\0"), async () => {
    rmSync(engineFolder, { recursive: true, force: true });
    mkdirSync(engineFolder, { recursive: true });
    copyFileSync(join(wholeFolder, "kindling_wasm.js"), join(engineFolder, "kindling_wasm.js"));
    say((await splitter(["split", join(wholeFolder, FIRST_WASM), LOADER, join(engineFolder, FIRST_WASM), join(engineFolder, SECOND_WASM), slotsFile, ...RARE])).trim());
  });
}

/** Which function each slot leads to: the page's console says by slot what made it load the second module. */
export const slotsFile = join(parts, "engine-slots.tsv");

/** Runs `crates/kindling-split`; answers what it prints. */
async function splitter(args) {
  await run("cargo", ["build", "--quiet", "--release", "--package", "kindling-split"], { env: { CARGO_TARGET_DIR: cargoTarget } });
  const { stdout, stderr } = await promisify(execFile)(join(cargoTarget, "release", "kindling-split"), args, { maxBuffer: 1 << 30 });
  process.stderr.write(stderr);
  return stdout;
}

/** Writes the engine, whole, as a module that notes which functions run; answers the pages of memory that it had and needs. */
export async function instrument(file) {
  const [pages, neededPages] = (await splitter(["instrument", join(wholeFolder, FIRST_WASM), file])).trim().split(" ").map(Number);
  return { pages, neededPages };
}

/** All functions of the engine, by what an instrumented one noted. */
export async function listFunctions(notes) {
  const lines = (await splitter(["list", join(wholeFolder, FIRST_WASM), LOADER, notes, ...RARE])).trimEnd().split("\n");
  return lines.map((line) => {
    const [index, bytes, called, part, name] = line.split("\t");
    return { index: Number(index), bytes: Number(bytes), called: called === "1", part, name };
  });
}

/** `wasm-opt` of the npm package, unless `KINDLING_WASM_OPT=0` (quicker builds while developing). */
export async function optimise(file, levels) {
  if (process.env.KINDLING_WASM_OPT === "0") return;
  const tool = join(root, "node_modules", "binaryen", "bin", "wasm-opt");
  if (!existsSync(tool)) throw new Error("the npm package binaryen is not installed");
  say(`wasm-opt ${levels.join(" ")}`);
  const optimised = `${file}.opt`;
  await run(process.execPath, ["--max-old-space-size=8192", tool, file, "-o", optimised, ...levels, ...WASM_FEATURES.map((name) => `--enable-${name}`)]);
  renameSync(optimised, file);
}
