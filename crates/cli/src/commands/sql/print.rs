//! Rows of a query as a table, as CSV, or as one document.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use vault::SqlValue;

use super::Format;
use crate::exit::Exit;
use crate::output::{Align, Printer, Table, human};
use crate::report::Failure;

/// Takes rows and prints them; CSV at once, the others at the end.
pub(super) struct Output<'a> {
    printer: &'a Printer,
    format: Format,
    columns: Vec<String>,
    rows: Vec<Vec<SqlValue>>,
}

impl<'a> Output<'a> {
    pub(super) fn new(printer: &'a Printer, format: Format) -> Self {
        Self { printer, format, columns: Vec::new(), rows: Vec::new() }
    }

    /// Takes the names of the columns; in JSON each must have its own.
    pub(super) fn begin(&mut self, columns: Vec<String>) -> Result<(), Failure> {
        self.columns = columns;
        match self.format {
            Format::Table => Ok(()),
            Format::Csv => self.printer.line(csv(&self.columns)),
            Format::Json => match twice(&self.columns) {
                None => Ok(()),
                Some(name) => {
                    let message = format!("two columns are called `{name}`");
                    Err(Failure::new("sql.wrong", Exit::Usage, message).hint("name them apart with AS"))
                }
            },
        }
    }

    /// Takes a row.
    pub(super) fn row(&mut self, row: Vec<SqlValue>) -> Result<(), Failure> {
        if self.format == Format::Csv {
            let cells: Vec<String> = row.iter().map(text).collect();
            return self.printer.line(csv(&cells));
        }
        self.rows.push(row);
        Ok(())
    }

    /// Prints what was gathered.
    pub(super) fn end(self) -> Result<(), Failure> {
        match self.format {
            Format::Table => {
                self.printer.table(&self.table())?;
                self.printer.status(human::counted(self.rows.len() as u64, "row", "rows"));
                Ok(())
            }
            Format::Csv => Ok(()),
            Format::Json => self.printer.json(&Document { columns: &self.columns, rows: &self.rows }),
        }
    }

    /// Columns of numbers line up on the right.
    fn table(&self) -> Table {
        let is_number = |value: &SqlValue| !matches!(value, SqlValue::Text(_) | SqlValue::Blob(_));
        let numeric = |column: usize| self.rows.iter().all(|row| is_number(&row[column]));
        let align = |column| if numeric(column) { Align::Right } else { Align::Left };
        let columns = self.columns.iter().enumerate().map(|(i, name)| (name.clone(), align(i)));
        let mut table = Table::named(columns);
        for row in &self.rows {
            table.row(row.iter().map(text));
        }
        table
    }
}

/// The first name that comes twice.
fn twice(names: &[String]) -> Option<&String> {
    names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)).map(|(_, name)| name)
}

/// A value as text: nothing for null, hexadecimal for bytes.
fn text(value: &SqlValue) -> String {
    match value {
        SqlValue::Null => String::new(),
        SqlValue::Integer(number) => number.to_string(),
        SqlValue::Real(number) => number.to_string(),
        SqlValue::Text(text) => text.clone(),
        SqlValue::Blob(bytes) => bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")),
    }
}

/// A line of comma-separated values.
fn csv(cells: &[String]) -> String {
    let cell = |cell: &String| {
        if cell.contains(['"', ',', '\r', '\n']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.clone()
        }
    };
    cells.iter().map(cell).collect::<Vec<_>>().join(",")
}

struct Document<'a> {
    columns: &'a [String],
    rows: &'a [Vec<SqlValue>],
}

/// A row as an object.
struct RowPart<'a>(&'a [String], &'a [SqlValue]);

struct ValuePart<'a>(&'a SqlValue);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows: Vec<_> = self.rows.iter().map(|row| RowPart(self.columns, row)).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", "lookervault.sql/1")?;
        map.serialize_entry("columns", self.columns)?;
        map.serialize_entry("count", &rows.len())?;
        map.serialize_entry("rows", &rows)?;
        map.end()
    }
}

impl Serialize for RowPart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().zip(self.1.iter().map(ValuePart)))
    }
}

impl Serialize for ValuePart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            SqlValue::Null => serializer.serialize_none(),
            SqlValue::Integer(number) => serializer.serialize_i64(*number),
            SqlValue::Real(number) => serializer.serialize_f64(*number),
            other => serializer.serialize_str(&text(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let cells = ["plain", "a,b", "say \"x\"", "two\nlines", ""].map(str::to_owned);
        assert_eq!(csv(&cells), "plain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",");
    }
}
