//! What loads at start: bytes and times as they are, causes where a step failed.

use leptos::prelude::*;

use crate::kernel::protocol::{BootState, BootStep};
use crate::model::format;
use crate::shell::cluster_shape::shape_text;
use crate::shell::icon::Icon;
use crate::state::{App, BootLine, KernelState, use_app};

/// The card.
#[component]
pub fn BootCard() -> impl IntoView {
    let app = use_app();
    let failed = Memo::new(move |_| app.boot.with(|l| l.iter().any(|l| l.state == Some(BootState::Failed))));
    let done = Memo::new(move |_| app.engine_ready.get() && app.python_ready.get());
    let state = move || {
        if failed.get() {
            "failed"
        } else if done.get() {
            "ready"
        } else {
            "loading"
        }
    };
    let total = move || {
        let bytes: f64 = app.boot.with(|l| l.iter().filter_map(|l| l.total.or(l.loaded)).sum());
        if bytes > 0.0 {
            format!(
                "First visit: {} once, then it starts from this browser’s cache, also offline.",
                format::bytes(bytes)
            )
        } else {
            "The first visit loads the engine and Python; then they start from this browser’s cache, also offline."
                .to_owned()
        }
    };
    view! {
        <section class="boot" data-testid="boot" data-state=state aria-label="Starting">
            <div class="bh">
                <h2>
                    <svg aria-hidden="true"><use href="#i-logo"></use></svg>
                    {move || if done.get() { "Spark runs in this tab" } else { "Starting Spark in this tab" }}
                </h2>
                <span class="spacer"></span>
                <button class="icon small" aria-label="Close" on:click=move |_| app.boot_closed.set(true)>
                    <Icon name="x" small=true/>
                </button>
            </div>
            <p>{total}</p>
            {[BootStep::Engine, BootStep::Threads, BootStep::Python, BootStep::Pyspark]
                .map(|step| view! { <Step step/> })
                .collect_view()}
            {move || note(app)}
        </section>
    }
}

fn note(app: App) -> AnyView {
    if let Some(reason) = app.unsupported.get() {
        return view! {
            <div class="ready bad" role="alert" data-testid="unsupported">
                <Icon name="alert"/>
                <span><b>"Cells cannot run in this tab."</b>" "{reason}</span>
            </div>
        }
        .into_any();
    }
    let failed = app.boot.with(|l| l.iter().any(|l| l.state == Some(BootState::Failed)));
    if failed || app.kernel.get() == KernelState::Dead {
        return view! {
            <div class="ready bad" role="alert">
                <Icon name="alert"/>
                <span>
                    <b>{if app.engine_ready.get() { "Python did not start." } else { "Spark did not start." }}</b>
                    {if app.engine_ready.get() {
                        " SQL cells run; PySpark cells wait. "
                    } else {
                        " Notebook and files are as they were. "
                    }}
                    <button class="btn small" on:click=move |_| app.restart()>"Retry"</button>
                </span>
            </div>
        }
        .into_any();
    }
    let (strong, text) = match (app.engine_ready.get(), app.python_ready.get()) {
        (true, true) => ("Ready.", " SQL and PySpark cells run."),
        (true, false) => {
            ("SQL cells run now.", " PySpark cells you start are queued and run in order when Python is ready.")
        }
        _ => ("You can start cells now.", " They are queued and run in order when the engine is ready."),
    };
    view! {
        <div class="ready">
            <Icon name="bolt"/>
            <span><b>{strong}</b>{text}</span>
        </div>
    }
    .into_any()
}

#[component]
fn Step(step: BootStep) -> impl IntoView {
    let app = use_app();
    let line = Memo::new(move |_| app.boot.with(|lines| lines.iter().find(|l| l.step == step).cloned()));
    let testid = match step {
        BootStep::Engine => "boot-engine",
        BootStep::Threads => "boot-threads",
        BootStep::Python => "boot-python",
        BootStep::Pyspark => "boot-pyspark",
    };
    let name = move || match step {
        BootStep::Engine => "Engine".to_owned(),
        BootStep::Threads => shape_text(app.cluster.get()),
        BootStep::Python => "Python".to_owned(),
        BootStep::Pyspark => "PySpark".to_owned(),
    };
    let label = move || format!("Loading {}", name());
    view! {
        <div class="step" data-testid=testid data-state=move || state_name(line.get().as_ref())>
            {move || {
                let (class, icon) = match line.get().and_then(|l| l.state) {
                    Some(BootState::Done) => ("ok", "check"),
                    Some(BootState::Failed) => ("bad", "x"),
                    Some(BootState::Loading) => ("w", "clock"),
                    None => ("muted", "clock"),
                };
                view! { <span class=class><Icon name=icon/></span> }
            }}
            <b>{name}</b>
            {move || {
                let line = line.get();
                let (state, loaded, total) = line.map_or((None, None, None), |l| (l.state, l.loaded, l.total));
                if state == Some(BootState::Done) {
                    let threads = app.cluster.with(|c| c.executors * c.cores);
                    let text = match (step, total.or(loaded)) {
                        (BootStep::Threads, _) => format!("{threads} worker threads"),
                        (BootStep::Engine, Some(bytes)) => format!("WebAssembly, {}", format::bytes(bytes)),
                        (_, Some(bytes)) => format::bytes(bytes),
                        (BootStep::Engine, None) => "WebAssembly".to_owned(),
                        _ => String::new(),
                    };
                    return view! { <span class="d">{text}</span> }.into_any();
                }
                let percent = match (loaded, total) {
                    (Some(loaded), Some(total)) if total > 0.0 => (100.0 * loaded / total).min(100.0),
                    _ => 0.0,
                };
                view! {
                    <div
                        class="load"
                        role="progressbar"
                        aria-label=label
                        aria-valuemin="0"
                        aria-valuemax="100"
                        aria-valuenow=format!("{percent:.0}")
                    >
                        <i style=format!("--p:{percent:.0}%")></i>
                    </div>
                }
                    .into_any()
            }}
            <span class="t">
                {move || {
                    let Some(line) = line.get() else { return String::new() };
                    match (line.state, line.loaded, line.total) {
                        (Some(BootState::Done), ..) => {
                            line.millis.map_or("ready".to_owned(), |m| format!("ready in {:.1} s", m / 1000.0))
                        }
                        (Some(BootState::Failed), ..) => "failed".to_owned(),
                        (_, Some(loaded), Some(total)) if loaded < total => {
                            format!("{} of {}", format::bytes(loaded), format::bytes(total))
                        }
                        (_, Some(loaded), _) => format!("starting, {}", format::bytes(loaded)),
                        (Some(BootState::Loading), None, Some(total)) => format!("loading, {}", format::bytes(total)),
                        (Some(BootState::Loading), ..) => "loading".to_owned(),
                        (None, None, Some(total)) => format!("waiting, {}", format::bytes(total)),
                        (None, ..) => "waiting".to_owned(),
                    }
                }}
            </span>
            {move || line.get().and_then(|l| l.error).map(|why| view! { <span class="why">{why}</span> })}
        </div>
    }
}

fn state_name(line: Option<&BootLine>) -> &'static str {
    match line.and_then(|l| l.state) {
        None => "waiting",
        Some(BootState::Loading) => "loading",
        Some(BootState::Done) => "done",
        Some(BootState::Failed) => "failed",
    }
}
