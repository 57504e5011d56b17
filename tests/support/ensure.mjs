// What the tests need on the machine, installed where it is missing.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cache, root, run, say } from "./run.mjs";

/** Tools of ours: beside the shared cargo target where there is one, else in the clone. */
const tools = existsSync(cache) ? cache : join(root, "target", "tools");

/** The pinned toolchain with its components, and cargo-deny. */
export async function ensureRust() {
  await run("rustup", ["toolchain", "install", "--no-self-update"], { capture: true });
  const deny = join(tools, "bin", "cargo-deny");
  if (!existsSync(deny)) {
    say("installing cargo-deny (once)");
    const env = { CARGO_TARGET_DIR: join(tools, "target-tools") };
    await run("cargo", ["install", "cargo-deny", "--locked", "--quiet", "--root", tools], { env });
  }
  return { deny };
}

/** npm packages as locked. */
export async function ensureNodeModules() {
  const lock = readFileSync(join(root, "package-lock.json"));
  await once(join(root, "node_modules", ".kindling-lock"), lock, () => {
    say("installing npm packages");
    return run("npm", ["ci", "--no-audit", "--no-fund"]);
  });
}

/** A project-local venv with the real PySpark client and the test tools. */
export async function ensurePythonTests() {
  const venv = join(root, ".venv-test");
  const requirements = join(root, "tests", "requirements.txt");
  await once(join(venv, ".kindling-requirements"), readFileSync(requirements), async () => {
    say("installing the PySpark client and test tools into .venv-test");
    await run("python3", ["-m", "venv", venv]);
    await run(join(venv, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
  });
  return { ruff: join(venv, "bin", "ruff") };
}

/** An installed Chromium: the machine's, or Debian's package, or Playwright's. */
export async function ensureChromium() {
  const candidates = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const found = () => candidates.find((path) => path && existsSync(path));
  if (!found() && existsSync("/usr/bin/apt-get")) {
    say("installing Chromium");
    await run("apt-get", ["update", "-qq"], { allowFailure: true });
    await run("apt-get", ["install", "-y", "-qq", "chromium"], { allowFailure: true, capture: true });
  }
  if (found()) process.env.CHROMIUM = found();
  else await run("npx", ["playwright", "install", "chromium"]);
}

/** `dist/` of the present sources, as published but for the last pass over its wasm. */
export async function ensureBuilt() {
  await run("npm", ["run", "--silent", "build", "--", "--quick"]);
}

/** Runs `install` unless `marker` says that it ran for this content. */
async function once(marker, content, install) {
  const hash = createHash("sha256").update(content).digest("hex");
  if (existsSync(marker) && readFileSync(marker, "utf8") === hash) return;
  await install();
  mkdirSync(join(marker, ".."), { recursive: true });
  writeFileSync(marker, hash);
}
