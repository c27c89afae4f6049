//! What a step says to the instance and to the journal.

use std::time::Duration;

use looker::client::{Call, Reply};
use looker::error::{Error, ErrorKind, Fate};
use looker::pacing::Reason;
use serde_json::value::RawValue;
use vault::StepEntry;

use super::super::RestoreError;
use super::answer::{self, Row};
use super::carry::{Carried, Halt, Outcome};
use super::report::StepFailure;
use crate::extract::Stop;

/// Other calls are answered if the last good answer is not older.
const ALIVE: Duration = Duration::from_secs(5);

impl Carried<'_> {
    /// Signs in as the user as whom it is made; what becomes of it where that is refused.
    pub(super) async fn become_its_user(&mut self) -> Result<Option<Outcome>, Halt> {
        let work = self.work;
        let user =
            self.step.as_user.as_ref().and_then(|user| user.resolve(&work.ids()).ok().map(str::to_owned));
        let Some(user) = user else { return Ok(None) };
        self.go_on()?;
        let actor = work.actors.of(&work.session.client, &user);
        let signed_in = tokio::select! {
            signed_in = actor.sign_in() => signed_in,
            () = work.session.brake.at_once() => return Err(Halt::Stopped),
        };
        match signed_in {
            Ok(()) => {
                self.actor = Some(actor);
                Ok(None)
            }
            Err(error) if error.fate() == Fate::Refused => {
                let reason = format!("signing in as user {user} is refused: {}", error.message);
                let failure = StepFailure {
                    request: error.call.into_string(),
                    body: None,
                    ..self.failure(error.status, reason)
                };
                Ok(Some(Outcome::Failed(failure)))
            }
            Err(error) => Err(self.stop(stop_of(&error))),
        }
    }

    /// Sends it, once it is in the journal.
    pub(super) async fn send(&mut self) -> Result<Result<Reply, Error>, Halt> {
        self.go_on()?;
        self.note(StepEntry::Sent).await?;
        self.was_sent = true;
        self.sent_long_ago = false;
        self.sends += 1;
        let reason = if self.sends > 1 { Reason::Retry } else { Reason::Write };
        let call = Call { reason, ..self.request.call.clone() };
        let client = self.actor.as_ref().map_or(&self.work.session.client, |actor| &actor.client);
        let sent = client.write(&call).await;
        self.status = sent.as_ref().ok().map(|reply| reply.status);
        Ok(sent)
    }

    /// The rows of a list; none where what they belong to does not show.
    pub(super) async fn read(&self, call: Call) -> Result<Result<Vec<Row>, Error>, Halt> {
        Ok(match self.ask(call).await? {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
            answered => answered,
        })
    }

    /// The rows of a list.
    pub(super) async fn ask(&self, call: Call) -> Result<Result<Vec<Row>, Error>, Halt> {
        self.go_on()?;
        let bad = |why| Error::new(ErrorKind::BadBody, why);
        let session = self.work.session;
        let read = tokio::select! {
            read = session.client.get(&call, |reply| answer::list(&reply.body).map_err(bad)) => read,
            () = session.brake.at_once() => return Err(Halt::Stopped),
        };
        let error = match read {
            Ok(rows) => return Ok(Ok(rows)),
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Err(error)),
            Err(error) => error,
        };
        let stop = Stop::of_limit(&error).or_else(|| Stop::of_silence(&session.client, &error));
        let stop = if error.fate() == Fate::NotRun { Some(stop_of(&error)) } else { stop };
        match stop {
            Some(stop) => Err(self.stop(stop)),
            None => Ok(Err(error)),
        }
    }

    /// It surely did not run, and nothing else will either: the restore stops.
    pub(super) async fn unsent(&mut self, error: &Error, might_have_run: bool) -> Result<Outcome, Halt> {
        if !might_have_run {
            self.note(StepEntry::Unsent).await?;
            self.was_sent = false;
        }
        Err(self.stop(stop_of(error)))
    }

    /// What becomes of one whose answers say nothing, again and again.
    pub(super) fn gives_up(&self, error: &Error) -> Result<Option<Outcome>, Halt> {
        let client = &self.work.session.client;
        if self.sends >= self.work.patience.sends && client.silent_for() < ALIVE {
            return Ok(Some(self.failed(error)));
        }
        if !client.retry_policy().is_exhausted(self.sends, self.started.elapsed()) {
            return Ok(None);
        }
        // Whoever answers so is not down: it is this request that fails.
        if error.status == Some(500) {
            Ok(Some(self.failed(error)))
        } else {
            Err(self.stop(Stop::ServerDown))
        }
    }

    fn stop(&self, stop: Stop) -> Halt {
        self.work.session.brake.pull(stop);
        Halt::Stopped
    }

    /// # Errors
    /// When the restore is to stop.
    fn go_on(&self) -> Result<(), Halt> {
        if self.work.session.brake.pulled().is_some() { Err(Halt::Stopped) } else { Ok(()) }
    }

    pub(super) async fn pause(&self, pause: Duration) -> Result<(), Halt> {
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(()),
            () = self.work.session.brake.no_more() => Err(Halt::Stopped),
        }
    }

    pub(super) async fn note(&self, entry: StepEntry) -> Result<(), Halt> {
        Ok(self.work.journal(vec![(self.at, entry)]).await?)
    }

    pub(super) async fn note_unknown(&self, error: &Error) -> Result<(), Halt> {
        let failure = self.failure(error.status, error.to_string());
        let error_json = serde_json::json!(failure).to_string();
        self.note(StepEntry::Unknown { status: error.status, error: error_json }).await
    }

    /// Writes the last line, so that what follows from the outcome may be done.
    pub(super) async fn close(&self, outcome: Outcome) -> Result<Outcome, RestoreError> {
        let entry = match &outcome {
            Outcome::Done(given) => StepEntry::Done { status: self.status, given: given.clone() },
            Outcome::Failed(failure) => {
                StepEntry::Failed { status: failure.status, error: serde_json::json!(failure).to_string() }
            }
            Outcome::Stopped { .. } => return Ok(outcome),
        };
        self.work.journal(vec![(self.at, entry)]).await?;
        Ok(outcome)
    }

    /// It failed for what the server said.
    pub(super) fn failed(&self, error: &Error) -> Outcome {
        let failure = self.failure(error.status, error.message.clone());
        Outcome::Failed(StepFailure { fields: error.fields.to_vec(), ..failure })
    }

    /// It failed for what was found out.
    pub(super) fn impossible(&self, reason: String) -> Outcome {
        Outcome::Failed(self.failure(None, reason))
    }

    /// Several may be what it made.
    pub(super) fn ambiguous(&self, made: &[Row]) -> Outcome {
        let candidates: Vec<String> = made.iter().filter_map(|row| answer::id(row, "id")).collect();
        let reason = format!(
            "its answer was lost, and {} that were not there before may be what it made ({}): \
             delete those that are not wanted, all or all but one, and retry it",
            candidates.len(),
            candidates.join(", ")
        );
        Outcome::Failed(StepFailure { candidates, ..self.failure(None, reason) })
    }

    fn failure(&self, status: Option<u16>, reason: String) -> StepFailure {
        let call = &self.request.call;
        let body = call.body.clone().and_then(|body| RawValue::from_string(body).ok());
        StepFailure {
            request: format!("{} {}", call.method.name(), call.path),
            body,
            status,
            reason,
            fields: Vec::new(),
            candidates: Vec::new(),
        }
    }
}

/// The stop that a call means which could not even be sent.
fn stop_of(error: &Error) -> Stop {
    let down = || if error.is_transient() { Stop::ServerDown } else { Stop::Refused(error.to_string()) };
    Stop::of_limit(error).unwrap_or_else(down)
}

/// A good status with an answer that says nothing: nobody knows what happened.
pub(super) fn unreadable(reply: &Reply, why: &str) -> Error {
    Error { status: Some(reply.status), ..Error::new(ErrorKind::BadBody, why) }
}
