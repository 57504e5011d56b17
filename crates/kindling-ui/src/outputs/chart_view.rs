//! A chart in SVG: bars from zero, lines, points; columns can be chosen; saved as SVG or PNG.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::host;
use crate::kernel::protocol::DataFrameResult;
use crate::model::chart::{self, ChartData, ChartKind, ChartSpec, number_label, ticks, time_label};
use crate::model::format;
use crate::model::grid::{ColumnKind, column_kind};
use crate::shell::icon::Icon;
use crate::shell::menu::Menu;

/// The drawing's size; it scales with the column.
const WIDTH: f64 = 700.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 52.0;
const BOTTOM: f64 = 26.0;
const TOP: f64 = 8.0;
/// Points drawn at most; more are thinned out, and the chart says so.
const MAX_POINTS: usize = 4_000;

/// Colour of a series.
fn colour(n: usize) -> String {
    if n < 4 {
        return format!("var(--v{})", n + 1);
    }
    // Beyond the four tested colours: hues far from those and from each other.
    const HUES: [u32; 8] = [340, 172, 48, 262, 104, 12, 300, 192];
    format!("light-dark(hsl({h} 45% 42%), hsl({h} 55% 68%))", h = HUES[(n - 4) % HUES.len()])
}

/// The chart.
#[component]
pub fn ChartView(frame: Arc<DataFrameResult>) -> impl IntoView {
    let Some(first) = chart::choose(&frame) else {
        return view! { <div class="note-row">"A chart needs a number column."</div> }.into_any();
    };
    let spec: RwSignal<ChartSpec> = RwSignal::new(first);
    let frame = StoredValue::new(frame);
    let data = Memo::new(move |_| frame.with_value(|f| Arc::new(chart::data(f, &spec.get()))));
    let drawing = NodeRef::<html::Figure>::new();
    let name = move |column: usize| frame.with_value(|f| f.columns[column].name.clone());
    let title = move || {
        let s = spec.get();
        let by = s.colour.map(|c| format!(" and {}", name(c))).unwrap_or_default();
        format!("{} by {}{by}", name(s.y), name(s.x))
    };
    let subtitle = move || {
        let (kept, more) = frame.with_value(|f| (f.rows.len() as u64, f.truncated));
        let mut text = if more {
            format!("first {} rows", format::count(kept))
        } else {
            format!("all {}", format::plural(kept, "row"))
        };
        let left_out = data.with(|d| d.left_out);
        if left_out > 0 {
            text.push_str(&format!(", {} smaller bars not drawn", format::count(left_out as u64)));
        }
        let points: usize = data.with(|d| d.series.iter().map(|s| s.points.len()).sum());
        if spec.get().kind != ChartKind::Bar && points > MAX_POINTS {
            text.push_str(&format!(
                ", {} of {} points drawn",
                format::count(MAX_POINTS as u64),
                format::count(points as u64)
            ));
        }
        text
    };
    let numbers = move || columns_where(frame, &|k| k.is_numeric());
    let xs = move || match spec.get().kind {
        ChartKind::Bar => columns_where(frame, &|k| k != ColumnKind::Nested),
        _ => columns_where(frame, &|k| k.is_numeric() || k == ColumnKind::Time),
    };
    let series = move || columns_where(frame, &|k| matches!(k, ColumnKind::Text | ColumnKind::Integer));
    let set_kind = move |kind: ChartKind| {
        spec.update(|s| {
            s.kind = kind;
            if kind != ChartKind::Bar
                && frame.with_value(|f| {
                    !matches!(
                        column_kind(&f.columns[s.x].data_type),
                        ColumnKind::Time | ColumnKind::Integer | ColumnKind::Number
                    )
                })
                && let Some((x, _)) = columns_where(frame, &|k| k.is_numeric() || k == ColumnKind::Time).first()
            {
                s.x = *x;
            }
        });
    };
    let has_axis = !columns_where(frame, &|k| k.is_numeric() || k == ColumnKind::Time).is_empty();
    view! {
        <figure class="chart" data-testid="chart" data-kind=move || spec.get().kind.label() node_ref=drawing>
            <figcaption>
                <div>
                    <h3>{title}</h3>
                    <span class="sub">{subtitle}</span>
                </div>
                <div class="enc">
                    <Menu
                        class="btn ghost small"
                        label=Signal::derive(move || format!("{} chart. Change", spec.get().kind.label()))
                        testid="chart-kind"
                        popup="listbox"
                        button=ViewFn::from(move || {
                            view! {
                                {move || spec.get().kind.label()}
                                " "
                                <Icon name="chev" small=true/>
                            }
                        })
                    >
                        <button on:click=move |_| set_kind(ChartKind::Bar)>"Bar"</button>
                        <button disabled=!has_axis on:click=move |_| set_kind(ChartKind::Line)>"Line"</button>
                        <button disabled=!has_axis on:click=move |_| set_kind(ChartKind::Scatter)>"Scatter"</button>
                    </Menu>
                    {pick("x", "chart-x", xs, move || Some(spec.get().x), move |c| if let Some(c) = c { spec.update(|s| s.x = c) }, false)}
                    {pick("y", "chart-y", numbers, move || Some(spec.get().y), move |c| if let Some(c) = c { spec.update(|s| s.y = c) }, false)}
                    {pick("colour", "chart-colour", series, move || spec.get().colour, move |c| spec.update(|s| s.colour = c), true)}
                    <Menu
                        class="icon small"
                        label="Save chart as SVG or PNG"
                        button=ViewFn::from(|| view! { <Icon name="down2" small=true/> })
                    >
                        <button on:click=move |_| save(drawing, false)>"SVG"</button>
                        <button on:click=move |_| save(drawing, true)>"PNG"</button>
                    </Menu>
                </div>
            </figcaption>
            {move || {
                let data = data.get();
                (data.series.len() > 1)
                    .then(|| {
                        let items = data
                            .series
                            .iter()
                            .enumerate()
                            .map(|(n, s)| view! { <span><i style=format!("background:{}", colour(n))></i>{s.name.clone()}</span> })
                            .collect_view();
                        view! { <div class="legend" style="margin-top:8px">{items}</div> }
                    })
            }}
            {move || draw(&data.get(), &spec.get(), frame)}
        </figure>
    }
    .into_any()
}

fn columns_where(frame: StoredValue<Arc<DataFrameResult>>, test: &dyn Fn(ColumnKind) -> bool) -> Vec<(usize, String)> {
    frame.with_value(|f| {
        let columns = f.columns.iter().enumerate();
        columns.filter(|(_, c)| test(column_kind(&c.data_type))).map(|(n, c)| (n, c.name.clone())).collect()
    })
}

fn pick(
    label: &'static str,
    testid: &'static str,
    options: impl Fn() -> Vec<(usize, String)> + Send + 'static,
    value: impl Fn() -> Option<usize> + Copy + Send + Sync + 'static,
    set: impl Fn(Option<usize>) + 'static,
    none: bool,
) -> impl IntoView {
    view! {
        <label>
            {label}
            <select data-testid=testid on:change=move |e| set(event_target_value(&e).parse().ok())>
                {none.then(|| view! { <option value="" selected=move || value().is_none()>"none"</option> })}
                {move || {
                    options()
                        .into_iter()
                        .map(|(n, name)| view! { <option value=n.to_string() selected=move || value() == Some(n)>{name}</option> })
                        .collect_view()
                }}
            </select>
        </label>
    }
}

fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}

fn draw(data: &ChartData, spec: &ChartSpec, frame: StoredValue<Arc<DataFrameResult>>) -> AnyView {
    let (mut low, mut high) = extent(data.series.iter().flat_map(|s| s.points.iter().map(|p| p.1)));
    if !low.is_finite() {
        return view! { <div class="note-row">"No values to draw: all are null."</div> }.into_any();
    }
    if spec.kind == ChartKind::Bar {
        (low, high) = (low.min(0.0), high.max(0.0));
    }
    if low == high {
        (low, high) = if low == 0.0 { (0.0, 1.0) } else { (low.min(low * 1.1), high.max(high * 1.1)) };
    } else if spec.kind != ChartKind::Bar {
        let pad = (high - low) * 0.05;
        (low, high) = (low - pad, high + pad);
    }
    let (plot_w, plot_h) = (WIDTH - LEFT - 8.0, HEIGHT - TOP - BOTTOM);
    let y_of = move |v: f64| TOP + plot_h * (1.0 - (v - low) / (high - low));
    let rules = ticks(low, high, 4)
        .into_iter()
        .map(|v| {
            let y = format!("{:.1}", y_of(v));
            view! {
                <line class="rule" x1=LEFT.to_string() x2=(WIDTH - 8.0).to_string() y1=y.clone() y2=y.clone()></line>
                <text x=(LEFT - 7.0).to_string() y=format!("{:.1}", y_of(v) + 4.0) text-anchor="end">{number_label(v)}</text>
            }
        })
        .collect_view();
    let (marks, axis, summary) = match spec.kind {
        ChartKind::Bar => bars(data, plot_w, &y_of),
        _ => points(data, spec, frame, plot_w, &y_of),
    };
    let zero = format!("{:.1}", y_of(low.max(0.0).min(high)));
    view! {
        <svg class="plot-svg" viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=summary xmlns="http://www.w3.org/2000/svg">
            {rules}
            {marks}
            <line class="axis" x1=LEFT.to_string() x2=(WIDTH - 8.0).to_string() y1=zero.clone() y2=zero.clone()></line>
            {axis}
        </svg>
    }
    .into_any()
}

fn bars(data: &ChartData, plot_w: f64, y_of: &dyn Fn(f64) -> f64) -> (AnyView, AnyView, String) {
    let groups = data.categories.len().max(1) as f64;
    let group = plot_w / groups;
    let inner = group * 0.8;
    let bar = (inner / data.series.len().max(1) as f64).min(34.0);
    let used = bar * data.series.len() as f64;
    let zero = y_of(0.0);
    let mut marks = Vec::new();
    for (n, series) in data.series.iter().enumerate() {
        for (x, value) in &series.points {
            let left = LEFT + group * x + (group - used) / 2.0 + bar * n as f64;
            let y = y_of(*value);
            let name = &data.categories[*x as usize];
            let title = if series.name.is_empty() {
                format!("{name}: {}", number_label(*value))
            } else {
                format!("{name}, {}: {}", series.name, number_label(*value))
            };
            marks.push(view! {
                <rect
                    x=format!("{:.1}", left + 0.5)
                    y=format!("{:.1}", y.min(zero))
                    width=format!("{:.1}", (bar - 1.0).max(0.5))
                    height=format!("{:.1}", (y - zero).abs().max(0.5))
                    rx="2"
                    style=format!("fill:{}", colour(n))
                >
                    <title>{title}</title>
                </rect>
            });
        }
    }
    // No rotated labels: as many as fit, each cut to its room.
    let step = (groups * 46.0 / plot_w).ceil().max(1.0) as usize;
    let room = ((group * step as f64) / 6.2) as usize;
    let labels = data
        .categories
        .iter()
        .enumerate()
        .step_by(step)
        .map(|(n, name)| {
            let text: String = if name.chars().count() > room.max(2) {
                name.chars().take(room.max(2) - 1).chain(['…']).collect()
            } else {
                name.clone()
            };
            let x = format!("{:.1}", LEFT + group * (n as f64 + 0.5));
            view! { <text x=x y=(HEIGHT - 8.0).to_string() text-anchor="middle">{text}</text> }
        })
        .collect_view();
    let first = data.categories.first().cloned().unwrap_or_default();
    let summary = format!("Bar chart of {} bars. {first} is the largest.", data.categories.len());
    (marks.into_any(), labels.into_any(), summary)
}

fn points(
    data: &ChartData,
    spec: &ChartSpec,
    frame: StoredValue<Arc<DataFrameResult>>,
    plot_w: f64,
    y_of: &dyn Fn(f64) -> f64,
) -> (AnyView, AnyView, String) {
    let (low, high) = extent(data.series.iter().flat_map(|s| s.points.iter().map(|p| p.0)));
    let (low, high) = if low == high { (low - 1.0, high + 1.0) } else { (low, high) };
    let x_of = |v: f64| LEFT + plot_w * (v - low) / (high - low);
    let total: usize = data.series.iter().map(|s| s.points.len()).sum();
    let step = total.div_ceil(MAX_POINTS).max(1);
    let mut marks = Vec::new();
    for (n, series) in data.series.iter().enumerate() {
        let path: Vec<(f64, f64)> = series.points.iter().step_by(step).map(|(x, y)| (x_of(*x), y_of(*y))).collect();
        if spec.kind == ChartKind::Line {
            let d: String = path
                .iter()
                .enumerate()
                .map(|(i, (x, y))| format!("{}{x:.1} {y:.1}", if i == 0 { "M" } else { "L" }))
                .collect();
            marks.push(
                view! {
                    <path d=d style=format!("fill:none;stroke:{};stroke-width:1.8;stroke-linejoin:round", colour(n))>
                        <title>{series.name.clone()}</title>
                    </path>
                }
                .into_any(),
            );
        }
        if spec.kind == ChartKind::Scatter || path.len() == 1 {
            // One path for all points of a series: thousands of elements would be slow.
            let d: String = path.iter().map(|(x, y)| format!("M{x:.1} {y:.1}h0")).collect();
            marks.push(
                view! {
                    <path
                        d=d
                        style=format!("fill:none;stroke:{};stroke-width:5;stroke-linecap:round;opacity:.65", colour(n))
                    ></path>
                }
                .into_any(),
            );
        }
    }
    let time = frame.with_value(|f| column_kind(&f.columns[spec.x].data_type) == ColumnKind::Time);
    let marks_x = if time { time_ticks(low, high) } else { ticks(low, high, 6) };
    let gap = marks_x.get(1).map_or(high - low, |b| b - marks_x[0]);
    let last = marks_x.len().saturating_sub(1);
    let labels = marks_x
        .iter()
        .enumerate()
        .map(|(n, v)| {
            let text = if time { time_label(*v, gap) } else { number_label(*v) };
            let anchor = if n == last && x_of(*v) > WIDTH - 50.0 { "end" } else { "middle" };
            view! { <text x=format!("{:.1}", x_of(*v)) y=(HEIGHT - 8.0).to_string() text-anchor=anchor>{text}</text> }
        })
        .collect_view();
    let kind = if spec.kind == ChartKind::Line { "Line" } else { "Scatter" };
    let summary = format!("{kind} chart of {} points in {} series.", total, data.series.len());
    (marks.into_any(), labels.into_any(), summary)
}

/// Ticks at round times, at most six.
fn time_ticks(low: f64, high: f64) -> Vec<f64> {
    const STEPS: [f64; 16] = [
        1.0,
        5.0,
        15.0,
        60.0,
        300.0,
        900.0,
        3600.0,
        10_800.0,
        21_600.0,
        43_200.0,
        86_400.0,
        604_800.0,
        2_592_000.0,
        7_776_000.0,
        31_536_000.0,
        157_680_000.0,
    ];
    let step = STEPS.iter().find(|s| (high - low) / **s <= 5.0).copied().unwrap_or((high - low) / 5.0);
    let first = (low / step).ceil() as i64;
    (first..=(high / step).floor() as i64).map(|n| n as f64 * step).collect()
}

/// Saves the drawing, with the theme's colours written into it.
fn save(figure: NodeRef<html::Figure>, png: bool) {
    let Some(svg) = figure.get_untracked().and_then(|f| f.query_selector("svg.plot-svg").ok().flatten()) else {
        return;
    };
    let Ok(copy) = svg.clone_node_with_deep(true) else { return };
    let copy: web_sys::Element = copy.unchecked_into();
    // Styles of the page do not travel with the file: the computed ones are set on each element.
    let (Ok(from), Ok(to)) = (svg.query_selector_all("*"), copy.query_selector_all("*")) else { return };
    for n in 0..from.length() {
        let (Some(a), Some(b)) = (from.item(n), to.item(n)) else { continue };
        let (a, b): (web_sys::Element, web_sys::Element) = (a.unchecked_into(), b.unchecked_into());
        if let Ok(Some(style)) = host::window().get_computed_style(&a) {
            let text: String =
                ["fill", "stroke", "stroke-width", "stroke-linecap", "opacity", "font-size", "font-family"]
                    .iter()
                    .filter_map(|p| Some(format!("{p}:{};", style.get_property_value(p).ok()?)))
                    .collect();
            let _ = b.set_attribute("style", &text);
        }
    }
    let (width, height) = (WIDTH * 2.0, HEIGHT * 2.0);
    let _ = copy.set_attribute("width", &width.to_string());
    let _ = copy.set_attribute("height", &height.to_string());
    let text = copy.outer_html();
    if !png {
        if let Some(blob) = host::text_blob(&text, "image/svg+xml") {
            host::download("chart.svg", &blob);
        }
        return;
    }
    let Ok(image) = web_sys::HtmlImageElement::new() else { return };
    let loaded = image.clone();
    let paint = Closure::once_into_js(move || {
        let canvas = host::document().and_then(|d| d.create_element("canvas").ok());
        let Some(canvas) = canvas.and_then(|c| c.dyn_into::<web_sys::HtmlCanvasElement>().ok()) else { return };
        canvas.set_width(width as u32);
        canvas.set_height(height as u32);
        let context = canvas
            .get_context("2d")
            .ok()
            .flatten()
            .and_then(|c| c.dyn_into::<web_sys::CanvasRenderingContext2d>().ok());
        if let Some(context) = context {
            let _ = context.draw_image_with_html_image_element(&loaded, 0.0, 0.0);
        }
        let give = Closure::once_into_js(move |blob: JsValue| {
            if let Ok(blob) = blob.dyn_into::<web_sys::Blob>() {
                host::download("chart.png", &blob);
            }
        });
        let _ = canvas.to_blob(give.unchecked_ref());
    });
    image.set_onload(Some(paint.unchecked_ref()));
    image.set_src(&format!("data:image/svg+xml,{}", js_sys::encode_uri_component(&text)));
}
