//! A simulated instance that is edited day by day.

use std::time::Duration;

use anyhow::Context;
use fastrand::Rng;
use jiff::{Timestamp, ToSpan};
use looker_sim::{Kind, Sim, SimConfig};
use tokio::runtime::Runtime;

use crate::options::Options;

/// One dashboard in so many is edited each day.
const EDITED: usize = 100;

/// An object's id and its JSON as the API gives it.
pub(crate) type Body = (String, bytes::Bytes);

/// The instance, and the days on which it is read.
pub(crate) struct Year {
    /// Serves the simulator.
    runtime: Runtime,
    sim: Sim,
    ids: Vec<String>,
    days: u32,
    /// The last day's run is made now; each of the others a day before the next.
    now: Timestamp,
}

impl Year {
    /// # Errors
    /// When the simulator cannot start.
    pub(crate) fn begin(options: &Options) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let config = SimConfig {
            dashboards: options.dashboards,
            looks: 0,
            trash_percent: 0,
            dashboard_bytes: options.body_bytes as usize,
            ..SimConfig::default()
        };
        let sim = runtime.block_on(Sim::start(config)).context("the simulator cannot be started")?;
        let ids = sim.ids(Kind::Dashboard, false);
        Ok(Self { runtime, sim, ids, days: options.days, now: Timestamp::now() })
    }

    /// The moment of a day's run, counted from 0.
    pub(crate) fn moment(&self, day: u32) -> Timestamp {
        self.now - (24 * i64::from(self.days - 1 - day)).hours()
    }

    /// How many days there are.
    pub(crate) fn days(&self) -> u32 {
        self.days
    }

    /// How many dashboards are edited each day.
    pub(crate) fn edits(&self) -> usize {
        self.ids.len() / EDITED
    }

    /// All objects of a kind as they are now.
    pub(crate) fn all(&self, kind: Kind) -> Vec<Body> {
        self.sim.export(kind)
    }

    /// What people do before the day's run: one dashboard in a hundred is edited, as
    /// the simulator's churn edits, some hours earlier. Gives those as they are then.
    ///
    /// # Errors
    /// When the simulator refuses an edit.
    pub(crate) fn edit(&self, day: u32) -> anyhow::Result<Vec<Body>> {
        let mut rng = Rng::with_seed(u64::from(day));
        let mut edited = rng.choose_multiple(&self.ids, self.edits());
        edited.sort();
        edited.into_iter().map(|id| self.edit_one(id, day, &mut rng)).collect()
    }

    fn edit_one(&self, id: &str, day: u32, rng: &mut Rng) -> anyhow::Result<Body> {
        let at = self.moment(day) - Duration::from_secs(rng.u64(3_600..20 * 3_600));
        let at = at.strftime("%Y-%m-%dT%H:%M:%S.000+00:00").to_string();
        self.sim.edit_at(Kind::Dashboard, id, rng.u64(..), &at)?;
        let state = self.sim.history(Kind::Dashboard, id).pop().context("an object without a state")?;
        Ok((id.to_owned(), state.body))
    }

    /// The variables that lead a program to the instance.
    pub(crate) fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("LOOKERSDK_BASE_URL", self.sim.url()),
            ("LOOKERSDK_CLIENT_ID", self.sim.client_id().to_owned()),
            ("LOOKERSDK_CLIENT_SECRET", self.sim.client_secret().to_owned()),
        ]
    }

    /// The address by which the vault knows it.
    pub(crate) fn url(&self) -> String {
        self.sim.url()
    }

    /// Ends the simulator.
    pub(crate) fn end(mut self) {
        self.runtime.block_on(self.sim.stop());
    }
}
