//! `calls`: what was spent, and what is left of the month's allowance.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use clap::{Args, ValueEnum};
use engine::allowance::{Allowance, Calendar, Month, Standing};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use vault::RunCalls;

use crate::args::command_help;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Align, Printer, Table, human};
use crate::report::{Failure, Outcome};
use crate::standing::{self, ByLedger, MonthPart};

/// Show what was spent, and what is left of the month's allowance
///
/// Counts the calls of all runs in the vault, also of those that are running or
/// were interrupted. Licences meter administrative and query-based calls apart;
/// the allowance of each is `monthly_calls` and `monthly_query_calls` of the
/// instance. Calls of other clients cannot be seen: what is left is what this
/// vault has left of it. Days and months are those of the instance's
/// `time_zone` and `month_starts_on`.
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct CallsArgs {
    /// What to sum by; several with commas
    #[arg(long, value_name = "WHAT", value_delimiter = ',', default_value = "day")]
    pub by: Vec<By>,

    /// Calls since this day or time [default: the month's first day]
    #[arg(long, value_name = "WHEN")]
    pub since: Option<When>,

    /// Calls up to and with this day, or before this time
    #[arg(long, value_name = "WHEN")]
    pub until: Option<When>,

    /// Calls of the month that begins then, for instance 2026-11 [default: this month]
    #[arg(long, value_name = "YYYY-MM", conflicts_with_all = ["since", "until"])]
    pub month: Option<MonthName>,
}

/// What calls are summed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The day they were sent.
    Day,
    /// The run that sent them.
    Run,
    /// The kind of content.
    Kind,
    /// What they were for.
    Reason,
    /// How a licence books them.
    Ledger,
}

/// A day in the instance's time zone, or an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A whole day.
    Day(Date),
    /// An instant.
    Time(Timestamp),
}

/// A month by the year and month in which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthName {
    year: i16,
    month: i8,
}

const EXAMPLES: &str = "
  This month by day, and what is left:
    lookervault calls

  What cost most in a past month:
    lookervault calls --month 2026-10 --by kind,reason

  What every run of a day spent:
    lookervault calls --by run --since 2026-11-23 --until 2026-11-23

  For a script: is there room for another run?
    lookervault calls --json | jq '.month.ledgers[0].left_for_extraction'";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage];

/// The instants that calls are shown of: from the first until (not with) the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// What calls have in common; a field that is not summed by is `None`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Group<'a> {
    day: Option<Date>,
    run: Option<i64>,
    kind: Option<&'a str>,
    reason: Option<&'a str>,
    ledger: Option<&'a str>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    instance: &'a str,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    by: &'a BTreeSet<By>,
    groups: Vec<GroupPart<'a>>,
    sum: ByLedger,
    month: MonthPart,
}

#[derive(Serialize)]
struct GroupPart<'a> {
    #[serde(flatten)]
    group: &'a Group<'a>,
    #[serde(flatten)]
    calls: ByLedger,
}

/// Prints what was spent and what is left.
///
/// # Errors
/// When there is no vault, it cannot be read, or the configuration is wrong.
pub fn run(context: &Context, args: &CallsArgs) -> Outcome {
    let opened = context.read_vault()?;
    let allowance = context.config()?.allowance(&opened.instance.url)?.allowance();
    let now = Timestamp::now();
    let standing = Standing::read(&opened.reader, Some(opened.instance.id), &allowance, now)?;
    let span = span(args, &allowance.calendar, &standing.month)?;
    let lines = opened.reader.calls(opened.instance.id, span.from, span.until)?;
    let by: BTreeSet<By> = args.by.iter().copied().collect();
    let groups = sum(&lines, &by, &allowance.calendar);
    let printer = &context.printer;
    if printer.is_json() {
        printer.json(&Document {
            schema: "lookervault.calls/1",
            instance: &opened.instance.url,
            from: span.from,
            until: span.until,
            by: &by,
            groups: groups.iter().map(|(group, calls)| GroupPart { group, calls: *calls }).collect(),
            sum: total(&groups),
            month: MonthPart::new(&standing, &allowance),
        })?;
        return Ok(Exit::Ok);
    }
    printer.line(heading(&opened.instance.url, span, &allowance.calendar))?;
    if groups.is_empty() {
        printer.line("No calls in this time.")?;
    } else {
        printer.table(&table(&groups, &by))?;
    }
    show_standing(printer, &standing, &allowance)?;
    Ok(Exit::Ok)
}

fn span(args: &CallsArgs, calendar: &Calendar, this_month: &Month) -> Result<Span, Failure> {
    let wrong = |error: jiff::Error| Failure::new("usage", Exit::Usage, format!("no such day: {error}"));
    let of = |month: &Month| Span { from: Some(month.from), until: Some(month.until) };
    if let Some(MonthName { year, month }) = args.month {
        return Ok(of(&calendar.month_in(year, month).map_err(wrong)?));
    }
    if args.since.is_none() && args.until.is_none() {
        return Ok(of(this_month));
    }
    let from = match args.since {
        Some(When::Day(day)) => Some(calendar.begin(day).map_err(wrong)?),
        Some(When::Time(at)) => Some(at),
        None => None,
    };
    let until = match args.until {
        Some(When::Day(day)) => {
            Some(day.checked_add(1.day()).and_then(|next| calendar.begin(next)).map_err(wrong)?)
        }
        Some(When::Time(at)) => Some(at),
        None => None,
    };
    Ok(Span { from, until })
}

/// Calls by what they have in common.
fn sum<'a>(lines: &'a [RunCalls], by: &BTreeSet<By>, calendar: &Calendar) -> BTreeMap<Group<'a>, ByLedger> {
    let mut groups: BTreeMap<Group<'a>, ByLedger> = BTreeMap::new();
    for RunCalls { run, count } in lines {
        let group = Group {
            day: by.contains(&By::Day).then(|| calendar.day(count.at)),
            run: by.contains(&By::Run).then(|| run.number()),
            kind: by.contains(&By::Kind).then_some(count.kind.as_str()),
            reason: by.contains(&By::Reason).then_some(count.reason.as_str()),
            ledger: by.contains(&By::Ledger).then_some(count.ledger.as_str()),
        };
        groups.entry(group).or_default().add(&count.ledger, count.calls);
    }
    groups
}

fn total(groups: &BTreeMap<Group, ByLedger>) -> ByLedger {
    let mut total = ByLedger::default();
    for calls in groups.values() {
        total.administrative += calls.administrative;
        total.query_based += calls.query_based;
        total.unmetered += calls.unmetered;
    }
    total
}

fn heading(instance: &str, span: Span, calendar: &Calendar) -> String {
    let moment = |word: &str, at: Option<Timestamp>| {
        let at = at.map(|at| human::time(at, &calendar.zone).trim_end_matches(" 00:00:00").to_owned());
        at.map(|at| format!(" {word} {at}")).unwrap_or_default()
    };
    let (from, until) = (moment("from", span.from), moment("until", span.until));
    format!("Calls to {instance}{from}{until} ({})", calendar.zone_name())
}

fn table(groups: &BTreeMap<Group, ByLedger>, by: &BTreeSet<By>) -> Table {
    let dimension = |by: &By| match by {
        By::Day => ("day", Align::Left),
        By::Run => ("run", Align::Right),
        By::Kind => ("kind", Align::Left),
        By::Reason => ("reason", Align::Left),
        By::Ledger => ("ledger", Align::Left),
    };
    let ledgers = ["administrative", "query-based", "unmetered"].map(|name| (name, Align::Right));
    let columns: Vec<_> = by.iter().map(dimension).chain(ledgers).collect();
    let mut table = Table::new(&columns);
    let counts =
        |calls: &ByLedger| [calls.administrative, calls.query_based, calls.unmetered].map(human::count);
    for (group, calls) in groups {
        let cells = by.iter().map(|by| match by {
            By::Day => group.day.map(|day| day.to_string()).unwrap_or_default(),
            By::Run => group.run.map(|run| run.to_string()).unwrap_or_default(),
            By::Kind => group.kind.unwrap_or_default().to_owned(),
            By::Reason => group.reason.unwrap_or_default().replace('_', "-"),
            By::Ledger => group.ledger.unwrap_or_default().replace('_', "-"),
        });
        table.row(cells.chain(counts(calls)));
    }
    if groups.len() > 1 {
        let label = std::iter::once("total".to_owned()).chain(std::iter::repeat(String::new()));
        table.row(label.take(by.len()).chain(counts(&total(groups))));
    }
    table
}

fn show_standing(printer: &Printer, standing: &Standing, allowance: &Allowance) -> Result<(), Failure> {
    let first = standing.month.first_day;
    let forecast = "The forecast is for the whole month, at the pace so far.";
    if !allowance.is_set() {
        printer.section(&format!("The month since {first}"), &standing::table(standing))?;
        printer.status("No allowance is set: `monthly_calls`, `monthly_query_calls` in [instances.NAME].");
        return printer.line(forecast);
    }
    printer.section(&format!("The month since {first}: {}", standing::LEFT), &standing::table(standing))?;
    let renewal = standing::renewal(standing, allowance);
    printer.line(format!("Calls of other clients cannot be seen; {renewal}. {forecast}"))?;
    for ledger in standing::too_fast(standing) {
        let warning = format!("At this pace extraction spends its {ledger} calls before that day.");
        printer.line(printer.paint().caution(&warning))?;
    }
    Ok(())
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(at) = text.parse() {
            return Ok(Self::Time(at));
        }
        let day = (text.len() == 10).then(|| text.parse().ok()).flatten();
        day.map(Self::Day)
            .ok_or_else(|| "write a day (2026-11-23) or a time with its offset (2026-11-23T12:00:00Z)".into())
    }
}

impl FromStr for MonthName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (year, month) = text.trim().split_once('-')?;
            let month = month.parse().ok().filter(|month| (1..=12).contains(month))?;
            Some(Self { year: year.parse().ok()?, month })
        };
        read().ok_or_else(|| "write the year and month, for instance 2026-11".into())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use jiff::tz::TimeZone;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        calls: CallsArgs,
    }

    fn span_of(line: &str, calendar: &Calendar) -> (String, String) {
        let line = std::iter::once("calls").chain(line.split_whitespace());
        let args = Line::try_parse_from(line).map(|line| line.calls).unwrap();
        let this_month = calendar.month_of("2026-11-23T10:00:00Z".parse().unwrap()).unwrap();
        let span = span(&args, calendar, &this_month).ok().unwrap();
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        (text(span.from), text(span.until))
    }

    #[test]
    fn days_and_months_are_those_of_the_calendar() {
        let berlin = Calendar { starts_on: 15, zone: TimeZone::get("Europe/Berlin").unwrap() };
        let is = |line: &str, from: &str, until: &str| {
            assert_eq!(span_of(line, &berlin), (from.to_owned(), until.to_owned()), "{line}");
        };
        is("", "2026-11-14T23:00:00Z", "2026-12-14T23:00:00Z");
        is("--month 2026-10", "2026-10-14T22:00:00Z", "2026-11-14T23:00:00Z");
        is("--since 2026-10-25 --until 2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        is("--since 2026-10-25T12:00:00+02:00", "2026-10-25T10:00:00Z", "");
        is("--until 2026-10-25T12:00:00Z", "", "2026-10-25T12:00:00Z");
    }

    #[test]
    fn what_is_no_day_or_month_is_refused() {
        for line in [
            "--since yesterday",
            "--until 2026-13-01",
            "--month 2026",
            "--month 2026-13",
            "--month 2026-11 --since 2026-11-01",
            "--by week",
        ] {
            let words = std::iter::once("calls").chain(line.split_whitespace());
            assert!(Line::try_parse_from(words).is_err(), "{line}");
        }
    }
}
