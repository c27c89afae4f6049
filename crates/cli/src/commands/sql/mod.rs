//! `sql`: a read-only query over the vault.

mod print;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;
use vault::{Queries, SqlError, SqlValue, Vault, ViewInfo};

use self::print::Output;
use crate::args::command_help;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Align, Printer, Table, human};
use crate::report::{Failure, Outcome};

/// Query the vault with SQL, read-only
///
/// Reads views whose names and columns stay (docs/sql.md): dashboards, looks,
/// folders, users, groups, roles, boards, scheduled_plans, alerts, objects,
/// versions, uses, runs, gaps, api_calls, restores, restore_steps, links, prunes;
/// and, only here, what documents say: tiles, dashboard_filters, fields_used, and
/// the function document(body), which gives a document as JSON. Without a query:
/// the views and their columns. `--export` writes all of them as tables into a
/// file for other tools.
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct SqlArgs {
    /// The query, one SELECT; `-` reads it from stdin
    #[arg(value_name = "QUERY")]
    pub query: Option<String>,

    /// Write every view as a table into this new SQLite file, for any tool
    #[arg(long, value_name = "FILE", conflicts_with_all = ["query", "format", "parameters", "timeout"])]
    pub export: Option<PathBuf>,

    /// How rows are printed
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["json", "output"])]
    pub format: Option<Format>,

    /// The value of a parameter `:name` of the query; may be given several times
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    pub parameters: Vec<(String, SqlValue)>,

    /// Stop the query after this time: 500ms, 10s, 2m
    #[arg(long, value_name = "DURATION", value_parser = human::parse_duration)]
    pub timeout: Option<Duration>,
}

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns.
    Table,
    /// Comma-separated values (RFC 4180) with a line of names.
    Csv,
    /// One document.
    Json,
}

const EXAMPLES: &str = "
  The views and their columns:
    lookervault sql

  The dashboards with most tiles:
    lookervault sql \"SELECT dashboard, count(*) AS tiles FROM tiles GROUP BY dashboard_id ORDER BY 2 DESC LIMIT 10\"

  Where a field is used, as CSV:
    lookervault sql --format csv -p field=orders.revenue \\
      \"SELECT DISTINCT kind, id, title FROM fields_used WHERE field = :field\"

  Everything for a spreadsheet or a BI tool that reads SQLite:
    lookervault sql --export content.db

  A value from within the documents:
    lookervault sql \"SELECT id, document(body) ->> '$.description' AS description FROM looks\"";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage, Exit::Damage];

/// Answers the query.
///
/// # Errors
/// When there is no vault, or the query is wrong.
pub fn run(context: &Context, args: &SqlArgs) -> Outcome {
    let path = context.config()?.vault.value;
    let mut queries = Vault::open_for_queries(&path)?;
    let printer = &context.printer;
    if let Some(file) = &args.export {
        return export(printer, queries, &context.cwd.join(file));
    }
    let Some(query) = &args.query else {
        show_views(printer, &queries.views().map_err(|error| failure(error, ""))?)?;
        return Ok(Exit::Ok);
    };
    let query = if query == "-" { from_stdin()? } else { query.clone() };
    let format = args.format.unwrap_or(if printer.is_json() { Format::Json } else { Format::Table });
    answer(&mut queries, &query, args, Output::new(printer, format))?;
    Ok(Exit::Ok)
}

fn answer(queries: &mut Queries, query: &str, args: &SqlArgs, mut output: Output<'_>) -> Result<(), Failure> {
    let columns = std::cell::Cell::new(None);
    let mut printed = Ok(());
    queries
        .query(
            query,
            &args.parameters,
            args.timeout,
            |names| columns.set(Some(names)),
            |row| {
                printed = match columns.take() {
                    Some(names) => output.begin(names).and_then(|()| output.row(row)),
                    None => output.row(row),
                };
                printed.is_ok()
            },
        )
        .map_err(|error| failure(error, query))?;
    printed?;
    if let Some(names) = columns.take() {
        output.begin(names)?;
    }
    output.end()
}

fn from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

/// `name=value`; a value that is a whole number is one.
fn parameter(text: &str) -> Result<(String, SqlValue), String> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| format!("`{text}` gives no value; write NAME=VALUE"))?;
    let value = value.parse().map_or_else(|_| SqlValue::Text(value.to_owned()), SqlValue::Integer);
    Ok((name.trim_start_matches([':', '@', '$']).to_owned(), value))
}

fn failure(error: SqlError, query: &str) -> Failure {
    match error {
        SqlError::Vault(error) => error.into(),
        SqlError::TimedOut(_) => Failure::new("sql.timed_out", Exit::Failed, error.to_string())
            .hint("give it more time with --timeout, or ask for less"),
        SqlError::Wrong { message, offset } => {
            let failure = Failure::new("sql.wrong", Exit::Usage, message)
                .hint("`lookervault sql` lists the views and their columns");
            match offset.and_then(|offset| query.get(offset..)).and_then(|rest| rest.lines().next()) {
                Some(rest) if !rest.is_empty() => failure.at(format!("near `{}`", human::one_line(rest))),
                _ => failure,
            }
        }
        other => Failure::new("sql.wrong", Exit::Usage, other.to_string()),
    }
}

#[derive(Serialize)]
struct ExportDocument<'a> {
    schema: &'static str,
    file: String,
    tables: Vec<ExportPart<'a>>,
}

#[derive(Serialize)]
struct ExportPart<'a> {
    table: &'a str,
    rows: u64,
}

fn export(printer: &Printer, queries: Queries, file: &Path) -> Outcome {
    let exported = queries.export(file, |_| ()).map_err(|error| match error {
        SqlError::Exists => Failure::new("sql.export.exists", Exit::Usage, error.to_string())
            .at(file.display().to_string())
            .hint("give another name, or remove it first"),
        SqlError::Export(_) => Failure::new("sql.export", Exit::Failed, error.to_string())
            .at(file.display().to_string())
            .hint("check that the folder exists, and the disk's space and permissions"),
        error => failure(error, ""),
    })?;
    if printer.is_json() {
        let tables = exported.iter().map(|view| ExportPart { table: &view.name, rows: view.rows }).collect();
        let file = file.display().to_string();
        printer.json(&ExportDocument { schema: "lookervault.sql_export/1", file, tables })?;
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(&[("table", Align::Left), ("rows", Align::Right)]);
    for view in &exported {
        table.row([view.name.as_str(), &human::count(view.rows)]);
    }
    printer.table(&table)?;
    printer.status(format!("Written to {}.", file.display()));
    Ok(Exit::Ok)
}

#[derive(Serialize)]
struct ViewsDocument<'a> {
    schema: &'static str,
    views: Vec<ViewPart<'a>>,
}

#[derive(Serialize)]
struct ViewPart<'a> {
    view: &'a str,
    any_tool: bool,
    columns: &'a [String],
}

impl<'a> ViewPart<'a> {
    fn new(view: &'a ViewInfo) -> Self {
        Self { view: &view.name, any_tool: view.is_stored, columns: &view.columns }
    }
}

fn show_views(printer: &Printer, views: &[ViewInfo]) -> Result<(), Failure> {
    if printer.is_json() {
        let views = views.iter().map(ViewPart::new).collect();
        return printer.json(&ViewsDocument { schema: "lookervault.sql_views/1", views });
    }
    let mut table = Table::new(&[("view", Align::Left), ("seen by", Align::Left), ("columns", Align::Left)]);
    for view in views {
        let seen_by = if view.is_stored { "any SQLite tool" } else { "lookervault sql" };
        table.row([view.name.as_str(), seen_by, &view.columns.join(", ")]);
    }
    printer.table(&table)
}
