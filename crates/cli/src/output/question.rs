//! Asking a person before something is spent.

use std::io::{self, BufRead, IsTerminal};

use super::Printer;

impl Printer {
    /// Whether there is somebody to ask: a terminal on both ends, and no `--json`.
    pub fn can_ask(&self) -> bool {
        !self.is_json() && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a question on stderr and waits for the answer; anything but yes is no.
    ///
    /// # Errors
    /// When stdin cannot be read.
    pub fn ask(&self, question: &str) -> io::Result<bool> {
        self.write_err(&format!("{question} [y/N] "));
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        Ok(is_yes(&answer))
    }
}

fn is_yes(answer: &str) -> bool {
    let answer = answer.trim();
    ["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        assert!(["y", "Y\n", " yes ", "YES"].iter().all(|answer| is_yes(answer)));
        assert!(["", "\n", "n", "no", "yess", "ja"].iter().all(|answer| !is_yes(answer)));
    }
}
