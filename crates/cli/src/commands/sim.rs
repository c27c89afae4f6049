//! `sim`: a simulated Looker by itself.

use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use looker_sim::{Churn, Faults, Latency, RetryAfter, Sim, SimConfig};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::args::command_help;
use crate::context::Context;
use crate::exit::Exit;
use crate::interrupt::Signals;
use crate::output::human::parse_duration;
use crate::output::{Printer, human};
use crate::report::{Failure, Outcome};

/// Run a simulated Looker
///
/// Serves the part of the API 4.0 that lookervault uses, on the loopback
/// interface only, with made-up content. Prints its address and credentials,
/// and runs until Ctrl-C. Equal seeds and sizes give equal content.
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct SimArgs {
    /// TCP port; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 19999)]
    pub port: u16,

    /// Decides content and faults
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Live dashboards
    #[arg(long, value_name = "N", default_value_t = 120, help_heading = CONTENT)]
    pub dashboards: u32,

    /// Live looks
    #[arg(long, value_name = "N", default_value_t = 60, help_heading = CONTENT)]
    pub looks: u32,

    /// Shared folders
    #[arg(long, value_name = "N", default_value_t = 24, help_heading = CONTENT)]
    pub folders: u32,

    /// Users
    #[arg(long, value_name = "N", default_value_t = 25, help_heading = CONTENT)]
    pub users: u32,

    /// Groups
    #[arg(long, value_name = "N", default_value_t = 8, help_heading = CONTENT)]
    pub groups: u32,

    /// Roles
    #[arg(long, value_name = "N", default_value_t = 6, help_heading = CONTENT)]
    pub roles: u32,

    /// User attributes besides those every instance has
    #[arg(long, value_name = "N", default_value_t = 8, help_heading = CONTENT)]
    pub user_attributes: u32,

    /// Connections
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = CONTENT)]
    pub connections: u32,

    /// LookML models, at least 3
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = CONTENT)]
    pub models: u32,

    /// Boards
    #[arg(long, value_name = "N", default_value_t = 6, help_heading = CONTENT)]
    pub boards: u32,

    /// Enabled schedules
    #[arg(long, value_name = "N", default_value_t = 24, help_heading = CONTENT)]
    pub plans: u32,

    /// Disabled schedules, which no list of schedules shows
    #[arg(long, value_name = "N", default_value_t = 6, help_heading = CONTENT)]
    pub disabled_plans: u32,

    /// Alerts
    #[arg(long, value_name = "N", default_value_t = 12, help_heading = CONTENT)]
    pub alerts: u32,

    /// Favourites of other users, and favourite boards
    #[arg(long, value_name = "N", default_value_t = 16, help_heading = CONTENT)]
    pub favorites: u32,

    /// Dashboards of the first shared folders, for instance 1000,1000; the
    /// rest is spread over the others
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', help_heading = CONTENT)]
    pub folder_sizes: Vec<u32>,

    /// Trashed dashboards and looks, in percent of the live ones
    #[arg(long, value_name = "N", default_value_t = 5, help_heading = CONTENT)]
    pub trash_percent: u32,

    /// JSON size of a dashboard in bytes; 0 is a mix of small and large ones
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = CONTENT)]
    pub body_bytes: usize,

    /// How long each answer takes
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = parse_duration, help_heading = SPEED)]
    pub latency: Duration,

    /// How much longer for each dashboard or look sent whole
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = parse_duration, help_heading = SPEED)]
    pub row_latency: Duration,

    /// Requests worked on at the same time; others wait
    #[arg(long, value_name = "N", default_value_t = 200, help_heading = SPEED)]
    pub served_at_once: usize,

    /// Requests a second before 429 is answered [default: no limit]
    #[arg(long, value_name = "N", help_heading = SPEED)]
    pub rate_limit: Option<f64>,

    /// How a 429 says when to come back
    #[arg(long, value_name = "FORM", default_value = "none", help_heading = SPEED)]
    pub retry_after: RetryAfterForm,

    /// How long a token lives
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_duration, help_heading = MANNERS)]
    pub token_ttl: Duration,

    /// Send total counts with searches
    #[arg(long, help_heading = MANNERS)]
    pub totals: bool,

    /// Send total counts that are wrong
    #[arg(long, help_heading = MANNERS)]
    pub wrong_totals: bool,

    /// Rows an answer never exceeds, whatever is asked for
    #[arg(long, value_name = "N", help_heading = MANNERS)]
    pub page_cap: Option<u32>,

    /// Keep the order of ids even where nobody asked for it
    #[arg(long, help_heading = MANNERS)]
    pub stable_order: bool,

    /// Operations the API key has no permission for, for instance
    /// search_alerts,all_boards
    #[arg(long, value_name = "ID,ID,...", value_delimiter = ',', help_heading = MANNERS)]
    pub denied: Vec<String>,

    /// Operations this release does not have
    #[arg(long, value_name = "ID,ID,...", value_delimiter = ',', help_heading = MANNERS)]
    pub missing: Vec<String>,

    /// Faults and their shares of requests, for instance mixed=0.2 or
    /// too-many-requests=0.1,reset=0.05
    ///
    /// Names: mixed, too-many-requests, server-error-500, bad-gateway-html,
    /// reset, cut-body, bad-json, html-200, slow, unauthorized,
    /// hidden-success; slow-by=200ms says how much later a slow answer comes,
    /// login=true lets the login fail too.
    #[arg(long, value_name = "SPEC", default_value = "", hide_default_value = true, help_heading = MANNERS)]
    pub faults: FaultsSpec,

    /// Changes a second by other people, for instance edits=5,moves=1
    ///
    /// Names: edits, creates, deletes, restores, purges, moves, views.
    #[arg(long, value_name = "SPEC", default_value = "", hide_default_value = true, help_heading = MANNERS)]
    pub churn: ChurnSpec,

    /// The release the instance says it runs; before 26.0 it has neither
    /// agents nor artifacts
    #[arg(long, value_name = "RELEASE", help_heading = MANNERS)]
    pub release: Option<String>,

    /// A text every secret contains that the API gives away in the clear
    #[arg(long, value_name = "TEXT", help_heading = MANNERS)]
    pub secret_marker: Option<String>,

    /// The API key's public half
    #[arg(long, value_name = "TEXT", default_value = "demo0client0id000000", help_heading = MANNERS)]
    pub client_id: String,

    /// The API key's secret half; it opens nothing but this simulation
    #[arg(long, value_name = "TEXT", default_value = "demo0client0secret000000", help_heading = MANNERS)]
    pub client_secret: String,
}

const CONTENT: &str = "Content";
const SPEED: &str = "Speed";
const MANNERS: &str = "Manners";

const EXAMPLES: &str = "
  In one terminal:
    lookervault sim --dashboards 5000 --folders 40 --latency 50ms --row-latency 2ms
  In another, with the variables it printed:
    lookervault extract

  An instance that misbehaves and changes meanwhile:
    lookervault sim --faults mixed=0.2 --churn edits=5,moves=1 --token-ttl 2s

  An instance that throttles:
    lookervault sim --rate-limit 5 --retry-after seconds";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage];

/// The form of `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RetryAfterForm {
    /// It does not.
    None,
    /// In seconds.
    Seconds,
    /// As a date.
    HttpDate,
}

/// `--faults`.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultsSpec(pub Faults);

impl FromStr for FaultsSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut spec = pairs(text)?;
        let start = match spec.remove("mixed") {
            Some(share) => Faults::mixed(share.as_f64().ok_or("mixed takes a share from 0 to 1")?),
            None => Faults::default(),
        };
        let faults: Faults = overlay(&start, spec, &["mixed"])?;
        let shares = serde_json::to_value(&faults).map_err(|error| error.to_string())?;
        let sum: f64 = shares
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| *name != "slow_by")
            .filter_map(|(_, share)| share.as_f64())
            .sum();
        if sum > 1.0 + 1e-9 { Err("the shares add up to more than 1".into()) } else { Ok(Self(faults)) }
    }
}

/// `--churn`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChurnSpec(pub Churn);

impl FromStr for ChurnSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        overlay(&Churn::default(), pairs(text)?, &[]).map(Self)
    }
}

/// `name=value,...` with the simulation's own names; durations become
/// milliseconds.
fn pairs(text: &str) -> Result<Map<String, Value>, String> {
    let mut spec = Map::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(|| format!("`{part}` is not NAME=VALUE"))?;
        spec.insert(name.trim().replace('-', "_"), value_of(value.trim())?);
    }
    Ok(spec)
}

fn value_of(text: &str) -> Result<Value, String> {
    match text.parse::<f64>() {
        Ok(number) if number >= 0.0 => Ok(Value::from(number)),
        Ok(_) => Err(format!("`{text}` is below 0")),
        Err(_) if matches!(text, "true" | "false") => Ok(Value::from(text == "true")),
        Err(_) => parse_duration(text).map(|span| Value::from(span.as_millis() as u64)),
    }
}

/// `start` with the members of `spec`; `others` are names that may be written too.
fn overlay<T: Serialize + DeserializeOwned>(
    start: &T,
    spec: Map<String, Value>,
    others: &[&str],
) -> Result<T, String> {
    let mut value = serde_json::to_value(start).map_err(|error| error.to_string())?;
    if let Some(members) = value.as_object_mut() {
        if let Some(unknown) = spec.keys().find(|name| !members.contains_key(*name)) {
            let names = others.iter().copied().chain(members.keys().map(String::as_str));
            let names = names.collect::<Vec<_>>().join(", ");
            return Err(format!("there is no `{unknown}`; names are {names}").replace('_', "-"));
        }
        members.extend(spec);
    }
    serde_json::from_value(value).map_err(|error| error.to_string().replace('_', "-"))
}

impl SimArgs {
    fn config(&self) -> SimConfig {
        let defaults = SimConfig::default();
        SimConfig {
            seed: self.seed,
            port: self.port,
            dashboards: self.dashboards,
            looks: self.looks,
            folders: self.folders,
            users: self.users,
            groups: self.groups,
            roles: self.roles,
            user_attributes: self.user_attributes,
            connections: self.connections,
            models: self.models,
            boards: self.boards,
            plans: self.plans,
            disabled_plans: self.disabled_plans,
            alerts: self.alerts,
            favorites: self.favorites,
            folder_sizes: self.folder_sizes.clone(),
            trash_percent: self.trash_percent,
            dashboard_bytes: self.body_bytes,
            latency: self.pace(),
            served_at_once: self.served_at_once,
            rate_limit: self.rate_limit,
            retry_after: match self.retry_after {
                RetryAfterForm::None => RetryAfter::None,
                RetryAfterForm::Seconds => RetryAfter::Seconds,
                RetryAfterForm::HttpDate => RetryAfter::HttpDate,
            },
            token_ttl: self.token_ttl,
            totals: self.totals,
            wrong_totals: self.wrong_totals,
            page_cap: self.page_cap,
            stable_order: self.stable_order,
            denied: self.denied.clone(),
            missing_endpoints: self.missing.clone(),
            faults: self.faults.0.clone(),
            churn: self.churn.0,
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            secret_marker: self.secret_marker.clone(),
            release: self.release.clone().unwrap_or(defaults.release),
            ..defaults
        }
    }

    /// Without any latency light rows cost nothing either.
    fn pace(&self) -> Latency {
        if self.latency.is_zero() && self.row_latency.is_zero() {
            return Latency::default();
        }
        Latency::new(self.latency, self.row_latency)
    }
}

/// Serves until Ctrl-C or a polite request to end.
///
/// # Errors
/// When the port cannot be had.
pub fn run(context: &Context, args: &SimArgs) -> Outcome {
    context.block_on(async {
        let sim = Sim::start(args.config()).await.map_err(|error| {
            Failure::new("sim.port", Exit::Failed, format!("cannot listen on port {}: {error}", args.port))
                .hint("choose another with --port, or any free one with --port 0")
        })?;
        // Whoever reads the announcement may end it at once.
        let mut signals = Signals::listen()?;
        announce(&context.printer, args, &sim)?;
        context.printer.flush()?;
        signals.next().await;
        context.printer.status("Stopped.");
        Ok(Exit::Ok)
    })
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    base_url: String,
    port: u16,
    client_id: &'a str,
    client_secret: &'a str,
}

fn announce(printer: &Printer, args: &SimArgs, sim: &Sim) -> Result<(), Failure> {
    if printer.is_json() {
        return printer.json(&Document {
            schema: "lookervault.sim/1",
            base_url: sim.url(),
            port: sim.port(),
            client_id: sim.client_id(),
            client_secret: sim.client_secret(),
        });
    }
    printer.status(format!(
        "A simulated Looker with {} listens at {} until Ctrl-C. To use it:\n",
        human::counted(args.dashboards.into(), "dashboard", "dashboards"),
        sim.url()
    ));
    printer.line(format!("export LOOKERSDK_BASE_URL={}", sim.url()))?;
    printer.line(format!("export LOOKERSDK_CLIENT_ID={}", sim.client_id()))?;
    printer.line(format!("export LOOKERSDK_CLIENT_SECRET={}", sim.client_secret()))?;
    printer.status("\nlookervault extract");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_by_name() {
        let FaultsSpec(faults) =
            "too-many-requests=0.1, reset=0.05,slow-by=300ms,login=true".parse().unwrap();
        let expected = Faults {
            too_many_requests: 0.1,
            reset: 0.05,
            slow_by: Duration::from_millis(300),
            login: true,
            ..Faults::default()
        };
        assert_eq!(faults, expected);
        assert_eq!("mixed=0.2".parse::<FaultsSpec>().unwrap().0, Faults::mixed(0.2));
        assert_eq!("".parse::<FaultsSpec>().unwrap().0, Faults::default());
    }

    #[test]
    fn wrong_specs_are_refused() {
        for text in ["rest=0.1", "reset", "reset=much", "reset=-1", "mixed=0.9,reset=0.5"] {
            assert!(text.parse::<FaultsSpec>().is_err(), "{text}");
        }
        let message = "rest=0.1".parse::<FaultsSpec>().unwrap_err();
        assert!(message.contains("mixed") && message.contains("too-many-requests"), "{message}");
        let message = "edit=1".parse::<ChurnSpec>().unwrap_err();
        assert!(message.contains("edits, "), "{message}");
    }

    #[test]
    fn churn_is_read_by_name() {
        let ChurnSpec(churn) = "edits=5,moves=1".parse().unwrap();
        assert_eq!(churn, Churn { edits: 5.0, moves: 1.0, ..Churn::default() });
    }
}
