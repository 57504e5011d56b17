//! A notebook that came from elsewhere runs nothing until the user says so.

use leptos::prelude::*;

use crate::dialogs::dialog::DialogFrame;
use crate::model::format;
use crate::model::notebook::CellKind;
use crate::model::quiz;
use crate::shell::icon::Icon;
use crate::state::{library, use_app};

/// The dialog.
#[component]
pub fn TrustDialog(
    /// Where it came from, as a sentence.
    from: String,
) -> impl IntoView {
    let app = use_app();
    let (title, cells, conf) = app.notebook.with_untracked(|n| {
        let code = n.cells.iter().filter(|c| c.kind == CellKind::Code).count();
        let checks = n.cells.iter().filter(|c| quiz::of(c).is_some()).count();
        let text = n.cells.len() - code - checks;
        let mut parts = vec![format!("{code} code"), format!("{text} text")];
        if checks > 0 {
            parts.push(format::plural(checks as u64, "check"));
        }
        let conf = n.kindling().and_then(|k| k.get("conf")?.as_object().map(|c| c.len())).unwrap_or(0);
        (n.title(), parts.join(", "), conf)
    });
    view! {
        <DialogFrame title=from testid="trust-dialog" role="alertdialog">
            <div class="in">
                <div class="callout">
                    <Icon name="alert"/>
                    <div>
                        <b>"Run code only from people you trust."</b>
                        " Code can read the files and notebooks you keep on this site and could send them elsewhere. It cannot reach your other sites or the rest of your computer."
                    </div>
                </div>
                <dl class="kv">
                    <div><dt>"Title"</dt><dd>{title}</dd></div>
                    <div><dt>"Cells"</dt><dd>{cells}</dd></div>
                    <div><dt>"Changes settings"</dt><dd>{conf.to_string()}</dd></div>
                </dl>
                <p class="small">
                    "Nothing has run. You can read every cell first; outputs you see were saved by the author."
                </p>
            </div>
            <div class="df">
                <button
                    class="btn ghost"
                    on:click=move |_| {
                        app.shell.dialog.set(None);
                        library::delete(app, app.doc.get_untracked());
                    }
                >
                    "Leave"
                </button>
                <span class="spacer"></span>
                <button class="btn" data-testid="trust-read" data-autofocus="" on:click=move |_| app.shell.dialog.set(None)>
                    "Read without running"
                </button>
                <button
                    class="btn primary"
                    data-testid="trust-allow"
                    on:click=move |_| {
                        library::trust(app);
                        app.shell.dialog.set(None);
                    }
                >
                    "Allow code to run"
                </button>
            </div>
        </DialogFrame>
    }
}
