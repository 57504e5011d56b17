//! Timelines as markup: what ran when, and where.

use kindling_events::ExecutorId;
use kindling_status::{AppStatusStore, JobData, JobStatus, StageData, TaskData, TaskPhases, format};

use super::{
    SparkRoute,
    html::{esc, go},
    lanes,
};

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// First moment.
    pub from: i64,
    /// Last moment.
    pub to: i64,
}

impl Span {
    /// A span that has a length.
    pub fn new(from: i64, to: i64) -> Span {
        Span { from, to: to.max(from + 1) }
    }

    fn percent(&self, at: i64) -> f64 {
        100.0 * (at - self.from) as f64 / (self.to - self.from) as f64
    }

    fn x_w(&self, start: i64, end: i64) -> Option<(f64, f64)> {
        let (x, end) = (self.percent(start).max(0.0), self.percent(end).min(100.0));
        (end >= 0.0 && x <= 100.0).then(|| (x, (end - x).max(0.0)))
    }

    /// Zoomed by a factor around a point between 0 and 1, inside `limits`.
    pub fn zoomed(&self, factor: f64, around: f64, limits: Span) -> Span {
        let length = (self.to - self.from) as f64;
        let pivot = self.from as f64 + length * around;
        let length = (length * factor).clamp(10.0, (limits.to - limits.from) as f64);
        let from = ((pivot - length * around) as i64).clamp(limits.from, limits.to - length as i64);
        Span::new(from, from + length as i64)
    }
}

/// More bars than this in one timeline are drawn as shapes without words: one element per lane and colour.
const MANY: usize = 500;
/// The colours of the seven phases, in order.
const PHASES: [&str; 7] = ["sched", "deser", "sread", "comp", "swrite", "rser", "rget"];

fn lane(class: &str, long: &str, short: &str, bars: &str) -> String {
    format!(
        "<div class=\"lane {class}\"><span><span class=\"lg\">{}</span><span class=\"sh\">{}</span></span><div>{bars}</div></div>",
        esc(long),
        esc(short)
    )
}

/// The time axis, as seconds since its start or as time of day.
fn axis(span: Span, zone: Option<i64>) -> String {
    let mut out = String::from("<div class=\"axis\"><span></span><div>");
    for quarter in 0..=4 {
        let at = span.from + (span.to - span.from) * quarter / 4;
        let text = match zone {
            // Quarters of less than a second have one time of day.
            Some(_) if span.to - span.from < 4_000 && quarter > 0 => {
                format!(":{:02}.{:03}", at.div_euclid(1_000).rem_euclid(60), at.rem_euclid(1_000))
            }
            Some(zone) => format::time_of_day(at, zone),
            None => {
                let millis = at - span.from;
                if span.to - span.from < 2_000 {
                    format!("{millis} ms")
                } else {
                    format!("{:.1} s", millis as f64 / 1e3)
                }
            }
        };
        out.push_str(&format!("<span style=\"--x:{}%\">{text}</span>", quarter * 25));
    }
    out.push_str("</div></div>");
    out
}

/// Executors in the order in which they are listed: the driver last, numbers by value.
fn executor_key(id: &ExecutorId) -> (bool, i64, String) {
    (id.is_driver(), id.as_str().parse().unwrap_or(i64::MAX), id.to_string())
}

/// Tasks by executor and thread, each thread's in order of their start.
fn threads<'a>(tasks: impl Iterator<Item = &'a TaskData>, now: i64) -> Vec<(ExecutorId, usize, Vec<&'a TaskData>)> {
    let mut by_executor: Vec<(ExecutorId, Vec<&TaskData>)> = vec![];
    for task in tasks {
        match by_executor.iter_mut().find(|(id, _)| *id == task.info.executor_id) {
            Some((_, own)) => own.push(task),
            None => by_executor.push((task.info.executor_id.clone(), vec![task])),
        }
    }
    by_executor.sort_by_key(|(id, _)| executor_key(id));
    let mut out = vec![];
    for (id, mut own) in by_executor {
        own.sort_by_key(|task| (task.info.launch_time, task.info.task_id));
        let bars: Vec<(i64, i64)> =
            own.iter().map(|task| (task.info.launch_time, task.info.launch_time + task.wall_time(now))).collect();
        let lines = lanes::assign(&bars);
        let count = lines.iter().max().map_or(0, |line| line + 1);
        for line in 0..count {
            let members = own.iter().zip(&lines).filter(|(_, own)| **own == line).map(|(task, _)| *task).collect();
            out.push((id.clone(), line, members));
        }
    }
    out
}

fn thread_names(id: &ExecutorId, line: usize) -> (String, String) {
    if id.is_driver() {
        (format!("driver, thread {line}"), format!("D t{line}"))
    } else {
        (format!("Exec {id}, thread {line}"), format!("E{id} t{line}"))
    }
}

fn state_of(task: &TaskData) -> &'static str {
    if task.is_running() {
        "run"
    } else if task.is_success() {
        "done"
    } else {
        "fail"
    }
}

/// The timeline of the whole application, or of one job.
pub struct EventTimeline<'a> {
    /// The store.
    pub store: &'a AppStatusStore,
    /// Jobs to show.
    pub jobs: Vec<&'a JobData>,
    /// What part of time.
    pub span: Span,
    /// The present, for what still runs.
    pub now: i64,
    /// Minutes east of UTC.
    pub zone: i64,
}

impl EventTimeline<'_> {
    /// The markup below the `event-timeline` element.
    pub fn draw(&self) -> String {
        let mut out = lane("", "Executors", "Exec", &self.executor_events());
        out.push_str(&self.job_lanes());
        let stages: Vec<&StageData> = self
            .store
            .stages
            .values()
            .filter(|stage| stage.job_ids.iter().any(|id| self.jobs.iter().any(|job| job.job_id == *id)))
            .collect();
        let tasks = || {
            let tasks = stages.iter().flat_map(|stage| stage.tasks.values());
            tasks.filter(|task| {
                let end = task.info.launch_time + task.wall_time(self.now);
                end >= self.span.from && task.info.launch_time <= self.span.to
            })
        };
        let many = tasks().count() > MANY;
        for (id, line, members) in threads(tasks(), self.now) {
            let (long, short) = thread_names(&id, line);
            let bars = if many { self.shapes(&members) } else { self.bars(&members) };
            out.push_str(&lane("", &long, &short, &format!("{bars}{}", self.now_line())));
        }
        out.push_str(&axis(self.span, Some(self.zone)));
        out
    }

    fn now_line(&self) -> String {
        let runs = self.jobs.iter().any(|job| job.status == JobStatus::Running);
        match self.span.x_w(self.now, self.now) {
            Some((x, _)) if runs => format!("<i class=\"nowline\" style=\"--x:{x:.2}%\"></i>"),
            _ => String::new(),
        }
    }

    fn executor_events(&self) -> String {
        // Executors that came at the same moment share a mark.
        let mut events: Vec<(i64, bool, Vec<String>, String)> = vec![];
        for executor in self.store.executors.values() {
            let mut add = |time: i64, bad: bool, reason: &str| match events
                .iter_mut()
                .find(|(at, own, ..)| (at.abs_diff(time) < 50) && *own == bad)
            {
                Some((_, _, ids, _)) => ids.push(executor.id.to_string()),
                None => events.push((time, bad, vec![executor.id.to_string()], reason.to_string())),
            };
            add(executor.add_time, false, "");
            if let Some(time) = executor.remove_time {
                add(time, true, executor.remove_reason.as_deref().unwrap_or(""));
            }
        }
        let mut out = String::new();
        for (time, bad, ids, reason) in events {
            let Some((x, _)) = self.span.x_w(time, time) else { continue };
            let class = if bad { "ev bad" } else { "ev" };
            let verb = if bad { "removed" } else { "added" };
            let names = ids.join(" and ");
            let title = if reason.is_empty() { String::new() } else { format!(" title=\"{}\"", esc(&reason)) };
            // A mark at the right edge has its words to the left.
            let flip = if x > 85.0 { " end" } else { "" };
            out.push_str(&format!(
                "<i class=\"{class}{flip}\" style=\"--x:{x:.2}%\"{title}><span>{} {verb}</span></i>",
                esc(&names)
            ));
        }
        out
    }

    fn job_lanes(&self) -> String {
        let mut jobs = self.jobs.clone();
        jobs.sort_by_key(|job| (job.submission_time, job.job_id));
        let end_of = |job: &JobData| job.completion_time.unwrap_or(self.now);
        let bars: Vec<(i64, i64)> = jobs.iter().map(|job| (job.submission_time.unwrap_or(0), end_of(job))).collect();
        let lines = lanes::assign(&bars);
        let count = lines.iter().max().map_or(1, |line| line + 1);
        let mut out = String::new();
        for line in 0..count {
            let mut marks = String::new();
            for ((job, (start, end)), _) in jobs.iter().zip(&bars).zip(&lines).filter(|(_, own)| **own == line) {
                let Some((x, w)) = self.span.x_w(*start, *end) else { continue };
                let (class, word) = match job.status {
                    JobStatus::Running => ("run", "running"),
                    JobStatus::Succeeded => ("done", "succeeded"),
                    JobStatus::Failed => ("fail", "failed"),
                };
                let id = job.job_id;
                let text = match w {
                    w if w > 9.0 => format!("Job {id}"),
                    w if w > 2.5 => id.to_string(),
                    _ => String::new(),
                };
                marks.push_str(&format!(
                    "<button class=\"blk {class}\" style=\"--x:{x:.2}%;--w:{w:.2}%\" title=\"Job {id}, {}\" aria-label=\"Job \
                     {id}, {word}\" {}>{text}</button>",
                    format::duration(end - start),
                    go(SparkRoute::Job(id.0))
                ));
            }
            let (long, short) = if line == 0 { ("Jobs", "Jobs") } else { ("", "") };
            out.push_str(&lane("top tall", long, short, &format!("{marks}{}", self.now_line())));
        }
        out
    }

    fn bars(&self, tasks: &[&TaskData]) -> String {
        let mut out = String::new();
        for (at, task) in tasks.iter().enumerate() {
            let start = task.info.launch_time;
            let Some((x, w)) = self.span.x_w(start, start + task.wall_time(self.now)) else { continue };
            let alt = if at % 2 == 1 { " alt" } else { "" };
            out.push_str(&format!(
                "<i class=\"blk tk {}{alt}\" style=\"--x:{x:.2}%;--w:{w:.2}%\" title=\"Task {}, {}\"></i>",
                state_of(task),
                task.info.index,
                format::task_duration(task.wall_time(self.now))
            ));
        }
        out
    }

    fn shapes(&self, tasks: &[&TaskData]) -> String {
        let mut out = String::from(
            "<svg class=\"many\" viewBox=\"0 0 10000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
        );
        for state in ["done", "run", "fail"] {
            let mut d = String::new();
            for task in tasks.iter().filter(|task| state_of(task) == state) {
                let start = task.info.launch_time;
                if let Some((x, w)) = self.span.x_w(start, start + task.wall_time(self.now)) {
                    d.push_str(&format!(
                        "M{:.0} 1h{:.0}v8h-{:.0}z",
                        x * 100.0,
                        (w * 100.0).max(8.0),
                        (w * 100.0).max(8.0)
                    ));
                }
            }
            if !d.is_empty() {
                out.push_str(&format!("<path class=\"tk-{state}\" d=\"{d}\"/>"));
            }
        }
        out + "</svg>"
    }
}

/// The timeline of a stage's tasks in their seven phases; `skewed` is the task to outline.
pub fn stage_timeline(stage: &StageData, skewed: Option<i64>, now: i64) -> String {
    let starts = stage.tasks.values().map(|task| task.info.launch_time);
    let Some(from) = starts.min() else { return String::new() };
    let ends = stage.tasks.values().map(|task| task.info.launch_time + task.wall_time(now));
    let span = Span::new(from, ends.max().unwrap_or(from));
    let many = stage.tasks.len() > MANY;
    let mut out = String::new();
    for (id, line, members) in threads(stage.tasks.values(), now) {
        let (long, short) = thread_names(&id, line);
        let bars: String = if many {
            phase_shapes(&members, span, now)
        } else {
            members.iter().map(|task| phase_bar(task, span, now, skewed == Some(task.info.task_id.0))).collect()
        };
        out.push_str(&lane("tall", &long, &short, &bars));
    }
    out.push_str(&axis(span, None));
    out.push_str("<div class=\"legend\">");
    for (name, key) in TaskPhases::NAMES.iter().zip(PHASES) {
        out.push_str(&format!("<span><i style=\"background:var(--ph-{key})\"></i>{name}</span>"));
    }
    out.push_str("</div>");
    out
}

fn phase_bar(task: &TaskData, span: Span, now: i64, skewed: bool) -> String {
    let wall = task.wall_time(now);
    let Some((x, w)) = span.x_w(task.info.launch_time, task.info.launch_time + wall) else { return String::new() };
    let title = format!("Task {}, {}, {}", task.info.index, task.info.status(), format::task_duration(wall));
    let Some(phases) = task.phases() else {
        // No phases without metrics: it runs, or its executor was lost.
        let class = state_of(task);
        return format!("<i class=\"blk tk {class}\" style=\"--x:{x:.2}%;--w:{w:.2}%\" title=\"{title}\"></i>");
    };
    let lengths = phases.lengths();
    let total = lengths.iter().sum::<i64>().max(1) as f64;
    let mut out = format!(
        "<i class=\"blk ph7{}\" style=\"--x:{x:.2}%;--w:{w:.2}%\" title=\"{title}\">",
        if skewed { " skew" } else { "" }
    );
    for (length, key) in lengths.iter().zip(PHASES) {
        if *length > 0 {
            let share = 100.0 * *length as f64 / total;
            out.push_str(&format!("<i style=\"--q:{share:.1}%;background:var(--ph-{key})\"></i>"));
        }
    }
    out + "</i>"
}

/// A bar as a part of a path. Whole numbers: thousands of them are written at every update.
fn shape(path: &mut String, x: f64, width: f64) {
    use std::fmt::Write;
    let (x, width) = (x as i64, width as i64);
    let _ = write!(path, "M{x} 1h{width}v8h-{width}z");
}

fn phase_shapes(tasks: &[&TaskData], span: Span, now: i64) -> String {
    let mut paths: [String; 8] = Default::default();
    for task in tasks {
        let start = task.info.launch_time;
        let Some((x, w)) = span.x_w(start, start + task.wall_time(now)) else { continue };
        let (x, w) = (x * 100.0, (w * 100.0).max(8.0));
        let Some(phases) = task.phases() else {
            if let Some(path) = paths.get_mut(7) {
                shape(path, x, w);
            }
            continue;
        };
        let lengths = phases.lengths();
        let total = lengths.iter().sum::<i64>().max(1) as f64;
        let mut left = x;
        for (length, path) in lengths.iter().zip(&mut paths) {
            let part = w * *length as f64 / total;
            if part >= 0.5 {
                shape(path, left, part);
            }
            left += part;
        }
    }
    let mut out =
        String::from("<svg class=\"many\" viewBox=\"0 0 10000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    for (path, key) in paths.iter().zip(PHASES.iter().chain(&["none"])) {
        if !path.is_empty() {
            let fill = if *key == "none" { "var(--ember-fill)".to_string() } else { format!("var(--ph-{key})") };
            out.push_str(&format!("<path fill=\"{fill}\" d=\"{path}\"/>"));
        }
    }
    out + "</svg>"
}

#[cfg(test)]
mod tests {
    use kindling_status::{StatusLimits, replay_event_log};

    use super::*;

    #[test]
    fn zooming_stays_inside_the_limits() {
        let limits = Span::new(0, 1_000);
        let half = limits.zoomed(0.5, 0.5, limits);
        assert_eq!(half, Span { from: 250, to: 750 });
        assert_eq!(half.zoomed(10.0, 0.0, limits), limits);
    }

    #[test]
    fn an_axis_names_every_quarter_by_another_time() {
        let labels = |span| {
            let markup = axis(span, Some(0));
            let parts = markup.split("%\">").skip(1).filter_map(|part| part.split('<').next());
            parts.map(str::to_string).collect::<Vec<_>>()
        };
        assert_eq!(labels(Span::new(0, 8_000)), ["00:00:00", "00:00:02", "00:00:04", "00:00:06", "00:00:08"]);
        assert_eq!(labels(Span::new(0, 1_000)), ["00:00:00", ":00.250", ":00.500", ":00.750", ":01.000"]);
    }

    #[test]
    fn the_frozen_log_has_a_bar_per_job_and_per_task() {
        let log = include_str!("../../../kindling-events/tests/fixtures/spark-4.2.0.eventlog");
        let store = replay_event_log(log, StatusLimits::default()).store;
        let span = Span::new(store.application.start_time.unwrap(), store.last_event_time);
        let jobs = store.jobs.values().collect();
        let markup = EventTimeline { store: &store, jobs, span, now: store.last_event_time, zone: 0 }.draw();
        assert_eq!(markup.matches("<button class=\"blk").count(), store.jobs.len());
        assert_eq!(markup.matches("blk tk").count(), 54);
        let stage = store.stages.values().next().unwrap();
        assert_eq!(stage_timeline(stage, None, 0).matches("ph7").count(), 4);
    }
}
