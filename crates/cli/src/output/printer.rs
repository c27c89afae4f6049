//! The one place that writes to stdout and stderr.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use indicatif::{MultiProgress, ProgressDrawTarget};
use jiff::tz::TimeZone;
use serde::Serialize;
use tracing_subscriber::fmt::MakeWriter;

use super::{Paint, Progress, Style, Table};
use crate::report::Failure;

/// What goes into a pipe or a file goes there in pieces of this size.
const PIECE: usize = 64 * 1024;

type Sink = Mutex<Box<dyn Write + Send>>;

/// Writes data to stdout and chatter to stderr in the settled [`Style`].
///
/// Clones share the same streams and the same progress bars.
#[derive(Clone)]
pub struct Printer(Arc<Inner>);

struct Inner {
    out: Sink,
    err: Sink,
    style: Style,
    /// Looked up by whoever tells the first time.
    zone: OnceLock<TimeZone>,
    bars: MultiProgress,
}

impl Printer {
    /// A printer on the streams of this process. Who looks on sees line by line;
    /// a pipe or a file gets larger pieces, the last with [`Printer::flush`].
    pub fn of_process(style: Style) -> Self {
        let out: Box<dyn Write + Send> = if io::stdout().is_terminal() {
            Box::new(io::stdout())
        } else {
            Box::new(BufWriter::with_capacity(PIECE, io::stdout()))
        };
        Self::in_zone(style, OnceLock::new(), out, Box::new(io::stderr()))
    }

    /// A printer on given streams, with local time in `zone`.
    pub fn new(style: Style, zone: TimeZone, out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Self {
        Self::in_zone(style, OnceLock::from(zone), out, err)
    }

    fn in_zone(
        style: Style,
        zone: OnceLock<TimeZone>,
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
    ) -> Self {
        let target = if style.bars { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        Self(Arc::new(Inner { out: Mutex::new(out), err: Mutex::new(err), style, zone, bars }))
    }

    /// The settled look.
    pub fn style(&self) -> Style {
        self.0.style
    }

    /// Whether commands answer with one JSON document.
    pub fn is_json(&self) -> bool {
        self.0.style.json
    }

    /// The time zone people read times in.
    pub fn zone(&self) -> &TimeZone {
        self.0.zone.get_or_init(super::zone::of_system)
    }

    /// Colour for text that goes to stdout.
    pub fn paint(&self) -> Paint {
        Paint::new(self.0.style.out_color)
    }

    /// A progress display that fits the style.
    pub fn progress(&self) -> Progress {
        Progress::new(self.clone(), self.0.bars.clone())
    }

    /// Writes one line of data to stdout.
    ///
    /// # Errors
    /// When stdout cannot be written; a closed pipe is a [`Failure`] that ends
    /// the program quietly.
    pub fn line(&self, text: impl Display) -> Result<(), Failure> {
        Ok(self.write_out(format!("{text}\n").as_bytes())?)
    }

    /// Hands over what was written to stdout. To be called at the end of a command,
    /// and before one waits for others; what goes to stderr does it by itself.
    ///
    /// # Errors
    /// As [`Printer::line`].
    pub fn flush(&self) -> Result<(), Failure> {
        Ok(self.0.out.lock().unwrap_or_else(PoisonError::into_inner).flush()?)
    }

    /// Writes a table to stdout.
    ///
    /// # Errors
    /// As [`Printer::line`].
    pub fn table(&self, table: &Table) -> Result<(), Failure> {
        self.line(table.render(self.0.style.width, self.0.style.out_color))
    }

    /// Writes a table under a heading, set off by an empty line; nothing when
    /// the table is empty.
    ///
    /// # Errors
    /// As [`Printer::line`].
    pub fn section(&self, heading: &str, table: &Table) -> Result<(), Failure> {
        if table.is_empty() {
            return Ok(());
        }
        self.line(format!("\n{}", self.paint().bold(heading)))?;
        self.table(table)
    }

    /// Writes the command's JSON document to stdout, on one line in a pipe and
    /// indented on a terminal.
    ///
    /// # Errors
    /// As [`Printer::line`].
    pub fn json(&self, document: &impl Serialize) -> Result<(), Failure> {
        let mut out = BufWriter::with_capacity(PIECE, Out(self));
        let written = match self.0.style.width {
            Some(_) => serde_json::to_writer_pretty(&mut out, document),
            None => serde_json::to_writer(&mut out, document),
        };
        if let Err(error) = written {
            // A document that broke off is not completed, nor begun if it need not be.
            let _ = out.into_parts();
            return Err(io::Error::from(error).into());
        }
        out.write_all(b"\n")?;
        Ok(out.flush()?)
    }

    /// Says something in passing, on stderr; silent with `--quiet` and `--json`.
    pub fn status(&self, text: impl Display) {
        if !self.0.style.quiet && !self.0.style.json {
            self.write_err(&format!("{text}\n"));
        }
    }

    /// Warns on stderr, with what to do about it; with `--json` as one JSON line.
    pub fn warn(&self, message: &str, hint: Option<&str>) {
        if self.0.style.json {
            return self.json_err(&serde_json::json!({
                "schema": "lookervault.warning/1",
                "warning": { "message": message, "hint": hint },
            }));
        }
        let paint = Paint::new(self.0.style.err_color);
        let mut text = format!("{}: {message}\n", paint.caution("warning"));
        if let Some(hint) = hint {
            text += &format!("  {}: {hint}\n", paint.bold("hint"));
        }
        self.write_err(&text);
    }

    /// Reports the failure a command ended with, on stderr.
    pub fn failure(&self, failure: &Failure) {
        if failure.is_broken_pipe() {
            return;
        }
        if self.0.style.json {
            return self.json_err(&failure.document());
        }
        self.write_err(&failure.render(Paint::new(self.0.style.err_color)));
    }

    /// Where the log goes: stderr, above the progress bars.
    pub fn log_writer(&self) -> LogWriter {
        LogWriter { printer: self.clone(), line: Vec::new() }
    }

    /// Writes text to stderr, above the progress bars.
    pub(super) fn write_err(&self, text: &str) {
        // What was said before stands before it. A stdout that is gone is found by
        // who writes to it.
        let _ = self.flush();
        self.0.bars.suspend(|| {
            let mut err = self.0.err.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody is left to tell when stderr itself is gone.
            let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
        });
    }

    fn json_err(&self, document: &impl Serialize) {
        if let Ok(text) = serde_json::to_string(document) {
            self.write_err(&format!("{text}\n"));
        }
    }

    fn write_out(&self, text: &[u8]) -> io::Result<()> {
        self.0.bars.suspend(|| {
            let mut out = self.0.out.lock().unwrap_or_else(PoisonError::into_inner);
            out.write_all(text)
        })
    }
}

/// Stdout of a printer, which is held only while something is written to it.
struct Out<'p>(&'p Printer);

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_out(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Collects one log line and hands it to the printer.
pub struct LogWriter {
    printer: Printer,
    line: Vec<u8>,
}

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.printer.write_err(&String::from_utf8_lossy(&self.line));
        self.line.clear();
        Ok(())
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            let _ = self.flush();
        }
    }
}

impl<'a> MakeWriter<'a> for Printer {
    type Writer = LogWriter;

    fn make_writer(&'a self) -> LogWriter {
        self.log_writer()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::exit::Exit;

    /// A stream whose text can be looked at.
    #[derive(Clone, Default)]
    pub(crate) struct Seen(Arc<Mutex<Vec<u8>>>);

    impl Seen {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Seen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A printer with its stdout and stderr.
    pub(crate) fn captured(style: Style) -> (Printer, Seen, Seen) {
        let (out, err) = (Seen::default(), Seen::default());
        let printer = Printer::new(style, TimeZone::UTC, Box::new(out.clone()), Box::new(err.clone()));
        (printer, out, err)
    }

    #[test]
    fn data_and_chatter_never_mix() {
        let (printer, out, err) = captured(Style::default());
        printer.line("data").unwrap();
        printer.status("reading");
        printer.warn("the folder is empty", Some("choose another"));
        assert_eq!(out.text(), "data\n");
        assert_eq!(err.text(), "reading\nwarning: the folder is empty\n  hint: choose another\n");
    }

    #[test]
    fn quiet_keeps_data_and_warnings() {
        let (printer, out, err) = captured(Style { quiet: true, ..Style::default() });
        printer.line("data").unwrap();
        printer.status("reading");
        printer.warn("careful", None);
        assert_eq!((out.text().as_str(), err.text().as_str()), ("data\n", "warning: careful\n"));
    }

    #[test]
    fn json_mode_writes_only_json() {
        let (printer, out, err) = captured(Style { json: true, ..Style::default() });
        printer.json(&serde_json::json!({"schema": "lookervault.list/1"})).unwrap();
        printer.status("reading");
        printer.warn("careful", None);
        printer.failure(&Failure::new("vault.missing", Exit::Failed, "no vault").hint("run extract"));
        assert_eq!(out.text(), "{\"schema\":\"lookervault.list/1\"}\n");
        for line in err.text().lines() {
            let document: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(document["schema"].as_str().unwrap().starts_with("lookervault."));
        }
        assert_eq!(err.text().lines().count(), 2);
    }

    #[test]
    fn a_closed_pipe_ends_quietly() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let err = Seen::default();
        let printer = Printer::new(Style::default(), TimeZone::UTC, Box::new(Closed), Box::new(err.clone()));
        let failure = printer.line("data").unwrap_err();
        printer.failure(&failure);
        assert_eq!(failure.exit, Exit::Ok);
        assert_eq!(err.text(), "");
    }

    #[test]
    fn a_log_line_is_written_whole() {
        let (printer, _, err) = captured(Style::default());
        let mut writer = printer.make_writer();
        writer.write_all(b"INFO ").unwrap();
        assert_eq!(err.text(), "");
        writer.write_all(b"read a page\n").unwrap();
        drop(writer);
        assert_eq!(err.text(), "INFO read a page\n");
    }
}
