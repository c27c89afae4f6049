//! Asking a person at a terminal.

use std::io::{self, BufRead};

use super::Printer;

/// Answers that make no sense before the question counts as not answered.
const PATIENCE: usize = 3;

impl Printer {
    /// Asks on stderr until one of `answers` is typed on stdin, whole or
    /// in part, as long as it can mean only one. `None` where nobody can be asked, or nobody answers.
    pub fn ask<T: Copy>(&self, question: &str, answers: &[(&str, T)]) -> Option<T> {
        if !self.style().asks {
            return None;
        }
        self.ask_from(&mut io::stdin().lock(), question, answers)
    }

    fn ask_from<T: Copy>(
        &self,
        input: &mut impl BufRead,
        question: &str,
        answers: &[(&str, T)],
    ) -> Option<T> {
        let words: Vec<&str> = answers.iter().map(|(word, _)| *word).collect();
        for _ in 0..PATIENCE {
            self.write_err(&format!("{question} [{}] ", words.join("/")));
            let mut line = String::new();
            // A broken or ended stdin is no answer.
            if input.read_line(&mut line).unwrap_or(0) == 0 {
                return None;
            }
            let typed = line.trim().to_lowercase();
            let mut meant = answers.iter().filter(|(word, _)| word.starts_with(&typed));
            if let (Some((_, answer)), None) = (meant.next(), meant.next()) {
                return Some(*answer);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::Style;
    use super::*;

    fn answer(typed: &str) -> Option<u8> {
        let sink = || Box::new(io::sink());
        let printer = Printer::new(Style::default(), TimeZone::UTC, sink(), sink());
        printer.ask_from(&mut typed.as_bytes(), "Well?", &[("new", 1), ("same", 2), ("stop", 3)])
    }

    #[test]
    fn a_word_or_its_beginning_is_an_answer() {
        assert_eq!(answer("new\n"), Some(1));
        assert_eq!(answer(" SA \n"), Some(2));
        assert_eq!(answer("what\n\nst"), Some(3));
    }

    #[test]
    fn silence_and_nonsense_are_none() {
        assert_eq!(answer(""), None);
        assert_eq!(answer("a\ns\n\nnew\n"), None);
    }

    #[test]
    fn nobody_is_asked_who_cannot_answer() {
        let sink = || Box::new(io::sink());
        let printer = Printer::new(Style::default(), TimeZone::UTC, sink(), sink());
        assert_eq!(printer.ask("Well?", &[("yes", ())]), None);
    }
}
