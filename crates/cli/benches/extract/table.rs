//! Tables in plain text.

/// What stands where nothing was measured.
const NOTHING: &str = "-";

/// Cells with a head line. The first column is aligned left, the others right.
/// Columns in which nothing was measured are left out.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let told = |column: &usize| rows.iter().any(|row| row[*column] != NOTHING);
    let columns: Vec<usize> = (0..head.len()).filter(told).collect();
    let kept = |row: &Vec<String>| columns.iter().map(|column| row[*column].clone()).collect();
    let head: Vec<&str> = columns.iter().map(|column| head[*column]).collect();
    aligned(&head, &rows.iter().map(kept).collect::<Vec<_>>())
}

fn aligned(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let aligned = cells.zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        aligned.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let rule: String = widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("  ") + "\n";
    let body = rows.iter().map(|row| line(&mut row.iter().map(String::as_str)));
    line(&mut head.iter().copied()) + &rule + &body.collect::<String>()
}

/// Megabytes with one decimal.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

/// What was measured, or a dash where the system does not tell.
pub(crate) fn or_dash<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| NOTHING.to_owned(), show)
}

/// The middle of the values, the mean of the two middle ones of an even number;
/// with the least and the most. All zero for no values.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (Some(least), Some(most)) = (values.first(), values.last()) else { return Self::default() };
        let middle = &values[(values.len() - 1) / 2..=values.len() / 2];
        let median = middle.iter().sum::<f64>() / middle.len() as f64;
        Self { median, least: *least, most: *most }
    }

    /// `1.25 (1.23 to 1.30)`.
    pub(crate) fn show(&self, decimals: usize) -> String {
        format!("{:.decimals$} ({:.decimals$} to {:.decimals$})", self.median, self.least, self.most)
    }
}
