// The tables that `npm run bench` prints, and the goals it holds the figures against.

import { SCANS } from "./workloads.mjs";
import { geometricMean } from "./measure.mjs";

const GOALS = { total: 1.0, scaling: 1.6 };

function table(header, rows) {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => String(row[column]).length)));
  const line = (row) => row.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join("  ");
  return [line(header), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

const millis = (value) => (value === null || value === undefined ? "-" : value.toFixed(0));
const ratio = (a, b) => (typeof a === "number" && typeof b === "number" ? (a / b).toFixed(2) : "-");

/** Ratios that the table shows where both engines ran: name, numerator, denominator. */
const RATIOS = [
  ["k2/eh", "kindling-2", "duckdb-eh"],
  ["k2/coi", "kindling-2", "duckdb-coi"],
  ["k1/k2", "kindling-1", "kindling-2"],
];

export function timesTable({ medians, totals }, engines) {
  const ratios = RATIOS.filter(([, a, b]) => engines.includes(a) && engines.includes(b));
  const row = (name, values) => [name, ...engines.map((engine) => millis(values[engine])), ...ratios.map(([, a, b]) => ratio(values[a], values[b]))];
  const rows = Object.entries(medians).map(([name, values]) => row(name, values));
  return table(["median ms", ...engines, ...ratios.map(([name]) => name)], [...rows, row("total", totals)]);
}

/** What the issue asks for, with what was measured. */
export function goals({ medians, totals }) {
  const out = [];
  if (totals["kindling-2"] && totals["duckdb-eh"]) {
    const value = totals["kindling-2"] / totals["duckdb-eh"];
    out.push({ goal: `total time at most ${GOALS.total}× DuckDB-WASM's default bundle`, value: Number(value.toFixed(3)), met: value <= GOALS.total });
  }
  const scans = SCANS.map((name) => medians[name]).filter((row) => row?.["kindling-1"] && row?.["kindling-2"]);
  if (scans.length > 0) {
    const value = geometricMean(scans.map((row) => row["kindling-1"] / row["kindling-2"]));
    out.push({ goal: `2 threads at least ${GOALS.scaling}× one on scans and aggregates`, value: Number(value.toFixed(3)), met: value >= GOALS.scaling });
  }
  return out;
}

export function goalsTable(list) {
  return table(["goal", "measured", ""], list.map(({ goal, value, met }) => [goal, value, met ? "met" : "MISSED"]));
}
