//! The content of the simulated instance, made from a seed.
//!
//! First everything is planned one by one (ids, folders, titles that are
//! unique where Looker wants them to be), then the bodies are written on all
//! cores: a body is a function of its plan and of the ground it stands on, so
//! their order does not matter.

mod access;
mod agents;
mod alerts;
mod attributes;
mod boards;
mod built_ins;
mod connections;
mod credentials;
mod dashboards;
mod explores;
mod favorites;
mod folders;
mod homepage;
mod integrations;
mod lists;
mod looks;
mod merges;
mod models;
mod moments;
mod people;
mod plans;
mod queries;
mod settings;
mod template;
mod themes;
mod tiles;
mod words;

use std::collections::HashSet;
use std::num::NonZero;
use std::thread;

use bytes::Bytes;
use fastrand::Rng;

pub(crate) use self::dashboards::field_of_filter;
pub(crate) use self::folders::Folder;
pub(crate) use self::merges::{Slugs, push_merge_query};
pub(crate) use self::models::SYSTEM_ACTIVITY;
pub(crate) use self::moments::now;
pub(crate) use self::people::Person;
pub(crate) use self::queries::push_query;
pub(crate) use self::template::guid;
pub(crate) use self::themes::{DEFAULT_COLLECTION, is_standard};
use crate::config::SimConfig;
use crate::json::{self, Writer};
use crate::kinds::Kind;
use crate::metadata;
use crate::queries::Queries;
use crate::state::World;
use crate::table::Row;

/// What content refers to.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) seed: u64,
    pub(crate) folders: Vec<Folder>,
    pub(crate) people: Vec<Person>,
    /// Queries have ids from 1 to this.
    pub(crate) queries: u64,
    /// Number of looks, trashed ones included.
    pub(crate) looks: u64,
    /// Size to aim at; 0 for a mix.
    pub(crate) dashboard_bytes: usize,
    /// Finds queries and merge queries by their slugs.
    pub(crate) slugs: Slugs,
}

impl Ground {
    /// Where a folder is in `folders`.
    pub(crate) fn folder(&self, id: &str) -> Option<usize> {
        self.folders.iter().position(|folder| folder.id == id)
    }
}

/// A dashboard or look before its body is written.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Counts from 0 within the kind.
    pub(crate) nth: u64,
    pub(crate) id: u64,
    /// Index into [`Ground::folders`].
    pub(crate) folder: usize,
    pub(crate) title: String,
    pub(crate) trashed: bool,
}

impl Plan {
    /// The body of that dashboard or look.
    pub(crate) fn body(&self, kind: Kind, ground: &Ground) -> String {
        match kind {
            Kind::Look => looks::look(self, ground),
            _ => dashboards::dashboard(self, ground),
        }
    }
}

/// Adds an object to its table; ids must come in ascending order.
fn add(world: &mut World, kind: Kind, w: Writer) {
    world.table_mut(kind).push(Row::new(kind, Bytes::from(w.out)));
}

/// Some ids of a kind, live or trashed.
fn ids(world: &World, kind: Kind, trashed: bool) -> Vec<String> {
    let table = world.table(kind);
    table.slots(trashed).iter().map(|slot| table.row(*slot).id.to_string()).collect()
}

/// A title that is free in a folder, going by what `taken` says.
pub(crate) fn free_title(rng: &mut Rng, taken: impl Fn(&str) -> bool) -> String {
    let title = words::title(rng);
    if !taken(&title) {
        return title;
    }
    let mut n = 2;
    loop {
        let numbered = format!("{title} {n}");
        if !taken(&numbered) {
            return numbered;
        }
        n += 1 + rng.u32(..40);
    }
}

/// Id of the n-th dashboard or look, from 0. Ids ascend with gaps, as on an instance where things were purged.
fn spaced_id(n: u64) -> u64 {
    1 + n + n / 7 * 2
}

/// Makes the instance that `config` asks for.
pub(crate) fn generate(config: &SimConfig) -> (World, Ground) {
    if !config.built_ins_only {
        return generate_all(config);
    }
    let (mut world, ground) = generate_all(&built_ins::smallest(config));
    world.queries = Queries::default();
    built_ins::keep_only(&mut world);
    (world, ground)
}

fn generate_all(config: &SimConfig) -> (World, Ground) {
    let people = people::people(config);
    let (folders, shared) = folders::generate(config, &people);
    let with_trash = |live: u64| live + live * u64::from(config.trash_percent) / 100;
    let dashboards = u64::from(config.dashboards.max(config.folder_sizes.iter().sum()));
    let ground = Ground {
        seed: config.seed,
        folders,
        people,
        queries: dashboards * 5 + u64::from(config.looks) + 10,
        looks: with_trash(u64::from(config.looks)),
        dashboard_bytes: config.dashboard_bytes,
        slugs: Slugs::default(),
    };
    let mut world = World::new();
    world.queries = Queries::new(config.seed, ground.queries);
    world.shared_folders = shared;
    for (kind, bodies) in small_kinds(config, &ground) {
        for body in bodies {
            world.table_mut(kind).push(Row::new(kind, Bytes::from(body)));
        }
    }
    let folders = dashboard_folders(config, &ground, dashboards);
    let trash = with_trash(dashboards) - dashboards;
    let plans = plan(config.seed, &folders, trash);
    fill(&mut world, Kind::Dashboard, &plans, &ground);
    let any = spread(u64::from(config.looks), &ground, &[], config.seed ^ 0x100);
    let plans = plan(config.seed ^ 0x100, &any, ground.looks - u64::from(config.looks));
    fill(&mut world, Kind::Look, &plans, &ground);
    for body in homepage::generate(config, &world) {
        world.table_mut(Kind::HomepageSection).push(Row::new(Kind::HomepageSection, Bytes::from(body)));
    }
    boards::generate(config, &ground, &mut world);
    plans::generate(config, &ground, &mut world);
    alerts::generate(config, &ground, &mut world);
    favorites::generate(config, &ground, &mut world);
    access::generate(config, &ground, &mut world);
    (world, ground)
}

fn small_kinds(config: &SimConfig, ground: &Ground) -> Vec<(Kind, Vec<String>)> {
    let mut kinds = people::sets_roles_groups(config);
    kinds.push((Kind::Folder, ground.folders.iter().map(|folder| folder.body.clone()).collect()));
    let own = |person: &Person| {
        let id = person.id + 5 + u64::from(config.folders).max(config.folder_sizes.len() as u64);
        people::user(person, id, config)
    };
    kinds.push((Kind::User, ground.people.iter().map(own).collect()));
    let lookml = (1..=3).map(|n| lookml_dashboard(n, ground)).collect();
    kinds.push((Kind::LookmlDashboard, lookml));
    let (groups, roles) = (of(&kinds, Kind::Group), of(&kinds, Kind::Role));
    let settings = settings::generate(config, groups, roles);
    kinds.extend(settings);
    kinds.extend(attributes::generate(config));
    kinds.extend(themes::generate(config));
    kinds.extend(connections::generate(config));
    kinds.extend(models::generate(config));
    kinds.extend(integrations::generate(config));
    kinds.extend(lists::generate(config, &ground.people));
    kinds.extend(agents::generate(config, &ground.people));
    kinds
}

/// The bodies of one of these kinds.
fn of(kinds: &[(Kind, Vec<String>)], kind: Kind) -> &[String] {
    kinds.iter().find(|(have, _)| *have == kind).map_or(&[][..], |(_, bodies)| bodies)
}

/// A LookML dashboard: a dashboard without owner and slug, read-only, in the
/// folder `lookml`.
fn lookml_dashboard(n: u64, ground: &Ground) -> String {
    let folder = ground.folders.len() - 1;
    let title = ["Business Pulse", "Brand Überblick", "Web / App"][n as usize - 1].to_owned();
    let plan = Plan { nth: n, id: 900_000_000 + n, folder, title, trashed: false };
    let id = ["ecommerce::business_pulse", "ecommerce::brand", "marketing::web_app"][n as usize - 1];
    let null = || "null".to_owned();
    json::patch(
        &dashboards::dashboard(&plan, ground),
        &[
            ("id", json::quoted(id)),
            ("user_id", null()),
            ("user_name", null()),
            ("slug", null()),
            ("created_at", null()),
            ("updated_at", null()),
            ("content_metadata_id", format!("\"{}\"", metadata::LOOKML_DASHBOARDS + n)),
            ("content_favorite_id", null()),
            ("model", r#"{"id":"ecommerce","label":"eCommerce"}"#.to_owned()),
            ("readonly", "true".to_owned()),
            ("url", json::quoted(&format!("/dashboards/{id}"))),
        ],
    )
}

/// The folder of every live dashboard, shuffled.
fn dashboard_folders(config: &SimConfig, ground: &Ground, dashboards: u64) -> Vec<usize> {
    let sized = config.folder_sizes.len();
    // Behind the two roots come the shared folders, those with sizes first.
    let own: Vec<usize> = (2..2 + sized).collect();
    let rest = dashboards - config.folder_sizes.iter().map(|size| u64::from(*size)).sum::<u64>();
    let mut folders = spread(rest, ground, &own, config.seed);
    for (folder, size) in own.iter().zip(&config.folder_sizes) {
        folders.extend(std::iter::repeat_n(*folder, *size as usize));
    }
    Rng::with_seed(config.seed ^ 0x5F).shuffle(&mut folders);
    folders
}

/// Spreads content unevenly: few folders hold most, some is personal, some
/// lies in `Shared` itself.
fn spread(count: u64, ground: &Ground, but: &[usize], seed: u64) -> Vec<usize> {
    let mut rng = Rng::with_seed(seed ^ 0x5B);
    let candidates = |personal: bool| -> Vec<usize> {
        let wanted = |n: &usize| {
            let folder = &ground.folders[*n];
            folder.personal == personal && folder.parent.is_some() && !but.contains(n)
        };
        (0..ground.folders.len()).filter(wanted).collect()
    };
    let (shared, personal) = (candidates(false), candidates(true));
    let one = |rng: &mut Rng| match rng.u8(..20) {
        0 => 0,
        1 | 2 => personal[rng.usize(..personal.len())],
        _ if shared.is_empty() => 0,
        _ => {
            let skew = rng.f64() * rng.f64();
            shared[(skew * shared.len() as f64) as usize]
        }
    };
    (0..count).map(|_| one(&mut rng)).collect()
}

/// Ids and titles for live content in `folders` and for `trashed` more, mixed.
fn plan(seed: u64, folders: &[usize], trashed: u64) -> Vec<Plan> {
    let mut rng = Rng::with_seed(seed ^ 0x9A);
    let trash = std::iter::repeat_n(None, trashed as usize);
    let mut fates: Vec<_> = folders.iter().copied().map(Some).chain(trash).collect();
    rng.shuffle(&mut fates);
    let mut taken: HashSet<(usize, String)> = HashSet::new();
    let mut plans: Vec<Plan> = Vec::with_capacity(fates.len());
    for (nth, fate) in fates.into_iter().enumerate() {
        let trashed = fate.is_none();
        let folder = fate.unwrap_or_else(|| rng.choice(folders.iter().copied()).unwrap_or(0));
        let free = |title: &str| !taken.contains(&(folder, title.to_lowercase()));
        // Now and then a title that another folder has.
        let twin = plans.last().filter(|_| nth % 25 == 9).map(|plan| plan.title.clone());
        let title = twin.filter(|title| free(title));
        let title = title.unwrap_or_else(|| free_title(&mut rng, |title| !free(title)));
        if !trashed {
            taken.insert((folder, title.to_lowercase()));
        }
        let nth = nth as u64;
        plans.push(Plan { nth, id: spaced_id(nth), folder, title, trashed });
    }
    plans
}

/// Writes all bodies on all cores.
fn fill(world: &mut World, kind: Kind, plans: &[Plan], ground: &Ground) {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = plans.len().div_ceil(cores).max(1);
    let write = |plans: &[Plan]| -> Vec<Row> {
        plans.iter().map(|plan| Row::new(kind, plan.body(kind, ground).into())).collect()
    };
    thread::scope(|scope| {
        let writers: Vec<_> = plans.chunks(share).map(|plans| scope.spawn(move || write(plans))).collect();
        for rows in writers.into_iter().filter_map(|writer| writer.join().ok()) {
            for row in rows {
                world.table_mut(kind).push(row);
            }
        }
    });
}
