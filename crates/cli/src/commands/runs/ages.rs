//! `runs --ages`: how old each kind is.

use engine::ages::{KindAge, ages};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use vault::{InstanceInfo, Reader};

use crate::config::{CadenceSettings, Config};
use crate::output::{Align, Printer, Table, human};
use crate::report::Failure;

/// The kinds of an instance with their ages.
pub(super) struct OfInstance {
    instance: InstanceInfo,
    kinds: Vec<KindAge>,
    cadence: CadenceSettings,
}

#[derive(Serialize)]
pub(super) struct AgesPart<'a> {
    instance: &'a str,
    epoch: u32,
    kinds: Vec<AgePart>,
}

#[derive(Serialize)]
struct AgePart {
    kind: &'static str,
    cadence: String,
    cadence_from: String,
    objects: usize,
    read_at: Option<Timestamp>,
    run: Option<i64>,
    refused_at: Option<Timestamp>,
    bodies_read_at: Option<Timestamp>,
    oldest: Option<Timestamp>,
    unread: Option<usize>,
    is_due: bool,
}

impl<'a> AgesPart<'a> {
    pub(super) fn new(of: &'a OfInstance) -> Self {
        let part = |age: &KindAge| AgePart {
            kind: age.kind.name,
            cadence: age.cadence.to_string(),
            cadence_from: of.cadence.of(age.kind).origin.to_string(),
            objects: age.objects,
            read_at: age.read_at,
            run: age.run,
            refused_at: age.refused_at,
            bodies_read_at: age.bodies_read_at,
            oldest: age.oldest,
            unread: age.unread,
            is_due: age.is_due,
        };
        let InstanceInfo { url, epoch, .. } = &of.instance;
        Self { instance: url, epoch: *epoch, kinds: of.kinds.iter().map(part).collect() }
    }
}

/// The ages of every instance's kinds, in its newest epoch.
pub(super) fn read(reader: &Reader, config: &Config) -> Result<Vec<OfInstance>, Failure> {
    let cadence = config.cadence(&[])?;
    let now = Timestamp::now();
    let newest = reader.instances()?.into_iter().filter(|known| known.epoch == known.newest_epoch);
    newest
        .map(|instance| {
            let kinds = ages(reader, instance.id, &cadence.cadences(), now)?;
            Ok(OfInstance { instance, kinds, cadence: cadence.clone() })
        })
        .collect()
}

/// How many kinds are older than a day, in a line; `None` where none is.
pub(super) fn line(ages: &[OfInstance], now: Timestamp) -> Option<String> {
    let day = SignedDuration::from_hours(24);
    let is_old = |age: &&KindAge| age.read_at.is_some_and(|at| at.duration_until(now) > day);
    let old = ages.iter().flat_map(|of| &of.kinds).filter(is_old).count() as u64;
    let (kinds, verb) = (human::counted(old, "kind", "kinds"), if old == 1 { "is" } else { "are" });
    (old > 0).then(|| format!("{kinds} {verb} older than a day; see `lookervault runs --ages`."))
}

/// A table an instance.
pub(super) fn print(printer: &Printer, ages: &[OfInstance]) -> Result<(), Failure> {
    if ages.is_empty() {
        printer.status("The vault has no runs yet.");
    }
    let now = Timestamp::now();
    for of in ages {
        printer.line(printer.paint().bold(of.instance.name()))?;
        printer.table(&table(printer, &of.kinds, now))?;
    }
    Ok(())
}

fn table(printer: &Printer, kinds: &[KindAge], now: Timestamp) -> Table {
    let mut table = Table::new(&[
        ("kind", Align::Left),
        ("read", Align::Left),
        ("objects", Align::Right),
        ("last read", Align::Left),
        ("ago", Align::Right),
        ("run", Align::Right),
        ("oldest", Align::Right),
        ("never read", Align::Right),
        ("next run", Align::Left),
    ]);
    for age in kinds {
        let time = |at: Option<Timestamp>| at.map(|at| human::time(at, printer.zone())).unwrap_or_default();
        let ago = |at: Option<Timestamp>| at.map(|at| human::age(at, now)).unwrap_or_default();
        let unread = age.unread.filter(|unread| *unread > 0);
        // What is read object by object is as old as its oldest, bodies of what
        // changed only as old as the last that read them all.
        table.row([
            age.kind.name.to_owned(),
            age.cadence.to_string(),
            human::count(age.objects as u64),
            match age.refused_at {
                Some(_) if age.read_at.is_none() => "refused".to_owned(),
                None if age.read_at.is_none() && age.objects == 0 => "never".to_owned(),
                _ => time(age.read_at),
            },
            ago(age.read_at),
            age.run.map(|run| run.to_string()).unwrap_or_default(),
            ago(age.oldest.or(age.bodies_read_at)),
            unread.map(|unread| human::count(unread as u64)).unwrap_or_default(),
            if age.is_due { "reads it" } else { "" }.to_owned(),
        ]);
    }
    table
}
