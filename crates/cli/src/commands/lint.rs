//! `lint`: what should be tidied up.

use clap::Args;
use clap::builder::PossibleValuesParser;
use engine::lint::{CHECKS, Checked, Finding, lint};
use serde::Serialize;

use crate::args::command_help;
use crate::context::{Context, Opened};
use crate::exit::Exit;
use crate::moments::{AsOf, Meant, MomentPart};
use crate::objects::{ObjectPart, short_name, title_and_folder};
use crate::output::{Align, Table, human};
use crate::report::{Failure, Outcome};

/// Find what should be tidied up
///
/// Works offline, on the newest state of the vault or one of the past. A check is
/// left out where the vault lacks the kinds it needs, and that is said. With --json: one document
/// with `checks` and their findings.
#[derive(Args, Debug)]
#[command(after_long_help = help())]
pub struct LintArgs {
    /// Only these checks
    #[arg(long, value_name = "CHECK", value_delimiter = ',', value_parser = names(), hide_possible_values = true)]
    pub only: Vec<String>,

    /// End with exit code 1 when something was found
    #[arg(long)]
    pub exit_code: bool,

    /// Of what moment.
    #[command(flatten)]
    pub as_of: AsOf,
}

const EXAMPLES: &str = "
  All of it:
    lookervault lint

  Two checks, in a script that should fail when they find something:
    lookervault lint --only dangling-references,plans-of-trash --exit-code";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage, Exit::Damage];

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(CHECKS.iter().map(|check| check.name))
}

fn help() -> String {
    let checks = CHECKS.iter().map(|check| format!("  {:<26}{}", check.name, check.what));
    let checks = checks.collect::<Vec<_>>().join("\n");
    format!("Checks:\n{checks}\n\n{}", command_help(EXAMPLES, EXITS))
}

/// Prints what the checks have found.
///
/// # Errors
/// When there is no vault or it cannot be read.
pub fn run(context: &Context, args: &LintArgs) -> Outcome {
    let opened = context.read_vault()?;
    let only: Vec<&str> = args.only.iter().map(String::as_str).collect();
    let as_of = opened.as_of(context, &args.as_of)?;
    let checked = lint(&opened.reader, opened.at(as_of.as_ref()), &only)?;
    if context.printer.is_json() {
        context.printer.json(&Document::new(&opened, as_of.as_ref(), &checked))?;
    } else {
        print(context, &checked)?;
    }
    let found = checked.iter().any(|one| !one.findings.is_empty());
    Ok(if found && args.exit_code { Exit::Failed } else { Exit::Ok })
}

fn print(context: &Context, checked: &[Checked]) -> Result<(), Failure> {
    let printer = &context.printer;
    let mut first = true;
    for Checked { check, not_stored, findings } in checked {
        if !not_stored.is_empty() {
            printer.status(format!(
                "{}: not checked, the vault has no {}.",
                check.name,
                not_stored.join(", ")
            ));
        }
        if findings.is_empty() {
            continue;
        }
        let heading = format!("{}: {}", check.name, check.what);
        printer.line(format!("{}{}", if first { "" } else { "\n" }, printer.paint().bold(heading)))?;
        printer.line(printer.paint().dim(format!("hint: {}", check.advice)))?;
        printer.table(&table(findings))?;
        first = false;
    }
    let found: usize = checked.iter().map(|one| one.findings.len()).sum();
    printer.status(match found {
        0 => "Nothing was found.".to_owned(),
        found => human::counted(found as u64, "finding", "findings") + ".",
    });
    Ok(())
}

fn table(findings: &[Finding]) -> Table {
    let columns =
        [("object", Align::Left), ("title", Align::Left), ("folder", Align::Left), ("why", Align::Left)];
    let mut table = Table::new(&columns);
    for finding in findings {
        for object in &finding.objects {
            let [title, folder] = title_and_folder(object);
            table.row([&short_name(&object.kind, &object.key), title, folder, &finding.detail]);
        }
    }
    table
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    instance: &'a str,
    as_of: Option<MomentPart<'a>>,
    count: usize,
    checks: Vec<CheckPart<'a>>,
}

#[derive(Serialize)]
struct CheckPart<'a> {
    check: &'static str,
    what: &'static str,
    hint: &'static str,
    not_stored: &'a [&'static str],
    findings: Vec<FindingPart<'a>>,
}

#[derive(Serialize)]
struct FindingPart<'a> {
    detail: &'a str,
    objects: Vec<ObjectPart<'a>>,
}

impl<'a> Document<'a> {
    fn new(opened: &'a Opened, as_of: Option<&'a Meant>, checked: &'a [Checked]) -> Self {
        let finding = |finding: &'a Finding| FindingPart {
            detail: &finding.detail,
            objects: finding.objects.iter().map(ObjectPart::new).collect(),
        };
        let check = |one: &'a Checked| CheckPart {
            check: one.check.name,
            what: one.check.what,
            hint: one.check.advice,
            not_stored: &one.not_stored,
            findings: one.findings.iter().map(finding).collect(),
        };
        Self {
            schema: "lookervault.lint/1",
            instance: &opened.instance.url,
            as_of: as_of.map(Meant::part),
            count: checked.iter().map(|one| one.findings.len()).sum(),
            checks: checked.iter().map(check).collect(),
        }
    }
}
