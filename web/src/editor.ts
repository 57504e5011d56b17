/**
 * The code editor: a thin wrapper around CodeMirror 6 for `crates/kindling-ui/src/notebook/editor.rs`.
 *
 * Loaded beside the page, not before it: until it is there, cells show their text plainly. It registers itself as
 * `window.kindlingEditor` and announces that with a `kindling-editor` event. Cells' own keys (run, leave, split) are
 * reported by name and decided in Rust.
 */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, startCompletion, acceptCompletion, completionStatus, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore, toggleComment } from "@codemirror/commands";
import { markdown } from "@codemirror/lang-markdown";
import { python } from "@codemirror/lang-python";
import { SQLDialect, sql } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, Prec, StateEffect, StateField, type Extension } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, hoverTooltip, keymap, lineNumbers, showTooltip, type DecorationSet, type KeyBinding, type Tooltip } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

/** What a completion source returns, as in `protocol.ts`. */
interface Matches {
  matches: { label: string; type: string; detail?: string }[];
  from: number;
  to: number;
}

export interface EditorOptions {
  doc: string;
  mode: string;
  label: string;
  lineNumbers: boolean;
  /** The text changed by the user. */
  onChange(doc: string): void;
  onFocus(): void;
  onBlur(): void;
  /** 1-based line and column of the cursor. */
  onCursor(line: number, column: number): void;
  /** A key of the cell (`run-next`, `run`, `run-insert`, `escape`, `split`, `previous`, `next`) and the cursor's offset. */
  onKey(name: string, cursor: number): void;
  complete(code: string, cursor: number): Promise<Matches | null>;
  inspect(code: string, cursor: number): Promise<string | null>;
}

// Spark SQL: MySQL-like quoting (backticks are identifiers), its own keywords where the editor lacks them.
const sparkSql = SQLDialect.define({
  keywords:
    "select from where group by having order sort cluster distribute limit offset union all distinct except minus intersect with recursive as on using join inner left right full outer cross semi anti lateral view explode pivot unpivot for in between like ilike rlike regexp exists not and or is null true false case when then else end cast try_cast over partition rows range unbounded preceding following current row window qualify values insert into overwrite table create replace temporary temp view global database schema catalog drop alter add columns rename to set unset reset show describe desc explain extended formatted codegen cost use cache uncache lazy refresh analyze compute statistics tblproperties location partitioned clustered buckets stored options comment if merge matched update delete truncate function returns return declare variable execute immediate tablesample percent asc nulls first last rollup cube grouping sets filter within interval date timestamp timestamp_ntz",
  types: "boolean byte tinyint short smallint int integer long bigint float real double decimal dec numeric string char varchar binary date timestamp array map struct variant void",
  builtin:
    "abs aggregate any_value approx_count_distinct array array_agg array_contains array_distinct array_join avg bround ceil char_length coalesce collect_list collect_set concat concat_ws corr count count_if covar_samp current_date current_timestamp date_add date_diff date_format date_sub date_trunc day dayofweek decode dense_rank element_at exp explode filter first first_value flatten floor format_number from_json from_unixtime get_json_object greatest hash hour if ifnull initcap instr isnan isnotnull isnull lag last last_day last_value lead least length ln locate log lower lpad ltrim make_date map map_keys map_values max max_by md5 mean median min min_by minute mode month months_between nullif nvl parse_url percent_rank percentile percentile_approx posexplode pow power quarter rand rank regexp_extract regexp_replace repeat reverse round row_number rpad rtrim second sequence sha2 size slice sort_array split sqrt stddev str_to_map substr substring sum to_date to_json to_timestamp transform trim trunc try_add try_cast try_divide typeof upper uuid var_samp variance weekday weekofyear width_bucket year zip_with",
  backslashEscapes: true,
  hashComments: false,
  identifierQuotes: "`",
  doubleQuotedStrings: true,
});

const highlight = HighlightStyle.define([
  { tag: [t.keyword, t.operatorKeyword, t.controlKeyword, t.definitionKeyword, t.moduleKeyword, t.bool, t.null, t.self], color: "var(--s-kw)" },
  { tag: [t.function(t.variableName), t.function(t.propertyName), t.function(t.definition(t.variableName)), t.className, t.typeName, t.standard(t.name)], color: "var(--s-fn)" },
  { tag: [t.string, t.special(t.string), t.regexp, t.special(t.brace)], color: "var(--s-str)" },
  { tag: [t.number, t.literal], color: "var(--s-num)" },
  { tag: [t.comment, t.lineComment, t.blockComment], color: "var(--s-com)", fontStyle: "italic" },
  { tag: t.meta, color: "var(--s-com)" },
  { tag: t.heading, fontWeight: "700" },
  { tag: t.strong, fontWeight: "700" },
  { tag: t.emphasis, fontStyle: "italic" },
  { tag: [t.link, t.url], color: "var(--info)" },
  { tag: t.monospace, color: "var(--s-str)" },
]);

function language(mode: string): Extension {
  switch (mode) {
    case "python":
      return python();
    case "sql":
      return sql({ dialect: sparkSql, upperCaseKeywords: true });
    case "markdown":
      return markdown();
    default:
      return StreamLanguage.define({ token: (stream) => (stream.skipToEnd(), null) });
  }
}

// The line of an error and the part of it that is wrong.
interface Mark {
  line: number;
  from: number;
  to: number;
}
const setMark = StateEffect.define<Mark | null>();
const hitLine = Decoration.line({ class: "hit" });
const squiggle = Decoration.mark({ class: "squig" });
const markField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, tr) {
    let next = tr.docChanged ? Decoration.none : marks;
    for (const effect of tr.effects) {
      if (!effect.is(setMark)) continue;
      next = Decoration.none;
      const mark = effect.value;
      if (mark && mark.line >= 1 && mark.line <= tr.state.doc.lines) {
        const line = tr.state.doc.line(mark.line);
        const ranges = [hitLine.range(line.from)];
        const [from, to] = [Math.max(line.from, mark.from), Math.min(line.to, mark.to)];
        if (from < to) ranges.push(squiggle.range(from, to));
        next = Decoration.set(ranges, true);
      }
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

// Shift+Tab: documentation at the cursor, until the next key or click.
const setDocs = StateEffect.define<Tooltip | null>();
const docsField = StateField.define<Tooltip | null>({
  create: () => null,
  update(tip, tr) {
    for (const effect of tr.effects) if (effect.is(setDocs)) return effect.value;
    return tr.docChanged || tr.selection ? null : tip;
  },
  provide: (field) => showTooltip.from(field),
});

function docsDom(text: string): HTMLElement {
  const pre = document.createElement("pre");
  pre.className = "cm-docs";
  pre.textContent = text;
  return pre;
}

export class Editor {
  private readonly view: EditorView;
  private readonly mode = new Compartment();
  private readonly numbers = new Compartment();
  private readonly attributes = new Compartment();
  /** Set while the page itself changes the text, so that it is not told its own news. */
  private quiet = false;

  constructor(parent: HTMLElement, private readonly options: EditorOptions) {
    // The editor gives the keys up at once: what is typed next is for the cells.
    const leave = (view: EditorView, name: string): true => {
      const cursor = view.state.selection.main.head;
      view.contentDOM.blur();
      options.onKey(name, cursor);
      return true;
    };
    const cellKey = (key: string, name: string): KeyBinding => ({ key, run: (view) => leave(view, name) });
    const keys: KeyBinding[] = [
      cellKey("Shift-Enter", "run-next"),
      cellKey("Mod-Enter", "run"),
      cellKey("Alt-Enter", "run-insert"),
      cellKey("Ctrl-Shift--", "split"),
      cellKey("Ctrl-Shift-_", "split"),
      { key: "Mod-/", run: toggleComment },
      {
        key: "Escape",
        run: (view) => {
          if (completionStatus(view.state) !== null) return false;
          if (view.state.field(docsField)) return view.dispatch({ effects: setDocs.of(null) }), true;
          return leave(view, "escape");
        },
      },
      {
        key: "Tab",
        run: (view) => {
          if (acceptCompletion(view)) return true;
          const { main } = view.state.selection;
          const line = view.state.doc.lineAt(main.head);
          const before = line.text.slice(0, main.head - line.from);
          // After a word Tab completes; at the start of a line or over a selection it indents.
          if (main.empty && /[\w.]$/.test(before)) return startCompletion(view);
          return indentMore(view);
        },
        shift: (view) => {
          const { main } = view.state.selection;
          const line = view.state.doc.lineAt(main.head);
          if (!main.empty || line.text.slice(0, main.head - line.from).trim() === "") return indentLess(view);
          void this.showDocs();
          return true;
        },
      },
      {
        key: "ArrowUp",
        run: (view) => {
          const { main } = view.state.selection;
          if (!main.empty || completionStatus(view.state) !== null || view.state.doc.lineAt(main.head).number > 1) return false;
          return leave(view, "previous");
        },
      },
      {
        key: "ArrowDown",
        run: (view) => {
          const { main } = view.state.selection;
          if (!main.empty || completionStatus(view.state) !== null || view.state.doc.lineAt(main.head).number < view.state.doc.lines) return false;
          return leave(view, "next");
        },
      },
    ];
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: options.doc,
        extensions: [
          Prec.highest(keymap.of(keys)),
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
          history(),
          drawSelection(),
          indentOnInput(),
          indentUnit.of("    "),
          EditorState.tabSize.of(4),
          bracketMatching(),
          closeBrackets(),
          // The list opens on Tab alone, so that no Enter can be meant for the text below it.
          autocompletion({ override: [(context) => this.complete(context)], activateOnTyping: false, interactionDelay: 0, icons: false }),
          hoverTooltip(() => null),
          this.mode.of(language(options.mode)),
          this.numbers.of(options.lineNumbers ? lineNumbers() : []),
          this.attributes.of(this.contentAttributes(options.label)),
          syntaxHighlighting(highlight),
          markField,
          docsField,
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !this.quiet) options.onChange(update.state.doc.toString());
            if (update.selectionSet || update.docChanged || update.focusChanged) {
              const head = update.state.selection.main.head;
              const line = update.state.doc.lineAt(head);
              if (update.view.hasFocus) options.onCursor(line.number, head - line.from + 1);
            }
            if (update.focusChanged) update.view.hasFocus ? options.onFocus() : options.onBlur();
          }),
        ],
      }),
    });
  }

  private contentAttributes(label: string): Extension {
    return EditorView.contentAttributes.of({ "aria-label": label, "data-testid": "cell-editor", tabindex: "0", spellcheck: "false", autocorrect: "off", autocapitalize: "off" });
  }

  private async complete(context: CompletionContext): Promise<CompletionResult | null> {
    if (!context.explicit && !context.matchBefore(/[\w.]+$/)) return null;
    const answer = await this.options.complete(context.state.doc.toString(), context.pos);
    if (!answer || context.aborted || answer.matches.length === 0) return null;
    return {
      from: answer.from,
      to: answer.to,
      options: answer.matches.map((m) => ({ label: m.label, type: m.type, detail: m.detail })),
      validFor: /^\w*$/,
    };
  }

  private async showDocs(): Promise<void> {
    const pos = this.view.state.selection.main.head;
    const text = await this.options.inspect(this.view.state.doc.toString(), pos);
    if (text && this.view.state.selection.main.head === pos) {
      this.view.dispatch({ effects: setDocs.of({ pos, above: true, create: () => ({ dom: docsDom(text) }) }) });
    }
  }

  setDoc(doc: string): void {
    if (doc === this.view.state.doc.toString()) return;
    this.quiet = true;
    const head = Math.min(this.view.state.selection.main.head, doc.length);
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: doc }, selection: { anchor: head } });
    this.quiet = false;
  }

  setMode(mode: string): void {
    this.view.dispatch({ effects: this.mode.reconfigure(language(mode)) });
  }

  setLabel(label: string): void {
    this.view.dispatch({ effects: this.attributes.reconfigure(this.contentAttributes(label)) });
  }

  setLineNumbers(on: boolean): void {
    this.view.dispatch({ effects: this.numbers.reconfigure(on ? lineNumbers() : []) });
  }

  /** Marks a line (from 1; 0 clears) and in it the first occurrence of a word. */
  setError(line: number, word: string): void {
    if (line < 1 || line > this.view.state.doc.lines) {
      this.view.dispatch({ effects: setMark.of(null) });
      return;
    }
    const { from, text } = this.view.state.doc.line(line);
    const at = word ? text.indexOf(word) : -1;
    this.view.dispatch({ effects: setMark.of({ line, from: from + Math.max(at, 0), to: at < 0 ? from : from + at + word.length }) });
  }

  /** Cursor position in UTF-16 units. */
  cursor(): number {
    return this.view.state.selection.main.head;
  }

  focus(at: "start" | "end" | "keep"): void {
    if (at !== "keep") this.view.dispatch({ selection: { anchor: at === "start" ? 0 : this.view.state.doc.length } });
    this.view.focus();
  }

  blur(): void {
    this.view.contentDOM.blur();
  }

  destroy(): void {
    this.view.destroy();
  }
}

declare global {
  interface Window {
    kindlingEditor?: { create(parent: HTMLElement, options: EditorOptions): Editor };
  }
}

window.kindlingEditor = { create: (parent, options) => new Editor(parent, options) };
window.dispatchEvent(new Event("kindling-editor"));
