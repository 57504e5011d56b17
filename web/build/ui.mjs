// The page's UI: `crates/kindling-ui`, a small single-threaded module.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { optimise } from "./engine.mjs";
import { cargoTarget, ensureRust, ensureWasmBindgen, once, parts, run, say } from "./tools.mjs";

export const uiFolder = join(parts, "ui");

/**
 * All for size: the page waits for this module before it shows anything. Leptos with erased component types; no source places
 * in panics, no text for `Debug` (nothing the page shows is made with it); a standard library built for size.
 */
const FLAGS = ["--cfg=erase_components", "-Zlocation-detail=none", "-Zfmt-debug=none"];
const BUILD_STD = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];
const ENVIRONMENT = { RUSTC_BOOTSTRAP: "1", CARGO_TARGET_DIR: cargoTarget, CARGO_ENCODED_RUSTFLAGS: FLAGS.join("\x1f") };

export async function buildUi() {
  await ensureRust();
  const wasmBindgen = await ensureWasmBindgen();
  say("building the UI");
  await run("cargo", ["build", "--package", "kindling-ui", "--profile", "ui", "--target", "wasm32-unknown-unknown", ...BUILD_STD], { env: ENVIRONMENT });
  const linked = join(cargoTarget, "wasm32-unknown-unknown", "ui", "kindling_ui.wasm");
  const key = createHash("sha256").update(readFileSync(linked)).digest("hex");
  await once("ui", `${key} ${process.env.KINDLING_WASM_OPT ?? ""}`, async () => {
    rmSync(uiFolder, { recursive: true, force: true });
    mkdirSync(uiFolder, { recursive: true });
    const lean = ["--remove-name-section", "--remove-producers-section"];
    await run(wasmBindgen, [linked, "--target", "web", "--no-typescript", ...lean, "--out-dir", uiFolder]);
    // What makes it smaller makes it compress worse, and it travels compressed.
    await optimise(join(uiFolder, "kindling_ui_bg.wasm"), ["-O1"]);
  });
}
