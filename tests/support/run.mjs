// Running commands: what they print is shown, what they cost is not hidden.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where builds may be shared between clones; absent on most machines, and nothing depends on it. */
export const cache = join(homedir(), ".cache", "kindling");

export function say(text) {
  console.log(`\n[kindling] ${text}`);
}

/** Variables for every command: a shared cargo target where the machine keeps one. */
export function environment() {
  const env = { CARGO_TERM_COLOR: "never", CARGO_INCREMENTAL: "0" };
  if (!process.env.CARGO_TARGET_DIR && existsSync(cache)) env.CARGO_TARGET_DIR = join(cache, "target");
  return env;
}

/**
 * Runs a command in the repository. Rejects when it fails, unless `allowFailure`; with `capture` its output is
 * returned as well as shown.
 */
export function run(command, args, { allowFailure = false, capture = false, env = {}, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", capture ? "pipe" : "inherit", capture ? "pipe" : "inherit"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (data) => {
        output += data;
        process.stdout.write(data);
      });
    }
    child.on("error", (error) => reject(new Error(`${command}: ${error.message}`)));
    child.on("close", (code) => {
      if (code === 0 || allowFailure) resolve({ code, output });
      else reject(new Error(`${command} ${args.join(" ")} failed (${code})`));
    });
  });
}

/** Runs checks by name; each counts as one. */
export async function counted(checks) {
  const totals = { passed: 0, failed: 0 };
  for (const [name, check] of checks) {
    try {
      await check();
      totals.passed += 1;
      console.log(`ok ${name}`);
    } catch (error) {
      totals.failed += 1;
      console.log(`FAILED ${name}: ${error?.message ?? error}`);
    }
  }
  return totals;
}
