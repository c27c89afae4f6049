//! Ctrl-C and a polite request to end.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::output::Printer;

/// Pulls `token` on the first signal; a second one ends the process at once.
/// Dropping the result stops listening.
pub fn on_signal(token: &CancellationToken, printer: &Printer) -> Listening {
    let (token, printer) = (token.clone(), printer.clone());
    Listening(tokio::spawn(async move {
        if until_told_to_end().await.is_err() {
            return;
        }
        printer.status("Stopping; what was read is kept. Once more to stop at once.");
        token.cancel();
        if until_told_to_end().await.is_ok() {
            std::process::exit(i32::from(crate::exit::Exit::Interrupted.code()));
        }
    }))
}

/// Listens for signals until dropped.
pub struct Listening(JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits for Ctrl-C or, on Unix, SIGTERM.
///
/// # Errors
/// When the process cannot listen for signals.
#[cfg(unix)]
pub async fn until_told_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

/// Waits for Ctrl-C.
///
/// # Errors
/// When the process cannot listen for signals.
#[cfg(not(unix))]
pub async fn until_told_to_end() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
