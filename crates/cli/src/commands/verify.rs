//! `verify`: read the whole vault and check it; with `--live`, against the instance.

mod live;

use std::path::PathBuf;

use clap::Args;
use engine::documents::INDEXER;
use engine::live::Report;
use engine::references::{ReferenceReport, references};
use live::LiveArgs;
use serde::Serialize;
use vault::{Finding, InstanceInfo, Reader, Vault, Verdict, VerifyProgress, VerifyReport};

use crate::args::command_help;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Printer, Task, human};
use crate::references::lines;
use crate::report::{Failure, Outcome};

/// Check that the vault holds what was written to it
///
/// Reads the whole file: the database's own structure, every row of every table
/// against the table's seal, every body against its hash, every reference against
/// its document. Nothing is changed. A run with gaps is reported, but is no
/// damage; nor is a reference to something that is not there. With --live,
/// objects are read from the instance again and compared.
#[derive(Args, Debug, Default)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct VerifyArgs {
    /// Read, decompress and hash every body (the default)
    #[arg(long, conflicts_with = "quick")]
    pub read_data: bool,

    /// Check all but the content of bodies
    #[arg(long)]
    pub quick: bool,

    /// List every reference that leads nowhere, with all who hold it
    #[arg(long)]
    pub references: bool,

    /// What to compare with the instance.
    #[command(flatten)]
    pub live: LiveArgs,
}

const EXAMPLES: &str = "
  The configured vault:
    lookervault verify

  Between two thorough looks: structure, seals and indexes, without the bodies:
    lookervault verify --quick

  What do dashboards, boards and schedules show that is not there any more?
    lookervault verify --references

  Is what is stored what the instance shows? Fifty objects, chosen at random:
    lookervault verify --live

  All dashboards of a folder, within a budget, in a script:
    lookervault verify --live dashboards --all --folder /Shared/Finance --max-calls 20 --json

  A copy, in a script:
    lookervault verify --vault copy.db --json | jq .verdict";

const EXITS: &[Exit] = &[
    Exit::Failed,
    Exit::Usage,
    Exit::Incomplete,
    Exit::Budget,
    Exit::Damage,
    Exit::Connection,
    Exit::Busy,
    Exit::Interrupted,
];

/// Verifies the vault and prints what was found.
///
/// # Errors
/// When there is no vault or it cannot be opened.
pub fn run(context: &Context, args: &VerifyArgs) -> Outcome {
    let config = context.config()?;
    let path = config.vault.value.clone();
    let printer = &context.printer;
    let reader = Vault::open_for_reading(&path)?;
    let report = check(&reader, args.quick, printer)?;
    let damaged = report.verdict == Verdict::Damaged;
    let references = if damaged { Vec::new() } else { follow(&reader, args)? };
    if !printer.is_json() {
        print(printer, &report, &references, args.quick)?;
    }
    // A damaged vault is not worth the calls.
    let compared =
        if args.live.live && !damaged { live::run(context, &args.live, &config, &reader)? } else { None };
    if printer.is_json() {
        printer.json(&Document::new(path, &report, args.quick, &references, compared.as_ref()))?;
    } else if let Some(compared) = &compared {
        live::print(printer, compared)?;
    }
    let ends =
        [if damaged { Exit::Damage } else { Exit::Ok }, compared.as_ref().map_or(Exit::Ok, live::exit)];
    Ok(Exit::worst(ends))
}

fn check(reader: &Reader, quick: bool, printer: &Printer) -> Result<VerifyReport, Failure> {
    let progress = printer.progress();
    let mut current: Option<(&'static str, Task)> = None;
    let mut tell = |now: VerifyProgress| {
        let total = (now.total > 0).then_some(now.total);
        if current.as_ref().is_none_or(|(step, _)| *step != now.step) {
            current = Some((now.step, progress.task(now.step, total)));
        }
        if let Some((_, task)) = &current {
            task.set(now.done);
        }
    };
    let report =
        if quick { reader.verify_without_data(&mut tell) } else { reader.verify_with(&INDEXER, &mut tell) };
    Ok(report?)
}

/// References that lead nowhere and holders of each that are named unasked.
const NAMED: (usize, usize) = (10, 3);

/// Where the references of each instance lead.
fn follow(reader: &Reader, args: &VerifyArgs) -> Result<Vec<ReferencesPart>, Failure> {
    let most = (!args.references).then_some(NAMED);
    let part = |info: InstanceInfo| {
        let report = ReferenceReport::new(references(reader, info.id)?, most);
        Ok(ReferencesPart { instance: info.url, report })
    };
    reader.instances()?.into_iter().map(part).collect()
}

fn print(
    printer: &Printer,
    report: &VerifyReport,
    references: &[ReferencesPart],
    quick: bool,
) -> Result<(), Failure> {
    let paint = printer.paint();
    for finding in &report.findings {
        let label = if finding.damage { paint.bad("damage") } else { paint.caution("gap") };
        printer.line(format!("{label}: {}", human::one_line(&finding.what)))?;
        printer.line(format!("   where: {}", human::one_line(&finding.place)))?;
        printer.line(format!("    hint: {}", human::one_line(&finding.advice)))?;
    }
    for part in references {
        let lines = lines(&part.report);
        if references.len() > 1 && !lines.is_empty() {
            printer.line(format!("{}:", human::one_line(&part.instance)))?;
        }
        lines.into_iter().try_for_each(|line| printer.line(line))?;
    }
    let verdict = match report.verdict {
        Verdict::Sound => paint.good("The vault is sound."),
        Verdict::SoundWithGaps => paint.caution("The vault is sound, but a run has gaps."),
        Verdict::Damaged => paint.bad("The vault is damaged."),
    };
    let content = if quick {
        "all but the content of bodies".to_owned()
    } else {
        let bodies = human::counted(report.bodies, "body", "bodies");
        format!("{bodies} ({})", human::bytes(report.raw_bytes))
    };
    printer.line(format!(
        "{verdict} Checked {content}, {}, {}.",
        human::counted(report.objects, "object", "objects"),
        human::counted(report.versions, "version", "versions"),
    ))
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    vault: PathBuf,
    verdict: &'static str,
    read_data: bool,
    bodies: u64,
    raw_bytes: u64,
    objects: u64,
    versions: u64,
    findings: Vec<FindingPart<'a>>,
    references: &'a [ReferencesPart],
    live: Option<&'a Report>,
}

/// The references of an instance.
#[derive(Serialize)]
struct ReferencesPart {
    instance: String,
    #[serde(flatten)]
    report: ReferenceReport,
}

#[derive(Serialize)]
struct FindingPart<'a> {
    what: &'a str,
    r#where: &'a str,
    hint: &'a str,
    damage: bool,
}

impl<'a> Document<'a> {
    fn new(
        vault: PathBuf,
        report: &'a VerifyReport,
        quick: bool,
        references: &'a [ReferencesPart],
        live: Option<&'a Report>,
    ) -> Self {
        let part = |finding: &'a Finding| FindingPart {
            what: &finding.what,
            r#where: &finding.place,
            hint: &finding.advice,
            damage: finding.damage,
        };
        Self {
            schema: "lookervault.verify/1",
            vault,
            verdict: match report.verdict {
                Verdict::Sound => "sound",
                Verdict::SoundWithGaps => "sound_with_gaps",
                Verdict::Damaged => "damaged",
            },
            read_data: !quick,
            bodies: report.bodies,
            raw_bytes: report.raw_bytes,
            objects: report.objects,
            versions: report.versions,
            findings: report.findings.iter().map(part).collect(),
            references,
            live,
        }
    }
}
