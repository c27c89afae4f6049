//! Rows and columns: aligned text, nothing drawn around it.

use comfy_table::{Cell, CellAlignment, ContentArrangement, TableStyle};

use super::Paint;
use super::human::one_line;

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
        let mut table = comfy_table::Table::new();
        table.load_style(TableStyle::new());
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        table.set_header(
            self.columns.iter().map(|(name, align)| cell(&one_line(&name.to_uppercase()), *align)),
        );
        for row in &self.rows {
            table.add_row(row.iter().zip(&self.columns).map(|(text, column)| cell(text, column.1)));
        }
        space_columns(&mut table);
        let text = table.trim_fmt();
        let (head, rows) = text.split_once('\n').unwrap_or((&text, ""));
        format!("{}\n{rows}", Paint::new(bold).bold(head)).trim_end().to_owned()
    }
}

fn space_columns(table: &mut comfy_table::Table) {
    let last = table.column_count().saturating_sub(1);
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if i == last { 0 } else { 2 }));
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
