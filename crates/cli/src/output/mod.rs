//! All that the program says: data to stdout, everything else to stderr.
//!
//! A command answers with data and may chat while it works. The two never mix:
//! a pipe gets data only. What a person sees bends to the place it is seen in
//! (colour and moving bars on a terminal, plain lines in a pipe, one document
//! with `--json`), and that is decided once, in [`Style::decide`], from flags,
//! environment and terminals handed in.

pub mod chart;
pub mod human;
mod kept;
mod paint;
mod printer;
mod progress;
mod question;
mod spark;
mod streamed;
mod style;
mod table;
mod zone;

pub use kept::Kept;
pub use paint::Paint;
pub use printer::{LogWriter, Printer};
pub use progress::{Progress, Task};
pub use spark::sparkline;
pub use streamed::{Elements, List, Streamed};
pub use style::{ColorChoice, Style, Terminals, Wishes};
pub use table::{Align, Table};
