//! `verify`: read the whole vault and check it.

use std::path::PathBuf;

use clap::Args;
use engine::documents::INDEXER;
use serde::Serialize;
use vault::{Finding, Reader, Vault, Verdict, VerifyProgress, VerifyReport};

use crate::args::command_help;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Printer, Task, human};
use crate::report::{Failure, Outcome};

/// Check that the vault holds what was written to it
///
/// Reads the whole file: the database's own structure, every row of every table
/// against the table's seal, every body against its hash, every reference against
/// its document. Nothing is changed. A run with gaps is reported, but is no
/// damage.
#[derive(Args, Debug, Default)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct VerifyArgs {
    /// Read, decompress and hash every body (the default)
    #[arg(long, conflicts_with = "quick")]
    pub read_data: bool,

    /// Check all but the content of bodies
    #[arg(long)]
    pub quick: bool,
}

const EXAMPLES: &str = "
  The configured vault:
    lookervault verify

  Between two thorough looks: structure, seals and indexes, without the bodies:
    lookervault verify --quick

  A copy, in a script:
    lookervault verify --vault copy.db --json | jq .verdict";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage, Exit::Damage];

/// Verifies the vault and prints what was found.
///
/// # Errors
/// When there is no vault or it cannot be opened.
pub fn run(context: &Context, args: &VerifyArgs) -> Outcome {
    let path = context.config()?.vault.value;
    let reader = Vault::open_for_reading(&path)?;
    let report = check(&reader, args.quick, &context.printer)?;
    if context.printer.is_json() {
        context.printer.json(&Document::new(path, &report, args.quick))?;
    } else {
        print(&context.printer, &report, args.quick)?;
    }
    Ok(if report.verdict == Verdict::Damaged { Exit::Damage } else { Exit::Ok })
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
    let report = if quick { reader.verify_without_data(&mut tell) } else { reader.verify_with(&INDEXER, &mut tell) };
    Ok(report?)
}

fn print(printer: &Printer, report: &VerifyReport, quick: bool) -> Result<(), Failure> {
    let paint = printer.paint();
    for finding in &report.findings {
        let label = if finding.damage { paint.bad("damage") } else { paint.caution("gap") };
        printer.line(format!("{label}: {}", human::one_line(&finding.what)))?;
        printer.line(format!("   where: {}", human::one_line(&finding.place)))?;
        printer.line(format!("    hint: {}", human::one_line(&finding.advice)))?;
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
}

#[derive(Serialize)]
struct FindingPart<'a> {
    what: &'a str,
    r#where: &'a str,
    hint: &'a str,
    damage: bool,
}

impl<'a> Document<'a> {
    fn new(vault: PathBuf, report: &'a VerifyReport, quick: bool) -> Self {
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
        }
    }
}
