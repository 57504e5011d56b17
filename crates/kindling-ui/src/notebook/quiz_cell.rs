//! A check cell: a question, its options, and why each is right or wrong. Nothing of it leaves the tab.

use leptos::prelude::*;

use crate::model::quiz::{self, Quiz};
use crate::notebook::cell_item::CellHandle;
use crate::shell::icon::Icon;
use crate::state::use_app;

/// The cell.
#[component]
pub fn QuizCell(handle: CellHandle) -> impl IntoView {
    let app = use_app();
    let quiz = Memo::new(move |_| handle.read(quiz::of).flatten());
    // Which of the notebook's check cells this is.
    let place = Memo::new(move |_| {
        app.notebook.with(|n| {
            let all: Vec<&str> = n.cells.iter().filter(|c| quiz::of(c).is_some()).map(|c| c.id.as_str()).collect();
            let at = handle.id.with_value(|id| all.iter().position(|c| c == id)).unwrap_or(0);
            format!("{} of {}", at + 1, all.len())
        })
    });
    view! {
        <div class="gut"></div>
        <div class="bodyc">{move || quiz.get().map(|quiz| view! { <Question quiz place id=handle.id()/> })}</div>
    }
}

#[component]
fn Question(quiz: Quiz, place: Memo<String>, id: String) -> impl IntoView {
    let chosen: RwSignal<Option<usize>> = RwSignal::new(None);
    let checked: RwSignal<Option<usize>> = RwSignal::new(None);
    let asked = RwSignal::new(false);
    let hint_shown = RwSignal::new(false);
    let quiz = StoredValue::new(quiz);
    let right = move |n: usize| quiz.with_value(|q| q.options.get(n).is_some_and(|o| o.correct));
    let options = quiz.with_value(|q| {
        q.options
            .iter()
            .enumerate()
            .map(|(n, option)| {
                let state = move || checked.get().filter(|c| *c == n).map(right);
                view! {
                    <label
                        class="opt"
                        class:right=move || state() == Some(true)
                        class:wrong=move || state() == Some(false)
                    >
                        <input
                            type="radio"
                            name=format!("quiz-{id}")
                            data-testid="quiz-option"
                            prop:checked=move || chosen.get() == Some(n)
                            on:change=move |_| {
                                chosen.set(Some(n));
                                checked.set(None);
                                asked.set(false);
                            }
                        />
                        <span inner_html=inline(&option.text)></span>
                        <span class="v">
                            {move || match state() {
                                Some(true) => "Correct",
                                Some(false) => "Not this one",
                                None => "",
                            }}
                        </span>
                    </label>
                }
            })
            .collect_view()
    });
    let question = quiz.with_value(|q| inline(&q.question));
    let hint = quiz.with_value(|q| q.hint.clone());
    let feedback = move || {
        if !asked.get() {
            return None;
        }
        Some(match checked.get() {
            None => (false, "Choose an answer first.".to_owned()),
            Some(n) => {
                let why = quiz.with_value(|q| q.options.get(n).map(|o| inline(&o.why)).unwrap_or_default());
                let lead = if right(n) { "<b>Yes.</b> " } else { "<b>No.</b> " };
                (right(n), format!("{lead}{why}"))
            }
        })
    };
    view! {
        <form
            class="quiz"
            data-testid="quiz-cell"
            on:submit=move |e| {
                e.prevent_default();
                checked.set(chosen.get_untracked());
                asked.set(true);
            }
        >
            <div class="qh">
                <Icon name="quiz"/>
                "Knowledge check"
                <span class="spacer"></span>
                <span>{move || place.get()}</span>
            </div>
            <fieldset>
                <legend inner_html=question></legend>
                {options}
            </fieldset>
            <div
                class="fb"
                class:no=move || feedback().is_some_and(|(ok, _)| !ok)
                role="status"
                data-testid="quiz-feedback"
                hidden=move || feedback().is_none()
                inner_html=move || feedback().map(|(_, text)| text).unwrap_or_default()
            ></div>
            {hint
                .clone()
                .map(|hint| {
                    let hint = inline(&hint);
                    view! { <div class="fb" role="status" hidden=move || !hint_shown.get() inner_html=hint></div> }
                })}
            <div class="qf">
                <button class="btn primary" type="submit" data-testid="quiz-check">"Check answer"</button>
                {hint
                    .map(|_| {
                        view! {
                            <button class="btn ghost" type="button" data-testid="quiz-hint" on:click=move |_| hint_shown.set(true)>
                                "Show me where to look"
                            </button>
                        }
                    })}
                <span class="spacer"></span>
                <span class="small muted">"Answers stay in this tab"</span>
            </div>
        </form>
    }
}

/// Markdown of one paragraph without the paragraph.
fn inline(text: &str) -> String {
    let html = crate::model::markdown::render(text, None);
    let html = html.trim();
    html.strip_prefix("<p>").and_then(|h| h.strip_suffix("</p>")).unwrap_or(html).to_owned()
}
