//! A verb's progress as bars.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use engine::Watch;

use crate::output::{Printer, Progress, Task};

/// Shows one task a kind, made when the kind is first heard of.
pub(crate) struct Bars {
    printer: Printer,
    progress: Progress,
    tasks: Mutex<HashMap<&'static str, Bar>>,
}

struct Bar {
    task: Task,
    expected: u64,
}

impl Bars {
    /// Bars on `printer`.
    pub(crate) fn new(printer: &Printer) -> Arc<Self> {
        Arc::new(Self { printer: printer.clone(), progress: printer.progress(), tasks: Mutex::default() })
    }

    /// Takes all bars off the display.
    pub(crate) fn finish(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn with(&self, kind: &'static str, change: impl FnOnce(&mut Bar)) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || Bar { task: self.progress.task(kind, None), expected: 0 };
        change(tasks.entry(kind).or_insert_with(made));
    }
}

impl Watch for Bars {
    fn phase(&self, name: &str) {
        tracing::info!("{name}");
    }

    fn expect(&self, kind: &'static str, objects: u64) {
        self.with(kind, |bar| {
            bar.expected += objects;
            bar.task.set_total(bar.expected);
        });
    }

    fn read(&self, kind: &'static str, objects: u64) {
        self.with(kind, |bar| bar.task.add(objects));
    }

    fn warn(&self, text: &str) {
        self.printer.warn(text, None);
    }
}
