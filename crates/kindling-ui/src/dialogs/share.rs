//! The share link: what is in it, how long it is.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::dialogs::dialog::DialogFrame;
use crate::host;
use crate::model::format;
use crate::model::nbformat::Include;
use crate::model::notebook::Output;
use crate::model::share;
use crate::shell::cluster_shape::shape_text;
use crate::shell::icon::Icon;
use crate::shell::spark_dock::download_event_log;
use crate::state::{library, use_app};

/// The dialog.
#[component]
pub fn ShareDialog() -> impl IntoView {
    let app = use_app();
    let charts = RwSignal::new(false);
    let rows = RwSignal::new(false);
    let copied = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    // The reader gets the shape it was made with.
    let notebook = app.notebook.with_untracked(|n| {
        let mut n = n.clone();
        if let Ok(shape) = serde_json::to_value(app.cluster.get_untracked()) {
            n.set_kindling("cluster", shape);
        }
        n
    });
    let (cells, row_count, has_outputs) = (
        notebook.cells.len(),
        notebook
            .cells
            .iter()
            .flat_map(|c| c.outputs.iter())
            .map(|o| match o.as_ref() {
                Output::DisplayData { data, .. } | Output::ExecuteResult { data, .. } => {
                    data.dataframe.as_ref().map_or(0, |f| f.rows.len())
                }
                _ => 0,
            })
            .sum::<usize>(),
        notebook.cells.iter().any(|c| !c.outputs.is_empty()),
    );
    let base = {
        let location = host::window().location();
        format!("{}{}", location.origin().unwrap_or_default(), location.pathname().unwrap_or_default())
    };
    // Without outputs, with them, and with their rows too: made once, the boxes choose.
    let links: RwSignal<[String; 3]> = RwSignal::default();
    let failed = RwSignal::new(false);
    spawn_local(async move {
        let contents = [(false, false), (true, false), (true, true)];
        let mut made = [const { String::new() }; 3];
        for (link, (outputs, rows)) in made.iter_mut().zip(contents) {
            let Some(deflated) = host::deflate(&share::text(&notebook, Include { outputs, rows })).await else {
                failed.try_set(true);
                return;
            };
            *link = format!("{base}#{}", share::fragment(&deflated));
        }
        // The dialog may have been closed meanwhile.
        links.try_set(made);
    });
    let size = move |which: usize| links.with(|links| links.get(which).map_or(0, String::len));
    let more =
        move |which: usize, than: usize| format!("+ {}", format::count(size(which).saturating_sub(size(than)) as u64));
    let link = Memo::new(move |_| {
        let which = if rows.get() { 2 } else { usize::from(charts.get()) };
        links.with(|links| links.get(which).cloned().unwrap_or_default())
    });
    let length = Memo::new(move |_| link.with(|l| l.len()));
    let verdict = move || match length.get() {
        0 if failed.get() => "This browser could not make the link: send the .ipynb file instead.",
        0 => "Making the link…",
        n if n <= share::SAFE_LENGTH => "Opens everywhere.",
        n if n <= share::MOST_LENGTH => "Opens in every browser. Some chat apps cut links longer than 2,000.",
        _ => "Too long for many apps: send the .ipynb file instead.",
    };
    // Half of the scale up to 8,000, the rest beyond.
    let place = |n: usize| (n as f64 / 160.0).min(100.0);
    view! {
        <DialogFrame title="Share this notebook" testid="share-dialog">
            <div class="in">
                <div>
                    <div class="link">
                        <label class="vh" for="share-link">"Link"</label>
                        <input id="share-link" readonly data-testid="share-link" node_ref=input prop:value=move || link.get()/>
                        <button
                            class="btn primary"
                            data-testid="share-copy"
                            aria-disabled=move || (length.get() == 0).then_some("true")
                            on:click=move |_| {
                                if length.get_untracked() == 0 {
                                    return;
                                }
                                host::copy(&link.get_untracked());
                                if let Some(input) = input.get_untracked() {
                                    input.select();
                                }
                                copied.set(true);
                            }
                        >
                            <Icon name="link" small=true/>
                            {move || if copied.get() { "Copied" } else { "Copy link" }}
                        </button>
                    </div>
                    <div class="len" data-testid="share-length" data-length=move || length.get().to_string()>
                        <span role="status">
                            <b>
                                {move || match length.get() {
                                    0 => String::new(),
                                    n => format!("{} characters.", format::count(n as u64)),
                                }}
                            </b>
                            " "
                            {verdict}
                        </span>
                        <div class="scale" style=move || format!("--p:{:.1}%", place(length.get())) aria-hidden="true">
                            <u style="--m:12.5%"></u>
                            <u style="--m:50%"></u>
                        </div>
                        <div class="mk" aria-hidden="true">
                            <span style="--m:12.5%">"2,000 safe everywhere"</span>
                            <span style="--m:50%">"8,000 most apps"</span>
                            <span style="--m:95%">"use a file"</span>
                        </div>
                    </div>
                </div>
                <ul class="incl" aria-label="What the link contains">
                    <li>
                        <svg class="i y" aria-hidden="true"><use href="#i-check"></use></svg>
                        <span>
                            {format!("Text and code of {}, title, outline", format::plural(cells as u64, "cell"))}
                            <small>"Always included, with the cluster shape: " {shape_text(app.cluster.get_untracked())}</small>
                        </span>
                        <span class="sz">{move || format::count(size(0) as u64)}</span>
                    </li>
                    <li>
                        <input
                            type="checkbox"
                            id="share-charts"
                            data-testid="share-include-chart"
                            disabled=!has_outputs
                            prop:checked=move || charts.get() || rows.get()
                            on:change=move |e| charts.set(event_target_checked(&e))
                        />
                        <label for="share-charts">
                            "Printed text, images and errors"
                            <small>"So readers see results before they run"</small>
                        </label>
                        <span class="sz">{move || more(1, 0)}</span>
                    </li>
                    <li>
                        <input
                            type="checkbox"
                            id="share-rows"
                            data-testid="share-include-rows"
                            disabled=row_count == 0
                            prop:checked=move || rows.get()
                            on:change=move |e| rows.set(event_target_checked(&e))
                        />
                        <label for="share-rows">
                            "Table rows shown in outputs"
                            <small>{format!("{} would leave this tab", format::plural(row_count as u64, "row"))}</small>
                        </label>
                        <span class="sz">{move || more(2, 1)}</span>
                    </li>
                    <li>
                        <svg class="i x" aria-hidden="true"><use href="#i-x"></use></svg>
                        <span>
                            "Your files"
                            <small>"Never in a link. Readers need their own copy, by the same name."</small>
                        </span>
                        <span class="sz">"0"</span>
                    </li>
                </ul>
                <div class="callout plain">
                    <Icon name="lock"/>
                    <div>
                        "Everything is inside the link, after the "
                        <code>"#"</code>
                        ". No server receives it; anyone with the link can read it and it cannot be revoked. "
                        <b>"Readers are warned and must allow code to run."</b>
                    </div>
                </div>
            </div>
            <div class="df">
                <button class="btn" on:click=move |_| library::export(app)>
                    <Icon name="down2" small=true/>
                    "Download .ipynb"
                </button>
                <button class="btn ghost" disabled=move || !app.engine_ready.get() on:click=move |_| download_event_log(app)>
                    "Download event log"
                </button>
                <span class="spacer"></span>
                <button class="btn" on:click=move |_| app.shell.dialog.set(None)>"Done"</button>
            </div>
        </DialogFrame>
    }
}
