//! Progress for people who wait.
//!
//! On a terminal each task is a bar with its rate and the time left; in a pipe
//! with `-v` it is a plain line every few seconds; else it is nothing. Callers
//! need not know which.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use super::Printer;
use super::human;

/// How often a pipe gets a line.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// How often bars move on their own, so that a pause looks like one.
const TICK: Duration = Duration::from_millis(120);

const COUNTING: &str = "{prefix:<16} {spinner} {human_pos} · {rate} {wide_msg}";
const MEASURED: &str = "{prefix:<16} {bar:24} {human_pos}/{human_len} · {rate} · {eta} left {wide_msg}";

/// Starts tasks that share one display.
#[derive(Clone)]
pub struct Progress {
    printer: Printer,
    bars: MultiProgress,
}

impl Progress {
    pub(super) fn new(printer: Printer, bars: MultiProgress) -> Self {
        Self { printer, bars }
    }

    /// Starts a task. `total` is the number of things to do, when it is known.
    pub fn task(&self, name: impl Into<String>, total: Option<u64>) -> Task {
        let name = name.into();
        let bar = if self.printer.style().bars {
            self.bars.add(ProgressBar::no_length())
        } else {
            ProgressBar::hidden()
        };
        bar.set_prefix(name.clone());
        bar.set_style(look(COUNTING));
        if self.printer.style().bars {
            bar.enable_steady_tick(TICK);
        }
        let lines = self.printer.style().progress_lines.then(|| self.printer.clone());
        let task = Task { name, bar, lines, started: Instant::now(), said: Mutex::new(Instant::now()) };
        if let Some(total) = total {
            task.set_total(total);
        }
        task
    }
}

fn look(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
            // A display that cannot be written to is not worth a failure.
            let _ = out.write_str(&rate(state.per_sec()));
        })
        .progress_chars("━╸─")
}

fn rate(per_second: f64) -> String {
    format!("{}/s", human::count(per_second as u64))
}

/// One thing being done. Dropping it takes it off the display.
pub struct Task {
    name: String,
    bar: ProgressBar,
    lines: Option<Printer>,
    started: Instant,
    said: Mutex<Instant>,
}

impl Task {
    /// Sets or corrects the number of things to do.
    pub fn set_total(&self, total: u64) {
        if self.bar.length().is_none() {
            self.bar.set_style(look(MEASURED));
        }
        self.bar.set_length(total);
    }

    /// Adds `n` things done.
    pub fn add(&self, n: u64) {
        self.bar.inc(n);
        self.say_now_and_then();
    }

    /// Sets the number of things done.
    pub fn set(&self, done: u64) {
        self.bar.set_position(done);
        self.say_now_and_then();
    }

    /// Shows a few words beside the bar, for instance the calls in flight.
    pub fn note(&self, words: impl Into<Cow<'static, str>>) {
        self.bar.set_message(words);
    }

    /// The things done so far.
    pub fn done(&self) -> u64 {
        self.bar.position()
    }

    fn say_now_and_then(&self) {
        let Some(printer) = &self.lines else { return };
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.elapsed() >= LINE_EVERY {
            *said = Instant::now();
            printer.write_err(&format!("{}\n", self.line(self.started.elapsed())));
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let done = self.done();
        let total = self.bar.length().map(|n| format!(" of {}", human::count(n))).unwrap_or_default();
        let rate = rate(done as f64 / elapsed.as_secs_f64().max(0.001));
        format!("{}: {}{total}, {rate}", self.name, human::count(done))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::printer::tests::captured;
    use super::*;
    use crate::output::Style;

    #[test]
    fn a_task_counts_even_when_nothing_is_shown() {
        let (printer, _, err) = captured(Style::default());
        let task = printer.progress().task("dashboards", None);
        task.add(3);
        task.add(4);
        task.set_total(10);
        assert_eq!((task.done(), err.text().as_str()), (7, ""));
    }

    #[test]
    fn a_pipe_gets_a_line_every_few_seconds() {
        let (printer, _, err) = captured(Style { progress_lines: true, ..Style::default() });
        let task = printer.progress().task("dashboards", Some(4000));
        task.add(1);
        assert_eq!(err.text(), "");
        *task.said.lock().unwrap() = Instant::now().checked_sub(LINE_EVERY).unwrap();
        task.add(1999);
        assert!(err.text().starts_with("dashboards: 2,000 of 4,000, "), "{}", err.text());
    }

    #[test]
    fn a_rate_is_a_whole_number() {
        assert_eq!(rate(0.0), "0/s");
        assert_eq!(rate(1234.5678), "1,234/s");
        assert!(MEASURED.contains("{rate}") && COUNTING.contains("{rate}"));
    }

    #[test]
    fn a_line_names_rate_and_total() {
        let (printer, _, _) = captured(Style::default());
        let task = printer.progress().task("looks", Some(50));
        task.set(20);
        assert_eq!(task.line(Duration::from_secs(2)), "looks: 20 of 50, 10/s");
    }
}
