//! Which history a run belongs to, when another instance answers.

use engine::extract::Epoch;

use crate::output::Printer;
use crate::report::Failure;

/// Asks the person at the terminal, if there is one, how to go on; `None`: not at
/// all.
pub(super) fn ask(printer: &Printer, failure: &Failure) -> Option<Epoch> {
    let question = format!(
        "{}.\nBegin a new history for this address, go on with the same one, or stop?",
        failure.message
    );
    let answers = [("new", Some(Epoch::New)), ("same", Some(Epoch::Continued)), ("stop", None)];
    printer.ask(&question, &answers).flatten()
}
