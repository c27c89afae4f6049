//! A simulated Looker that runs beside a test.

use std::ops::Deref;

use looker_sim::{Sim, SimConfig};
use tokio::runtime::{Builder, Runtime};

use super::World;
use super::quiet::QuietPort;

/// A simulated Looker on threads of its own, so that a test can wait for the
/// program without keeping the server from answering it.
pub(crate) struct Looker {
    sim: Sim,
    runtime: Runtime,
    /// Its port, from when it went down.
    port_kept: Option<QuietPort>,
}

impl Looker {
    pub(crate) fn start(config: SimConfig) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let sim = runtime.block_on(Sim::start(config)).unwrap();
        Self { sim, runtime, port_kept: None }
    }

    /// Goes down: the port is closed, connections break.
    pub(crate) fn stop(&mut self) {
        self.runtime.block_on(self.sim.stop());
        self.port_kept = Some(QuietPort::hold(self.port()));
    }

    /// Comes back on the same port with the same content.
    pub(crate) fn restart(&mut self) {
        self.runtime.block_on(self.sim.restart()).unwrap();
    }

    /// A place to run the program in, with the credentials of this instance.
    pub(crate) fn world(&self) -> World {
        self.world_at(&self.url())
    }

    /// The same, behind another address.
    pub(crate) fn world_at(&self, url: &str) -> World {
        let mut world = World::new();
        world.set("LOOKERSDK_BASE_URL", url);
        world.set("LOOKERSDK_CLIENT_ID", self.client_id());
        world.set("LOOKERSDK_CLIENT_SECRET", self.client_secret());
        world
    }

    /// Requests served so far.
    pub(crate) fn served(&self) -> u64 {
        self.stats().requests
    }
}

impl Deref for Looker {
    type Target = Sim;

    fn deref(&self) -> &Sim {
        &self.sim
    }
}
