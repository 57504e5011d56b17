//! The cluster's shape: a glyph per core, and executors × cores to choose.

use std::collections::BTreeMap;

use leptos::prelude::*;

use crate::host;
use crate::kernel::protocol::ClusterShape;
use crate::shell::menu::Menu;
use crate::state::{KernelState, use_app};

/// `2 executors × 2 cores`.
pub fn shape_text(shape: ClusterShape) -> String {
    let s = |n: u32| if n == 1 { "" } else { "s" };
    format!("{} executor{} × {} core{}", shape.executors, s(shape.executors), shape.cores, s(shape.cores))
}

/// Busy threads of each executor; `None` for one that is lost. Ids go on counting when an executor is replaced.
fn glyphs(shape: ClusterShape, threads: &BTreeMap<String, u32>) -> Vec<Option<u32>> {
    let mut live: Vec<(u32, u32)> =
        threads.iter().filter_map(|(id, busy)| Some((id.parse::<u32>().ok()?, *busy))).collect();
    live.sort_unstable();
    if live.is_empty() {
        // None has reported yet.
        return vec![Some(0); shape.executors as usize];
    }
    let mut groups: Vec<Option<u32>> = live.into_iter().map(|(_, busy)| Some(busy)).collect();
    groups.resize(groups.len().max(shape.executors as usize), None);
    groups
}

/// Shape and its control.
#[component]
pub fn ClusterShapeControl() -> impl IntoView {
    let app = use_app();
    let button = move || {
        view! {
            <span class="cores" aria-hidden="true">
                {move || {
                    let shape = app.cluster.get();
                    glyphs(shape, &app.progress.with(|p| p.threads().clone()))
                        .into_iter()
                        .map(|group| {
                            view! {
                                <span
                                    class=if group.is_none() { "lost" } else { "" }
                                    style=format!("grid-template-columns:repeat({},7px)", shape.cores.min(4))
                                >
                                    {(0..shape.cores)
                                        .map(|c| view! { <i class=if group.is_some_and(|on| c < on) { "on" } else { "" }></i> })
                                        .collect_view()}
                                </span>
                            }
                        })
                        .collect_view()
                }}
            </span>
            <span class="tx2">
                {move || {
                    let shape = app.cluster.get();
                    let groups = glyphs(shape, &app.progress.with(|p| p.threads().clone()));
                    let live = groups.iter().flatten().count() as u32;
                    if live < shape.executors {
                        format!("{live} of {} executors", shape.executors)
                    } else {
                        shape_text(shape)
                    }
                }}
            </span>
        }
    };
    let label = Signal::derive(move || format!("Cluster: {}. Change", shape_text(app.cluster.get())));
    view! {
        <Menu class="cl" label=label testid="cluster-shape" popup="dialog" menu_class="shape" closes=false button=ViewFn::from(button)>
            <ShapeForm/>
        </Menu>
    }
}

#[component]
fn ShapeForm() -> impl IntoView {
    let app = use_app();
    let now = app.cluster.get_untracked();
    let executors = RwSignal::new(now.executors);
    let cores = RwSignal::new(now.cores);
    let threads = host::window().navigator().hardware_concurrency().max(1.0) as u32;
    let pick = |name: &'static str, value: RwSignal<u32>| {
        view! {
            <label>
                {name}
                <select
                    prop:value=move || value.get().to_string()
                    on:change=move |e| {
                        if let Ok(n) = event_target_value(&e).parse() {
                            value.set(n);
                        }
                    }
                >
                    {(1..=8u32)
                        .map(|n| view! { <option value=n.to_string() selected=move || value.get() == n>{n.to_string()}</option> })
                        .collect_view()}
                </select>
            </label>
        }
    };
    let changed = move || app.cluster.get() != ClusterShape { executors: executors.get(), cores: cores.get() };
    view! {
        {pick("Executors", executors)}
        {pick("Cores each", cores)}
        <p>
            {move || {
                let total = executors.get() * cores.get();
                let more = if total > threads {
                    format!(" This machine has {threads}, so tasks will share them.")
                } else {
                    String::new()
                };
                format!("{total} worker thread{}.{more}", if total == 1 { "" } else { "s" })
            }}
        </p>
        <p>
            "A new shape restarts the kernel: variables, views and cached data are lost. Notebook, outputs and files stay."
        </p>
        <div>
            <button
                class="btn primary"
                disabled=move || !changed() || app.kernel.get() == KernelState::Restarting
                on:click=move |_| app.set_cluster(ClusterShape { executors: executors.get(), cores: cores.get() })
            >
                "Apply and restart"
            </button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_executor_leaves_its_place_empty_until_another_comes() {
        let shape = ClusterShape { executors: 2, cores: 2 };
        let threads =
            |list: &[(&str, u32)]| list.iter().map(|(id, n)| ((*id).to_owned(), *n)).collect::<BTreeMap<_, _>>();
        assert_eq!(glyphs(shape, &threads(&[])), [Some(0), Some(0)]);
        assert_eq!(glyphs(shape, &threads(&[("0", 1), ("1", 2), ("driver", 0)])), [Some(1), Some(2)]);
        assert_eq!(glyphs(shape, &threads(&[("10", 1)])), [Some(1), None]);
    }
}
