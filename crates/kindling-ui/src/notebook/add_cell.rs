//! Buttons below the last cell.

use leptos::prelude::*;

use crate::model::notebook::Language;
use crate::shell::icon::Icon;
use crate::state::use_app;

/// The buttons.
#[component]
pub fn AddCell() -> impl IntoView {
    let app = use_app();
    let button = move |testid: &'static str, language: Language| {
        view! {
            <button class="btn ghost small" data-testid=testid on:click=move |_| app.append(language)>
                <Icon name="plus" small=true/>
                {language.label()}
            </button>
        }
    };
    view! {
        // Shown with the notebook: alone it would jump when the cells come.
        <li class="addcell" hidden=move || app.doc.with(|d| d.is_empty())>
            {button("add-pyspark", Language::Python)} {button("add-sql", Language::Sql)}
            {button("add-markdown", Language::Markdown)}
        </li>
    }
}
