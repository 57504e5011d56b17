//! One execution: what AQE changed, its plans as graphs, an operator's metrics.

use std::collections::BTreeMap;

use kindling_events::{AccumulatorId, ExecutionId};
use kindling_status::{AppStatusStore, PlanGraph, SqlExecution, metric_value};
use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use super::queries::query_table;
use crate::{
    shell::icon::Icon,
    spark::{
        SparkFeed, SparkRoute,
        plan_diff::{self, Change, Mark},
        plan_svg::{self, PlanView, metric_of},
        plan_text::{about, without_ids},
        table::TableState,
        widgets::{UNMEASURED, empty, find, link, links, none, section},
    },
};

/// Which plan is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Final,
    Initial,
    Both,
}

impl Shown {
    fn name(self) -> &'static str {
        match self {
            Shown::Final => "final",
            Shown::Initial => "initial",
            Shown::Both => "both",
        }
    }
}

/// State of the graphs.
#[derive(Clone, Copy)]
struct Plans {
    shown: RwSignal<Shown>,
    zoom: RwSignal<f64>,
    search: RwSignal<String>,
    with_metrics: RwSignal<bool>,
    /// The open node: of the final plan or not, and its number.
    selected: RwSignal<Option<(bool, usize)>>,
}

/// The page.
#[component]
pub fn Query(feed: SparkFeed, id: i64) -> impl IntoView {
    let key = ExecutionId(id);
    let row = TableState::sorted(feed, &format!("query/{id}"), 0, true);
    let plans = Plans {
        shown: feed.kept(&format!("query/{id}/shown"), || Shown::Final),
        zoom: feed.kept(&format!("query/{id}/zoom"), || 1.0),
        search: feed.kept(&format!("query/{id}/search"), String::new),
        with_metrics: feed.kept("query/metrics", || false),
        selected: feed.kept(&format!("query/{id}/selected"), || None),
    };
    let known = Memo::new(move |_| feed.with(|store| store.executions.contains_key(&key)));
    let adaptive =
        Memo::new(move |_| feed.with(|store| store.executions.get(&key).is_some_and(|own| own.latest.is_some())));
    move || {
        if !known.get() {
            let hint = view! { "It is not in this application, or older than what is kept." }.into_any();
            return view! { <div class="page" data-testid="page-queries">{empty("No such query", hint)}</div> }
                .into_any();
        }
        let with = move |read: &dyn Fn(&AppStatusStore, &SqlExecution, i64) -> AnyView| {
            let now = feed.now();
            feed.with(|store| store.executions.get(&key).map_or_else(none, |own| read(store, own, now)))
        };
        view! {
            <div class="page" data-testid="page-sql" data-query-id=id>
                <div class="ph">
                    <nav class="crumb" aria-label="Breadcrumb">{link(SparkRoute::Queries, "SQL / DataFrame")}" /"</nav>
                    <h2>{format!("Details for Query {id}")}</h2>
                </div>
                {move || with(&|store, own, now| {
                    let inner: Vec<&SqlExecution> = store
                        .executions
                        .values()
                        .filter(|sub| sub.root_execution_id == own.execution_id && sub.execution_id != own.execution_id)
                        .collect();
                    query_table(vec![own], &inner, now, row)
                })}
                {move || with(&|_, own, _| error_text(own))}
                {move || with(&|store, own, _| changes_section(&changes(store, own)))}
                <section class="sec">
                    <PlanHeader plans adaptive/>
                    <div class="panes" data-plan=move || plans.shown.get().name()>
                        <Pane feed key plans last=false/>
                        <Pane feed key plans last=true/>
                        {move || with(&|store, own, _| node_details(store, own, plans))}
                    </div>
                </section>
                {move || with(&|_, own, _| plan_details(own))}
                {move || with(&|_, own, _| properties(own))}
            </div>
        }
        .into_any()
    }
}

fn error_text(own: &SqlExecution) -> AnyView {
    match own.error_message.as_deref() {
        Some(error) if !error.is_empty() => {
            view! { <pre class="errtext" role="alert">{error.to_string()}</pre> }.into_any()
        }
        _ => none(),
    }
}

fn changes(store: &AppStatusStore, own: &SqlExecution) -> Vec<Change> {
    match &own.latest {
        Some(last) => {
            plan_diff::changes(&own.initial.graph, &last.graph, &|node, name| metric_of(store, own, node, name))
        }
        None => vec![],
    }
}

fn changes_section(changes: &[Change]) -> AnyView {
    if changes.is_empty() {
        return none();
    }
    let title = match changes.len() {
        1 => "AQE changed the plan once".to_string(),
        2 => "AQE changed the plan twice".to_string(),
        count => format!("AQE changed the plan {count} times"),
    };
    let items: Vec<_> = changes
        .iter()
        .enumerate()
        .map(|(at, change)| {
            view! { <li><em>{at + 1}</em><b>{change.title.clone()}</b><span>{change.reason.clone()}</span></li> }
        })
        .collect();
    section(title, none(), view! { <ol class="changes" data-testid="aqe-changes">{items}</ol> }.into_any())
}

/// The switch between plans, search and zoom.
#[component]
fn PlanHeader(plans: Plans, adaptive: Memo<bool>) -> impl IntoView {
    let button = move |shown: Shown, name: &'static str, testid: &'static str| {
        view! {
            <button
                aria-pressed=move || (plans.shown.get() == shown).to_string()
                data-plan=shown.name()
                data-testid=testid
                class:only-wide=shown == Shown::Both
                on:click=move |_| plans.shown.set(shown)
            >
                {name}
            </button>
        }
    };
    let zoom = move |factor: f64| move |_| plans.zoom.update(|zoom| *zoom = (*zoom * factor).clamp(0.25, 3.0));
    view! {
        <header>
            <h3>"Plan Visualization"</h3>
            {move || {
                adaptive.get().then(|| {
                    view! {
                        <div class="seg" role="group" aria-label="Plan shown">
                            {button(Shown::Final, "Final", "plan-show-final")}
                            {button(Shown::Initial, "Initial", "plan-show-initial")}
                            {button(Shown::Both, "Side by side", "plan-side-by-side")}
                        </div>
                    }
                })
            }}
            <span class="spacer"></span>
            <div class="toolbar">
                {find("Find operator", "Find operator", Some("plan-search"), plans.search)}
                <div class="zoom" role="group" aria-label="Zoom">
                    <button class="icon" aria-label="Zoom out" on:click=zoom(0.8)><Icon name="minus" small=true/></button>
                    <span>{move || format!("{:.0}%", plans.zoom.get() * 100.0)}</span>
                    <button class="icon" aria-label="Zoom in" on:click=zoom(1.25)><Icon name="plus" small=true/></button>
                    <button class="icon" aria-label="Fit plan" on:click=move |_| fit(plans)><Icon name="fit" small=true/></button>
                </div>
                <label class="small">
                    <input
                        type="checkbox"
                        prop:checked=move || plans.with_metrics.get()
                        on:change=move |event| plans.with_metrics.set(event_target_checked(&event))
                    />
                    " Show metrics in graph nodes"
                </label>
            </div>
        </header>
    }
}

/// Zooms so that the plan fits its pane.
fn fit(plans: Plans) {
    let pane = match plans.shown.get_untracked() {
        Shown::Initial => "[data-testid=plan-initial]",
        _ => "[data-testid=plan-final]",
    };
    let find =
        |selector: &str| crate::host::document().and_then(|document| document.query_selector(selector).ok().flatten());
    let Some(pane) = find(pane) else { return };
    let width: Option<f64> =
        pane.query_selector("svg").ok().flatten().and_then(|svg| svg.get_attribute("data-width")?.parse().ok());
    let height: Option<f64> =
        pane.query_selector("svg").ok().flatten().and_then(|svg| svg.get_attribute("data-height")?.parse().ok());
    if let (Some(width), Some(height)) = (width, height) {
        let room = pane.get_bounding_client_rect();
        let tall = crate::host::window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(800.0) * 0.7;
        let zoom = ((room.width() - 4.0) / width).min(tall / height);
        plans.zoom.set(zoom.clamp(0.25, 1.5));
    }
}

/// One plan.
#[component]
fn Pane(feed: SparkFeed, key: ExecutionId, plans: Plans, last: bool) -> impl IntoView {
    let pane = NodeRef::<html::Div>::new();
    let drawn = Memo::new(move |_| {
        let view = PlanView {
            label: String::new(),
            marks: BTreeMap::new(),
            selected: plans.selected.get().filter(|(own, _)| *own == last).map(|(_, node)| node),
            search: plans.search.get(),
            with_metrics: plans.with_metrics.get(),
            with_stages: last,
        };
        feed.with(|store| {
            let own = store.executions.get(&key)?;
            let graph: &PlanGraph = if last { &own.plan().graph } else { &own.initial.graph };
            let marks: BTreeMap<usize, (Mark, usize)> = changes(store, own)
                .iter()
                .enumerate()
                .flat_map(|(at, change)| {
                    let marks = if last { &change.last } else { &change.initial };
                    marks.iter().map(move |(node, mark)| (*node, (*mark, at + 1))).collect::<Vec<_>>()
                })
                .collect();
            Some(plan_svg::draw(store, own, graph, &PlanView { marks, ..view }))
        })
    });
    let label = if last { "Final plan" } else { "Initial plan" };
    let svg = move || {
        drawn.with(|drawn| {
            let Some(drawn) = drawn else { return String::new() };
            let zoom = plans.zoom.get();
            format!(
                "<svg width=\"{:.0}\" height=\"{:.0}\" viewBox=\"0 0 {:.0} {:.0}\" data-width=\"{:.0}\" data-height=\"{:.0}\" \
                 role=\"group\" aria-label=\"{label}\">{}</svg>",
                drawn.width * zoom,
                drawn.height * zoom,
                drawn.width,
                drawn.height,
                drawn.width,
                drawn.height,
                drawn.svg
            )
        })
    };
    let select = move |target: Option<web_sys::EventTarget>| {
        let node = target
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .and_then(|element| element.closest("[data-node]").ok().flatten())
            .and_then(|element| element.get_attribute("data-node")?.parse::<usize>().ok());
        if let Some(node) = node {
            plans.selected.update(|selected| {
                let this = Some((last, node));
                *selected = if *selected == this { None } else { this };
            });
        }
        node.is_some()
    };
    let on_key = move |event: ev::KeyboardEvent| {
        let used = match event.key().as_str() {
            "Enter" | " " => select(event.target()),
            "+" | "=" => {
                plans.zoom.update(|zoom| *zoom = (*zoom * 1.25).min(3.0));
                true
            }
            "-" => {
                plans.zoom.update(|zoom| *zoom = (*zoom * 0.8).max(0.25));
                true
            }
            "0" => {
                fit(plans);
                true
            }
            "/" => focus_search(),
            "Escape" => {
                plans.selected.with_untracked(Option::is_some) && {
                    plans.selected.set(None);
                    true
                }
            }
            _ => false,
        };
        if used {
            event.prevent_default();
            event.stop_propagation();
        }
    };
    let on_wheel = move |event: ev::WheelEvent| {
        // Without a modifier the wheel scrolls, unless the plan has the focus.
        let focused = pane.get_untracked().is_some_and(|pane| {
            let active = crate::host::document().and_then(|document| document.active_element());
            active.is_some_and(|active| pane.contains(Some(&active)))
        });
        if event.ctrl_key() || event.meta_key() || focused {
            event.prevent_default();
            let factor = if event.delta_y() > 0.0 { 0.9 } else { 1.0 / 0.9 };
            plans.zoom.update(|zoom| *zoom = (*zoom * factor).clamp(0.25, 3.0));
        }
    };
    // A drag moves the plan in its pane.
    let drag = StoredValue::new(None::<(i32, i32, i32, i32)>);
    let on_down = move |event: ev::PointerEvent| {
        if let Some(pane) = pane.get_untracked() {
            drag.set_value(Some((event.client_x(), event.client_y(), pane.scroll_left(), pane.scroll_top())));
        }
    };
    let on_move = move |event: ev::PointerEvent| {
        if let (Some((x, y, left, top)), Some(pane)) = (drag.get_value(), pane.get_untracked()) {
            pane.set_scroll_left(left + x - event.client_x());
            pane.set_scroll_top(top + y - event.client_y());
        }
    };
    let note = if last { " what ran" } else { " planned before any data was read" };
    let count = move || {
        let matches = drawn.with(|drawn| drawn.as_ref().map_or(0, |drawn| drawn.matches));
        (last && !plans.search.with(String::is_empty)).then(|| format!("{matches} found"))
    };
    view! {
        <div class="pn">
            <header>
                <b>{if last { "Final" } else { "Initial" }}</b>
                {note}
                <span class="spacer"></span>
                <span class="small num" aria-live="polite">{count}</span>
                {move || {
                    let marked = last && drawn.with(|drawn| drawn.as_ref().is_some_and(|drawn| drawn.svg.contains("tagt")));
                    marked.then(|| view! {
                        <span class="badge ok">"+ added"</span>
                        <span class="badge warn">"changed"</span>
                        <span class="badge bad">"− removed"</span>
                    })
                }}
            </header>
            <div
                node_ref=pane
                tabindex="0"
                class="viz"
                data-testid=if last { "plan-final" } else { "plan-initial" }
                role="group"
                aria-label=label
                inner_html=svg
                on:click=move |event| {
                    select(event.target());
                }
                on:keydown=on_key
                on:wheel=on_wheel
                on:pointerdown=on_down
                on:pointermove=on_move
                on:pointerup=move |_| drag.set_value(None)
                on:pointerleave=move |_| drag.set_value(None)
            ></div>
        </div>
    }
}

fn focus_search() -> bool {
    let field = crate::host::document()
        .and_then(|document| document.query_selector("[data-testid=plan-search]").ok().flatten());
    let field = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok());
    field.is_some_and(|field| field.focus().is_ok())
}

fn node_details(store: &AppStatusStore, own: &SqlExecution, plans: Plans) -> AnyView {
    let Some((last, id)) = plans.selected.get() else { return none() };
    let graph = if last { &own.plan().graph } else { &own.initial.graph };
    let Some(node) = graph.nodes.get(id) else { return none() };
    let (sentence, settings) = about(&node.name);
    let cluster = node.in_cluster.and_then(|id| graph.nodes.get(id));
    let accumulators: Vec<AccumulatorId> =
        node.metrics.iter().chain(cluster.into_iter().flat_map(|own| &own.metrics)).map(|m| m.accumulator_id).collect();
    let mut stages = store.stages_of_metrics(own, &accumulators);
    if stages.is_empty() && last {
        stages.extend(plan_svg::stage_of_node(store, own, graph, id));
    }
    let stage_links = links(stages.iter().map(|stage| {
        let route = SparkRoute::Stage { id: stage.stage_id.0, attempt: stage.attempt };
        (route, format!("Stage {}", stage.stage_id))
    }));
    let mut singles = vec![];
    let mut spreads = vec![];
    for metric in &node.metrics {
        let name = metric.name.clone();
        let show = |value| metric_value(&metric.metric_type, value);
        match store.metric(own, metric.accumulator_id) {
            Some(summary) if metric.metric_type != "sum" && summary.count > 1 => {
                let total = if metric.metric_type == "average" { UNMEASURED.to_string() } else { show(summary.total) };
                spreads.push(view! {
                    <tr>
                        <td>{name}</td>
                        <td class="n">{total}</td>
                        <td class="n">{show(summary.min)}</td>
                        <td class="n">{show(summary.med)}</td>
                        <td class="n">{show(summary.max)}</td>
                    </tr>
                });
            }
            Some(summary) => singles.push(view! { <li><span>{name}</span><b>{show(summary.total)}</b></li> }),
            None => singles.push(view! { <li><span>{name}</span><b>{UNMEASURED.to_string()}</b></li> }),
        }
    }
    let spread_table = (!spreads.is_empty()).then(|| {
        view! {
            <table class="t spread">
                <thead>
                    <tr>{["", "Total", "Min", "Med", "Max"].map(|name| view! { <th scope="col" class="n">{name}</th> })}</tr>
                </thead>
                <tbody>{spreads}</tbody>
            </table>
        }
    });
    let settings: Vec<_> = settings
        .iter()
        .map(|key| {
            let value = own.modified_configs.get(*key).or_else(|| store.environment.spark_properties.get(*key));
            let value = value.cloned().unwrap_or_else(|| "default".to_string());
            view! { <code>{*key}</code>{format!(" {value} ")} }
        })
        .collect();
    let settings = (!settings.is_empty()).then(|| view! { <p class="small muted">"Settings in play: "{settings}</p> });
    view! {
        <aside class="nodeinfo" data-testid="node-details" aria-label=format!("Details of {}", node.name)>
            <header>
                <h4>{node.name.clone()}</h4>
                {stage_links}
                <span class="spacer"></span>
                <button class="icon small" aria-label="Close details" on:click=move |_| plans.selected.set(None)>
                    <Icon name="x" small=true/>
                </button>
            </header>
            <div class="in">
                {(!sentence.is_empty()).then(|| view! { <p>{sentence}</p> })}
                <p class="mono desc">{without_ids(&node.desc)}</p>
                <ul class="mets">{singles}</ul>
                {spread_table}
                {settings}
            </div>
        </aside>
    }
    .into_any()
}

fn plan_details(own: &SqlExecution) -> AnyView {
    let first = own.initial.description.clone();
    let content = match &own.latest {
        Some(last) => {
            let last = last.description.clone();
            view! { <div class="plantext" data-testid="plan-diff"><pre>{first}</pre><pre>{last}</pre></div> }.into_any()
        }
        None => view! { <div class="plantext" data-testid="plan-diff"><pre>{first}</pre></div> }.into_any(),
    };
    view! { <details class="sec"><summary><h3>"Plan Details"</h3></summary>{content}</details> }.into_any()
}

fn properties(own: &SqlExecution) -> AnyView {
    if own.modified_configs.is_empty() {
        return none();
    }
    let rows: Vec<_> = own
        .modified_configs
        .iter()
        .map(|(key, value)| view! { <tr><td class="mono">{key.clone()}</td><td class="mono">{value.clone()}</td></tr> })
        .collect();
    let content = view! {
        <div class="tw" tabindex="0" role="region" aria-label="SQL properties">
            <table class="t">
                <thead><tr><th scope="col">"Name"</th><th scope="col">"Value"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    };
    section("SQL Properties", none(), content.into_any())
}
