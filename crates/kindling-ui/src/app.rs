//! The page: its signals, its listeners, its parts.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::dialogs::Dialogs;
use crate::host;
use crate::kernel::protocol::ClusterShape;
use crate::model::keymap::{Action, Chord, Mode};
use crate::notebook::notebook_view::NotebookView;
use crate::shell::footer::Footer;
use crate::shell::nav_bar::NavBar;
use crate::shell::side_bar::SideBar;
use crate::shell::spark_dock::SparkDock;
use crate::shell::toasts::Toasts;
use crate::shell::top_bar::TopBar;
use crate::state::{App, KernelState, files, library};

/// Time between two ticks of the page's clock while something runs.
const TICK_MS: u32 = 100;

/// Mounts the page in place of the shell that `index.html` painted.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
    if let Some(shell) = host::document().and_then(|d| d.get_element_by_id("shell")) {
        shell.remove();
    }
    mount_to_body(Page);
}

/// Executors × cores for a machine: two executors, so that losing one leaves one, with the machine's threads between them.
fn default_cluster() -> ClusterShape {
    let saved = host::local_get("kindling-cluster").and_then(|text| serde_json::from_str(&text).ok());
    saved.unwrap_or_else(|| {
        let threads = (host::window().navigator().hardware_concurrency() as u32).clamp(1, 8);
        ClusterShape { executors: threads.min(2), cores: (threads / 2).max(1) }
    })
}

/// The page.
#[component]
pub fn Page() -> impl IntoView {
    let app = App::new(default_cluster());
    provide_context(app);
    body_attributes(app);
    listen(app);
    clock(app);
    boot(app);
    view! {
        <div class="app" class:dropping=move || app.shell.dropping.get()>
            <a class="skip" href="#cells">"Skip to notebook"</a>
            <TopBar/>
            <main
                class="main"
                style=move || {
                    let panel = app.shell.split.get();
                    format!("--panel:{panel:.2}fr;--book:{:.2}fr", 100.0 - panel)
                }
            >
                <SideBar/>
                <NotebookView/>
                <SparkDock/>
            </main>
            <Footer/>
            <NavBar/>
        </div>
        <Dialogs/>
        <Toasts/>
    }
}

fn boot(app: App) {
    app.unsupported.set(host::unsupported());
    app.start_storage();
    files::empty_trash(app);
    library::start(app);
    if app.unsupported.get_untracked().is_none() {
        app.start_kernel();
    } else {
        app.kernel.set(KernelState::Dead);
    }
}

/// State that styles depend on stands on `body` and `html`.
fn body_attributes(app: App) {
    Effect::new(move |_| {
        let Some(document) = host::document() else { return };
        if let Some(body) = document.body() {
            let set = |name: &str, value: &str| {
                let _ = body.set_attribute(name, value);
            };
            set("data-layout", app.shell.layout.get().name());
            set("data-pane", app.shell.pane.get().name());
            set("data-side", if app.shell.side_open.get() { "open" } else { "closed" });
            // Run and Interrupt share one button on phones.
            let busy = matches!(app.shown_kernel(), KernelState::Busy | KernelState::Interrupting);
            set("data-kernel", if busy { "busy" } else { app.shown_kernel().name() });
        }
        if let Some(root) = document.document_element() {
            let _ = root.set_attribute("data-theme", if app.shell.dark.get() { "dark" } else { "light" });
        }
    });
}

/// The clock runs only while something runs.
fn clock(app: App) {
    let timer: StoredValue<Option<gloo_timers::callback::Interval>, LocalStorage> = StoredValue::new_local(None);
    Effect::new(move |_| {
        let running = app.running.get().is_some();
        timer.update_value(|timer| {
            if running && timer.is_none() {
                let tick = move || app.clock.set(js_sys::Date::now());
                *timer = Some(gloo_timers::callback::Interval::new(TICK_MS, tick));
            } else if !running {
                *timer = None;
            }
        });
    });
}

fn listen(app: App) {
    window_event_listener(ev::Custom::<web_sys::Event>::new("kindling-editor"), move |_| app.editor_ready.set(true));
    window_event_listener(ev::Custom::<web_sys::Event>::new("pagehide"), move |_| library::save_on_leave(app));
    window_event_listener(ev::visibilitychange, move |_| library::save_on_leave(app));
    window_event_listener(ev::keydown, move |event| keydown(app, &event));
    window_event_listener(ev::dragover, move |event| {
        if has_files(&event) {
            event.prevent_default();
            app.shell.dropping.set(true);
        }
    });
    window_event_listener(ev::dragleave, move |event| {
        // Only when the pointer leaves the window.
        if event.related_target().is_none() {
            app.shell.dropping.set(false);
        }
    });
    window_event_listener(ev::drop, move |event| {
        app.shell.dropping.set(false);
        if has_files(&event) {
            event.prevent_default();
            if let Some(list) = event.data_transfer().and_then(|d| d.files()) {
                files::add(app, &list);
            }
        }
    });
    window_event_listener(ev::hashchange, move |_| {
        let hash = host::window().location().hash().unwrap_or_default();
        if hash.contains("nb=") {
            library::start(app);
        }
    });
}

fn has_files(event: &web_sys::DragEvent) -> bool {
    event.data_transfer().is_some_and(|d| d.types().iter().any(|t| t.as_string().as_deref() == Some("Files")))
}

/// Keys that no editor, field or dialog took.
fn keydown(app: App, event: &web_sys::KeyboardEvent) {
    if event.default_prevented() || event.is_composing() || app.shell.dialog.with_untracked(Option::is_some) {
        return;
    }
    let target = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
    let within = |selector: &str| target.as_ref().is_some_and(|t| t.closest(selector).ok().flatten().is_some());
    let key = event.key();
    let command = event.ctrl_key() || event.meta_key();
    let saves = command && key.eq_ignore_ascii_case("s");
    if within("input, select, textarea, [contenteditable=true], .menu") && !saves {
        return;
    }
    // A button, link or field of its own keeps Enter and Space; elsewhere than at the notebook only the panel's keys act.
    if within("button, a, label, summary") && matches!(key.as_str(), "Enter" | " ") && !event.shift_key() && !command {
        return;
    }
    let mode = app.mode.get_untracked();
    let chord = Chord { key, ctrl: command, shift: event.shift_key(), alt: event.alt_key() };
    let mut action = None;
    app.keymap.update_value(|keymap| action = keymap.press(mode, &chord, host::now()));
    let Some(action) = action else { return };
    if mode == Mode::Edit
        && !matches!(
            action,
            Action::EnterCommand | Action::Save | Action::RunNext | Action::RunInPlace | Action::RunInsert
        )
    {
        return;
    }
    let elsewhere = within(".side, .spark, .topbar, .foot, .toasts");
    let everywhere = matches!(
        action,
        Action::ShowPanel
            | Action::MaximisePanel
            | Action::PanelPage(_)
            | Action::Help
            | Action::Save
            | Action::Interrupt
            | Action::Restart
    );
    if elsewhere && !everywhere {
        return;
    }
    if app.act(action, None) {
        event.prevent_default();
    }
}
