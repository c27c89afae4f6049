//! Rows and columns: aligned text, nothing drawn around it.

use std::iter::once;

use comfy_table::{Cell, CellAlignment, ContentArrangement, TableStyle};
use unicode_width::UnicodeWidthStr as _;

use super::Paint;
use super::human::one_line;

/// Blanks between two columns.
const SPACE: usize = 2;

/// How a column lines up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A table that prints the same in every pipe, and folds to fit a terminal.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new<T: AsRef<str>>(columns: &[(T, Align)]) -> Self {
        Self::named(columns.iter().map(|(name, align)| (name.as_ref(), *align)))
    }

    /// An empty table whose columns get their names as it is made. Names may be
    /// foreign text.
    pub fn named<T: AsRef<str>>(columns: impl IntoIterator<Item = (T, Align)>) -> Self {
        let columns = columns.into_iter().map(|(name, align)| (one_line(name.as_ref()), align));
        Self { columns: columns.collect(), rows: Vec::new() }
    }

    /// Adds a row: one cell a column. Cells may hold foreign text; they are
    /// made safe here.
    pub fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(|cell| one_line(cell.as_ref())).collect());
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text without a final line break; `width` folds long cells,
    /// `bold` marks the line of headings.
    pub fn render(&self, width: Option<u16>, bold: bool) -> String {
        let text = width.map_or_else(|| self.unfolded(), |width| self.folded(width));
        let (head, rows) = text.split_once('\n').unwrap_or((&text, ""));
        format!("{}\n{rows}", Paint::new(bold).bold(head)).trim_end().to_owned()
    }

    fn headings(&self) -> Vec<String> {
        self.columns.iter().map(|(name, _)| one_line(&name.to_uppercase())).collect()
    }

    /// Each row on one line, however long. There may be tens of thousands, for which
    /// what can fold takes its time.
    fn unfolded(&self) -> String {
        let headings = self.headings();
        let lines = || once(&headings).chain(&self.rows);
        let mut widths = vec![1; self.columns.len()];
        for line in lines() {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = columns_of(cell).max(*width);
            }
        }
        let mut text = String::new();
        for line in lines() {
            let begin = text.len();
            for ((cell, (_, align)), width) in line.iter().zip(&self.columns).zip(&widths) {
                let room = width - columns_of(cell);
                let (before, after) = if *align == Align::Right { (room, 0) } else { (0, room) };
                push_blanks(&mut text, before);
                text += cell;
                push_blanks(&mut text, after + SPACE);
            }
            text.truncate(begin + text[begin..].trim_end().len());
            text.push('\n');
        }
        text
    }

    /// Long cells are folded.
    fn folded(&self, width: u16) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(TableStyle::new());
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        let cells = |texts: &[String]| -> Vec<Cell> {
            texts.iter().zip(&self.columns).map(|(text, column)| cell(text, column.1)).collect()
        };
        table.set_header(cells(&self.headings()));
        for row in &self.rows {
            table.add_row(cells(row));
        }
        space_columns(&mut table);
        table.trim_fmt()
    }
}

fn push_blanks(text: &mut String, mut count: usize) {
    const BLANKS: &str = "                                ";
    while count > 0 {
        let some = count.min(BLANKS.len());
        text.push_str(&BLANKS[..some]);
        count -= some;
    }
}

/// The columns of a terminal that a text takes.
fn columns_of(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

fn space_columns(table: &mut comfy_table::Table) {
    let last = table.column_count().saturating_sub(1);
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if i == last { 0 } else { SPACE as u16 }));
    }
}

fn cell(text: &str, align: Align) -> Cell {
    Cell::new(text).set_alignment(match align {
        Align::Left => CellAlignment::Left,
        Align::Right => CellAlignment::Right,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new(&[("id", Align::Right), ("title", Align::Left), ("folder", Align::Left)]);
        table.row(["7", "Sales\nper region", "Shared"]);
        table.row(["1012", "Umsätze", "Shared / Finance"]);
        table
    }

    #[test]
    fn a_pipe_gets_aligned_lines_without_trailing_blanks() {
        insta::assert_snapshot!(sample().render(None, false), @r"
          ID  TITLE             FOLDER
           7  Sales per region  Shared
        1012  Umsätze           Shared / Finance
        ");
    }

    #[test]
    fn a_pipe_gets_what_a_wide_terminal_shows() {
        let mut wide = sample();
        wide.row(["", "日本語 🎉 e\u{301} 👩‍💻", ""]);
        wide.row(["-1", "", "  three  blanks   "]);
        wide.row(["", "", ""]);
        let empty = Table::new(&[("a", Align::Right), ("", Align::Left), ("b", Align::Left)]);
        let mut blank = empty.clone();
        blank.row(["", "", "x"]);
        for table in [wide, empty, blank, Table::new::<&str>(&[])] {
            assert_eq!(table.render(None, false), table.render(Some(u16::MAX), false));
        }
    }

    #[test]
    fn a_terminal_folds_what_is_too_wide() {
        let text = sample().render(Some(30), false);
        assert!(text.lines().all(|line| line.chars().count() <= 30), "{text}");
        assert!(text.lines().count() > 3, "{text}");
    }

    #[test]
    fn bold_headings_only_when_asked() {
        assert!(sample().render(None, true).contains("\u{1b}[1m"));
        assert!(!sample().render(None, false).contains('\u{1b}'));
    }
}
