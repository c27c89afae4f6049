//! `check`: configuration and connectivity.

use std::time::Duration;

use clap::Args;
use engine::Account;
use engine::check::Findings;
use engine::extract::FolderSelector;
use looker::catalogue::{Cadence, KINDS};
use serde::Serialize;

use crate::args::command_help;
use crate::config::{
    AllowanceSettings, CadenceSettings, Config, ExtractSettings, Instance, Layer, Origin, Setting,
};
use crate::context::Context;
use crate::exit::Exit;
use crate::output::human::{self, parse_duration};
use crate::output::{Align, Printer, Table};
use crate::remote;
use crate::report::{Failure, Outcome};

/// Check configuration and connectivity
///
/// Shows every setting with its origin, then signs in and shows who we are,
/// which release the instance runs and what the account can see. When
/// something fails it says what: address, name, port, certificate, proxy,
/// credentials or permission.
#[derive(Args, Debug, Default)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct CheckArgs {
    /// Check the configuration only; make no call
    #[arg(long)]
    pub offline: bool,

    /// Show the settings of `extract --profile NAME`
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,

    /// How long one answer may be silent [default: 120s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
}

const EXAMPLES: &str = "
  Is everything set, and does the sign-in work?
    lookervault check

  Another instance of the configuration:
    lookervault check --instance staging

  Which file or variable does a setting come from?
    lookervault check --offline";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage, Exit::Connection];

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    configuration: Vec<Line>,
    instance: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<&'a Findings>,
}

/// A setting as it is shown.
#[derive(Serialize)]
struct Line {
    setting: String,
    value: String,
    origin: String,
}

/// Shows the configuration, then signs in and looks around.
///
/// # Errors
/// What is wrong with the configuration, the connection or the sign-in.
pub fn run(context: &Context, args: &CheckArgs) -> Outcome {
    let mut config = context.config()?;
    if let Some(profile) = &args.profile {
        config = config.with_profile(profile)?;
    }
    let mut instance = context.instance(&config)?;
    instance.timeout = instance.timeout.clone().or_flag(args.timeout, "--timeout");
    let settings = config.extract(&Layer::default(), &instance)?;
    let allowance = config.allowance(&instance.base_url.value.to_string())?;
    let cadence = config.cadence(&[])?;
    let mut lines = lines(&config, &instance, &settings, &allowance);
    lines.extend(
        cadence.iter().map(|(kind, setting)| line(&format!("cadence.{kind}"), setting, &setting.value)),
    );
    let printer = &context.printer;
    if !printer.is_json() {
        show_settings(printer, &config, &lines)?;
    }
    let findings =
        if args.offline { None } else { Some(look_around(context, &instance, &settings, &cadence)?) };
    if printer.is_json() {
        printer.json(&Document {
            schema: "lookervault.check/1",
            configuration: lines,
            instance: &instance.name,
            findings: findings.as_ref(),
        })?;
    } else if let Some(findings) = &findings {
        show_findings(printer, &instance, findings)?;
    }
    let closed = findings.is_some_and(|findings| findings.kinds.iter().any(|kind| kind.problem.is_some()));
    Ok(if closed { Exit::Failed } else { Exit::Ok })
}

fn look_around(
    context: &Context,
    instance: &Instance,
    settings: &ExtractSettings,
    cadence: &CadenceSettings,
) -> Result<Findings, Failure> {
    let mut hasty = settings.clone();
    // A check answers now: it does not wait for a server to come back.
    hasty.patience.value = Duration::ZERO;
    hasty.tries.value = std::num::NonZeroU32::MIN.saturating_add(1);
    let client = remote::client(instance, &hasty)?;
    let cadences = cadence.cadences();
    let kinds: Vec<_> = KINDS.iter().filter(|kind| cadences.of(kind) == Cadence::EveryRun).collect();
    context.block_on(async { Ok(engine::check::check(&client, &kinds).await?) })
}

fn line<T>(setting: &str, from: &Setting<T>, value: &impl ToString) -> Line {
    Line { setting: setting.to_owned(), value: value.to_string(), origin: from.origin.to_string() }
}

fn lines(
    config: &Config,
    instance: &Instance,
    settings: &ExtractSettings,
    allowance: &AllowanceSettings,
) -> Vec<Line> {
    let mut lines = vec![
        line("vault", &config.vault, &config.vault.value.display()),
        line("base_url", &instance.base_url, &instance.base_url.value),
        line("client_id", &instance.client_id, &instance.client_id.value),
        line("client_secret", &instance.client_secret, &"set (not shown)"),
        line("verify_ssl", &instance.verify_ssl, &instance.verify_ssl.value),
        line("timeout", &instance.timeout, &human::duration(instance.timeout.value)),
        line("workers", &settings.workers, &settings.workers.value),
        line("tries", &settings.tries, &settings.tries.value),
        line("patience", &settings.patience, &human::duration(settings.patience.value)),
        line("max_age_days", &settings.max_age_days, &settings.max_age_days.value.to_string()),
        line("suspect_share", &settings.suspect_share, &settings.suspect_share.value),
        line("full_every_days", &settings.full_every_days, &settings.full_every_days.value.to_string()),
        line("trash", &settings.trash, &settings.trash.value),
    ];
    let all = |names: &[FolderSelector]| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let kinds = settings.kinds.value.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let scope = [
        line("kinds", &settings.kinds, &kinds),
        line("folders", &settings.folders, &all(&settings.folders.value)),
        line("recursive", &settings.recursive, &settings.recursive.value),
        line("exclude", &settings.exclude, &all(&settings.exclude.value)),
        line("personal", &settings.personal, &settings.personal.value),
        line("keep_destinations", &settings.keep_destinations, &settings.keep_destinations.value),
    ];
    lines.extend(scope.into_iter().filter(|line| line.origin != Origin::Default.to_string()));
    if let Some(path) = &instance.ca_bundle {
        lines.push(line("ca_bundle", path, &path.value.display()));
    }
    if let Some(calls) = &settings.max_calls {
        lines.push(line("max_calls", calls, &calls.value));
    }
    if let Some(page) = &settings.page_size {
        lines.push(line("page_size", page, &page.value));
    }
    let limits = allowance.in_effect().into_iter();
    lines.extend(limits.map(|(setting, value, origin)| Line {
        setting: setting.to_owned(),
        value,
        origin: origin.to_string(),
    }));
    lines
}

fn show_settings(printer: &Printer, config: &Config, lines: &[Line]) -> Result<(), Failure> {
    let file = config.path.as_ref().map_or_else(|| "none".to_owned(), |path| path.display().to_string());
    printer.line(format!("configuration file: {file}"))?;
    let mut table = Table::new(&[("setting", Align::Left), ("value", Align::Left), ("from", Align::Left)]);
    for line in lines {
        table.row([&line.setting, &line.value, &line.origin]);
    }
    printer.table(&table)
}

fn show_findings(printer: &Printer, instance: &Instance, findings: &Findings) -> Result<(), Failure> {
    let release = findings.release.as_deref().unwrap_or("unknown");
    printer.line(format!("signed in to {} (Looker release {release})", instance.base_url.value))?;
    if let Some(user) = &findings.user {
        printer.line(format!("as {}", person(user)))?;
    }
    let width = findings.kinds.iter().map(|kind| kind.kind.len()).max().unwrap_or(0);
    for kind in &findings.kinds {
        let state = match &kind.problem {
            Some(problem) => printer.paint().bad(problem),
            None if kind.any => "visible".to_owned(),
            None => "visible, but there are none".to_owned(),
        };
        printer.line(format!("{:<width$}  {state}", kind.kind))?;
    }
    printer
        .line(format!("this check spent {}", human::counted(findings.calls, "metered call", "metered calls")))
}

fn person(user: &Account) -> String {
    let name = user.display_name.as_deref().unwrap_or("a user without a name");
    let email = user.email.as_ref().map(|email| format!(" <{email}>")).unwrap_or_default();
    format!(
        "{name}{email}, user {}, {}",
        user.id,
        human::counted(user.role_ids.len() as u64, "role", "roles")
    )
}
