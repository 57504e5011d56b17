//! A table with sortable columns and pages; every table of the panel is one of these.

use std::cmp::Ordering;

use leptos::prelude::*;

use super::SparkFeed;

/// What a cell is sorted by.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// A number; absent ones come last.
    Num(Option<f64>),
    /// Text.
    Text(String),
}

impl Key {
    /// A number that is always there.
    pub fn int(value: i64) -> Key {
        Key::Num(Some(value as f64))
    }

    /// A number that may be absent.
    pub fn opt(value: Option<i64>) -> Key {
        Key::Num(value.map(|value| value as f64))
    }

    fn compare(&self, other: &Key, descending: bool) -> Ordering {
        let order = match (self, other) {
            (Key::Num(Some(a)), Key::Num(Some(b))) => a.total_cmp(b),
            (Key::Num(None), Key::Num(None)) => Ordering::Equal,
            (Key::Num(None), _) => return Ordering::Greater,
            (_, Key::Num(None)) => return Ordering::Less,
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
            (Key::Num(_), Key::Text(_)) => Ordering::Less,
            (Key::Text(_), Key::Num(_)) => Ordering::Greater,
        };
        if descending { order.reverse() } else { order }
    }
}

/// What gives an item's key.
type KeyOf<'a, T> = Box<dyn Fn(&T) -> Key + 'a>;

/// A column over items `T`.
pub struct Column<'a, T> {
    title: String,
    class: &'static str,
    key: Option<KeyOf<'a, T>>,
    cell: Box<dyn Fn(&T) -> AnyView + 'a>,
}

impl<'a, T> Column<'a, T> {
    /// A column; `class` is `n` for numbers.
    pub fn new(title: impl Into<String>, class: &'static str, cell: impl Fn(&T) -> AnyView + 'a) -> Self {
        Column { title: title.into(), class, key: None, cell: Box::new(cell) }
    }

    /// Sortable by a key.
    pub fn by(mut self, key: impl Fn(&T) -> Key + 'a) -> Self {
        self.key = Some(Box::new(key));
        self
    }

    /// A number with its text.
    pub fn int(title: &str, value: impl Fn(&T) -> i64 + Clone + 'a) -> Self {
        let key = value.clone();
        Column::new(title, "n", move |item| text(kindling_status::format::number(value(item))))
            .by(move |item| Key::int(key(item)))
    }
}

impl<'a, T: 'a> Column<'a, T> {
    /// The same column over items that contain a `T`.
    pub fn over<U: 'a>(self, part: impl Fn(&U) -> &T + Copy + 'a) -> Column<'a, U> {
        let Column { title, class, key, cell } = self;
        Column {
            title,
            class,
            key: key.map(|key| Box::new(move |item: &U| key(part(item))) as KeyOf<'a, U>),
            cell: Box::new(move |item: &U| cell(part(item))),
        }
    }
}

/// Attributes of a row.
#[derive(Default)]
pub struct RowAttrs {
    /// `data-testid`.
    pub testid: &'static str,
    /// Class.
    pub class: &'static str,
    /// `data-job-id`.
    pub job: Option<i32>,
    /// `data-stage-id`.
    pub stage: Option<i32>,
    /// `data-task-index`.
    pub task: Option<i32>,
    /// `data-state`.
    pub state: Option<&'static str>,
    /// `data-skew`.
    pub skew: bool,
}

/// The part of a table's state that outlives an update.
#[derive(Clone, Copy)]
pub struct TableState {
    sort: RwSignal<(usize, bool)>,
    page: RwSignal<usize>,
}

/// Rows of a page: more would cost each update of a running stage more than a frame.
const PAGE: usize = 50;

impl TableState {
    /// Sorted by a column at first, `descending` or not; as it was left when the page was shown before.
    pub fn sorted(feed: SparkFeed, name: &str, column: usize, descending: bool) -> Self {
        TableState {
            sort: feed.kept(&format!("{name}/sort"), || (column, descending)),
            page: feed.kept(&format!("{name}/page"), || 0),
        }
    }

    /// The states of several tables of a page, by column 0.
    pub fn several<const N: usize>(feed: SparkFeed, name: &str, descending: bool) -> [Self; N] {
        std::array::from_fn(|at| TableState::sorted(feed, &format!("{name}/{at}"), 0, descending))
    }

    /// Goes to the page of a row, counted in sorted order.
    pub fn show_row(&self, row: usize) {
        self.page.set(row / PAGE);
    }

    /// Sorts by a column.
    pub fn sort_by(&self, column: usize, descending: bool) {
        self.sort.set((column, descending));
    }
}

/// A cell of text.
pub fn text(text: impl Into<String>) -> AnyView {
    text.into().into_any()
}

/// The table. Reads its state, so it belongs into a reactive view.
pub fn table<T>(
    class: &'static str,
    columns: Vec<Column<'_, T>>,
    mut items: Vec<T>,
    attrs: impl Fn(&T) -> RowAttrs,
    state: TableState,
) -> AnyView {
    let (by, descending) = state.sort.get();
    if let Some(key) = columns.get(by).and_then(|column| column.key.as_ref()) {
        let mut keyed: Vec<(Key, T)> = items.into_iter().map(|item| (key(&item), item)).collect();
        keyed.sort_by(|(a, _), (b, _)| a.compare(b, descending));
        items = keyed.into_iter().map(|(_, item)| item).collect();
    }
    let total = items.len();
    let pages = total.div_ceil(PAGE).max(1);
    let page = state.page.get().min(pages - 1);
    let first = page * PAGE;
    let head = columns
        .iter()
        .map(|column| Head { title: column.title.clone(), class: column.class, sortable: column.key.is_some() })
        .collect();
    let rows = items
        .iter()
        .skip(first)
        .take(PAGE)
        .map(|item| (attrs(item), columns.iter().map(|column| (column.class, (column.cell)(item))).collect()))
        .collect();
    draw(Drawing { class, head, rows, total, page, pages, by, descending }, state)
}

struct Head {
    title: String,
    class: &'static str,
    sortable: bool,
}

/// A page of a table, its items already turned into cells: what follows is compiled once, not for every kind of item.
struct Drawing {
    class: &'static str,
    head: Vec<Head>,
    rows: Vec<(RowAttrs, Vec<(&'static str, AnyView)>)>,
    total: usize,
    page: usize,
    pages: usize,
    by: usize,
    descending: bool,
}

fn draw(drawing: Drawing, state: TableState) -> AnyView {
    let Drawing { class, head, rows, total, page, pages, by, descending } = drawing;
    let first = page * PAGE;
    let head: Vec<AnyView> = head
        .into_iter()
        .enumerate()
        .map(|(at, Head { title, class, sortable })| {
            if !sortable {
                return view! { <th scope="col" class=class>{title}</th> }.into_any();
            }
            let (aria, arrow) = match (at == by, descending) {
                (false, _) => ("none", ""),
                (true, true) => ("descending", "▾"),
                (true, false) => ("ascending", "▴"),
            };
            let click = move |_| {
                state.sort.update(|(by, descending)| {
                    *descending = if *by == at { !*descending } else { true };
                    *by = at;
                });
                state.page.set(0);
            };
            view! {
                <th scope="col" class=class aria-sort=aria>
                    <button class="so-b" on:click=click>{title}<span class="so" aria-hidden="true">{arrow}</span></button>
                </th>
            }
            .into_any()
        })
        .collect();
    let rows: Vec<AnyView> = rows
        .into_iter()
        .map(|(attrs, cells)| {
            let cells: Vec<AnyView> =
                cells.into_iter().map(|(class, cell)| view! { <td class=class>{cell}</td> }.into_any()).collect();
            let RowAttrs { testid, class, job, stage, task, state, skew } = attrs;
            view! {
                <tr
                    class=class
                    data-testid=(!testid.is_empty()).then_some(testid)
                    data-job-id=job
                    data-stage-id=stage
                    data-task-index=task
                    data-state=state
                    data-skew=skew.then_some("true")
                >
                    {cells}
                </tr>
            }
            .into_any()
        })
        .collect();
    let step = move |by: isize| move |_| state.page.set((page as isize + by).clamp(0, pages as isize - 1) as usize);
    let pager = (pages > 1).then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                <button class="btn ghost small" disabled=page == 0 on:click=step(-1)>"Previous"</button>
                <span class="small muted">
                    {format!("{}–{} of {}", first + 1, (first + PAGE).min(total), kindling_status::format::number(total as i64))}
                </span>
                <button class="btn ghost small" disabled=page + 1 == pages on:click=step(1)>"Next"</button>
            </nav>
        }
    });
    view! {
        <div class="tw" tabindex="0" role="region" aria-label="Table">
            <table class=class aria-rowcount=total + 1>
                <thead><tr>{head}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {pager}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_numbers_come_last_either_way() {
        let mut keys = vec![Key::opt(None), Key::int(1), Key::int(2)];
        keys.sort_by(|a, b| a.compare(b, true));
        assert_eq!(keys, [Key::int(2), Key::int(1), Key::opt(None)]);
        keys.sort_by(|a, b| a.compare(b, false));
        assert_eq!(keys, [Key::int(1), Key::int(2), Key::opt(None)]);
    }
}
