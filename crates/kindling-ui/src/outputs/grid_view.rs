//! The grid: virtualised rows, sort, keyboard, copy.

use std::sync::Arc;

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use crate::host;
use crate::kernel::protocol::DataFrameResult;
use crate::model::format;
use crate::model::grid::{self, ColumnKind, Direction, GridView, column_kind, null_count};
use crate::shell::icon::Icon;

/// Height of a row; fixed, so that the place of any row is known.
const ROW_HEIGHT: f64 = 27.0;
/// Rows drawn beyond each end of the window.
const MARGIN: usize = 10;
/// Rows drawn at most.
const MAX_DRAWN: usize = 40;

/// The grid.
#[component]
pub fn Grid(
    /// The result.
    frame: Arc<DataFrameResult>,
    /// Sort and filter.
    view: RwSignal<GridView>,
    /// Rows to show, in order.
    rows: Memo<Arc<Vec<u32>>>,
    /// Number of the cell, for its name.
    number: Signal<u32>,
) -> impl IntoView {
    let frame = StoredValue::new(frame);
    let scroller = NodeRef::<html::Div>::new();
    let top = RwSignal::new(0usize);
    let cursor: RwSignal<Option<(usize, usize)>> = RwSignal::new(None);
    let opened: RwSignal<Option<(usize, usize)>> = RwSignal::new(None);
    let columns = frame.with_value(|f| f.columns.len());
    let total = frame.with_value(|f| f.total_rows.unwrap_or(f.rows.len() as u64));
    let kinds: Vec<ColumnKind> = frame.with_value(|f| f.columns.iter().map(|c| column_kind(&c.data_type)).collect());
    let kinds = StoredValue::new(kinds);
    // Another sort or filter is another list: its beginning is shown.
    Effect::new(move |before: Option<()>| {
        view.track();
        if before.is_some() {
            top.set(0);
            cursor.set(None);
            opened.set(None);
            if let Some(scroller) = scroller.get_untracked() {
                scroller.set_scroll_top(0);
            }
        }
    });
    let on_scroll = move |_| {
        if let Some(scroller) = scroller.get_untracked() {
            let first = (f64::from(scroller.scroll_top()) / ROW_HEIGHT) as usize;
            // In steps, so that most scroll events draw nothing.
            let first = first.saturating_sub(MARGIN) / 5 * 5;
            if first != top.get_untracked() {
                top.set(first);
            }
        }
    };
    let move_to = move |row: usize, column: usize| {
        cursor.set(Some((row, column)));
        let Some(scroller) = scroller.get_untracked() else { return };
        let head =
            scroller.query_selector("thead").ok().flatten().map_or(60.0, |h| h.get_bounding_client_rect().height());
        let at = row as f64 * ROW_HEIGHT;
        let window = f64::from(scroller.client_height()) - head;
        let scroll = f64::from(scroller.scroll_top());
        if at < scroll {
            scroller.set_scroll_top(at as i32);
        } else if at + ROW_HEIGHT > scroll + window {
            scroller.set_scroll_top((at + ROW_HEIGHT - window) as i32);
        }
        request_animation_frame(move || {
            if let Some(cell) = scroller.query_selector("td[aria-selected=true]").ok().flatten() {
                let options = web_sys::ScrollIntoViewOptions::new();
                options.set_block(web_sys::ScrollLogicalPosition::Nearest);
                options.set_inline(web_sys::ScrollLogicalPosition::Nearest);
                cell.scroll_into_view_with_scroll_into_view_options(&options);
            }
        });
    };
    let keys = move |event: ev::KeyboardEvent| {
        let count = rows.with_untracked(|r| r.len());
        if count == 0 || columns == 0 {
            return;
        }
        let (row, column) = cursor.get_untracked().unwrap_or((0, 0));
        let command = event.ctrl_key() || event.meta_key();
        let (last_row, last_column) = (count - 1, columns - 1);
        let target = match event.key().as_str() {
            "ArrowDown" if cursor.get_untracked().is_none() => (0, 0),
            "ArrowDown" => ((row + 1).min(last_row), column),
            "ArrowUp" => (row.saturating_sub(1), column),
            "ArrowRight" => (row, (column + 1).min(last_column)),
            "ArrowLeft" => (row, column.saturating_sub(1)),
            "PageDown" => ((row + 10).min(last_row), column),
            "PageUp" => (row.saturating_sub(10), column),
            "Home" if command => (0, 0),
            "End" if command => (last_row, last_column),
            "Home" => (row, 0),
            "End" => (row, last_column),
            "Enter" | " " => {
                let at = cursor.get_untracked();
                opened.update(|o| *o = if *o == at { None } else { at });
                event.prevent_default();
                event.stop_propagation();
                return;
            }
            "c" if command => {
                frame.with_value(|f| {
                    let text = match cursor.get_untracked() {
                        Some((row, column)) => {
                            rows.with_untracked(|r| grid::tsv(f, &r[row..=row], column..=column, false))
                        }
                        None => rows.with_untracked(|r| grid::tsv(f, r, 0..=last_column, true)),
                    };
                    host::copy(&text);
                });
                event.prevent_default();
                event.stop_propagation();
                return;
            }
            "a" if command => {
                cursor.set(None);
                event.prevent_default();
                event.stop_propagation();
                return;
            }
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        move_to(target.0, target.1);
    };
    let heads = frame.with_value(|f| {
        f.columns
            .iter()
            .enumerate()
            .map(|(n, column)| {
                let (nulls, all) = null_count(f, n);
                let of = if all { total } else { f.rows.len() as u64 };
                head(n, &column.name, &column.data_type, nulls, of, view)
            })
            .collect_view()
    });
    let body = move || {
        let all = rows.get();
        let first = top.get().min(all.len());
        let last = (first + MAX_DRAWN).min(all.len());
        let pad = |n: usize| {
            (n > 0).then(|| {
                view! {
                    <tr class="pad" aria-hidden="true">
                        <td colspan=(columns + 1).to_string() style=format!("height:{}px", n as f64 * ROW_HEIGHT)></td>
                    </tr>
                }
            })
        };
        let drawn = frame.with_value(|f| {
            (first..last).map(|at| row_view(f, all[at] as usize, at, kinds, cursor, opened)).collect_view()
        });
        view! {
            {pad(first)}
            {drawn}
            {pad(all.len() - last)}
        }
    };
    view! {
        <div class="grid-box scroll" tabindex="0" node_ref=scroller on:scroll=on_scroll on:keydown=keys aria-label="Rows; arrows move, Ctrl+C copies">
            <table
                class="grid"
                role="grid"
                data-testid="result-grid"
                aria-label=move || format!("Result of cell {}", number.get())
                aria-rowcount=total.to_string()
                aria-colcount=(columns + 1).to_string()
            >
                <thead>
                    <tr aria-rowindex="1">
                        <th class="ixh" scope="col"><span class="vh">"Row"</span></th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
            <Show when=move || rows.with(|r| r.is_empty())>
                <div class="note-row">
                    {move || {
                        if view.with(|v| v.filter.trim().is_empty()) {
                            view! { "No rows." }.into_any()
                        } else {
                            view! {
                                "No row matches. "
                                <button class="link" on:click=move |_| view.update(|v| v.filter.clear())>"Clear"</button>
                            }
                                .into_any()
                        }
                    }}
                </div>
            </Show>
        </div>
    }
}

fn head(n: usize, name: &str, data_type: &str, nulls: u64, of: u64, view: RwSignal<GridView>) -> impl IntoView + use<> {
    let direction = move || view.with(|v| v.sort.filter(|(c, _)| *c == n).map(|(_, d)| d));
    let share = 100.0 * nulls as f64 / of.max(1) as f64;
    let note = if nulls == 0 {
        "no nulls".to_owned()
    } else {
        let percent = if share < 0.1 { "<0.1".to_owned() } else { format!("{share:.1}") };
        format!("{} null ({percent}%)", format::count(nulls))
    };
    let bar = if nulls == 0 { String::new() } else { format!("--w:{share:.1}%;--mw:2px") };
    let short: String = if data_type.chars().count() > 48 {
        data_type.chars().take(47).chain(['…']).collect()
    } else {
        data_type.to_owned()
    };
    view! {
        <th
            scope="col"
            aria-sort=move || match direction() {
                Some(Direction::Ascending) => "ascending",
                Some(Direction::Descending) => "descending",
                None => "none",
            }
        >
            <button data-testid="grid-sort" title=format!("Sort by {name}") on:click=move |_| view.update(|v| *v = v.clicked(n))>
                <span class="nm">
                    {name.to_owned()}
                    {move || {
                        direction()
                            .map(|d| {
                                let turn = if d == Direction::Ascending { "transform:rotate(180deg)" } else { "" };
                                view! { <span style=turn><Icon name="sortd"/></span> }
                            })
                    }}
                </span>
                <span class="ty" title=data_type.to_owned()>{short}</span>
            </button>
            <span class={if nulls > 0 { "nu has" } else { "nu" }}>
                <i style=bar></i>
                {note}
            </span>
        </th>
    }
}

fn row_view(
    frame: &DataFrameResult,
    row: usize,
    at: usize,
    kinds: StoredValue<Vec<ColumnKind>>,
    cursor: RwSignal<Option<(usize, usize)>>,
    opened: RwSignal<Option<(usize, usize)>>,
) -> impl IntoView + use<> {
    let cells = frame.rows[row]
        .iter()
        .enumerate()
        .map(|(n, value)| {
            let numeric = kinds.with_value(|k| k[n].is_numeric());
            let here = (at, n);
            view! {
                <td
                    class:n=numeric
                    class:null=value.is_none()
                    class:open=move || opened.get() == Some(here)
                    role="gridcell"
                    aria-selected=move || (cursor.get() == Some(here)).then_some("true")
                    title=value.clone().filter(|v| v.len() > 40)
                    on:click=move |_| cursor.set(Some(here))
                    on:dblclick=move |_| opened.update(|o| *o = if *o == Some(here) { None } else { Some(here) })
                >
                    {value.clone().unwrap_or_else(|| "null".into())}
                </td>
            }
        })
        .collect_view();
    view! {
        <tr aria-rowindex=(at + 2).to_string()>
            <td class="ix n" role="rowheader">{format::count(at as u64 + 1)}</td>
            {cells}
        </tr>
    }
}
