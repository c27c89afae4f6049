//! Colour, or none.

use std::fmt::Display;

use owo_colors::{OwoColorize, Style};

/// Paints text for one stream; without colour it gives the text back.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// A painter that paints when `on`.
    pub const fn new(on: bool) -> Self {
        Self { on }
    }

    /// Whether it paints at all.
    pub const fn is_on(self) -> bool {
        self.on
    }

    /// Headings and names.
    pub fn bold(self, text: impl Display) -> String {
        self.apply(text, Style::new().bold())
    }

    /// What may be overlooked.
    pub fn dim(self, text: impl Display) -> String {
        self.apply(text, Style::new().dimmed())
    }

    /// Success.
    pub fn good(self, text: impl Display) -> String {
        self.apply(text, Style::new().green())
    }

    /// What wants attention.
    pub fn caution(self, text: impl Display) -> String {
        self.apply(text, Style::new().yellow().bold())
    }

    /// Failure.
    pub fn bad(self, text: impl Display) -> String {
        self.apply(text, Style::new().red().bold())
    }

    fn apply(self, text: impl Display, style: Style) -> String {
        if self.on { text.style(style).to_string() } else { text.to_string() }
    }
}
