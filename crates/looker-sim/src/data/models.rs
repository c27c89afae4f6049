//! Projects and what they declare: models, explores (see `explores`),
//! datagroups.

use fastrand::Rng;

use super::explores;
use super::queries::EXPLORES;
use super::template::{Source, array, list, opt, secret};
use super::{connections, moments, words};
use crate::config::SimConfig;
use crate::json::quoted;
use crate::kinds::Kind;

const PROJECT: &str = include_str!("bodies/project.json");
const MANIFEST: &str = include_str!("bodies/manifest.json");
const MODEL: &str = include_str!("bodies/lookml_model.json");
const NAV_EXPLORE: &str = include_str!("bodies/nav_explore.json");
const DATAGROUP: &str = include_str!("bodies/datagroup.json");

const MODELS: [(&str, &str); 3] =
    [("ecommerce", "eCommerce"), ("finance", "Finance \"core\""), ("marketing", "Marketing – Été")];

/// The built-in model, and the explores of it. It is listed only when internal
/// models are asked for.
pub(crate) const SYSTEM_ACTIVITY: &str = "system__activity";
const SYSTEM_EXPLORES: [&str; 5] = ["history", "dashboard", "look", "user", "scheduled_plan"];

/// A model before its body is written.
pub(super) struct Model {
    pub(super) name: String,
    label: String,
    pub(super) project: String,
    /// Index of the connection of its explores.
    pub(super) connection: usize,
    /// Its explores, and the fields that queries use of each.
    pub(super) explores: Vec<(&'static str, &'static [&'static str])>,
}

/// All models: those that queries are on, as many more as are asked for, and
/// System Activity.
pub(super) fn models(config: &SimConfig) -> Vec<Model> {
    let projects = projects(config);
    let count = (config.models as usize).max(MODELS.len());
    let mut models: Vec<Model> = (0..count)
        .map(|n| {
            let (base, label) = MODELS[n % MODELS.len()];
            let of_base = EXPLORES.iter().filter(|(model, ..)| *model == base);
            let more = n >= MODELS.len();
            Model {
                name: if more { format!("{base}_{n}") } else { base.to_owned() },
                label: if more { format!("{label} {n}") } else { label.to_owned() },
                project: projects[n % projects.len()].clone(),
                connection: n % connections::names(config).len(),
                explores: of_base.map(|(_, explore, fields)| (*explore, *fields)).collect(),
            }
        })
        .collect();
    models.push(Model {
        name: SYSTEM_ACTIVITY.to_owned(),
        label: "System Activity".to_owned(),
        project: SYSTEM_ACTIVITY.to_owned(),
        connection: 0,
        explores: SYSTEM_EXPLORES.iter().map(|explore| (*explore, &[][..])).collect(),
    });
    models
}

/// Names of the models that people see, for model sets.
pub(super) fn names(config: &SimConfig) -> Vec<String> {
    let seen = models(config).into_iter().map(|model| model.name);
    seen.filter(|name| name != SYSTEM_ACTIVITY).collect()
}

fn projects(config: &SimConfig) -> Vec<String> {
    let name = |n: u32| match n {
        0 => "thelook".to_owned(),
        1 => "marketing-größe".to_owned(),
        _ => format!("project_{n}"),
    };
    (0..config.projects.max(1)).map(name).collect()
}

pub(super) fn generate(config: &SimConfig) -> Vec<(Kind, Vec<String>)> {
    let models = models(config);
    let mut source = Source::new(config, 0x40DE1);
    let bodies = models.iter().map(|model| body(&mut source, model)).collect();
    let mut source = Source::new(config, 0x920);
    let names = projects(config);
    let projects = names.iter().enumerate().map(|(n, id)| project(&mut source, n, id)).collect();
    let manifest = |id: &String| {
        let commit = format!("{:032x}", source.rng.u128(..));
        source.fill(MANIFEST, &[("name", quoted(id)), ("ref", quoted(&commit))])
    };
    let manifests = names.iter().map(manifest).collect();
    vec![
        (Kind::LookmlModel, bodies),
        (Kind::Project, projects),
        (Kind::Manifest, manifests),
        (Kind::Datagroup, datagroups(config, &models)),
        (Kind::Explore, explores::generate(config, &models)),
    ]
}

fn body(source: &mut Source, model: &Model) -> String {
    let explores: Vec<String> = model
        .explores
        .iter()
        .enumerate()
        .map(|(n, (name, _))| {
            let own = [
                ("name", quoted(name)),
                ("description", opt((n == 0).then_some("What was sold,\n„brutto“ and net"))),
                ("label", quoted(&name.replace('_', " "))),
                ("hidden", explores::is_hidden(n).to_string()),
            ];
            source.fill(NAV_EXPLORE, &own)
        })
        .collect();
    let unlimited = model.connection.is_multiple_of(2);
    let connections = if unlimited {
        connections::all(source.config)
    } else {
        list(connections::names(source.config).get(model.connection))
    };
    let own = [
        ("name", quoted(&model.name)),
        ("label", quoted(&model.label)),
        ("project", quoted(&model.project)),
        ("connections", connections),
        ("unlimited", unlimited.to_string()),
        ("explores", array(explores)),
    ];
    source.fill(MODEL, &own)
}

fn project(source: &mut Source, n: usize, id: &str) -> String {
    let https = n % 2 == 1;
    let address = match source.config.secret_marker {
        // An address that somebody put a token into.
        Some(_) if https => {
            format!("https://bot:{}@git.example.com/looker/{id}.git", secret(source.config, &mut source.rng))
        }
        _ if https => format!("https://git.example.com/looker/{id}.git"),
        _ => format!("git@github.example.com:looker/{id}.git"),
    };
    let own = [
        ("id", quoted(id)),
        ("git_remote_url", quoted(&address)),
        ("git_username", opt(https.then_some("looker-bot"))),
        ("branch", quoted(if https { "main" } else { "master" })),
        ("service", quoted(if https { "gitlab" } else { "github" })),
        ("pull_request_mode", quoted(["off", "links", "recommended", "required"][n % 4])),
    ];
    source.fill(PROJECT, &own)
}

/// Datagroups, each of a model; one of them cannot be checked.
fn datagroups(config: &SimConfig, models: &[Model]) -> Vec<String> {
    let mut source = Source::new(config, 0xDA7A);
    let seen = models.len() - 1;
    let datagroup = |n: u32| {
        let broken = n % 4 == 2;
        // Plans run by the first two.
        let name = ["ecommerce_etl_datagroup", "nightly_büro", "größe_daily", "hourly"][n as usize % 4];
        let checked = moments::past(&mut source.rng);
        let own = [
            ("id", format!("\"{}\"", n + 1)),
            ("model", quoted(&models[n as usize % seen].name)),
            ("name", quoted(&if n < 4 { name.to_owned() } else { format!("{name}_{n}") })),
            ("stale_before", if n % 3 == 1 { "null".to_owned() } else { checked.to_string() }),
            ("trigger_error", opt(broken.then_some("SQL Error: relation \"etl.größe\" does not exist"))),
            ("trigger_value", opt((!broken).then_some("2024-05-01 00:00:00"))),
        ];
        source.fill(DATAGROUP, &own)
    };
    (0..config.datagroups).map(datagroup).collect()
}

/// A model and an explore of it, for what refers to one.
pub(super) fn any_explore(rng: &mut Rng) -> (&'static str, &'static str, &'static [&'static str]) {
    EXPLORES[rng.usize(..EXPLORES.len())]
}

/// A sentence about an explore.
pub(super) fn about(rng: &mut Rng) -> String {
    format!("„{}“ – {}", words::title(rng), words::prose(rng, 80))
}
