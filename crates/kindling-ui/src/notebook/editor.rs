//! A cell's editor: plain text until the cell is near the window and CodeMirror has loaded, then CodeMirror.

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use crate::host::{self, Editor};
use crate::kernel::client::Answer;
use crate::kernel::protocol::{KernelMessage, KernelRequest};
use crate::model::hint;
use crate::model::keymap::Action;
use crate::model::notebook::{Language, Output};
use crate::notebook::cell_item::CellHandle;
use crate::state::{App, use_app};

/// An editor and the functions it calls, which must live as long as it does.
struct Mounted {
    editor: Editor,
    _functions: Vec<JsValue>,
}

/// The editor of a cell.
#[component]
pub fn CellEditor(handle: CellHandle) -> impl IntoView {
    let app = use_app();
    let place = NodeRef::<html::Div>::new();
    let near = RwSignal::new(false);
    let mounted: StoredValue<Option<Mounted>, LocalStorage> = StoredValue::new_local(None);
    let is_mounted = RwSignal::new(false);
    let source = Memo::new(move |_| handle.read(|c| c.source.clone()).unwrap_or_default());
    let language = Memo::new(move |_| handle.read(|c| c.language()).unwrap_or(Language::Python));
    let number = Memo::new(move |_| handle.id.with_value(|id| app.notebook.with(|n| n.code_number(id))));
    let label = move || match number.get() {
        Some(n) => format!("Code of cell {n}"),
        None => "Text of the cell".to_owned(),
    };
    let bare = Memo::new(move |_| {
        handle.id.with_value(|id| app.view_of(id).bare) || !matches!(language.get(), Language::Python | Language::Sql)
    });

    watch_near(place, near);
    Effect::new(move |_| {
        let wanted = (near.get() || handle.editing.get()) && app.editor_ready.get();
        if wanted
            && !is_mounted.get_untracked()
            && let Some(parent) = place.get()
        {
            let made = mount(
                app,
                handle,
                &parent,
                source.get_untracked(),
                language.get_untracked(),
                label(),
                !bare.get_untracked(),
            );
            if let Some(made) = made {
                mounted.set_value(Some(made));
                is_mounted.set(true);
            }
        }
    });
    let with = move |act: &dyn Fn(&Editor)| {
        if is_mounted.get() {
            mounted.with_value(|m| {
                if let Some(m) = m {
                    act(&m.editor);
                }
            });
        }
    };
    Effect::new(move |_| {
        let text = source.get();
        with(&|e| e.set_doc(&text));
    });
    Effect::new(move |_| with(&|e| e.set_mode(language.get().editor_mode())));
    Effect::new(move |_| {
        let label = label();
        with(&|e| e.set_label(&label));
    });
    Effect::new(move |_| with(&|e| e.set_line_numbers(!bare.get())));
    Effect::new(move |_| {
        if handle.editing.get() {
            with(&|e| e.focus("keep"));
        }
    });
    // The line an error is in, as long as the text is the one that ran.
    let mark = Memo::new(move |_| error_mark(app, handle));
    Effect::new(move |_| {
        let (line, word) = mark.get().unwrap_or((0, String::new()));
        with(&|e| e.set_error(line, &word));
    });
    on_cleanup(move || {
        mounted.try_update_value(|m| {
            if let Some(m) = m.take() {
                m.editor.destroy();
            }
        });
    });
    view! {
        <div class="ed" class:bare=move || bare.get()>
            <div node_ref=place></div>
            <Show when=move || !is_mounted.get()>
                <pre
                    class="plain"
                    data-testid="cell-editor"
                    role="textbox"
                    aria-multiline="true"
                    aria-readonly="true"
                    aria-label=label
                    tabindex="0"
                    on:click=move |_| app.edit(&handle.id())
                >
                    {move || {
                        let mark = mark.get().map_or(0, |(line, _)| line as usize);
                        let text = source.get();
                        let lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
                        lines
                            .into_iter()
                            .enumerate()
                            .map(|(n, line)| {
                                let line = if line.is_empty() { "\u{200b}".to_owned() } else { line };
                                view! { <span class=if n + 1 == mark { "l hit" } else { "l" }>{line}</span> }
                            })
                            .collect_view()
                    }}
                </pre>
            </Show>
        </div>
    }
}

fn error_mark(app: App, handle: CellHandle) -> Option<(u32, String)> {
    let run = handle.id.with_value(|id| app.run_of(id));
    handle.read(|cell| {
        let error = cell.outputs.iter().rev().find_map(|o| match o.as_ref() {
            Output::Error(error) => Some(error),
            _ => None,
        })?;
        if run.source.as_deref().is_some_and(|ran| ran != cell.source) {
            return None;
        }
        if let Some(fix) = hint::fix(error, &cell.source) {
            return Some((fix.line as u32, fix.from));
        }
        Some((error.line?, String::new()))
    })?
}

/// Sets `near` once the place comes near the window.
fn watch_near(place: NodeRef<html::Div>, near: RwSignal<bool>) {
    type Watch = (IntersectionObserver, Closure<dyn FnMut(Array)>);
    let watch: StoredValue<Option<Watch>, LocalStorage> = StoredValue::new_local(None);
    Effect::new(move |_| {
        let Some(element) = place.get() else { return };
        let seen = Closure::<dyn FnMut(Array)>::new(move |entries: Array| {
            let any = entries.iter().any(|e| e.unchecked_into::<IntersectionObserverEntry>().is_intersecting());
            if any {
                near.set(true);
            }
        });
        let options = IntersectionObserverInit::new();
        options.set_root_margin("800px");
        match IntersectionObserver::new_with_options(seen.as_ref().unchecked_ref(), &options) {
            Ok(observer) => {
                observer.observe(&element);
                watch.set_value(Some((observer, seen)));
            }
            Err(_) => near.set(true),
        }
    });
    on_cleanup(move || {
        watch.try_update_value(|w| {
            if let Some((observer, _)) = w.take() {
                observer.disconnect();
            }
        });
    });
}

fn mount(
    app: App,
    handle: CellHandle,
    parent: &web_sys::Element,
    doc: String,
    language: Language,
    label: String,
    line_numbers: bool,
) -> Option<Mounted> {
    let options = Object::new();
    let mut functions: Vec<JsValue> = Vec::new();
    let set = |name: &str, value: &JsValue| {
        // A plain object takes any property.
        let _ = Reflect::set(&options, &name.into(), value);
    };
    set("doc", &doc.into());
    set("mode", &language.editor_mode().into());
    set("label", &label.into());
    set("lineNumbers", &line_numbers.into());

    let on_change = Closure::<dyn Fn(String)>::new(move |text: String| app.typed(&handle.id(), text)).into_js_value();
    let on_focus = Closure::<dyn Fn()>::new(move || {
        if !handle.editing.get_untracked() {
            app.edit(&handle.id());
        }
    })
    .into_js_value();
    let on_blur = Closure::<dyn Fn()>::new(move || {
        app.cursor.set(None);
        if handle.editing.get_untracked() {
            app.mode.set(crate::model::keymap::Mode::Command);
        }
    })
    .into_js_value();
    let on_cursor =
        Closure::<dyn Fn(u32, u32)>::new(move |line, column| app.cursor.set(Some((line, column)))).into_js_value();
    let on_key = Closure::<dyn Fn(String, u32)>::new(move |name: String, cursor: u32| key(app, handle, &name, cursor))
        .into_js_value();
    let complete = Closure::<dyn Fn(String, u32) -> Promise>::new(move |code: String, cursor: u32| {
        ask(app, move |id, code, cursor| KernelRequest::Complete { id, code, cursor }, code, cursor)
    })
    .into_js_value();
    let inspect = Closure::<dyn Fn(String, u32) -> Promise>::new(move |code: String, cursor: u32| {
        ask(app, move |id, code, cursor| KernelRequest::Inspect { id, code, cursor }, code, cursor)
    })
    .into_js_value();
    for (name, function) in [
        ("onChange", on_change),
        ("onFocus", on_focus),
        ("onBlur", on_blur),
        ("onCursor", on_cursor),
        ("onKey", on_key),
        ("complete", complete),
        ("inspect", inspect),
    ] {
        set(name, &function);
        functions.push(function);
    }
    let editor = host::new_editor(parent, &options)?;
    Some(Mounted { editor, _functions: functions })
}

/// A cell's own key, pressed in the editor.
fn key(app: App, handle: CellHandle, name: &str, cursor: u32) {
    let id = handle.id();
    app.selected.set(Some(id.clone()));
    match name {
        "run-next" => app.run_and_next(&id),
        "run" => app.run_in_place(&id),
        "run-insert" => {
            app.act(Action::RunInsert, None);
        }
        "escape" => app.select(&id),
        "split" => app.split(&id, cursor),
        "previous" | "next" => {
            let by = if name == "next" { 1 } else { -1 };
            if app.select_neighbour(by)
                && let Some(id) = app.selected.get_untracked()
            {
                let code = app.notebook.with_untracked(|n| {
                    n.cell(&id).is_some_and(|c| matches!(c.language(), Language::Python | Language::Sql))
                });
                if code {
                    app.edit(&id);
                }
            }
        }
        _ => {}
    }
}

/// Asks the kernel and gives the editor a promise. Line numbers of `%%sql` cells are the editor's business: the kernel
/// gets the text as it stands.
fn ask(app: App, make: impl FnOnce(u32, String, u32) -> KernelRequest + 'static, code: String, cursor: u32) -> Promise {
    let mut make = Some(make);
    let mut code = Some(code);
    Promise::new(&mut |resolve: Function, _reject: Function| {
        let done = move |value: &JsValue| {
            let _ = resolve.call1(&JsValue::NULL, value);
        };
        let (Some(make), Some(code)) = (make.take(), code.take()) else { return done(&JsValue::NULL) };
        // A busy kernel answers when it is done: an editor must not wait for that.
        if app.running.with_untracked(Option::is_some) || !app.engine_ready.get_untracked() {
            return done(&JsValue::NULL);
        }
        app.kernel_client.get_value().ask(
            move |id| make(id, code, cursor),
            move |answer| {
                let Answer::Message(message) = answer else { return done(&JsValue::NULL) };
                match *message {
                    KernelMessage::InspectReply { text, .. } => done(&text.map_or(JsValue::NULL, JsValue::from)),
                    KernelMessage::CompleteReply { matches, from, to, .. } => {
                        let value = serde_json::json!({ "matches": matches, "from": from, "to": to });
                        done(&js_sys::JSON::parse(&value.to_string()).unwrap_or(JsValue::NULL));
                    }
                    _ => done(&JsValue::NULL),
                }
            },
        );
    })
}
