//! A vault, an instance, and plans in few words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::Quiet;
use engine::restore::{
    Action, Among, Applied, At, FORMAT, Given, Id, Known, Object, Part, Patience, Plan, RestoreError,
    Session, Step, Symbol, Verb, apply,
};
use jiff::Timestamp;
use looker::paging::RetryPolicy;
use looker::{Client, Settings};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use vault::{Reader, RestoreChange, RestoreId, RestoreStart, RunEnd, RunId, RunStart, RunState, Vault};

use crate::instance::{Instance, Kill};

pub(crate) struct World {
    pub(crate) instance: Instance,
    directory: TempDir,
    /// How often the process died and left another file.
    lives: usize,
    pub(crate) restore: Option<RestoreId>,
    pub(crate) budget: Option<u64>,
    pub(crate) patience: Patience,
    pub(crate) interrupt: CancellationToken,
}

impl World {
    pub(crate) fn new() -> Self {
        let patience = Patience {
            // Each of the things that a step names may be hidden twice, one after the other.
            looks: [5, 10, 10, 10, 10, 10].map(Duration::from_millis).to_vec(),
            sends: 30,
            grace: Duration::from_secs(5),
            fresh: Duration::from_secs(600),
        };
        Self {
            instance: Instance::start(),
            directory: tempfile::tempdir().unwrap(),
            lives: 0,
            restore: None,
            budget: None,
            patience,
            interrupt: CancellationToken::new(),
        }
    }

    fn path(&self, life: usize) -> PathBuf {
        self.directory.path().join(format!("vault-{life}.db"))
    }

    pub(crate) fn reader(&self) -> Reader {
        Vault::open_for_reading(&self.path(self.lives)).unwrap()
    }

    pub(crate) fn vault(&self) -> Vault {
        Vault::open_for_writing(&self.path(self.lives), "test").unwrap()
    }

    fn client(&self) -> Client {
        let url = self.instance.url().parse().unwrap();
        let retry = RetryPolicy {
            tries: 30,
            patience: Duration::from_secs(5),
            first_delay: Duration::from_millis(2),
            longest_delay: Duration::from_millis(20),
        };
        let settings = Settings::new(url, "id".to_owned(), "s3cret".into());
        Client::new(Settings { retry, budget: self.budget, ..settings }).unwrap()
    }

    /// A process that applies the plan, from its start or from where the last one
    /// ended. `None` when it was killed: then the vault is as it was at that moment.
    pub(crate) async fn live(&mut self, plan: &Plan) -> Option<Result<Applied, RestoreError>> {
        let now = CancellationToken::new();
        let copy = self.path(self.lives + 1);
        let vault = self.path(self.lives);
        self.instance.state().kill = Some(Kill { vault, copy: copy.clone(), now: now.clone() });
        let life = self.process(plan);
        let ended = tokio::select! {
            biased;
            () = now.cancelled() => None,
            ended = life => Some(ended),
        };
        if ended.is_none() {
            self.lives += 1;
        }
        ended.map(|(restore, applied)| {
            self.restore = Some(restore);
            applied
        })
    }

    /// The same, in a process that nobody kills.
    pub(crate) async fn apply(&mut self, plan: &Plan) -> Applied {
        self.live(plan).await.expect("nobody kills it").unwrap()
    }

    async fn process(&self, plan: &Plan) -> (RestoreId, Result<Applied, RestoreError>) {
        let mut vault = self.vault();
        let begun = vault.reader().unwrap().restores().unwrap().first().map(|restore| restore.id);
        if let Some(restore) = begun {
            vault.reopen_restore(restore).unwrap();
        }
        let instance = vault.instance(&self.instance.url()).unwrap();
        let as_of = if begun.is_none() { self.stored_run(&mut vault) } else { RunId::from_number(1) };
        let client = self.client();
        let session =
            Session::open(&client, vault, instance, None, Arc::new(Quiet), &self.interrupt).await.unwrap();
        let restore = begun.unwrap_or_else(|| {
            let start = RestoreStart {
                source: instance,
                instance,
                as_of,
                plan: serde_json::to_string(plan).unwrap(),
                steps: plan.steps.len() as u32,
                options: "{}".to_owned(),
                started_at: Timestamp::now(),
            };
            session.writer().begin_restore(start).unwrap()
        });
        let text = session.writer().reader().unwrap().restore_plan(restore).unwrap();
        let kept: Plan = serde_json::from_str(&text).unwrap();
        let applied = apply(&session, restore, &kept, &self.patience).await;
        if let Ok(applied) = &applied {
            let state = Some(applied.state());
            let change =
                RestoreChange { state, ended_at: Some(Timestamp::now()), ..RestoreChange::default() };
            session.writer().change_restore(restore, change).unwrap();
        }
        session.close("{}".to_owned()).await.unwrap();
        (restore, applied)
    }

    fn stored_run(&self, vault: &mut Vault) -> RunId {
        let start = RunStart {
            instance: vault.instance(&self.instance.url()).unwrap(),
            command: "extract".to_owned(),
            scope: "{}".to_owned(),
            options: "{}".to_owned(),
            account: "{}".to_owned(),
            release: None,
            started_at: Timestamp::now(),
        };
        vault.begin_run(&start).unwrap()
    }
}

/// Ends the run that stands for an extraction.
pub(crate) fn ended(run: RunId) -> RunEnd {
    RunEnd::now(run, RunState::Complete, "{}".to_owned())
}

/// A plan that is being made.
pub(crate) struct Plans {
    pub(crate) plan: Plan,
}

pub(crate) fn text(value: &str) -> Part {
    Part::string(value)
}

pub(crate) fn of(resource: &str, key: &str) -> Id {
    Id::Of(Symbol::new(resource, key))
}

impl Plans {
    pub(crate) fn new() -> Self {
        let plan = Plan {
            manner: engine::restore::Manner::default(),
            format: FORMAT.to_owned(),
            address: String::new(),
            instance: 1,
            as_of: 1,
            made_at: Timestamp::now(),
            objects: Vec::new(),
            steps: Vec::new(),
            ids: Known(BTreeMap::new()),
            skip_existing: false,
            relink: false,
            stored_references_only: false,
            references: None,
            favorites: false,
            notes: Vec::new(),
        };
        Self { plan }
    }

    pub(crate) fn object(&mut self, kind: &str, key: &str) {
        self.plan.objects.push(Object {
            kind: kind.to_owned(),
            key: key.to_owned(),
            live_id: None,
            title: None,
            folder: None,
            action: Action::Create,
            changes: Vec::new(),
            notes: Vec::new(),
            conflict: false,
            referrers: Vec::new(),
            live_referrers: Vec::new(),
            lacks: Vec::new(),
            asleep: false,
            favored_by: Vec::new(),
            is_along: false,
            edited: Vec::new(),
            live: None,
            edges: None,
            intended: String::new(),
            as_of: None,
        });
    }

    /// Adds a step for the newest object; gives it to be completed.
    pub(crate) fn step(
        &mut self,
        verb: Verb,
        resource: &str,
        key: &str,
        body: Vec<(&str, Part)>,
    ) -> &mut Step {
        let creates = matches!(verb, Verb::Create | Verb::Reuse);
        let gives = Given { symbol: Symbol::new(resource, key), at: At::Id };
        self.plan.steps.push(Step {
            number: self.plan.steps.len() as u32 + 1,
            object: self.plan.objects.len() - 1,
            verb,
            resource: resource.to_owned(),
            key: key.to_owned(),
            about: format!("{resource} {key}"),
            target: None,
            second: None,
            as_user: None,
            body: body.into_iter().map(|(name, part)| (name.to_owned(), part)).collect(),
            needs: BTreeSet::new(),
            gives: if creates { vec![gives] } else { Vec::new() },
            among: (verb == Verb::Create).then(|| Among { known: BTreeSet::new() }),
            irreversible: None,
        });
        self.plan.steps.last_mut().unwrap()
    }

    /// A dashboard in the folder of that symbol or id.
    pub(crate) fn dashboard(&mut self, key: &str, title: &str, folder: Id) {
        self.object("dashboards", key);
        let body = vec![("title", text(title)), ("folder_id", Part::Id(folder))];
        let step = self.step(Verb::Create, "dashboards", key, body);
        step.gives.push(Given { symbol: Symbol::new("dashboard_layouts", key), at: At::ActiveLayout });
    }

    /// A tile of the newest dashboard.
    pub(crate) fn tile(&mut self, dashboard: &str, key: &str, mut body: Vec<(&str, Part)>) {
        body.push(("dashboard_id", Part::Id(of("dashboards", dashboard))));
        self.step(Verb::Create, "dashboard_elements", key, body);
    }

    /// Reads the placements of tiles and puts each into a row of its own.
    pub(crate) fn places(&mut self, dashboard: &str, tiles: &[String]) {
        let layout = of("dashboard_layouts", dashboard);
        let body = vec![("dashboard_id", Part::Id(of("dashboards", dashboard)))];
        let symbol = |tile: &str| Symbol::placement(dashboard, tile);
        let look = self.step(Verb::Look, "dashboard_layouts", dashboard, body);
        look.gives = tiles
            .iter()
            .map(|tile| {
                let at = At::Placement { layout: layout.clone(), tile: of("dashboard_elements", tile) };
                Given { symbol: symbol(tile), at }
            })
            .collect();
        for (row, tile) in tiles.iter().enumerate() {
            let row = Part::json(&(row + 1).to_string()).unwrap();
            let step = self.step(Verb::Update, "dashboard_layout_components", tile, vec![("row", row)]);
            step.target = Some(Id::Of(symbol(tile)));
        }
    }
}
