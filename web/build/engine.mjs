// The engine: threaded WebAssembly of `crates/kindling-wasm`.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cargoTarget, ensureRust, ensureWasmBindgen, once, parts, root, run, say } from "./tools.mjs";

export const engineFolder = join(parts, "engine");

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
  await once("engine", `${key} ${process.env.KINDLING_WASM_OPT ?? ""}`, async () => {
    rmSync(engineFolder, { recursive: true, force: true });
    mkdirSync(engineFolder, { recursive: true });
    await run(wasmBindgen, [linked, "--target", "web", "--no-typescript", "--remove-name-section", "--remove-producers-section", "--out-dir", engineFolder]);
    await optimise(join(engineFolder, "kindling_wasm_bg.wasm"), ["-Oz"]);
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
