// The page's UI: `crates/kindling-ui`, a small single-threaded module.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { optimise } from "./engine.mjs";
import { cargoTarget, ensureRust, ensureWasmBindgen, once, parts, run, say } from "./tools.mjs";

export const uiFolder = join(parts, "ui");

export async function buildUi() {
  await ensureRust();
  const wasmBindgen = await ensureWasmBindgen();
  say("building the UI");
  await run("cargo", ["build", "--package", "kindling-ui", "--profile", "ui", "--target", "wasm32-unknown-unknown"], {
    env: { CARGO_TARGET_DIR: cargoTarget },
  });
  const linked = join(cargoTarget, "wasm32-unknown-unknown", "ui", "kindling_ui.wasm");
  const key = createHash("sha256").update(readFileSync(linked)).digest("hex");
  await once("ui", `${key} ${process.env.KINDLING_WASM_OPT ?? ""}`, async () => {
    rmSync(uiFolder, { recursive: true, force: true });
    mkdirSync(uiFolder, { recursive: true });
    await run(wasmBindgen, [linked, "--target", "web", "--no-typescript", "--out-dir", uiFolder]);
    await optimise(join(uiFolder, "kindling_ui_bg.wasm"), ["-Oz"]);
  });
}
