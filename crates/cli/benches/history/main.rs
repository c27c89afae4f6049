//! The benchmark of the past: `cargo bench -p lookervault --bench history`.
//!
//! A simulated instance of 26,000 dashboards is edited for a year, one dashboard in a
//! hundred each day, as the simulator's churn edits, and each day goes into a vault
//! ([`filling`] says how, and how that is checked). Then the vault is asked for any
//! object at any time, for what neighbouring runs changed, for words and for what
//! uses a field: by one reader that stays open, and by the built program, a process
//! for each question. A process begins with empty caches of its own; the system's
//! file cache is warm for both. Beside the vault's size stands what daily dumps of
//! the same dashboards would take ([`dumps`]).
//!
//! A limit is kept if 95 of 100 answers keep it; the slowest one is shown too, and is
//! as often as not somebody else's work on the machine. A limit that is missed ends the
//! benchmark with exit code 1.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

mod asking;
mod book;
mod dumps;
mod filling;
mod options;
mod program;
#[path = "../extract/table.rs"]
#[expect(dead_code, reason = "the other benchmark's tables")]
mod table;
mod year;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use asking::Asking;
use book::Book;
use dumps::Dumps;
use filling::Filling;
use options::Options;
use program::Program;
use year::{Body, Year};

const HELP: &str = "\
Usage: cargo bench -p lookervault --bench history -- [OPTIONS]

  --dashboards N  dashboards of the instance [default: 26000]
  --days N        daily runs [default: 365]
  --body-bytes N  JSON size of a dashboard [default: 30000]
  --vault FILE    make the vault there and keep it, to be tried with the program
  --json FILE     write all figures as JSON";

/// So often is a question asked.
const TIMES: usize = 50;

/// Words that very many documents have, some, and none; a rare one is added.
const WORDS: [&str; 7] = ["the", "shipments", "revenue region", "\"gross margin\"", "rev*", "orders", "zzz"];

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse(std::env::args().skip(1))?;
    if options.help {
        println!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let directory = tempfile::tempdir()?;
    let path = options.vault.clone().unwrap_or_else(|| directory.path().join("history.db"));
    anyhow::ensure!(!path.exists(), "{} exists already", path.display());
    let program = Program::new(&path, directory.path());
    let year = Year::begin(&options)?;
    let edits = year.edits();
    let started = Instant::now();
    let (dumps, rare) = live(&year, &path, &program)?;
    println!("{} days were written and extracted in {:.0?}.", year.days(), started.elapsed());
    year.end();
    let bytes = vault::Vault::open_for_reading(&path)?.file_bytes();
    let mut asking = Asking::of(&program, &path)?;
    asking.as_of(TIMES)?;
    asking.log(TIMES, edits)?;
    asking.diff(TIMES, edits)?;
    asking.search(TIMES, &[&WORDS[..], &[&rare]].concat())?;
    asking.impact(TIMES / 10)?;
    let book = Book::new(&options, &asking.asked, &dumps, bytes);
    book.print();
    if let Some(path) = &options.json {
        book.write_json(path)?;
    }
    Ok(if book.is_met() || !options.judges { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lets the instance live its year: what dumps would have taken, and a word that one
/// dashboard had on one day.
fn live(year: &Year, path: &Path, program: &Program) -> anyhow::Result<(Dumps, String)> {
    let filling = Filling::new(path, year)?;
    let (mut dumps, mut rare) = (Dumps::default(), String::new());
    let last = year.days() - 1;
    for day in 0..year.days() {
        let changed = if day == 0 { year.all(looker_sim::Kind::Dashboard) } else { year.edit(day)? };
        if day == last {
            filling::extract(program, year, changed.len())?;
        } else {
            filling.day(year.moment(day), day == 0, &changed)?;
        }
        dumps.day(&changed)?;
        let all = Dumps::measures_whole(day).then(|| year.all(looker_sim::Kind::Dashboard));
        dumps.whole_day(all.as_deref())?;
        if day == last / 2 {
            rare = revision(&changed).unwrap_or_default();
        }
    }
    Ok((dumps, rare))
}

/// The number in a description that the churn wrote.
fn revision(bodies: &[Body]) -> Option<String> {
    let number = |(_, body): &Body| {
        let text = std::str::from_utf8(body).ok()?;
        let (_, after) = text.split_once("Edited — revision ")?;
        Some(after.chars().take_while(char::is_ascii_digit).collect())
    };
    bodies.iter().find_map(number)
}
