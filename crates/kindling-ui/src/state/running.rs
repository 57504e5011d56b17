//! Running cells: the queue, the kernel's life, interrupt and restart.

use std::sync::Arc;

use leptos::prelude::*;

use super::shell::ToastAction;
use super::{App, CellRun, KernelState, RunState, boot_lines};
use crate::host;
use crate::kernel::protocol::{CellLanguage, ClusterShape, KernelRequest};
use crate::model::cell_queue::{Queued, Ready};
use crate::model::notebook::{CellKind, Language, Notebook};

/// After this time an interrupt that was not answered offers a restart.
const INTERRUPT_PATIENCE_MS: u32 = 5_000;

impl App {
    /// Queues a cell. Text cells have nothing to run; an untrusted notebook runs nothing.
    pub fn run_cell(&self, id: &str) {
        self.enqueue(id, None);
        self.pump();
    }

    /// Queues all code cells; they stop at the first error.
    pub fn run_all(&self) {
        let batch = self.batch.get_value() + 1;
        self.batch.set_value(batch);
        let ids: Vec<String> = self.notebook.with_untracked(|n| n.cells.iter().map(|c| c.id.clone()).collect());
        for id in ids {
            self.enqueue(&id, Some(batch));
        }
        self.pump();
    }

    fn enqueue(&self, id: &str, batch: Option<u32>) {
        if !self.trusted.get_untracked() {
            let from = "This notebook came from elsewhere".to_owned();
            self.shell.dialog.set(Some(super::shell::Dialog::Trust(from)));
            return;
        }
        let Some(cell) = self.notebook.with_untracked(|n| n.cell(id).cloned()) else { return };
        if cell.kind != CellKind::Code || self.running.with_untracked(|r| r.as_ref().is_some_and(|(_, c)| c == id)) {
            return;
        }
        let Some((language, _, _)) = cell.runnable() else {
            // An empty cell has nothing to run; what it showed belongs to text that is gone.
            if !cell.outputs.is_empty() {
                self.notebook.update(|n| {
                    n.update(id, |c| {
                        c.outputs.clear();
                        c.execution_count = None;
                    });
                });
                self.changed();
            }
            self.runs.update(|runs| {
                runs.remove(id);
            });
            return;
        };
        if self.kernel.get_untracked() == KernelState::Dead {
            self.shell.toast(true, "The kernel is dead", "Restart it to run cells.", Some(ToastAction::Restart));
            return;
        }
        if let Some(reason) = self.unsupported.get_untracked() {
            self.shell.toast(true, "Cells cannot run in this tab", reason, None);
            return;
        }
        let mut pushed = false;
        self.queue.update(|q| pushed = q.push(Queued { cell: id.to_owned(), language, batch }));
        if pushed {
            self.set_run(id, |run| run.state = RunState::Queued);
        }
    }

    /// Changes a cell's run.
    pub fn set_run(&self, id: &str, change: impl FnOnce(&mut CellRun)) {
        self.runs.update(|runs| change(runs.entry(id.to_owned()).or_default()));
    }

    /// Sends the next cell that can run, if none runs.
    pub fn pump(&self) {
        if self.running.with_untracked(Option::is_some) {
            return;
        }
        let ready = Ready { engine: self.engine_ready.get_untracked(), python: self.python_ready.get_untracked() };
        loop {
            let mut next = None;
            self.queue.update(|q| next = q.next(ready));
            let Some(next) = next else { return };
            if self.send_cell(&next.cell) {
                return;
            }
        }
    }

    fn send_cell(&self, id: &str) -> bool {
        let found = self.notebook.with_untracked(|n| {
            let cell = n.cell(id)?.clone();
            Some((cell, n.code_number(id).unwrap_or(0)))
        });
        let Some((cell, cell_number)) = found else { return false };
        let Some((language, code, line_offset)) = cell.runnable() else { return false };
        let client = self.kernel_client.get_value();
        let request = client.fresh_id();
        let source: Arc<str> = cell.source.as_str().into();
        let before_python = !self.python_ready.get_untracked();
        self.set_run(id, |run| {
            *run = CellRun { state: RunState::Running(host::now()), source: Some(source), before_python, line_offset };
        });
        self.notebook.update(|n| {
            n.update(id, |c| {
                c.outputs.clear();
                c.execution_count = None;
            });
        });
        self.progress.update(|p| p.begin(id));
        self.running.set(Some((request, id.to_owned())));
        self.kernel.set(KernelState::Busy);
        super::kernel_events::forget_full_stream(id);
        client.send(&KernelRequest::Execute {
            id: request,
            cell_id: id.to_owned(),
            cell_number,
            language: if language == Language::Sql { CellLanguage::Sql } else { CellLanguage::Python },
            code: code.to_owned(),
        });
        true
    }

    /// Takes a waiting cell out of the queue.
    pub fn cancel_queued(&self, id: &str) {
        let mut cancelled = false;
        self.queue.update(|q| cancelled = q.cancel(id));
        if cancelled {
            self.set_run(id, |run| run.state = RunState::Idle);
        }
    }

    /// Empties the queue.
    pub fn clear_queue(&self) {
        let mut cells = Vec::new();
        self.queue.update(|q| cells = q.clear());
        self.runs.update(|runs| {
            for cell in cells {
                runs.entry(cell).or_default().state = RunState::Idle;
            }
        });
    }

    /// Interrupts the running cell and forgets the waiting ones.
    pub fn interrupt(&self) {
        self.clear_queue();
        let Some((request, _)) = self.running.get_untracked() else { return };
        if !self.kernel_client.get_value().interrupt() {
            return;
        }
        self.kernel.set(KernelState::Interrupting);
        let app = *self;
        gloo_timers::callback::Timeout::new(INTERRUPT_PATIENCE_MS, move || {
            if app.running.with_untracked(|r| r.as_ref().is_some_and(|(id, _)| *id == request)) {
                app.shell.toast(
                    true,
                    "The cell does not stop",
                    "A restart ends it. Text, outputs and files stay; variables, views and cached data are lost.",
                    Some(ToastAction::Restart),
                );
            }
        })
        .forget();
    }

    /// Ends the kernel and starts a new one.
    pub fn restart(&self) {
        if let Some(reason) = self.unsupported.get_untracked() {
            self.shell.toast(true, "Cells cannot run in this tab", reason, None);
            return;
        }
        self.clear_queue();
        self.stop_running();
        self.kernel.set(KernelState::Restarting);
        self.progress.update(|p| p.kernel_gone());
        self.spark.reset();
        self.start_kernel();
    }

    /// What ran is over, without a reply.
    pub fn stop_running(&self) {
        super::kernel_events::flush(*self);
        if let Some((_, cell)) = self.running.get_untracked() {
            self.running.set(None);
            self.set_run(&cell, |run| {
                if let RunState::Running(since) = run.state {
                    run.state = RunState::Interrupted(host::now() - since);
                }
            });
            self.changed();
        }
        self.progress.update(|p| p.end());
    }

    /// Starts the storage worker, once.
    pub fn start_storage(&self) {
        let storage = self.storage.get_value();
        if storage.worker().is_some() {
            return;
        }
        let app = *self;
        match host::start_storage() {
            Ok(worker) => {
                storage.attach(worker, move |_| super::files::refresh(app));
                super::files::refresh(app);
            }
            Err(error) => web_sys::console::error_2(&"storage worker".into(), &error),
        }
    }

    /// Starts a kernel worker.
    pub fn start_kernel(&self) {
        self.engine_ready.set(false);
        self.python_ready.set(false);
        self.started.set(None);
        self.boot.set(boot_lines());
        let client = self.kernel_client.get_value();
        client.terminate();
        let Some(storage) = self.storage.get_value().worker() else {
            self.kernel.set(KernelState::Dead);
            return;
        };
        match host::start_kernel(&storage) {
            Ok(worker) => {
                let app = *self;
                client.attach(worker, move |message| super::kernel_events::receive(app, message));
                client.send(&KernelRequest::Init {
                    cluster: self.cluster.get_untracked(),
                    conf: if self.trusted.get_untracked() {
                        self.notebook.with_untracked(notebook_conf)
                    } else {
                        serde_json::Map::new()
                    },
                });
            }
            Err(error) => {
                web_sys::console::error_2(&"kernel worker".into(), &error);
                self.kernel.set(KernelState::Dead);
            }
        }
    }

    /// Changes the cluster shape: a new kernel with other threads.
    pub fn set_cluster(&self, shape: ClusterShape) {
        if self.cluster.get_untracked() == shape {
            return;
        }
        self.cluster.set(shape);
        if let Ok(text) = serde_json::to_string(&shape) {
            host::local_set("kindling-cluster", &text);
        }
        self.restart();
    }
}

impl App {
    /// Starts the kernel anew if the open notebook asks for another cluster shape or brings settings.
    pub fn apply_environment(&self) {
        let (shape, conf) = self.notebook.with_untracked(|n| {
            let shape =
                n.kindling().and_then(|k| serde_json::from_value::<ClusterShape>(k.get("cluster")?.clone()).ok());
            (shape, notebook_conf(n))
        });
        // A shape that no browser could start is somebody's mistake.
        let sane = |s: &ClusterShape| (1..=8).contains(&s.executors) && (1..=8).contains(&s.cores);
        let shape = shape.filter(sane).unwrap_or(self.cluster.get_untracked());
        if shape != self.cluster.get_untracked() || !conf.is_empty() {
            self.cluster.set(shape);
            self.restart();
        }
    }
}

/// Spark settings that the notebook brings (`metadata.kindling.conf`).
fn notebook_conf(notebook: &Notebook) -> serde_json::Map<String, serde_json::Value> {
    notebook.kindling().and_then(|k| k.get("conf")?.as_object().cloned()).unwrap_or_default()
}
