//! The stage of a rehearsal: a simulated Looker that holds what the vault saw last.

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use looker::{Client, Settings};
use looker_sim::{NotLoaded, Sim, SimConfig};
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;
use vault::{InstanceId, ListFilter, Reader, Side};

use super::Damage;
use crate::config::Workers;
use crate::exit::Exit;
use crate::output::human;
use crate::report::Failure;

/// Documents that are handed over at once.
const AT_ONCE: usize = 200;

/// Letters of a secret that nobody is told.
const SECRET_LETTERS: usize = 40;

/// A kind as it goes onto the stage.
struct Prop {
    /// In the vault.
    kind: &'static str,
    /// As the simulated Looker calls it.
    as_its: &'static str,
    /// Whether it is there on an instance that was set up anew: no restore makes it.
    is_of_the_house: bool,
}

const fn made(kind: &'static str, as_its: &'static str) -> Prop {
    Prop { kind, as_its, is_of_the_house: false }
}

const fn of_the_house(kind: &'static str, as_its: &'static str) -> Prop {
    Prop { kind, as_its, is_of_the_house: true }
}

/// What a restore writes, and what that refers to; first what others are put together
/// from. Settings and the like are not looked at by any restore.
const PROPS: [Prop; 26] = [
    of_the_house("connections", "connection"),
    of_the_house("projects", "project"),
    of_the_house("lookml_models", "lookml_model"),
    of_the_house("explores", "explore"),
    of_the_house("datagroups", "datagroup"),
    of_the_house("lookml_dashboards", "lookml_dashboard"),
    made("queries", "query"),
    made("merge_queries", "merge_query"),
    made("permission_sets", "permission_set"),
    made("model_sets", "model_set"),
    made("roles", "role"),
    made("groups", "group_hierarchy"),
    made("user_attributes", "user_attribute"),
    made("users", "user"),
    made("user_attribute_group_values", "user_attribute_group_value"),
    made("user_attribute_values", "user_attribute_user_value"),
    made("folders", "folder"),
    made("looks", "look"),
    made("dashboards", "dashboard"),
    made("boards", "board"),
    made("content_metadata", "content_metadata"),
    made("content_metadata_access", "content_metadata_access"),
    made("scheduled_plans", "scheduled_plan"),
    made("alerts", "alert"),
    made("themes", "theme"),
    made("color_collections", "color_collection"),
];

/// A simulated Looker, and what it was given.
pub(super) struct Stage {
    sim: Sim,
    /// Kinds with the number of their objects, none left out.
    pub(super) held: Vec<(&'static str, usize)>,
    /// What it could not take, in words.
    pub(super) refused: Vec<String>,
    /// Whether models and explores that the vault does not have were made up.
    pub(super) made_up_models: bool,
}

impl Stage {
    /// Starts it and fills it with what the vault saw last of an instance.
    ///
    /// # Errors
    /// When no port can be had or the vault cannot be read.
    pub(super) async fn set(
        reader: &Reader,
        instance: InstanceId,
        damage: Option<Damage>,
    ) -> Result<Self, Failure> {
        let config = SimConfig {
            built_ins_only: true,
            // What it holds is somebody's: only who has the secret may ask.
            back_door: false,
            client_secret: (0..SECRET_LETTERS).map(|_| fastrand::alphanumeric()).collect(),
            ..SimConfig::default()
        };
        let sim = Sim::start(config).await?;
        let mut stage = Self { sim, held: Vec::new(), refused: Vec::new(), made_up_models: false };
        let mut explores = Explores::default();
        let is_empty = damage == Some(Damage::Empty);
        for prop in &PROPS {
            let leaves_out = is_empty && !prop.is_of_the_house;
            let objects = stage.bring(reader, instance, prop, leaves_out, &mut explores)?;
            stage.held.push((prop.kind, if leaves_out { 0 } else { objects }));
        }
        stage.made_up_models = stage.count("lookml_models") == 0 && !explores.asked_for.is_empty();
        stage.open(&explores);
        Ok(stage)
    }

    /// How many objects of a kind it holds.
    pub(super) fn count(&self, kind: &str) -> usize {
        self.held.iter().find(|(name, _)| *name == kind).map_or(0, |(_, objects)| *objects)
    }

    /// What it holds, in a sentence.
    pub(super) fn describe(&self, name: &str) -> String {
        const NAMED: [&str; 5] = ["dashboards", "looks", "folders", "users", "lookml_models"];
        let counts = NAMED.map(|kind| {
            let one = looker::Kind::find(kind).map_or(kind, |kind| kind.singular);
            human::counted(self.count(kind) as u64, one, kind).replace('_', " ")
        });
        format!("A simulated Looker stands for {name}, with {}.", counts.join(", "))
    }

    /// Somebody who may do everything on it.
    ///
    /// # Errors
    /// When there can be no HTTP client.
    pub(super) fn client(
        &self,
        workers: Option<Workers>,
        max_calls: Option<NonZeroU64>,
    ) -> Result<Client, Failure> {
        let url = Url::parse(&self.sim.url())
            .map_err(|error| Failure::new("restore.rehearsal", Exit::Failed, error.to_string()))?;
        let secret = self.sim.client_secret().to_owned().into();
        let mut settings = Settings::new(url, self.sim.client_id().to_owned(), secret);
        settings.ceiling = usize::from(workers.unwrap_or(Workers::DEFAULT).get());
        settings.budget = max_calls.map(NonZeroU64::get);
        Ok(Client::new(settings)?)
    }

    /// Brings the objects of a kind, of the trash as well; says how many there are. What
    /// is left out is looked at for the explores that it asks.
    fn bring(
        &mut self,
        reader: &Reader,
        instance: InstanceId,
        prop: &Prop,
        leaves_out: bool,
        explores: &mut Explores,
    ) -> Result<usize, Failure> {
        let filter = ListFilter {
            instance: Some(instance),
            sides: vec![Side::Live, Side::Trash],
            ..ListFilter::of(prop.kind)
        };
        let mut keys = Vec::new();
        reader.list(&filter, |row| keys.push(row.key))?;
        let knows_models = self.count("lookml_models") > 0;
        for keys in keys.chunks(AT_ONCE) {
            let mut documents = Vec::new();
            for key in keys {
                let Some(stored) = reader.show(instance, prop.kind, key)? else { continue };
                explores.note(prop.kind, &stored.document, knows_models);
                documents.extend(rows(stored.document));
            }
            if !leaves_out {
                self.load(prop, &documents);
            }
        }
        Ok(keys.len())
    }

    /// Hands documents over; where one is refused, one by one.
    fn load(&mut self, prop: &Prop, documents: &[Vec<u8>]) {
        if self.sim.load(prop.as_its, documents).is_ok() {
            return;
        }
        for document in documents {
            if let Err(why) = self.sim.load(prop.as_its, &[document]) {
                self.refused.push(format!("{}: {}", prop.kind, words(&why)));
            }
        }
    }

    /// Opens explores: a query is refused where there is none to ask. The vault seldom
    /// has them, since reading one costs a call.
    fn open(&mut self, explores: &Explores) {
        let document = |value: Value| value.to_string().into_bytes();
        let (mut models, mut made) = (BTreeSet::new(), Vec::new());
        let asked_for = if self.made_up_models { Some(&explores.asked_for) } else { None };
        for (model, name) in explores.of_models.iter().chain(asked_for.into_iter().flatten()) {
            if self.made_up_models {
                models.insert(model.clone());
            }
            let id = format!("{model}::{name}");
            if !explores.stored.contains(&id) {
                made.push(document(serde_json::json!({ "id": id, "name": name, "model_name": model })));
            }
        }
        let models: Vec<Vec<u8>> =
            models.iter().map(|name| document(serde_json::json!({ "name": name, "explores": [] }))).collect();
        self.load(&of_the_house("lookml_models", "lookml_model"), &models);
        self.load(&of_the_house("explores", "explore"), &made);
    }
}

fn words(why: &NotLoaded) -> &'static str {
    match why {
        NotLoaded::UnknownKind => "this simulated Looker has no such kind",
        NotLoaded::NotAnObject(_) => "a document is no object",
        NotLoaded::NoId(_) => "a document has no id",
    }
}

/// The rows of a document: what is kept as one list, Looker has one by one.
fn rows(document: Vec<u8>) -> Vec<Vec<u8>> {
    if document.first() != Some(&b'[') {
        return vec![document];
    }
    let rows: Vec<&RawValue> = serde_json::from_slice(&document).unwrap_or_default();
    rows.into_iter().map(|row| row.get().as_bytes().to_vec()).collect()
}

/// Explores, as model and name.
#[derive(Default)]
struct Explores {
    /// That models have.
    of_models: BTreeSet<(String, String)>,
    /// That queries ask, noted where the vault has no models.
    asked_for: BTreeSet<(String, String)>,
    /// Ids of those that the vault has.
    stored: BTreeSet<String>,
}

impl Explores {
    fn note(&mut self, kind: &str, document: &[u8], knows_models: bool) {
        let asks = !knows_models && matches!(kind, "queries" | "dashboards");
        if !(asks || matches!(kind, "lookml_models" | "explores")) {
            return;
        }
        let Ok(document) = serde_json::from_slice::<Value>(document) else { return };
        match kind {
            "explores" => self.stored.extend(document["id"].as_str().map(str::to_owned)),
            "lookml_models" => {
                let names = document["explores"].as_array().into_iter().flatten();
                let names = names.filter_map(|explore| explore["name"].as_str());
                let model = document["name"].as_str().unwrap_or_default();
                self.of_models.extend(names.map(|name| (model.to_owned(), name.to_owned())));
            }
            _ => self.asked_in(&document),
        }
    }

    /// Queries are found at any depth by what only they have.
    fn asked_in(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                let text = |name| members.get(name).and_then(Value::as_str);
                if let (Some(model), Some(view)) = (text("model"), text("view")) {
                    self.asked_for.insert((model.to_owned(), view.to_owned()));
                }
                members.values().for_each(|value| self.asked_in(value));
            }
            Value::Array(list) => list.iter().for_each(|value| self.asked_in(value)),
            _ => {}
        }
    }
}
