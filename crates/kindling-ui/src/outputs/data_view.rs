//! A DataFrame result: table, chart or schema, filter and download.

use std::sync::Arc;

use leptos::prelude::*;

use crate::host;
use crate::kernel::client::Answer;
use crate::kernel::protocol::{DataFrameResult, KernelMessage, KernelRequest};
use crate::model::grid::{self, GridView};
use crate::model::{chart, format};
use crate::notebook::cell_item::CellHandle;
use crate::outputs::chart_view::ChartView;
use crate::outputs::grid_view::Grid;
use crate::outputs::schema_view::SchemaView;
use crate::shell::icon::Icon;
use crate::shell::menu::Menu;
use crate::spark::SparkRoute;
use crate::state::{App, use_app};

#[derive(Clone, Copy, PartialEq)]
enum Tab {
    Table,
    Chart,
    Schema,
}

/// The result.
#[component]
pub fn DataView(handle: CellHandle, frame: Arc<DataFrameResult>) -> impl IntoView {
    let app = use_app();
    let tab = RwSignal::new(Tab::Table);
    let view: RwSignal<GridView> = RwSignal::new(GridView::default());
    let frame = StoredValue::new(frame);
    let rows = Memo::new(move |_| frame.with_value(|f| Arc::new(view.with(|v| v.rows(f)))));
    let can_chart = frame.with_value(|f| chart::choose(f).is_some());
    let (kept, total, truncated, columns) =
        frame.with_value(|f| (f.rows.len() as u64, f.total_rows, f.truncated, f.columns.len() as u64));
    let all = total.or((!truncated).then_some(kept));
    let head = match all {
        Some(n) => view! { <b>{format::count(n)}</b>{if n == 1 { " row × " } else { " rows × " }} }.into_any(),
        None => view! { "First "<b>{format::count(kept)}</b>" rows × " }.into_any(),
    };
    let seg = move |which: Tab, testid: &'static str, label: &'static str, enabled: bool| {
        view! {
            <button
                data-testid=testid
                aria-pressed=move || (tab.get() == which).to_string()
                disabled=!enabled
                title=if enabled { "" } else { "A chart needs a number column" }
                on:click=move |_| tab.set(which)
            >
                {label}
            </button>
        }
    };
    let more = all.is_none_or(|n| n > kept);
    let execution = Memo::new(move |_| {
        handle.id.with_value(|id| app.progress.with(|p| p.of(id).and_then(|p| p.executions.last().copied())))
    });
    let foot = move || {
        let shown = rows.with(|r| r.len() as u64);
        let filtered = view.with(|v| !v.filter.trim().is_empty());
        let sorted = view.with(|v| v.sort.is_some());
        let of = if more { format!("the first {}", format::count(kept)) } else { format::count(kept) };
        let mut text = if filtered {
            format!("{} of {of} rows match", format::count(shown))
        } else {
            format!(
                "{} of {of}",
                if shown == 0 { "No rows".to_owned() } else { format!("Rows 1–{}", format::count(shown)) }
            )
        };
        if more && (filtered || sorted) {
            text.push_str("; sort and filter act on these rows");
        }
        text
    };
    let covers_all = frame.with_value(|f| (0..f.columns.len()).all(|i| grid::null_count(f, i).1));
    view! {
        <div class="out card" data-testid="cell-output" data-mime="application/vnd.kindling.dataframe+json">
            <div class="bar">
                <div class="seg" role="group" aria-label="View of the result">
                    {seg(Tab::Table, "view-table", "Table", true)} {seg(Tab::Chart, "view-chart", "Chart", can_chart)}
                    {seg(Tab::Schema, "view-schema", "Schema", true)}
                </div>
                <span>{head} <b>{format::count(columns)}</b>{if columns == 1 { " column" } else { " columns" }}</span>
                <span class="spacer"></span>
                <Show when=move || tab.get() == Tab::Table>
                    <label class="find">
                        <Icon name="search" small=true/>
                        <span class="vh">"Filter rows"</span>
                        <input
                            data-testid="grid-filter"
                            placeholder="Filter rows"
                            prop:value=move || view.with(|v| v.filter.clone())
                            on:input=move |e| {
                                let text = event_target_value(&e);
                                view.update(|v| v.filter = text);
                            }
                        />
                    </label>
                </Show>
                <Menu
                    class="icon small"
                    label="Download as CSV or Parquet"
                    testid="grid-download"
                    button=ViewFn::from(|| view! { <Icon name="down2" small=true/> })
                >
                    <DownloadItems frame/>
                </Menu>
            </div>
            {move || match tab.get() {
                Tab::Table => {
                    view! { <Grid frame=frame.get_value() view rows number=Signal::derive(move || app.notebook.with(|n| handle.id.with_value(|id| n.code_number(id).unwrap_or(0))))/> }
                        .into_any()
                }
                Tab::Chart => view! { <ChartView frame=frame.get_value()/> }.into_any(),
                Tab::Schema => view! { <SchemaView frame=frame.get_value()/> }.into_any(),
            }}
            <div class="tfoot">
                <span>{foot}</span>
                <span>{if covers_all { "Null counts cover all rows" } else { "Null counts are of the rows shown" }}</span>
                <span class="spacer"></span>
                {move || {
                    execution
                        .get()
                        .map(|id| {
                            view! {
                                <button class="link" on:click=move |_| app.open_spark(SparkRoute::Query(id))>
                                    "Open query in Spark panel"
                                </button>
                            }
                        })
                }}
            </div>
        </div>
    }
}

#[component]
fn DownloadItems(frame: StoredValue<Arc<DataFrameResult>>) -> impl IntoView {
    let app = use_app();
    let live = frame.with_value(|f| f.result_id.clone());
    let item = |format: &'static str, label: &'static str, id: String| {
        view! { <button on:click=move |_| download_full(app, &id, format)>{label}</button> }
    };
    view! {
        {live
            .map(|id| view! { {item("csv", "CSV, all rows", id.clone())} {item("parquet", "Parquet, all rows", id)} })}
        <button on:click=move |_| {
            if let Some(blob) = host::text_blob(&frame.with_value(|f| grid::csv(f)), "text/csv") {
                host::download("result.csv", &blob);
            }
        }>"CSV, rows kept here"</button>
    }
}

/// Runs the whole query again and offers its result.
fn download_full(app: App, id: &str, format: &'static str) {
    let result_id = id.to_owned();
    app.shell.toast(false, "Preparing the download", "The whole query runs for it.", None);
    app.kernel_client.get_value().ask(
        |id| KernelRequest::DownloadResult { id, result_id, format: format.to_owned() },
        move |answer| match answer {
            Answer::File(name, blob) => host::download(&name, &blob),
            Answer::Message(message) => {
                if let KernelMessage::DownloadReply { error: Some(error), .. } = *message {
                    app.shell.toast(true, error.condition.unwrap_or(error.ename), error.evalue, None);
                }
            }
            Answer::Gone => {
                app.shell.toast(true, "The result is gone", "The kernel was restarted; run the cell again.", None)
            }
        },
    );
}
