//! How the counters of an object went.

use std::collections::BTreeMap;

use serde::Serialize;
use vault::{Counted, CounterValue};

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
    value: CounterValue,
}

pub(super) fn parts(series: &BTreeMap<String, Vec<Counted>>) -> Vec<CounterPart<'_>> {
    let point = |one: &Counted| PointPart { run: one.run.number(), at: one.at.to_string(), value: one.value };
    let mut parts = Vec::new();
    for (name, points) in series {
        parts.push(CounterPart { name, points: points.iter().map(point).collect() });
    }
    parts
}

/// Prints each counter with its last value and how it came to it; times have only
/// their last value.
pub(super) fn print(printer: &Printer, series: &BTreeMap<String, Vec<Counted>>) -> Result<(), Failure> {
    let mut table = Table::new(&[
        ("counter", Align::Left),
        ("value", Align::Right),
        ("read", Align::Left),
        ("values", Align::Left),
    ]);
    for (name, points) in series {
        let Some(last) = points.last() else { continue };
        let number = |point: &Counted| match point.value {
            CounterValue::Number(number) => Some(number),
            CounterValue::Time(_) => None,
        };
        let values: Vec<i64> = points.iter().filter_map(number).collect();
        let value = match last.value {
            CounterValue::Number(number) => number.to_string(),
            CounterValue::Time(time) => human::time(time, printer.zone()),
        };
        let bars = if values.len() > 1 { sparkline(&values, DRAWN) } else { String::new() };
        let at = human::time(last.at, printer.zone());
        table.row([name.clone(), value, at, bars]);
    }
    printer.section("Counters", &table)
}
