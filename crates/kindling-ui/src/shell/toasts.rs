//! Messages in the corner.

use leptos::prelude::*;

use crate::shell::icon::Icon;
use crate::state::shell::ToastAction;
use crate::state::{files, use_app};

/// All toasts.
#[component]
pub fn Toasts() -> impl IntoView {
    let app = use_app();
    view! {
        <div class="toasts">
            <For each=move || app.shell.toasts.get() key=|t| t.id let:toast>
                <div class=if toast.bad { "toast bad" } else { "toast" } role=if toast.bad { "alert" } else { "status" } data-testid="toast">
                    <Icon name=if toast.bad { "alert" } else { "check" }/>
                    <span>
                        <b>{toast.title.clone()}</b>
                        {toast.text.clone()}
                        {toast
                            .action
                            .map(|action| {
                                let id = toast.id;
                                view! {
                                    <span class="acts">
                                        <button
                                            class="btn small"
                                            on:click=move |_| {
                                                app.shell.dismiss(id);
                                                match action {
                                                    ToastAction::Restart => app.restart(),
                                                    ToastAction::Undo => app.undo(false),
                                                    ToastAction::RestoreFile => files::restore(app),
                                                }
                                            }
                                        >
                                            {action.label()}
                                        </button>
                                    </span>
                                }
                            })}
                    </span>
                    <button class="icon small" aria-label="Dismiss" on:click=move |_| app.shell.dismiss(toast.id)>
                        <Icon name="x" small=true/>
                    </button>
                </div>
            </For>
        </div>
    }
}
