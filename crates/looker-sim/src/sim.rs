//! The handle of a running instance.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fastrand::Rng;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::API_USER;
use crate::churn::{self, Churn};
use crate::config::SimConfig;
use crate::edits;
use crate::export;
use crate::faults::Faults;
use crate::json::quoted;
use crate::kinds::Kind;
use crate::load::{self, NotLoaded};
use crate::log::{Served, Stats};
use crate::metadata;
use crate::objects;
use crate::outbox::Sent;
use crate::server::Server;
use crate::state::{Refused, State};
use crate::writes::alerts;

/// A simulated instance that listens on the loopback interface. Dropping it
/// stops it.
#[derive(Debug)]
pub struct Sim {
    server: Arc<Server>,
    address: SocketAddr,
    /// Ends the listener and its connections.
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Sim {
    /// Generates an instance and starts to listen.
    ///
    /// # Errors
    ///
    /// Whatever kept the port from being bound.
    pub async fn start(config: SimConfig) -> io::Result<Sim> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await?;
        let address = listener.local_addr()?;
        let made = tokio::task::spawn_blocking(move || Server::new(config)).await;
        let server = Arc::new(made.map_err(io::Error::other)?);
        let sim = Sim { server, address, stop: CancellationToken::new(), tasks: TaskTracker::new() };
        sim.listen(listener);
        Ok(sim)
    }

    fn listen(&self, listener: TcpListener) {
        let (server, stop, tasks) = (self.server.clone(), self.stop.clone(), self.tasks.clone());
        let changing = churn::run(server.clone());
        let end = stop.clone();
        self.tasks.spawn(async move { end.run_until_cancelled(changing).await });
        self.tasks.spawn(async move {
            while let Some(Ok((socket, _))) = stop.run_until_cancelled(listener.accept()).await {
                let (server, stop) = (server.clone(), stop.clone());
                tasks.spawn(async move { stop.run_until_cancelled(connection(server, socket)).await });
            }
        });
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The API key's public half.
    pub fn client_id(&self) -> &str {
        &self.server.config.client_id
    }

    /// The API key's secret half.
    pub fn client_secret(&self) -> &str {
        &self.server.config.client_secret
    }

    /// From now on, these faults.
    pub fn set_faults(&self, faults: Faults) {
        self.server.set_faults(faults);
    }

    /// From now on, so many requests a second.
    pub fn set_rate_limit(&self, per_second: Option<f64>) {
        self.server.set_rate_limit(per_second);
    }

    /// From now on, these changes in the background.
    pub fn set_churn(&self, churn: Churn) {
        self.server.set_churn(churn);
    }

    /// Makes every token invalid.
    pub fn revoke_tokens(&self) {
        self.server.tokens.revoke_all();
    }

    /// Stops listening and drops all connections; the content stays, and
    /// nothing changes meanwhile.
    pub async fn stop(&mut self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Listens again, on the same port, with the same content.
    ///
    /// # Errors
    ///
    /// Whatever kept the port from being bound again.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.stop().await;
        let listener = TcpListener::bind(self.address).await?;
        self.stop = CancellationToken::new();
        self.tasks = TaskTracker::new();
        self.listen(listener);
        Ok(())
    }

    /// Counters since the start or the last reset.
    pub fn stats(&self) -> Stats {
        self.server.log.stats()
    }

    /// Every request since the start or the last reset, in the order in which
    /// their answers were ready.
    pub fn requests(&self) -> Vec<Served> {
        self.server.log.requests()
    }

    /// Time since the server's start, by which requests are dated.
    pub fn running_for(&self) -> Duration {
        Duration::from_micros(self.server.log.micros(Instant::now()))
    }

    /// Forgets counters and requests.
    pub fn reset_stats(&self) {
        self.server.log.reset();
    }

    /// What would have been sent to people since the start: mails, deliveries
    /// of plans, notices of alerts.
    pub fn outbox(&self) -> Vec<Sent> {
        self.server.world().outbox.clone()
    }

    /// Ids of the users who follow an alert; none of one that is gone.
    pub fn followers(&self, alert: &str) -> Vec<String> {
        alerts::followers(&self.server.world(), alert)
    }

    /// Every state of an object, the initial one first; empty when there never
    /// was one of that id.
    pub fn history(&self, kind: Kind, id: &str) -> Vec<State> {
        self.server.world().history(kind, id)
    }

    /// Ids and bodies of all objects of a kind, the trash included, in the
    /// order of ids. A body is what reading that object alone answers; a
    /// folder's is a `FolderBase`. Of [`Kind::UserAttributeUserValue`] it is
    /// the value each user ends up with, be it its own or not.
    pub fn export(&self, kind: Kind) -> Vec<(String, Bytes)> {
        export::bodies(&self.server.world(), kind)
    }

    /// The same for a kind that has no table, because it is made when asked for:
    /// `content_metadata`, `query`, `merge_query`.
    pub fn export_made(&self, name: &str) -> Vec<(String, String)> {
        export::made(&self.server, &self.server.world(), name)
    }

    /// The row of content metadata below `Shared` whose folder is gone.
    pub fn orphan_metadata(&self) -> String {
        metadata::orphan()
    }

    /// Ids of the live or of the trashed objects of a kind.
    pub fn ids(&self, kind: Kind, trashed: bool) -> Vec<String> {
        let world = self.server.world();
        let table = world.table(kind);
        table.slots(trashed).iter().map(|slot| table.row(*slot).id.clone().into()).collect()
    }

    /// Ids of the live or of the trashed dashboards or looks of a folder.
    pub fn ids_in(&self, kind: Kind, folder: &str, trashed: bool) -> Vec<String> {
        let world = self.server.world();
        let table = world.table(kind);
        let slots = table.slots_in(&[folder], trashed);
        slots.iter().map(|slot| table.row(*slot).id.clone().into()).collect()
    }

    /// Ids of the shared folders, in the order of
    /// [`SimConfig::folder_sizes`].
    pub fn shared_folder_ids(&self) -> Vec<String> {
        self.server.world().shared_folders.clone()
    }

    /// Sets members of a dashboard or look, as an edit in the browser does:
    /// `&[("title", "\"New\"")]`, values in JSON.
    ///
    /// # Errors
    ///
    /// What Looker would refuse.
    pub fn edit(&self, kind: Kind, id: &str, members: &[(&str, &str)]) -> Result<(), Refused> {
        let changes = members.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        edits::update(&mut self.server.world_mut(), kind, id, changes, "1")
    }

    /// Gives a dashboard another description.
    ///
    /// # Errors
    ///
    /// When there is no such dashboard.
    pub fn edit_dashboard(&self, id: &str, description: &str) -> Result<(), Refused> {
        self.edit(Kind::Dashboard, id, &[("description", &quoted(description))])
    }

    /// Writes a note under one of a dashboard's tiles.
    ///
    /// # Errors
    ///
    /// When there is no such dashboard.
    pub fn edit_tile(&self, id: &str) -> Result<(), Refused> {
        edits::edit_tile(&mut self.server.world_mut(), id, &mut Rng::new(), "1")
    }

    /// Edits a dashboard or look as [`Churn`] does, at a time of its own that becomes
    /// its `updated_at`. Equal seeds make equal edits.
    ///
    /// # Errors
    ///
    /// When there is no such object.
    pub fn edit_at(&self, kind: Kind, id: &str, seed: u64, at: &str) -> Result<(), Refused> {
        churn::edit_at(&self.server, kind, id, seed, at)
    }

    /// Moves a dashboard or look into another folder.
    ///
    /// # Errors
    ///
    /// What Looker would refuse: no such object or folder, title taken there.
    pub fn move_to(&self, kind: Kind, id: &str, folder: &str) -> Result<(), Refused> {
        self.edit(kind, id, &[("folder_id", &quoted(folder))])
    }

    /// Puts a dashboard or look into the trash.
    ///
    /// # Errors
    ///
    /// When there is no such object.
    pub fn trash(&self, kind: Kind, id: &str) -> Result<(), Refused> {
        self.edit(kind, id, &[("deleted", "true")])
    }

    /// Takes a dashboard or look out of the trash.
    ///
    /// # Errors
    ///
    /// What Looker would refuse: no such object, title taken meanwhile.
    pub fn restore(&self, kind: Kind, id: &str) -> Result<(), Refused> {
        self.edit(kind, id, &[("deleted", "false")])
    }

    /// Deletes an object for ever.
    ///
    /// # Errors
    ///
    /// When there is no such object.
    pub fn purge(&self, kind: Kind, id: &str) -> Result<(), Refused> {
        objects::purge(&mut self.server.world_mut(), kind, id)
    }

    /// Sets members of any object (values in JSON); `updated_at` moves where
    /// there is one.
    ///
    /// # Errors
    ///
    /// When there is no such object, or a member would refer to none.
    pub fn set(&self, kind: Kind, id: &str, members: &[(&str, &str)]) -> Result<(), Refused> {
        let changes = members.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        objects::set(&mut self.server.world_mut(), kind, id, changes, API_USER)
    }

    /// Creates an object with a body, compact JSON, and answers its id: the
    /// next one, or the one in the body where ids are names.
    ///
    /// # Errors
    ///
    /// When a member would refer to no object, or when the body gives no id, or
    /// one that is taken, where it has to.
    pub fn add(&self, kind: Kind, body: &str) -> Result<String, Refused> {
        objects::create(&mut self.server.world_mut(), kind, body)
    }

    /// Puts API documents in as they are, with their ids, as if they had always
    /// been there; reading them answers equal JSON. `kind` is a
    /// [`Kind::name`], or `query`, `merge_query` or `content_metadata`. A
    /// document whose id is taken takes the other's place.
    ///
    /// Queries come before looks that were searched, which lack theirs, and
    /// roles before groups, which are given as `group_hierarchy`. Boards bring
    /// their sections and items. Values of user attributes are kept where they
    /// are a user's own.
    ///
    /// # Errors
    ///
    /// When there is no such kind, or a document is no JSON object or has no
    /// id. Nothing of the kind was loaded then.
    pub fn load<D: AsRef<[u8]>>(&self, kind: &str, documents: &[D]) -> Result<(), NotLoaded> {
        let documents: Vec<&[u8]> = documents.iter().map(AsRef::as_ref).collect();
        load::load(&self.server, kind, &documents)
    }

    /// Gives content its own access list, a copy of the one it inherited, or
    /// takes that away. `id` is that of the content metadata.
    ///
    /// # Errors
    ///
    /// When there is no such content metadata.
    pub fn set_inherits(&self, id: &str, inherits: bool) -> Result<(), Refused> {
        metadata::set_inherits(&mut self.server.world_mut(), id, inherits)
    }

    /// Counts a view of a dashboard or look: its body changes, its
    /// `updated_at` does not.
    ///
    /// # Errors
    ///
    /// When there is no such object.
    pub fn view(&self, kind: Kind, id: &str) -> Result<(), Refused> {
        edits::view(&mut self.server.world_mut(), kind, id)
    }

    /// Creates a dashboard or look in a folder; answers its id.
    ///
    /// # Errors
    ///
    /// When there is no such folder.
    pub fn create(&self, kind: Kind, folder: &str) -> Result<String, Refused> {
        let server = &self.server;
        edits::create(&mut server.world_mut(), &server.ground, kind, folder, &mut Rng::new())
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// One connection, kept alive until the client has enough. Its end by an error
/// is how faults drop it.
async fn connection(server: Arc<Server>, socket: TcpStream) {
    let _nodelay = socket.set_nodelay(true);
    let service = service_fn(move |request| server.clone().serve(request));
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
}
