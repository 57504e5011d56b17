//! Where the Spark panel is docked: its grip, head and close; the panel itself is in `spark/`.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::host;
use crate::kernel::client::Answer;
use crate::kernel::protocol::KernelRequest;
use crate::shell::icon::Icon;
use crate::shell::menu::Menu;
use crate::spark::SparkPanel;
use crate::state::shell::Layout;
use crate::state::{App, use_app};

/// Asks the kernel for its event log and offers it as a download.
pub fn download_event_log(app: App) {
    app.kernel_client.get_value().ask(
        |id| KernelRequest::EventLog { id },
        move |answer| match answer {
            Answer::File(name, blob) => {
                let application = app.versions.with_untracked(|v| v.application.clone());
                host::download(&application.unwrap_or(name), &blob);
            }
            _ => app.shell.toast(true, "No event log", "The kernel is not running.", None),
        },
    );
}

/// Shows an event log in the panel, in place of this tab's application.
fn open_event_log(app: App, file: Option<web_sys::File>) {
    let Some(file) = file else { return };
    let name = file.name();
    spawn_local(async move {
        let text = JsFuture::from(file.text()).await.ok().and_then(|t| t.as_string()).unwrap_or_default();
        if let Err(error) = app.spark.open_event_log(&name, &text) {
            app.shell.toast(true, format!("{name} is no event log"), error, None);
        }
    });
}

/// The dock.
#[component]
pub fn SparkDock() -> impl IntoView {
    let app = use_app();
    let section = NodeRef::<html::Section>::new();
    let log_input = NodeRef::<html::Input>::new();
    let dragging = RwSignal::new(false);
    let set_split = move |percent: f64| {
        app.shell.split.set(percent.clamp(25.0, 75.0));
        host::local_set("kindling-split", &app.shell.split.get_untracked().to_string());
    };
    let on_move = move |event: ev::PointerEvent| {
        if !dragging.get_untracked() {
            return;
        }
        let Some(section) = section.get_untracked() else { return };
        let right = section.get_bounding_client_rect().right();
        // The sidebar does not take part.
        let left = section
            .parent_element()
            .and_then(|main| main.query_selector(".book").ok().flatten())
            .map_or(0.0, |book| book.get_bounding_client_rect().left());
        set_split(100.0 * (right - f64::from(event.client_x())) / (right - left).max(1.0));
    };
    let maximised = move || app.shell.layout.get() == Layout::Spark;
    view! {
        <section class="spark" aria-label="Spark UI" data-testid="spark-panel" node_ref=section>
            <button
                class="grip"
                aria-label="Resize Spark panel"
                role="separator"
                aria-orientation="vertical"
                aria-valuemin="25"
                aria-valuemax="75"
                aria-valuenow=move || format!("{:.0}", app.shell.split.get())
                on:pointerdown=move |e: ev::PointerEvent| {
                    dragging.set(true);
                    let grip: web_sys::Element = event_target(&e);
                    let _ = grip.set_pointer_capture(e.pointer_id());
                }
                on:pointermove=on_move
                on:pointerup=move |_| dragging.set(false)
                on:pointercancel=move |_| dragging.set(false)
                on:keydown=move |e| {
                    let by = match e.key().as_str() {
                        "ArrowLeft" => 2.0,
                        "ArrowRight" => -2.0,
                        _ => return,
                    };
                    e.prevent_default();
                    e.stop_propagation();
                    set_split(app.shell.split.get_untracked() + by);
                }
            ></button>
            <div class="sp-head">
                <b>"Spark UI"</b>
                <span class="mono">
                    {move || match app.spark.is_live() {
                        true => app.versions.with(|v| v.application.clone()),
                        false => app.spark.with(|store| store.application.id.clone()),
                    }}
                </span>
                <input
                    type="file"
                    hidden
                    node_ref=log_input
                    aria-label="Open an event log"
                    on:change=move |_| open_event_log(app, log_input.get_untracked().and_then(|i| i.files()).and_then(|f| f.get(0)))
                />
                <span class="spacer"></span>
                <Menu
                    class="btn ghost small dock"
                    label="Event log"
                    testid="event-log"
                    button=ViewFn::from(|| view! { "Event log "<Icon name="chev" small=true/> })
                >
                    <button disabled=move || !app.engine_ready.get() on:click=move |_| download_event_log(app)>
                        <Icon name="down2" small=true/>
                        "Download event log"
                    </button>
                    <button
                        data-testid="open-event-log"
                        on:click=move |_| {
                            if let Some(input) = log_input.get_untracked() {
                                input.set_value("");
                                input.click();
                            }
                        }
                    >
                        <Icon name="folder" small=true/>
                        "Open an event log …"
                    </button>
                    <Show when=move || !app.spark.is_live()>
                        <button on:click=move |_| app.spark.close_event_log()>"Back to this tab’s application"</button>
                    </Show>
                </Menu>
                <button
                    class="icon small dock"
                    aria-label=move || if maximised() { "Restore panel" } else { "Maximise panel" }
                    aria-pressed=move || maximised().to_string()
                    data-testid="spark-maximise"
                    on:click=move |_| app.shell.toggle_maximise()
                >
                    {move || {
                        if maximised() {
                            view! { <Icon name="dock" small=true/> }.into_any()
                        } else {
                            view! { <Icon name="max" small=true/> }.into_any()
                        }
                    }}
                </button>
                <button
                    class="icon small dock"
                    aria-label="Close panel"
                    on:click=move |_| {
                        app.shell.layout.set(Layout::Split);
                        app.shell.toggle_panel();
                    }
                >
                    <Icon name="x" small=true/>
                </button>
            </div>
            <SparkPanel feed=app.spark/>
        </section>
    }
}
