//! One file: name and size; opened: columns, types, nulls, what to do with it.

use leptos::prelude::*;

use crate::files::files_pane::badge;
use crate::kernel::protocol::DataFrameResult;
use crate::model::file_format::{FileFormat, FileRow};
use crate::model::format;
use crate::model::grid::null_count;
use crate::shell::icon::Icon;
use crate::shell::menu::Menu;
use crate::state::files::{self, Preview};
use crate::state::use_app;

/// A file.
#[component]
pub fn FileItem(row: FileRow) -> impl IntoView {
    let app = use_app();
    let path = StoredValue::new(row.path.clone());
    let directory = row.directory;
    let open = Memo::new(move |_| path.with_value(|path| app.files.open.with(|o| o.as_deref() == Some(path.as_str()))));
    let preview = Memo::new(move |_| path.with_value(|path| app.files.previews.with(|p| p.get(path).cloned())));
    let name = row.path.clone();
    view! {
        <div class="file-wrap">
            <button
                class="file"
                data-testid="file-row"
                data-path=row.path.clone()
                title=row.path.clone()
                aria-expanded=move || open.get().to_string()
                on:click=move |_| path.with_value(|path| files::toggle(app, path))
            >
                {badge(&row.path, directory)}
                <b>{name.clone()}</b>
                <small>{format::bytes(row.size)}</small>
            </button>
            <Show when=move || open.get()>
                <div class="schema" data-testid="schema-preview">
                    {move || {
                        let has_schema = directory || path.with_value(|p| FileFormat::of(p, false).has_schema());
                        match preview.get() {
                            _ if !has_schema => view! { <p class="small muted">"No columns: the engine reads it as bytes."</p> }.into_any(),
                            None | Some(Preview::Loading) => view! { <p class="small muted">"Reading columns …"</p> }.into_any(),
                            Some(Preview::Waiting) => view! { <p class="small muted">"Columns are shown once the engine is ready."</p> }.into_any(),
                            Some(Preview::Ready(frame)) => schema(&path.get_value(), &frame).into_any(),
                            Some(Preview::Failed(error)) => {
                                view! {
                                    <p class="file-err" role="alert">
                                        <b>{error.condition.clone().unwrap_or(error.ename.clone())}</b>
                                        " "
                                        {error.evalue.clone()}
                                    </p>
                                }
                                    .into_any()
                            }
                        }
                    }}
                    <div class="acts">
                        <button
                            class="btn small"
                            data-testid="insert-read"
                            on:click=move |_| path.with_value(|path| files::insert_read_cell(app, path, directory))
                        >
                            "Insert read cell"
                        </button>
                        <Menu
                            class="icon small"
                            label=format!("More actions for {name}")
                            left=true
                            button=ViewFn::from(|| view! { <Icon name="more" small=true/> })
                        >
                            <button on:click=move |_| path.with_value(|path| crate::host::copy(path))>"Copy path"</button>
                            <button on:click=move |_| files::download(app, path.get_value(), directory)>
                                {if directory { "Download as ZIP" } else { "Download" }}
                            </button>
                            <button class="danger" on:click=move |_| files::delete(app, path.get_value())>
                                "Delete"
                            </button>
                        </Menu>
                    </div>
                </div>
            </Show>
        </div>
    }
}

fn schema(path: &str, frame: &DataFrameResult) -> impl IntoView + use<> {
    let rows = frame.rows.len().max(1) as f64;
    let total = frame.total_rows;
    // Shares are of all rows where the file's statistics give them, else of the rows that were read.
    let sampled = (0..frame.columns.len()).any(|i| !null_count(frame, i).1);
    let lines = frame
        .columns
        .iter()
        .enumerate()
        .map(|(i, column)| {
            let (nulls, all) = null_count(frame, i);
            let of = if all { total.map_or(rows, |t| t.max(1) as f64) } else { rows };
            let share = 100.0 * nulls as f64 / of;
            let text = match share {
                0.0 => "0%".to_owned(),
                s if s < 0.1 => "<0.1%".to_owned(),
                s if s < 10.0 => format!("{s:.1}%"),
                s => format!("{s:.0}%"),
            };
            view! {
                <tr>
                    <td>{column.name.clone()}</td>
                    <td>{column.data_type.clone()}</td>
                    <td class={if nulls > 0 { "warnv" } else { "" }}>{text}</td>
                </tr>
            }
        })
        .collect_view();
    let note = match (total, sampled) {
        (Some(total), false) => format!("{} rows", format::count(total)),
        (Some(total), true) => {
            format!("{} rows; null share of the first {}", format::count(total), format::count(frame.rows.len() as u64))
        }
        (None, _) if frame.truncated => {
            format!("Types and null share from the first {} rows", format::count(frame.rows.len() as u64))
        }
        (None, _) => format!("{} rows", format::count(frame.rows.len() as u64)),
    };
    view! {
        <table>
            <caption class="vh">{format!("Schema of {path}: column, type, share of nulls")}</caption>
            <tbody>{lines}</tbody>
        </table>
        <p class="small muted" style="margin-top:5px">{note}</p>
    }
}
