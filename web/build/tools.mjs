// What every build script needs: running commands, the tools they need, remembering what is done.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A cache shared between clones where the machine keeps one; else everything stays in the clone. */
const shared = join(homedir(), ".cache", "kindling");
const tools = existsSync(shared) ? shared : join(root, "target", "tools");

export const cargoTarget = process.env.CARGO_TARGET_DIR ?? (existsSync(shared) ? join(shared, "target") : join(root, "target"));

/** Where the parts of the site are made before they are put together. */
export const parts = join(root, "target", "site");

export function say(text) {
  console.log(`[kindling] ${text}`);
}

/** Runs a command in the repository; its output is shown. */
export function run(command, args, { env = {}, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", (error) => {
      reject(new Error(error.code === "ENOENT" ? `${command} is not installed${hint(command)}` : `${command}: ${error.message}`));
    });
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`${command} ${args[0] ?? ""} failed (${code})`))));
  });
}

function hint(command) {
  if (command === "rustup" || command === "cargo") return ": get it from https://rustup.rs";
  if (command === "clang") return ": on Debian, `apt-get install clang`";
  if (command === "python3") return ": Python 3.11 or newer is needed";
  return "";
}

/** Runs `make` unless it has run for these inputs. */
export async function once(name, key, make) {
  const marker = join(parts, `.${name}`);
  const hash = createHash("sha256").update(key).digest("hex");
  if (existsSync(marker) && readFileSync(marker, "utf8") === hash) return false;
  await make();
  mkdirSync(dirname(marker), { recursive: true });
  writeFileSync(marker, hash);
  return true;
}

/** All files below a folder, as paths relative to it, sorted. */
export function filesBelow(folder) {
  const found = [];
  const visit = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const child = join(path, entry.name);
      if (entry.isDirectory()) visit(child);
      else found.push(relative(folder, child));
    }
  };
  visit(folder);
  return found.sort();
}

/** A hash of a folder's names and contents. */
export function hashOf(folder) {
  const hash = createHash("sha256");
  for (const file of filesBelow(folder)) hash.update(file).update("\0").update(readFileSync(join(folder, file)));
  return hash.digest("hex").slice(0, 10);
}

export function size(path) {
  return statSync(path).size;
}

/** npm packages as locked. */
export async function ensureNodeModules() {
  const lock = readFileSync(join(root, "package-lock.json"));
  await once("node-modules", Buffer.concat([lock, Buffer.from(String(existsSync(join(root, "node_modules"))))]), async () => {
    if (existsSync(join(root, "node_modules", ".package-lock.json")) && (await installedMatches())) return;
    say("installing npm packages");
    await run("npm", ["ci", "--no-audit", "--no-fund", "--silent"]);
  });
}

async function installedMatches() {
  const { packages: wanted } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const { packages: installed } = JSON.parse(readFileSync(join(root, "node_modules", ".package-lock.json"), "utf8"));
  return Object.entries(wanted).every(([path, { version, optional }]) => path === "" || optional || installed[path]?.version === version);
}

/** The pinned toolchain with its wasm target and sources (`rust-toolchain.toml`). */
export async function ensureRust() {
  await once("rust", readFileSync(join(root, "rust-toolchain.toml")), async () => {
    say("installing the Rust toolchain that rust-toolchain.toml names");
    await run("rustup", ["toolchain", "install", "--no-self-update"]);
  });
}

/** `wasm-bindgen` of the version in Cargo.lock: the two must be the same. */
export async function ensureWasmBindgen() {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const version = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)[1];
  const binary = join(tools, "bin", "wasm-bindgen");
  const installed = existsSync(binary) ? await output(binary, ["--version"]) : "";
  if (installed.trim() !== `wasm-bindgen ${version}`) {
    say(`installing wasm-bindgen ${version}, a few minutes once`);
    const install = (...more) =>
      run("cargo", ["install", "wasm-bindgen-cli", "--version", version, "--quiet", "--root", tools, ...more], {
        env: { CARGO_TARGET_DIR: join(tools, "target-tools") },
      });
    // Its lock file may name a release that was taken back since; the tool itself is pinned either way.
    await install("--locked").catch(() => install());
  }
  return binary;
}

function output(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    child.on("error", () => resolve(""));
    child.on("close", () => resolve(text));
  });
}
