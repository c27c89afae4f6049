//! How the counters of an object went.

use serde::Serialize;
use vault::Counted;

use crate::output::{Align, Printer, Table, human, sparkline};
use crate::report::Failure;

/// So many of the last values are drawn.
const DRAWN: usize = 40;

/// The series of one counter, for scripts.
#[derive(Serialize)]
pub(super) struct CounterPart<'a> {
    name: &'a str,
    points: Vec<PointPart>,
}

#[derive(Serialize)]
struct PointPart {
    run: i64,
    at: String,
    value: i64,
}

/// The series one after the other, by name.
fn series(counted: &[Counted]) -> impl Iterator<Item = &[Counted]> {
    counted.chunk_by(|one, next| one.name == next.name)
}

pub(super) fn parts(counted: &[Counted]) -> Vec<CounterPart<'_>> {
    let point = |one: &Counted| PointPart { run: one.run.number(), at: one.at.to_string(), value: one.value };
    let part = |points: &'_ [Counted]| points.iter().map(point).collect();
    series(counted).map(|points| CounterPart { name: &points[0].name, points: part(points) }).collect()
}

/// Prints each counter with its last value and how it came to it.
pub(super) fn print(printer: &Printer, counted: &[Counted]) -> Result<(), Failure> {
    let mut table = Table::new(&[
        ("counter", Align::Left),
        ("value", Align::Right),
        ("read", Align::Left),
        ("values", Align::Left),
    ]);
    for points in series(counted) {
        let values: Vec<i64> = points.iter().map(|point| point.value).collect();
        let last = &points[points.len() - 1];
        let bars = if values.len() > 1 { sparkline(&values, DRAWN) } else { String::new() };
        let at = human::time(last.at, printer.zone());
        table.row([last.name.clone(), last.value.to_string(), at, bars]);
    }
    printer.section("Counters", &table)
}
