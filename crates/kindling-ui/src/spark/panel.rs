//! The tab row and the page below it.

use gloo_timers::callback::Interval;
use kindling_status::{ExecutionStatus, JobStatus};
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use super::{SparkFeed, SparkRoute, pages, route::TABS};
use crate::{kernel::protocol::KernelRequest, shell::icon::Icon, state::App};

/// What the pages can ask for.
#[derive(Clone, Copy)]
pub struct PanelActions {
    /// Kills an executor; none where there is nothing to kill (an opened log).
    pub kill_executor: Option<Callback<String>>,
    /// Runs the first cell.
    pub run_first: Option<Callback<()>>,
}

/// Tabs and page.
#[component]
pub fn SparkPanel(
    /// What it shows.
    feed: SparkFeed,
    /// Kills an executor; the kernel is asked when it is not given.
    #[prop(optional)]
    on_kill_executor: Option<Callback<String>>,
) -> impl IntoView {
    let app = use_context::<App>();
    let kill_executor = on_kill_executor.or_else(|| {
        app.map(|app| {
            Callback::new(move |executor_id: String| {
                app.kernel_client.get_value().send(&KernelRequest::KillExecutor { executor_id });
            })
        })
    });
    let run_first = app.map(|app| Callback::new(move |()| app.run_first()));
    provide_context(PanelActions { kill_executor, run_first });
    // Durations of what runs grow without events.
    let ticker = Interval::new(500, move || {
        let runs = feed.is_live_untracked()
            && feed.with_untracked(|store| {
                store.jobs.values().any(|job| job.status == JobStatus::Running)
                    || store.executions.values().any(|execution| execution.status() == ExecutionStatus::Running)
            });
        if runs {
            feed.draw_soon();
        }
    });
    let ticker = StoredValue::new_local(Some(ticker));
    on_cleanup(move || {
        ticker.try_update_value(|ticker| ticker.take());
    });
    let route = feed.route;
    let page = Memo::new(move |_| route.get());
    view! {
        <div class="tabs" role="tablist" aria-label="Spark UI pages" on:keydown=move |event| move_between_tabs(&event, route)>
            {TABS.map(|(tab, name, key)| {
                let selected = move || page.get().tab() == tab;
                let count = move || match tab {
                    SparkRoute::Jobs => {
                        let active = feed.with(|store| store.jobs_in(JobStatus::Running).len());
                        (active > 0).then(|| view! { <span class="ct" aria-label=format!("{active} active")>{active}</span> })
                    }
                    _ => None,
                };
                view! {
                    <button
                        role="tab"
                        id=format!("spark-tab-{key}")
                        aria-controls="spark-page"
                        aria-selected=move || selected().to_string()
                        tabindex=move || if selected() { "0" } else { "-1" }
                        data-tab=key
                        data-testid=format!("spark-tab-{key}")
                        on:click=move |_| route.set(tab)
                    >
                        {name}" "{count}
                    </button>
                }
            })}
        </div>
        <div class="sp-body scroll" id="spark-page" role="tabpanel" tabindex="0"
            aria-labelledby=move || {
                let tab = page.get().tab();
                let key = TABS.iter().find(|(own, ..)| *own == tab).map_or("jobs", |(_, _, key)| key);
                format!("spark-tab-{key}")
            }
            on:click=move |event| follow(&event, route)>
            <LogBanner feed/>
            {move || match page.get() {
                SparkRoute::Jobs => view! { <pages::Jobs feed/> }.into_any(),
                SparkRoute::Job(id) => view! { <pages::Job feed id/> }.into_any(),
                SparkRoute::Stages => view! { <pages::Stages feed/> }.into_any(),
                SparkRoute::Stage { id, attempt } => view! { <pages::Stage feed id attempt/> }.into_any(),
                SparkRoute::Queries => view! { <pages::Queries feed/> }.into_any(),
                SparkRoute::Query(id) => view! { <pages::Query feed id/> }.into_any(),
                SparkRoute::Storage => view! { <pages::Storage feed/> }.into_any(),
                SparkRoute::Executors => view! { <pages::Executors feed/> }.into_any(),
                SparkRoute::Streaming => view! { <pages::Streaming/> }.into_any(),
                SparkRoute::Environment => view! { <pages::Environment feed/> }.into_any(),
            }}
        </div>
    }
}

/// Says that a log is shown, not this notebook's application.
#[component]
fn LogBanner(feed: SparkFeed) -> impl IntoView {
    move || {
        feed.log_name().map(|name| {
            let (app, version) = feed.with(|store| {
                let application = &store.application;
                (application.name.clone(), application.spark_version.clone().unwrap_or_default())
            });
            view! {
                <div class="callout plain log" data-testid="event-log-banner" role="status">
                    <Icon name="log"/>
                    <div>
                        <b>"Event log, read-only. "</b>
                        {format!("{name}: {app}, written by Spark {version}.")}
                    </div>
                    <button class="btn small" on:click=move |_| feed.close_event_log()>"Back to this notebook"</button>
                </div>
            }
        })
    }
}

/// Follows a `data-go` that was clicked in a page.
fn follow(event: &ev::MouseEvent, route: RwSignal<SparkRoute>) {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let Some(link) = target.and_then(|target| target.closest("[data-go]").ok().flatten()) else { return };
    event.prevent_default();
    if let Some(to) = link.get_attribute("data-go").and_then(|text| SparkRoute::parse(&text)) {
        route.set(to);
        if let Some(body) = crate::host::document().and_then(|document| document.get_element_by_id("spark-page")) {
            body.set_scroll_top(0);
        }
    }
}

fn move_between_tabs(event: &ev::KeyboardEvent, route: RwSignal<SparkRoute>) {
    let here = TABS.iter().position(|(tab, ..)| *tab == route.get_untracked().tab()).unwrap_or(0);
    let next = match event.key().as_str() {
        "ArrowRight" => (here + 1) % TABS.len(),
        "ArrowLeft" => (here + TABS.len() - 1) % TABS.len(),
        "Home" => 0,
        "End" => TABS.len() - 1,
        _ => return,
    };
    event.prevent_default();
    event.stop_propagation();
    if let Some((tab, _, key)) = TABS.get(next) {
        route.set(*tab);
        let button =
            crate::host::document().and_then(|document| document.get_element_by_id(&format!("spark-tab-{key}")));
        if let Some(button) = button.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = button.focus();
        }
    }
}
