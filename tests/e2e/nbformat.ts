/**
 * What nbformat's JSON schema 4.5 asks of a notebook, as a function: the schema is small, a validator for all of JSON Schema
 * is not. Returns what is wrong, by its place in the document.
 */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Check = (value: Json, at: string) => string[];

const isObject = (value: Json): value is { [key: string]: Json } => typeof value === "object" && value !== null && !Array.isArray(value);
const wrong = (at: string, what: string): string[] => [`${at}: ${what}`];

const object: Check = (value, at) => (isObject(value) ? [] : wrong(at, "not an object"));
const text: Check = (value, at) => (typeof value === "string" ? [] : wrong(at, "not a string"));
const integer = (least: number): Check => (value, at) => (typeof value === "number" && Number.isInteger(value) && value >= least ? [] : wrong(at, `not an integer from ${least}`));
const constant = (...allowed: Json[]): Check => (value, at) => (allowed.includes(value) ? [] : wrong(at, `not one of ${allowed.join(", ")}`));
const list = (check: Check): Check => (value, at) => (Array.isArray(value) ? value.flatMap((item, i) => check(item, `${at}[${i}]`)) : wrong(at, "not an array"));
const either = (a: Check, b: Check): Check => (value, at) => (a(value, at).length === 0 ? [] : b(value, at));
const multiline = either(text, list(text));
const count = either(constant(null), integer(0));

/** An object with these properties and, unless told, no others. */
function record(properties: Record<string, Check>, optional: Record<string, Check> = {}): Check {
  return (value, at) => {
    if (!isObject(value)) return wrong(at, "not an object");
    const missing = Object.keys(properties).filter((key) => !(key in value));
    return [
      ...missing.map((key) => `${at}: ${key} is missing`),
      ...Object.entries(value).flatMap(([key, item]) => {
        const check = properties[key] ?? optional[key];
        return check === undefined ? wrong(`${at}.${key}`, "not allowed") : check(item, `${at}.${key}`);
      }),
    ];
  };
}

const mimebundle: Check = (value, at) => {
  if (!isObject(value)) return wrong(at, "not an object");
  return Object.entries(value).flatMap(([mime, content]) => (/^application\/(.*\+)?json$/.test(mime) ? [] : multiline(content, `${at}.${mime}`)));
};

const OUTPUTS: Record<string, Check> = {
  execute_result: record({ output_type: text, execution_count: count, data: mimebundle, metadata: object }),
  display_data: record({ output_type: text, data: mimebundle, metadata: object }),
  stream: record({ output_type: text, name: text, text: multiline }),
  error: record({ output_type: text, ename: text, evalue: text, traceback: list(text) }),
};

/** By the value of a property. */
function variant(property: string, kinds: Record<string, Check>): Check {
  return (value, at) => {
    const kind = isObject(value) ? value[property] : undefined;
    const check = typeof kind === "string" ? kinds[kind] : undefined;
    return check === undefined ? wrong(at, `no known ${property}`) : check(value, at);
  };
}

const id: Check = (value, at) => (typeof value === "string" && /^[a-zA-Z0-9_-]{1,64}$/.test(value) ? [] : wrong(at, "not a cell id"));
const attachments: Check = (value, at) => (isObject(value) ? Object.entries(value).flatMap(([name, bundle]) => mimebundle(bundle, `${at}.${name}`)) : wrong(at, "not an object"));
const shared = { id, cell_type: text, metadata: object, source: multiline };

const CELLS: Record<string, Check> = {
  raw: record(shared, { attachments }),
  markdown: record(shared, { attachments }),
  code: record({ ...shared, outputs: list(variant("output_type", OUTPUTS)), execution_count: count }),
};

const metadata: Check = (value, at) => {
  if (!isObject(value)) return wrong(at, "not an object");
  const problems: string[] = [];
  if ("kernelspec" in value) problems.push(...(isObject(value.kernelspec) && typeof value.kernelspec.name === "string" && typeof value.kernelspec.display_name === "string" ? [] : wrong(`${at}.kernelspec`, "no name or display_name")));
  if ("language_info" in value) problems.push(...(isObject(value.language_info) && typeof value.language_info.name === "string" ? [] : wrong(`${at}.language_info`, "no name")));
  return problems;
};

const notebook = record({ metadata, nbformat: constant(4), nbformat_minor: integer(5), cells: list(variant("cell_type", CELLS)) });

/** Problems of a notebook; none where it is valid. */
export function problems(document: unknown): string[] {
  const found = notebook(document as Json, "notebook");
  const cells = (document as { cells?: { id?: string }[] }).cells ?? [];
  const ids = cells.map((cell) => cell.id);
  if (new Set(ids).size !== ids.length) found.push("notebook.cells: ids are not unique");
  return found;
}
