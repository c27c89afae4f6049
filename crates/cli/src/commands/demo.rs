//! `demo`: a first extraction without a Looker.

use std::time::Duration;

use clap::Args;
use engine::allowance::Allowance;
use engine::extract::Request;
use looker::catalogue::KINDS;
use looker::{Client, Settings};
use looker_sim::{Latency, Sim, SimConfig};
use url::Url;
use vault::Vault;

use super::extract;
use crate::args::command_help;
use crate::config::Workers;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::human::{self, parse_duration};
use crate::report::{Failure, Outcome};
use crate::summary::{self, Under};

/// Try it without a Looker
///
/// Starts a simulated Looker inside the program, extracts from it into a new
/// vault in the temporary directory, and says what to try next. Configuration
/// and environment are not used.
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct DemoArgs {
    /// Dashboards of the simulated instance
    #[arg(long, value_name = "N", default_value_t = 600)]
    pub dashboards: u32,

    /// Looks of the simulated instance
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub looks: u32,

    /// Folders of the simulated instance
    #[arg(long, value_name = "N", default_value_t = 24)]
    pub folders: u32,

    /// How long each answer takes
    #[arg(long, value_name = "DURATION", default_value = "50ms", value_parser = parse_duration)]
    pub latency: Duration,

    /// Ceiling of concurrent requests, 1 to 64
    #[arg(short, long, value_name = "N", default_value_t = Workers::DEFAULT)]
    pub workers: Workers,

    /// Decides the content: equal seeds give equal instances
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

const EXAMPLES: &str = "
  See an extraction:
    lookervault demo

  A larger instance that answers slowly:
    lookervault demo --dashboards 5000 --latency 200ms";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage, Exit::Interrupted];

/// Starts a simulated Looker, extracts from it, and says what to try next.
///
/// # Errors
/// When no port can be had or the vault cannot be written.
pub fn run(context: &Context, args: &DemoArgs) -> Outcome {
    let folder = tempfile::Builder::new().prefix("lookervault-demo-").tempdir()?.keep();
    let path = folder.join("demo.db");
    let report = context.block_on(async {
        let sim = Sim::start(simulation(args)).await?;
        context.printer.status(format!(
            "A simulated Looker listens at {} with {} and {} in {}; extracting from it.",
            sim.url(),
            human::counted(args.dashboards.into(), "dashboard", "dashboards"),
            human::counted(args.looks.into(), "look", "looks"),
            human::counted(args.folders.into(), "folder", "folders"),
        ));
        let url = Url::parse(&sim.url())
            .map_err(|error| Failure::new("demo.url", Exit::Failed, error.to_string()))?;
        let mut settings =
            Settings::new(url, sim.client_id().to_owned(), sim.client_secret().to_owned().into());
        settings.ceiling = usize::from(args.workers.get());
        let client = Client::new(settings)?;
        let place = path.clone();
        let open = move || Vault::open_for_writing(&place, "demo");
        let mut request = Request::new(KINDS.iter().collect());
        "demo".clone_into(&mut request.command);
        extract::work(context, &client, open, request).await
    })?;
    let under = Under { allowance: Allowance::default(), set_aside: false };
    summary::print(&context.printer, &report, &path, &under)?;
    context.printer.status(format!(
        "\nTry next:\n  lookervault --vault {0} list dashboards\n  lookervault --vault {0} show dashboard ID\n  \
         lookervault --vault {0} verify\n  lookervault sim    (a simulated Looker to run any command against)",
        path.display()
    ));
    Ok(extract::exit(&report))
}

fn simulation(args: &DemoArgs) -> SimConfig {
    SimConfig {
        seed: args.seed,
        dashboards: args.dashboards,
        looks: args.looks,
        folders: args.folders,
        latency: Latency::new(args.latency, Duration::from_millis(1)),
        ..SimConfig::default()
    }
}
