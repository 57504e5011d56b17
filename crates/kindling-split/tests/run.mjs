// Runs a module, whole or split: `node run.mjs CALLS WHOLE` or `node run.mjs CALLS FIRST SECOND`. CALLS is the JSON of
// `[[export, ...arguments], ...]`; prints the JSON of each call's result or error, and how often the second module was loaded.

import { readFileSync } from "node:fs";

const [calls, firstFile, secondFile] = process.argv.slice(2);
let loads = 0;
let refusals = 0;
const memory = new WebAssembly.Memory({ initial: 2, maximum: 4, shared: true });
const first = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(firstFile)), {
  env: {
    memory,
    add: (a, b) => a + b,
    refuse: (times) => void (refusals = times),
    load: () => {
      if (refusals-- > 0) throw new Error("the host is gone");
      loads += 1;
      void new WebAssembly.Instance(new WebAssembly.Module(readFileSync(secondFile)), { first: first.exports });
    },
  },
});
const results = JSON.parse(calls).map(([name, ...args]) => {
  try {
    return first.exports[name](...args) ?? null;
  } catch (error) {
    return String(error.message);
  }
});
console.log(JSON.stringify({ results, loads }));
