//! One step, from its first line in the journal to its last.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use looker::catalogue::{Resource, Siblings};
use looker::client::{Call, Reply};
use looker::error::{Error, ErrorKind, Fate};
use looker::pacing::Reason;
use looker::rows::KEY_SEPARATOR;
use vault::{GivenId, StepEntry, StepInfo, StepState};

use super::super::RestoreError;
use super::super::planner::ENTRIES;
use super::super::step::{At, Given, Step, Symbol, Verb};
use super::Work;
use super::actors::Actor;
use super::answer::{self, Row};
use super::lanes::Likeness;
use super::report::StepFailure;
use super::sending::unreadable;

/// What became of a step.
pub(super) enum Outcome {
    /// It is done, and gave these ids.
    Done(Vec<GivenId>),
    /// It failed for good.
    Failed(StepFailure),
    /// The restore stops before it is settled.
    Stopped {
        /// Whether it may have run.
        was_sent: bool,
    },
}

/// Why a step is left before it is settled.
pub(super) enum Halt {
    /// The restore stops.
    Stopped,
    /// The journal cannot be written.
    Error(RestoreError),
}

impl From<RestoreError> for Halt {
    fn from(error: RestoreError) -> Self {
        Self::Error(error)
    }
}

/// What a step sends, once all ids in it are known.
pub(super) struct Request {
    pub(super) call: Call,
    /// How what it makes is found, where it could be made twice.
    pub(super) created: Option<Created>,
    /// Where the list is read that it replaces.
    list: Option<Call>,
}

/// How what a step makes is found among its like.
pub(super) struct Created {
    pub(super) likeness: Likeness,
    siblings: &'static Siblings,
}

impl Work<'_> {
    /// The kind that a call for an object is booked with.
    pub(super) fn kind(&self, object: usize) -> &'static str {
        looker::Kind::find(&self.plan.objects[object].kind).map_or("restore", |kind| kind.name)
    }
}

impl Request {
    /// The request of a step that waits for nothing more; `None` where the plan holds
    /// what this build cannot send, which a plan that was looked at does not.
    pub(super) fn new(work: &Work<'_>, at: usize) -> Option<Self> {
        let step = &work.plan.steps[at];
        let ids = work.ids();
        let body = step.render(&ids).ok()?;
        // What is no object is a list, which nothing is looked for by.
        let members: Row = serde_json::from_str(&body).unwrap_or_default();
        let resource = step.resource()?;
        let kind = work.kind(step.object);
        if step.verb == Verb::Look {
            let siblings = resource.siblings.as_ref()?;
            let likeness = Likeness::new(resource.name, siblings, &members);
            let call = listing(siblings, &likeness, kind, Reason::Item);
            let call = match members.get("fields").and_then(|fields| fields.as_str()) {
                Some(fields) => call.with("fields", fields),
                None => call,
            };
            return Some(Self { call, created: None, list: None });
        }
        let write = step.write()?;
        let body = (!step.body.is_empty()).then_some(body);
        let mut call = Call::new(&write.operation, kind, Reason::Write).writing(write.method, body);
        let place = step.place(&ids).ok()?;
        if let Some(place) = &place {
            call = call.at(place);
        }
        let list = resource.siblings.as_ref().filter(|_| resource.is_list).zip(place);
        let list = list.map(|(list, place)| {
            let call = Call::new(&list.operation, kind, Reason::Recovery).at(&place);
            list.parameters.iter().fold(call, |call, (name, value)| call.with(name, *value))
        });
        let siblings = resource.siblings.as_ref().filter(|_| step.verb == Verb::Create);
        let created = siblings.map(|siblings| {
            let likeness = Likeness::new(resource.name, siblings, &members);
            Created { likeness, siblings }
        });
        Some(Self { call, created, list })
    }
}

/// The call that lists what is like something.
fn listing(siblings: &'static Siblings, of: &Likeness, kind: &'static str, reason: Reason) -> Call {
    let path: Vec<&str> = of.path().collect();
    let call = Call::new(&siblings.operation, kind, reason).at(&path.join(KEY_SEPARATOR));
    let call = of.filters().fold(call, |call, (name, value)| call.with(name, value));
    siblings.parameters.iter().fold(call, |call, (name, value)| call.with(name, *value))
}

/// Makes a step, or takes it up where the journal has it as sent.
pub(super) async fn carry(
    work: &Work<'_>,
    at: usize,
    request: &Request,
    resumed: Option<StepInfo>,
) -> Result<Outcome, RestoreError> {
    let was_sent = resumed.as_ref().is_some_and(|line| line.state == StepState::Sent);
    let mut carried = Carried {
        work,
        at,
        step: &work.plan.steps[at],
        request,
        was_sent,
        sent_long_ago: resumed.as_ref().and_then(|line| line.sent_at).is_some_and(is_long_ago),
        actor: None,
        sends: 0,
        status: None,
        started: Instant::now(),
    };
    let told = resumed.map(|line| line.given).unwrap_or_default();
    let outcome = match (carried.become_its_user().await, carried.step.verb, &request.created) {
        (Ok(None), Verb::Look, _) => carried.look().await,
        (Ok(None), _, Some(created)) => carried.create(created, told).await,
        (Ok(None), _, None) => carried.repeat().await,
        (Ok(Some(refused)), ..) => Ok(refused),
        (Err(halt), ..) => Err(halt),
    };
    match outcome {
        Ok(outcome) => carried.close(outcome).await,
        Err(Halt::Stopped) => Ok(Outcome::Stopped { was_sent: carried.was_sent }),
        Err(Halt::Error(error)) => Err(error),
    }
}

fn is_long_ago(sent: Timestamp) -> bool {
    const LONG: Duration = Duration::from_secs(60);
    Duration::try_from(Timestamp::now() - sent).is_ok_and(|elapsed| elapsed > LONG)
}

/// A step under way.
pub(super) struct Carried<'a> {
    pub(super) work: &'a Work<'a>,
    pub(super) at: usize,
    pub(super) step: &'a Step,
    pub(super) request: &'a Request,
    /// Whether it may have run: it was sent, and how that ended is not known.
    pub(super) was_sent: bool,
    /// Whether that was so long ago that what it made shows by now.
    pub(super) sent_long_ago: bool,
    /// As whom it is made, where it is another user.
    pub(super) actor: Option<Arc<Actor>>,
    /// How often it was sent by this process.
    pub(super) sends: u32,
    /// The status of its last good answer.
    pub(super) status: Option<u16>,
    pub(super) started: Instant,
}

impl Carried<'_> {
    /// Reads until all that is looked for shows.
    async fn look(&mut self) -> Result<Outcome, Halt> {
        let mut missing = None;
        let looks = std::iter::once(Duration::ZERO).chain(self.work.patience.looks.iter().copied());
        for (nth, pause) in looks.enumerate() {
            self.pause(pause).await?;
            let reason = if nth == 0 { Reason::Item } else { Reason::Retry };
            let rows = match self.read(Call { reason, ..self.request.call.clone() }).await? {
                Ok(rows) => rows,
                Err(error) => return Ok(self.failed(&error)),
            };
            let (given, lacking) = self.given(&rows);
            missing = lacking;
            if missing.is_none() {
                return Ok(Outcome::Done(given));
            }
        }
        let missing = missing.map(|given| given.symbol.to_string()).unwrap_or_default();
        Ok(self.impossible(format!("{missing} does not show in what was read")))
    }

    /// Makes what could be made twice.
    async fn create(&mut self, created: &Created, told: Vec<GivenId>) -> Result<Outcome, Halt> {
        if let Some(made) = self.told(&told) {
            return self.learn_the_rest(made).await;
        }
        let mut look_first = self.was_sent;
        let mut not_there = 0;
        loop {
            if look_first && let Some(outcome) = self.recover(created).await? {
                return Ok(outcome);
            }
            if self.sends >= self.work.patience.sends {
                let reason = "it was sent several times, was never answered, and made nothing";
                return Ok(self.impossible(reason.to_owned()));
            }
            let might_have_run = self.was_sent;
            look_first = false;
            let error = match self.send().await? {
                Ok(reply) => match answer::object(&reply.body) {
                    Ok(made) if answer::id(&made, "id").is_some() => return self.learn_the_rest(made).await,
                    Ok(_) => unreadable(&reply, "the answer has no id"),
                    Err(why) => unreadable(&reply, &why),
                },
                Err(error) => error,
            };
            match error.fate() {
                Fate::NotRun => return self.unsent(&error, might_have_run).await,
                Fate::Unknown => {
                    self.note_unknown(&error).await?;
                    look_first = true;
                }
                Fate::Refused if self.waits_for_what_is_new(&error, &mut not_there).await? => {}
                Fate::Refused => {
                    if might_have_run
                        && error.says_it_exists()
                        && let Some(outcome) = self.recover(created).await?
                    {
                        return Ok(outcome);
                    }
                    // Its user has it by now, which is as good; it is none that an undo takes away.
                    if error.says_it_exists() && self.step.resource == ENTRIES {
                        return Ok(Outcome::Done(Vec::new()));
                    }
                    return Ok(self.failed(&error));
                }
            }
        }
    }

    /// Makes what may be made again.
    async fn repeat(&mut self) -> Result<Outcome, Halt> {
        if self.work.is_late
            && let Some(outcome) = self.look_at_list().await?
        {
            return Ok(outcome);
        }
        let mut not_there = 0;
        loop {
            let might_have_run = self.was_sent;
            let error = match self.send().await? {
                Ok(reply) => match self.read_answer(&reply) {
                    Ok(given) => return Ok(Outcome::Done(given)),
                    Err(why) => unreadable(&reply, &why),
                },
                Err(error) => error,
            };
            match error.fate() {
                Fate::NotRun => return self.unsent(&error, might_have_run).await,
                Fate::Unknown => {
                    self.note_unknown(&error).await?;
                    if let Some(outcome) = self.gives_up(&error)? {
                        return Ok(outcome);
                    }
                    let policy = self.work.session.client.retry_policy();
                    self.pause(policy.delay(self.sends, fastrand::f64(), error.retry_after)).await?;
                }
                // Gone is what was wanted.
                Fate::Refused if self.step.verb == Verb::Delete && error.kind == ErrorKind::NotFound => {
                    return Ok(Outcome::Done(Vec::new()));
                }
                // There is what was to be added. Whether it is the same, reading back tells.
                Fate::Refused if self.step.verb == Verb::Add && error.says_it_exists() => {
                    return Ok(Outcome::Done(Vec::new()));
                }
                Fate::Refused if self.waits_for_what_is_new(&error, &mut not_there).await? => {}
                Fate::Refused => return Ok(self.failed(&error)),
            }
        }
    }

    /// Looks at the list that it replaces: whether it is so already, or another one than
    /// the plan was made for.
    async fn look_at_list(&mut self) -> Result<Option<Outcome>, Halt> {
        let (Some(call), Some(among)) = (&self.request.list, &self.step.among) else { return Ok(None) };
        let rows = match self.read(call.clone()).await? {
            Ok(rows) => rows,
            Err(error) => return Ok(Some(self.failed(&error))),
        };
        let there: BTreeSet<String> = rows.iter().filter_map(|row| answer::id(row, "id")).collect();
        let sent = self.request.call.body.as_deref().and_then(|body| serde_json::from_str(body).ok());
        if sent.is_some_and(|sent: BTreeSet<String>| sent == there) {
            return Ok(Some(Outcome::Done(Vec::new())));
        }
        if there == among.known {
            return Ok(None);
        }
        let reason = "somebody changed this list after the plan was made: plan it again";
        Ok(Some(self.impossible(reason.to_owned())))
    }

    /// The ids in the answer to what may be made again.
    fn read_answer(&self, reply: &Reply) -> Result<Vec<GivenId>, String> {
        if self.step.gives.is_empty() {
            let good =
                reply.body.is_empty() || self.step.verb == Verb::Delete || answer::is_whole(&reply.body);
            return if good { Ok(Vec::new()) } else { Err("the answer is no JSON".to_owned()) };
        }
        match self.given(&[answer::object(&reply.body)?]) {
            (given, None) => Ok(given),
            (_, Some(missing)) => Err(format!("the answer does not tell the id of {}", missing.symbol)),
        }
    }

    /// Looks for what the creation made, if it ran. `None` when there is nothing.
    async fn recover(&mut self, created: &Created) -> Result<Option<Outcome>, Halt> {
        for pause in self.looks() {
            self.pause(*pause).await?;
            let kind = self.work.kind(self.step.object);
            let call = listing(created.siblings, &created.likeness, kind, Reason::Recovery);
            let mut rows = match self.read(call).await? {
                Ok(rows) => rows,
                Err(error) => return Ok(Some(self.failed(&error))),
            };
            if self.is_unlisted() {
                match self.unlisted().await? {
                    Ok(unlisted) => rows.extend(unlisted),
                    Err(outcome) => return Ok(Some(outcome)),
                }
            }
            let taken = self.taken();
            let is_new = |row: &Row| answer::id(row, "id").is_some_and(|id| !taken.contains(&id));
            let mut made: Vec<Row> =
                rows.into_iter().filter(|row| is_new(row) && created.likeness.fits(row)).collect();
            match made.len() {
                0 => {}
                1 => return self.learn_the_rest(made.remove(0)).await.map(Some),
                _ => return Ok(Some(self.ambiguous(&made))),
            }
        }
        Ok(None)
    }

    /// Ids that what it made cannot have: they were there before, or are of other
    /// things.
    pub(super) fn taken(&self) -> HashSet<String> {
        let known = self.step.among.as_ref().map(|among| among.known.iter().cloned());
        let ids = self.work.ids();
        let first = Symbol::new(&self.step.resource, "");
        let of_others = ids.range(first..).take_while(|(symbol, _)| symbol.resource == self.step.resource);
        known.into_iter().flatten().chain(of_others.map(|(_, id)| id.clone())).collect()
    }

    /// Pauses before each look: what was sent long ago shows at once or never.
    fn looks(&self) -> &[Duration] {
        if self.sent_long_ago { &[Duration::ZERO] } else { &self.work.patience.looks }
    }

    /// It ran and made this: what else it gives is in the answer, or has to be asked for.
    async fn learn_the_rest(&mut self, made: Row) -> Result<Outcome, Halt> {
        let (given, mut missing) = self.given(std::slice::from_ref(&made));
        if missing.is_none() {
            return Ok(Outcome::Done(given));
        }
        self.note(StepEntry::Told(given)).await?;
        let layouts = Resource::find("dashboard_layouts").and_then(|layouts| layouts.siblings.as_ref());
        let dashboard = answer::id(&made, "id").map(Into::into);
        let (Some(siblings), Some(dashboard), "dashboards") = (layouts, dashboard, &*self.step.resource)
        else {
            let symbol = missing.map(|missing| missing.symbol.to_string()).unwrap_or_default();
            return Ok(self.impossible(format!("the answer does not tell the id of {symbol}")));
        };
        let of = Likeness::new(
            "dashboard_layouts",
            siblings,
            &Row::from_iter([("dashboard_id".to_owned(), dashboard)]),
        );
        let looks = std::iter::once(Duration::ZERO).chain(self.work.patience.looks.iter().copied());
        for pause in looks {
            self.pause(pause).await?;
            let call = listing(siblings, &of, self.work.kind(self.step.object), Reason::Recovery);
            let mut rows = match self.read(call).await? {
                Ok(rows) => rows,
                Err(error) => return Ok(self.failed(&error)),
            };
            rows.insert(0, made.clone());
            let (given, lacking) = self.given(&rows);
            missing = lacking;
            if missing.is_none() {
                return Ok(Outcome::Done(given));
            }
        }
        let symbol = missing.map(|missing| missing.symbol.to_string()).unwrap_or_default();
        Ok(self.impossible(format!("the id of {symbol} does not show")))
    }

    /// The ids that it gives, as far as `rows` tell them, and one that they do not.
    fn given(&self, rows: &[Row]) -> (Vec<GivenId>, Option<&Given>) {
        let ids = self.work.ids();
        let (mut all, mut missing) = (Vec::new(), None);
        for given in &self.step.gives {
            match answer::given(given, rows, &ids) {
                Some(id) => {
                    let Symbol { resource, key } = given.symbol.clone();
                    all.push(GivenId { resource, key, id });
                }
                None => missing = missing.or(Some(given)),
            }
        }
        (all, missing)
    }

    /// What an earlier process got to know of what it made, if that is its id.
    fn told(&self, told: &[GivenId]) -> Option<Row> {
        let id = |at: &At| {
            let given = self.step.gives.iter().find(|given| given.at == *at)?;
            let is_it =
                |told: &&GivenId| told.resource == given.symbol.resource && told.key == given.symbol.key;
            told.iter().find(is_it).map(|told| told.id.as_str())
        };
        Some(answer::of_ids(id(&At::Id)?, id(&At::ContentMetadata)))
    }

    /// Whether a refusal may only mean that what was made a moment ago does not show
    /// yet; waits then.
    async fn waits_for_what_is_new(&self, error: &Error, times: &mut usize) -> Result<bool, Halt> {
        let mut is_new = false;
        self.step.symbols(&mut |symbol| is_new |= !self.work.known.contains_key(symbol));
        let pause = self.work.patience.looks.get(*times);
        let (ErrorKind::NotFound, true, Some(pause)) = (error.kind, is_new, pause) else { return Ok(false) };
        *times += 1;
        self.pause(*pause).await?;
        Ok(true)
    }
}
