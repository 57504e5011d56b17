//! Cells that wait to run. One runs at a time; SQL needs only the engine, so while Python loads a SQL cell may pass
//! Python cells that it was not started together with.

use std::collections::VecDeque;

use super::notebook::Language;

/// A waiting cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// The cell.
    pub cell: String,
    /// Its language.
    pub language: Language,
    /// Cells of one *Run all* keep their order.
    pub batch: Option<u32>,
}

/// What has loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// The engine answers.
    pub engine: bool,
    /// Python answers.
    pub python: bool,
}

/// The queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellQueue {
    waiting: VecDeque<Queued>,
}

impl CellQueue {
    /// Puts a cell at the end; one that waits already keeps its place.
    pub fn push(&mut self, queued: Queued) -> bool {
        if self.contains(&queued.cell) {
            return false;
        }
        self.waiting.push_back(queued);
        true
    }

    /// True if the cell waits.
    pub fn contains(&self, cell: &str) -> bool {
        self.waiting.iter().any(|q| q.cell == cell)
    }

    /// Takes the next cell that can run now.
    pub fn next(&mut self, ready: Ready) -> Option<Queued> {
        let at = self.waiting.iter().enumerate().position(|(n, q)| match q.language {
            Language::Sql => {
                ready.engine
                    && (ready.python
                        || q.batch.is_none()
                        || !self.waiting.iter().take(n).any(|before| before.batch == q.batch))
            }
            _ => ready.python && n == 0,
        })?;
        self.waiting.remove(at)
    }

    /// Takes a cell out; false if it did not wait.
    pub fn cancel(&mut self, cell: &str) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|q| q.cell != cell);
        before != self.waiting.len()
    }

    /// Empties the queue and gives the cells that waited, e.g. after an error (Jupyter's stop on error).
    pub fn clear(&mut self) -> Vec<String> {
        self.waiting.drain(..).map(|q| q.cell).collect()
    }

    /// True if nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGINE: Ready = Ready { engine: true, python: false };
    const BOTH: Ready = Ready { engine: true, python: true };

    fn queue(cells: &[(&str, Language, Option<u32>)]) -> CellQueue {
        let mut queue = CellQueue::default();
        for (cell, language, batch) in cells {
            queue.push(Queued { cell: (*cell).into(), language: *language, batch: *batch });
        }
        queue
    }

    fn drain(mut queue: CellQueue, ready: Ready) -> Vec<String> {
        std::iter::from_fn(|| queue.next(ready).map(|q| q.cell)).collect()
    }

    #[test]
    fn cells_run_in_order_when_all_is_ready() {
        use Language::*;
        assert_eq!(drain(queue(&[("a", Python, None), ("b", Sql, None), ("c", Python, None)]), BOTH), ["a", "b", "c"]);
    }

    #[test]
    fn sql_passes_python_only_outside_its_batch() {
        use Language::*;
        assert_eq!(drain(queue(&[("a", Python, None), ("b", Sql, None)]), ENGINE), ["b"]);
        assert!(drain(queue(&[("a", Python, Some(1)), ("b", Sql, Some(1))]), ENGINE).is_empty());
        assert_eq!(drain(queue(&[("a", Sql, Some(1)), ("b", Python, Some(1))]), ENGINE), ["a"]);
        assert!(drain(queue(&[("a", Sql, None)]), Ready::default()).is_empty());
    }

    #[test]
    fn a_waiting_cell_is_not_queued_twice_and_can_be_cancelled() {
        let mut q = queue(&[("a", Language::Python, None), ("a", Language::Python, None)]);
        assert!(q.cancel("a") && !q.cancel("a") && q.is_empty());
    }
}
