/**
 * The page's entry: makes sure of isolation, offers `window.kindlingPage`, loads the UI's wasm module.
 */

import { ensureIsolation } from "./isolation";
import { page } from "./page";

declare const UI_MODULE: string;
declare const UI_WASM: string;

interface UiModule {
  default(options: { module_or_path: URL }): Promise<unknown>;
}

(globalThis as unknown as { kindlingPage: typeof page }).kindlingPage = page;

if (await ensureIsolation()) {
  const ui = (await import(new URL(UI_MODULE, document.baseURI).href)) as UiModule;
  await ui.default({ module_or_path: new URL(UI_WASM, document.baseURI) });
}
