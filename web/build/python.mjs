// Python's part of the site: the overlay, Apache's client and what it needs, as bytecode in one archive.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hashOf, once, parts, root, run, say } from "./tools.mjs";

export const pythonArchive = join(parts, "python", "kindling-python.zip");
/** Where the kernel worker puts the archive; the paths in tracebacks and call sites are below it (`web/src/kernel/python.ts`). */
export const ARCHIVE_PATH = "/lib/kindling-python.zip";

const venv = join(root, ".venv");
const wheelhouse = join(parts, "wheelhouse");
const staged = join(parts, "python-staged");
const overlay = join(root, "web", "python");
const requirements = join(overlay, "requirements.txt");

/** Not shipped: pandas-on-Spark cannot run without pandas, and the JVM's own APIs not at all. (`pyspark.ml` imports its `torch` folder whatever it is used for.) */
const LEFT_OUT = ["pyspark/pandas", "pyspark/mllib", "pyspark/ml/tests", "pyspark/ml/deepspeed", "pyspark/pipelines", "google/_upb"];
/** Of googleapis-common-protos only the error model is used. */
const GOOGLE_KEPT = ["protobuf", "rpc"];

export async function buildPython() {
  await fetchPackages();
  const pyodide = JSON.parse(readFileSync(join(root, "node_modules", "pyodide", "package.json"), "utf8")).version;
  const script = readFileSync(new URL(import.meta.url));
  await once("python", [pyodide, hashOf(overlay), hashOf(wheelhouse), script].join(" "), async () => {
    say("compiling Python's packages");
    stage();
    await unpack();
    await compile();
  });
}

async function fetchPackages() {
  await once("wheelhouse", readFileSync(requirements), async () => {
    say("fetching PySpark's client and its dependencies");
    if (!existsSync(venv)) await run("python3", ["-m", "venv", venv]);
    rmSync(wheelhouse, { recursive: true, force: true });
    mkdirSync(wheelhouse, { recursive: true });
    const pip = join(venv, "bin", "pip");
    const download = ["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", wheelhouse];
    const wanted = readFileSync(requirements, "utf8").split("\n").filter((line) => /^[a-z]/.test(line));
    const source = wanted.filter((line) => line.startsWith("pyspark-client"));
    // Wheels for another platform, so that no compiled one of this machine is taken; the client comes as source only.
    await run(pip, [...download, "--platform", "any", "--only-binary", ":all:", ...wanted.filter((line) => !source.includes(line))]);
    await run(pip, [...download, ...source]);
  });
}

function stage() {
  rmSync(staged, { recursive: true, force: true });
  mkdirSync(staged, { recursive: true });
  cpSync(join(overlay, "kindling"), join(staged, "kindling"), { recursive: true, filter: (path) => !path.includes("__pycache__") });
}

async function unpack() {
  const python = join(venv, "bin", "python");
  for (const name of readdirSync(wheelhouse)) {
    const format = name.endsWith(".whl") ? "zip" : "gztar";
    await run(python, ["-c", "import shutil, sys; shutil.unpack_archive(sys.argv[1], sys.argv[2], sys.argv[3])", join(wheelhouse, name), staged, format]);
  }
  for (const name of readdirSync(staged)) {
    if (name.startsWith("pyspark_client-")) {
      cpSync(join(staged, name, "pyspark"), join(staged, "pyspark"), { recursive: true });
      rmSync(join(staged, name), { recursive: true });
    }
  }
  for (const path of LEFT_OUT) rmSync(join(staged, path), { recursive: true, force: true });
  for (const name of readdirSync(join(staged, "google"))) {
    if (!GOOGLE_KEPT.includes(name)) rmSync(join(staged, "google", name), { recursive: true, force: true });
  }
}

/** Bytecode depends on Python's version, so the interpreter that will run it makes it. */
async function compile() {
  const { loadPyodide } = await import("pyodide");
  const pyodide = await loadPyodide();
  mkdirSync(join(parts, "python"), { recursive: true });
  pyodide.mountNodeFS("/staged", staged);
  pyodide.mountNodeFS("/out", join(parts, "python"));
  pyodide.globals.set("archive_path", ARCHIVE_PATH);
  pyodide.runPython(`
import importlib._bootstrap_external as bootstrap, importlib.util, pathlib, zipfile

root = pathlib.Path("/staged")
with zipfile.ZipFile("/out/kindling-python.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    def put(name, data):
        # A fixed time: the same inputs give the same archive, and so the same name.
        entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, data)

    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_dir() or "/tests/" in name or name.endswith(".pyi"):
            continue
        if path.suffix == ".py":
            source = path.read_bytes()
            code = compile(source, f"{archive_path}/{name}", "exec", dont_inherit=True, optimize=0)
            put(name + "c", bootstrap._code_to_hash_pyc(code, importlib.util.source_hash(source), False))
        elif name.startswith(("pyspark/", "kindling/")) or path.name in ("LICENSE", "NOTICE"):
            put(name, path.read_bytes())
`);
}
