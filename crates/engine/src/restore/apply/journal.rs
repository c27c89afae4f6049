//! Lines on their way into the journal of a restore.
//!
//! A step waits twice until a line of its own is on the disk. One thread takes all lines
//! that wait by then, writes them with one commit, and wakes who handed them over: a
//! thread for each would cost more than the lines do. While several steps are under way it
//! waits a moment for the lines of others: there are more steps than requests, so that no
//! request waits for that, and a sync costs as much for one line as for ten.

use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_blocking};
use vault::{StepRecord, Writer};

use super::super::RestoreError;
use crate::extract::ExtractError;

/// How long lines are waited for that could be written with others.
const GATHERING: Duration = Duration::from_millis(1);

/// Takes lines to the disk.
pub(super) struct Journal {
    lines: mpsc::UnboundedSender<Lines>,
    thread: JoinHandle<()>,
}

/// Lines, and who waits for them.
struct Lines {
    lines: Vec<StepRecord>,
    written: oneshot::Sender<vault::Result<()>>,
}

impl Journal {
    /// Starts the thread.
    pub(super) fn open(writer: Writer) -> Self {
        let (lines, waiting) = mpsc::unbounded_channel();
        Self { lines, thread: spawn_blocking(move || write(&writer, waiting)) }
    }

    /// Writes lines; they are on the disk when this returns.
    pub(super) async fn write(&self, lines: Vec<StepRecord>) -> Result<(), RestoreError> {
        let (written, answer) = oneshot::channel();
        // Whether the thread is there shows in its answer.
        let _handed_over = self.lines.send(Lines { lines, written });
        let ended = |_| ExtractError::Worker("the journal's thread has ended".to_owned());
        Ok(answer.await.map_err(ended)??)
    }

    /// Waits until all that was handed over is written.
    pub(super) async fn close(self) {
        drop(self.lines);
        // Who waited for a line was told what became of it.
        let _ended = self.thread.await;
    }
}

fn write(writer: &Writer, mut waiting: mpsc::UnboundedReceiver<Lines>) {
    let mut are_several = false;
    while let Some(Lines { mut lines, written }) = waiting.blocking_recv() {
        if are_several {
            thread::sleep(GATHERING);
        }
        let mut waiters = vec![written];
        while let Ok(more) = waiting.try_recv() {
            lines.extend(more.lines);
            waiters.push(more.written);
        }
        are_several = waiters.len() > 1;
        let outcome = writer.journal(lines);
        for waiter in waiters {
            // Who waited may have gone: a restore that is cut off.
            let _gone = waiter.send(outcome.clone());
        }
    }
}
