//! `verify`: read the whole vault and check it.

use std::path::PathBuf;

use clap::Args;
use engine::references::{ReferenceReport, references};
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
/// Reads the whole file: the database's own structure, every body against its
/// hash, every reference between tables. Nothing is changed. A run with gaps
/// is reported, but is no damage; nor is a reference to something that is not
/// there.
#[derive(Args, Debug, Default)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct VerifyArgs {
    /// List every reference that leads nowhere, with all who hold it
    #[arg(long)]
    pub references: bool,
}

const EXAMPLES: &str = "
  The configured vault:
    lookervault verify

  What do dashboards, boards and schedules show that is not there any more?
    lookervault verify --references

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
    let report = check(&reader, &context.printer)?;
    let references = if report.verdict == Verdict::Damaged { Vec::new() } else { follow(&reader, args)? };
    if context.printer.is_json() {
        context.printer.json(&Document::new(path, &report, &references))?;
    } else {
        print(&context.printer, &report, &references)?;
    }
    Ok(if report.verdict == Verdict::Damaged { Exit::Damage } else { Exit::Ok })
}

fn check(reader: &Reader, printer: &Printer) -> Result<VerifyReport, Failure> {
    let progress = printer.progress();
    let mut current: Option<(&'static str, Task)> = None;
    let report = reader.verify(&mut |now: VerifyProgress| {
        let total = (now.total > 0).then_some(now.total);
        if current.as_ref().is_none_or(|(step, _)| *step != now.step) {
            current = Some((now.step, progress.task(now.step, total)));
        }
        if let Some((_, task)) = &current {
            task.set(now.done);
        }
    })?;
    Ok(report)
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

fn print(printer: &Printer, report: &VerifyReport, references: &[ReferencesPart]) -> Result<(), Failure> {
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
    printer.line(format!(
        "{verdict} Checked {} ({}), {}, {}.",
        human::counted(report.bodies, "body", "bodies"),
        human::bytes(report.raw_bytes),
        human::counted(report.objects, "object", "objects"),
        human::counted(report.versions, "version", "versions"),
    ))
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    vault: PathBuf,
    verdict: &'static str,
    bodies: u64,
    raw_bytes: u64,
    objects: u64,
    versions: u64,
    findings: Vec<FindingPart<'a>>,
    references: &'a [ReferencesPart],
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
    fn new(vault: PathBuf, report: &'a VerifyReport, references: &'a [ReferencesPart]) -> Self {
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
            bodies: report.bodies,
            raw_bytes: report.raw_bytes,
            objects: report.objects,
            versions: report.versions,
            findings: report.findings.iter().map(part).collect(),
            references,
        }
    }
}
