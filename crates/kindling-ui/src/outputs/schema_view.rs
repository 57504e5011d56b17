//! A DataFrame's columns.

use std::sync::Arc;

use leptos::prelude::*;

use crate::kernel::protocol::DataFrameResult;
use crate::model::format;
use crate::model::grid::null_count;

/// The schema.
#[component]
pub fn SchemaView(frame: Arc<DataFrameResult>) -> impl IntoView {
    let lines = frame
        .columns
        .iter()
        .enumerate()
        .map(|(i, column)| {
            let (nulls, all) = null_count(&frame, i);
            let nulls = format!("{}{}", format::count(nulls), if all { "" } else { " in rows shown" });
            view! {
                <tr>
                    <td>{column.name.clone()}</td>
                    <td class="mono">{column.data_type.clone()}</td>
                    <td>{if column.nullable { "yes" } else { "no" }}</td>
                    <td class="n">{nulls}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="schema-view" data-testid="schema-view" tabindex="0">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"Column"</th>
                        <th scope="col">"Type"</th>
                        <th scope="col">"Nullable"</th>
                        <th scope="col">"Nulls"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
}
