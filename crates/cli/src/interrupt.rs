//! Ctrl-C and a polite request to end.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC, ctrl_c};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::output::Printer;

/// Pulls `token` on the first signal; a second one ends the process at once.
/// Dropping the result stops listening.
pub fn on_signal(token: &CancellationToken, printer: &Printer) -> Listening {
    let (token, printer, signals) = (token.clone(), printer.clone(), Signals::listen());
    Listening(tokio::spawn(async move {
        let Ok(mut signals) = signals else { return };
        signals.next().await;
        printer.status("Stopping; what was read is kept. Once more to stop at once.");
        token.cancel();
        signals.next().await;
        std::process::exit(i32::from(crate::exit::Exit::Interrupted.code()));
    }))
}

/// Listens for signals until dropped.
pub struct Listening(JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Ctrl-C and, on Unix, SIGTERM, from the moment it is made: none that comes later is
/// lost, nor ends the process by itself.
pub struct Signals {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(windows)]
    interrupt: CtrlC,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the process cannot listen for signals.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Begins to listen.
    ///
    /// # Errors
    /// When the process cannot listen for signals.
    #[cfg(windows)]
    pub fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: ctrl_c()? })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_signal_that_comes_before_anybody_waits_is_kept() {
        let mut signals = Signals::listen().unwrap();
        for name in ["-TERM", "-INT"] {
            let sent = Command::new("kill").args([name, &std::process::id().to_string()]).status();
            assert!(sent.unwrap().success());
            tokio::time::timeout(Duration::from_secs(20), signals.next()).await.unwrap();
        }
    }
}
