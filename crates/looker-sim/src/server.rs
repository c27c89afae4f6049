//! A request's way through the server.
//!
//! In: the rate limit and the drawn fault come first, then the line in front
//! of the threads (`served_at_once`). On a thread: token, parameters, and the
//! operation itself, which picks prepared bytes under a read lock in well
//! under a millisecond. The thread is then held until the modelled time has
//! passed, and released before the body is sent. A late answer (the fault
//! `slow`) waits before its rows are picked, so that what is sent is never
//! much older than its `Date`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fastrand::Rng;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, Response, StatusCode};
use tokio::sync::Semaphore;

use crate::auth::Tokens;
use crate::churn::Churn;
use crate::clock::Clock;
use crate::config::{DeniedAs, SimConfig};
use crate::data::{self, Ground};
use crate::faults::{Fault, Faults};
use crate::gate::{Bucket, retry_after};
use crate::kinds::Kind;
use crate::log::{Log, Place, Served};
use crate::params::Params;
use crate::reply::{Reply, Rows, Sending};
use crate::routes::{Action, Operation, View, documented, find};
use crate::state::{Visible, World};
use crate::table::Row;
use crate::{
    access, activity, content, control, ledger, lists, metadata, permissions, session, spec, writes,
};

/// Largest request body that is read, in bytes.
const MAX_REQUEST: usize = 16 << 20;

/// An instance: what it holds, and its manners.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) config: SimConfig,
    pub(crate) ground: Ground,
    world: RwLock<World>,
    /// What the account may see; `None` is everything.
    pub(crate) visible: Option<Visible>,
    pub(crate) tokens: Tokens,
    pub(crate) log: Log,
    threads: Semaphore,
    clock: Clock,
    bucket: Mutex<Bucket>,
    faults: Mutex<Faults>,
    churn: Mutex<Churn>,
    /// Decides faults.
    fate: Mutex<Rng>,
    /// Decides the order of unsorted rows, and which way totals lie.
    whim: Mutex<Rng>,
}

/// A request, understood as far as its operation.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    pub(crate) path: String,
    /// Decoded parameters of the path.
    pub(crate) path_params: Vec<String>,
    pub(crate) params: Params,
    pub(crate) host: String,
    pub(crate) content_type: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Bytes,
    /// Id of the user the token stands for.
    pub(crate) user: String,
}

impl Call {
    /// The first parameter of the path: the object's id.
    pub(crate) fn id(&self) -> &str {
        self.path_params.first().map(String::as_str).unwrap_or_default()
    }

    /// The operation's route, as errors name it.
    pub(crate) fn route(&self) -> String {
        documented(self.operation)
    }

    pub(crate) fn not_found(&self) -> Reply {
        Reply::not_found(&self.route())
    }

    /// Scheme, host and port for links.
    pub(crate) fn origin(&self, server: &Server) -> String {
        server.config.public_url.clone().unwrap_or_else(|| format!("http://{}", self.host))
    }
}

/// How an answer leaves.
enum Outcome {
    Answer(Reply, Option<Fault>),
    /// The connection is dropped without a byte.
    Dropped(Fault),
}

impl Server {
    /// The answer to who lacks a permission.
    pub(crate) fn denied(&self, call: &Call) -> Reply {
        match self.config.denied_as {
            DeniedAs::Forbidden => Reply::error(403, &call.route(), "Permission Denied"),
            DeniedAs::NotFound => call.not_found(),
        }
    }

    /// Generates the instance; takes seconds for the largest ones.
    pub(crate) fn new(config: SimConfig) -> Server {
        let (world, ground) = data::generate(&config);
        Server {
            visible: world.visible_to(&config.account),
            world: RwLock::new(world),
            ground,
            tokens: Tokens::default(),
            log: Log::new(),
            threads: Semaphore::new(config.served_at_once.max(1)),
            clock: Clock::start(),
            bucket: Mutex::new(Bucket::new(config.rate_limit)),
            faults: Mutex::new(config.faults.clone()),
            churn: Mutex::new(config.churn),
            fate: Mutex::new(Rng::with_seed(config.seed ^ 0xFA7E)),
            whim: Mutex::new(Rng::with_seed(config.seed ^ 0x3319)),
            config,
        }
    }

    pub(crate) fn world(&self) -> RwLockReadGuard<'_, World> {
        self.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn world_mut(&self) -> RwLockWriteGuard<'_, World> {
        self.world.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The row of that id, if the account sees it.
    pub(crate) fn find<'w>(&self, world: &'w World, kind: Kind, id: &str) -> Option<&'w Row> {
        let row = world.get(kind, id)?;
        self.visible.as_ref().is_none_or(|visible| visible.sees(kind, row)).then_some(row)
    }

    /// Whether an object was created too short a time ago to be found
    /// ([`Faults::fresh_404_for`]).
    pub(crate) fn is_too_fresh(&self, kind: Kind, id: &str) -> bool {
        let hidden_for = lock(&self.faults).fresh_404_for;
        !hidden_for.is_zero() && self.world().age(kind, id).is_some_and(|age| age < hidden_for)
    }

    /// Runs `pick` with the source of disorder, or with none on an instance of
    /// stable order.
    pub(crate) fn with_shuffle<T>(&self, pick: impl FnOnce(Option<&mut Rng>) -> T) -> T {
        if self.config.stable_order {
            return pick(None);
        }
        let mut rng = lock(&self.whim).fork();
        pick(Some(&mut rng))
    }

    /// The total a header states: the truth, unless told to lie.
    pub(crate) fn stated_total(&self, total: usize) -> usize {
        if !self.config.wrong_totals {
            return total;
        }
        let off = 3 + total / 10;
        if lock(&self.whim).bool() { total + off } else { total.saturating_sub(off) }
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        *lock(&self.faults) = faults;
    }

    pub(crate) fn set_rate_limit(&self, rate: Option<f64>) {
        *lock(&self.bucket) = Bucket::new(rate);
    }

    pub(crate) fn set_churn(&self, churn: Churn) {
        *lock(&self.churn) = churn;
    }

    pub(crate) fn churn(&self) -> Churn {
        *lock(&self.churn)
    }

    /// Serves one request; an error drops the connection.
    pub(crate) async fn serve(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Sending<Presence>>, std::io::Error> {
        if self.config.back_door && request.uri().path().starts_with("/_sim/") {
            return Ok(control::serve(&self, request).await);
        }
        let arrived = Instant::now();
        let mut presence = Presence::new(self.clone());
        let method = request.method().to_string();
        let (outcome, name, path, query) = self.decide(request, arrived).await;
        let started = self.log.micros(arrived);
        let served = |reply: Option<&Reply>, fault| Served {
            operation: name,
            method,
            activity: ledger::of(name),
            path,
            query,
            started,
            ended: 0,
            service_micros: reply.map_or(0, |reply| self.service_time(reply).as_micros() as u64),
            status: reply.map_or(0, |reply| reply.status.as_u16()),
            fault,
            kind: reply.and_then(|reply| reply.rows.kind),
            full_rows: reply.map_or(0, |reply| reply.rows.full),
            light_rows: reply.map_or(0, |reply| reply.rows.light),
            bytes: reply.map_or(0, Reply::len),
        };
        match outcome {
            Outcome::Dropped(fault) => {
                self.log.answered(served(None, Some(fault)), &Rows::default());
                Err(std::io::Error::other("connection dropped on purpose"))
            }
            Outcome::Answer(reply, fault) => {
                presence.place = Some(self.log.answered(served(Some(&reply), fault), &reply.rows));
                let reply = match &self.config.secret_marker {
                    Some(marker) => reply.header("set-cookie", format!("looker.session={marker}-cookie")),
                    None => reply,
                };
                Ok(respond(reply, fault == Some(Fault::CutBody), presence))
            }
        }
    }

    fn service_time(&self, reply: &Reply) -> Duration {
        self.config.latency.of(reply.rows.full, reply.rows.light)
    }

    /// Everything up to the finished answer; also the operation's name, the
    /// path and the query, for the log.
    async fn decide(
        &self,
        request: Request<Incoming>,
        arrived: Instant,
    ) -> (Outcome, &'static str, String, Vec<(String, String)>) {
        let path = request.uri().path().to_owned();
        let params = Params::parse(request.uri().query().unwrap_or_default());
        let found =
            find(request.method().as_str(), &path).filter(|(operation, _)| spec::serves(self, operation));
        let Some((operation, path_params)) = found else {
            let answer = Reply::error(404, &format!("{}{path}", request.method()), "Sinatra::NotFound");
            return (Outcome::Answer(answer, None), "unknown", path, params.into_pairs());
        };
        let header =
            |name| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let call = Call {
            operation,
            path: path.clone(),
            path_params,
            params,
            host: header(HOST).unwrap_or_default(),
            content_type: header(CONTENT_TYPE).unwrap_or_default(),
            authorization: header(AUTHORIZATION),
            body: read(request).await,
            user: String::new(),
        };
        let (outcome, call) = self.pass(call, arrived).await;
        (outcome, operation.id, path, call.params.into_pairs())
    }

    /// The rate limit, the fault, the line, the work and its time.
    async fn pass(&self, call: Call, arrived: Instant) -> (Outcome, Call) {
        let limit = lock(&self.bucket).take(arrived);
        if let Err(wait) = limit {
            let reply = self.too_many(&call, wait);
            return (Outcome::Answer(reply, Some(Fault::RateLimit)), call);
        }
        let fault = self.draw(&call);
        match fault {
            Some(Fault::Reset) => return (Outcome::Dropped(Fault::Reset), call),
            Some(Fault::TooManyRequests) => {
                let reply = self.too_many(&call, Duration::from_millis(100));
                return (Outcome::Answer(reply, fault), call);
            }
            _ => {}
        }
        // A request is served from its arrival, unless it has to wait for its turn.
        let (thread, mut begun) = match self.threads.try_acquire() {
            Ok(thread) => (Ok(thread), arrived),
            Err(_) => (self.threads.acquire().await, Instant::now()),
        };
        if fault == Some(Fault::Slow) {
            let by = lock(&self.faults).slow_by;
            tokio::time::sleep(by).await;
            begun = Instant::now();
        }
        let mut call = call;
        let reply = self.work(&mut call, fault);
        let time = self.service_time(&reply);
        if !time.is_zero() {
            self.clock.until(begun + time).await;
        }
        drop(thread);
        if fault == Some(Fault::HiddenReset) {
            return (Outcome::Dropped(Fault::HiddenReset), call);
        }
        (Outcome::Answer(reply, fault), call)
    }

    fn draw(&self, call: &Call) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        let is_login = matches!(call.operation.action, Action::Login | Action::LoginUser | Action::Logout);
        if is_login && !faults.login {
            return None;
        }
        let writes = matches!(call.operation.action, Action::Write(..));
        faults.strike(call.operation.id, &mut lock(&self.fate), writes)
    }

    fn too_many(&self, call: &Call, wait: Duration) -> Reply {
        let reply = Reply::error(429, &call.route(), "Too many requests. Please retry later.");
        match retry_after(self.config.retry_after, wait) {
            Some(value) => reply.header("retry-after", value),
            None => reply,
        }
    }

    /// The answer, as the fault lets it be.
    fn work(&self, call: &mut Call, fault: Option<Fault>) -> Reply {
        match fault {
            Some(Fault::ServerError) => Reply::error(500, &call.route(), "An error has occurred."),
            Some(Fault::BadGateway) => self.bad_gateway(),
            Some(Fault::Html200) => Reply::html(
                StatusCode::OK,
                "text/html; charset=utf-8",
                "Please wait",
                "We will be back in a moment.",
            ),
            Some(Fault::Unauthorized) => unauthorized(call),
            Some(Fault::BadJson) => self.answer(call).broken(),
            Some(Fault::HiddenSuccess) => {
                self.answer(call);
                Reply::error(500, &call.route(), "An error has occurred.")
            }
            _ => self.answer(call),
        }
    }

    fn bad_gateway(&self) -> Reply {
        let (status, title) = [
            (StatusCode::BAD_GATEWAY, "502 Bad Gateway"),
            (StatusCode::SERVICE_UNAVAILABLE, "503 Service Temporarily Unavailable"),
            (StatusCode::GATEWAY_TIMEOUT, "504 Gateway Time-out"),
        ][lock(&self.whim).usize(..3)];
        let reply = Reply::html(status, "text/html", title, "nginx");
        match retry_after(self.config.retry_after, Duration::from_millis(100)) {
            Some(value) if status == StatusCode::SERVICE_UNAVAILABLE => reply.header("retry-after", value),
            _ => reply,
        }
    }

    /// The right answer.
    fn answer(&self, call: &mut Call) -> Reply {
        let is_open = matches!(call.operation.action, Action::Versions | Action::Login | Action::Logout);
        match self.tokens.user(call.authorization.as_deref()) {
            Some(user) => call.user = user,
            None if is_open => {}
            None => return unauthorized(call),
        }
        if self.config.denied.iter().any(|id| id == call.operation.id) {
            return self.denied(call);
        }
        let problems = call.params.check(call.operation.params);
        if !problems.is_empty() {
            return Reply::invalid(&call.route(), &problems);
        }
        if let Some(refusal) = permissions::refusal(self, call) {
            return refusal;
        }
        match call.operation.action {
            Action::Versions => session::versions(self, call),
            Action::Login => session::login(self, call),
            Action::LoginUser => session::login_user(self, call),
            Action::Logout => session::logout(self, call),
            Action::Me => session::me(self, call),
            Action::Session => session::session(call),
            Action::List(kind, view, from) => lists::list(self, call, kind, view, from),
            Action::Get(kind, view) => content::get(self, call, kind, view),
            Action::Part(part) => content::part(self, call, part),
            Action::PartById(part) => content::dashboard_part(self, call, part),
            Action::LayoutComponents => content::layout_components(self, call),
            Action::FolderParent => content::folder_parent(self, call),
            Action::FolderAncestors => content::folder_ancestors(self, call),
            Action::Query => content::query(self, call),
            Action::Fixed(kind, view, id) => content::show(self, call, kind, view, id),
            Action::Members(membership) => access::members(self, call, membership),
            Action::GroupValues => access::group_values(self, call),
            Action::UserValues => access::user_values(self, call),
            Action::EmailCredentials => access::email_credentials(self, call),
            Action::Explore => {
                content::show(self, call, Kind::Explore, View::Whole, &call.path_params.join("::"))
            }
            Action::ApiSpec => spec::document(self, call),
            Action::QueryBySlug => content::query_for_slug(self, call),
            Action::MergeQuery => content::merge_query(self, call),
            Action::InlineQuery => activity::run(self, call),
            Action::Metadata => metadata::one(self, call),
            Action::Metadatas => metadata::below(self, call),
            Action::MetadataAccesses => metadata::accesses(self, call),
            Action::Write(takes, handler) => writes::run(self, call, takes, handler),
        }
    }
}

fn unauthorized(call: &Call) -> Reply {
    Reply::error(401, &call.route(), "Requires authentication.")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read(request: Request<Incoming>) -> Bytes {
    let body = Limited::new(request.into_body(), MAX_REQUEST).collect().await;
    body.map(http_body_util::Collected::to_bytes).unwrap_or_default()
}

/// An answer as HTTP. `Date` is added below, by hyper.
pub(crate) fn respond(reply: Reply, is_cut: bool, presence: Presence) -> Response<Sending<Presence>> {
    let mut response = Response::builder().status(reply.status).header("x-content-type-options", "nosniff");
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    let body = Sending::new(reply, is_cut, presence);
    response
        .body(body)
        .unwrap_or_else(|_| Response::new(Sending::new(Reply::default(), false, Presence::none())))
}

/// A request in the house: counted from its arrival until its answer is sent.
#[derive(Debug)]
pub(crate) struct Presence {
    server: Option<Arc<Server>>,
    place: Option<Place>,
}

impl Presence {
    fn new(server: Arc<Server>) -> Presence {
        server.log.arrived();
        Presence { server: Some(server), place: None }
    }

    /// Of a request that is not counted.
    pub(crate) fn none() -> Presence {
        Presence { server: None, place: None }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.log.left(self.place);
        }
    }
}
