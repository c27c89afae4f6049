//! Moments of the history as people name them: a run by its number or tag, a
//! time, `latest`.

use clap::Args;
use jiff::ZonedDateTime;
use serde::Serialize;
use vault::{InstanceInfo, Moment, Reader, RunId, RunState, Tag};

use crate::exit::Exit;
use crate::output::{Printer, human};
use crate::report::Failure;
use crate::suggest::nearest;
use crate::times::{self, Time};

/// The newest run of the instance that has ended.
const LATEST: &str = "latest";

/// Words that mean something else than a tag, here or in other commands.
const TAKEN: [&str; 2] = [LATEST, "live"];

/// The longest tag.
const TAG_LETTERS: usize = 100;

/// A moment of the past to look at, as an option.
#[derive(Args, Debug)]
pub struct AsOf {
    /// As it was then: a run's number, a tag, `latest`, or a time such as
    /// 2026-03-01 or yesterday
    #[arg(long, value_name = "RUN|TIME")]
    pub as_of: Option<String>,
}

/// What was typed for a moment, as far as it can be told without a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    Number(i64),
    Latest(u32),
    Time(Time),
    /// A tag, or nothing.
    Word,
}

impl Named {
    fn parse(text: &str, now: &ZonedDateTime) -> Self {
        if let Ok(number) = text.parse() {
            return Self::Number(number);
        }
        if let Some(rest) = text.strip_prefix(LATEST) {
            let back = rest.strip_prefix('~').map(str::parse);
            match (rest, back) {
                ("", _) => return Self::Latest(0),
                (_, Some(Ok(back))) => return Self::Latest(back),
                _ => {}
            }
        }
        times::parse(text, now).map_or(Self::Word, Self::Time)
    }
}

/// A moment that was understood.
#[derive(Clone, Debug)]
pub struct Meant {
    /// The run as whose end the state is meant.
    pub moment: Moment,
    /// The time, if that is how it was named.
    pub time: Option<Time>,
    asked: String,
}

/// A moment as scripts get it.
#[derive(Serialize)]
pub struct MomentPart<'a> {
    run: i64,
    state: &'static str,
    started_at: String,
    ended_at: Option<String>,
    asked: &'a str,
    /// The last instant of what was asked for, if that was a time.
    until: Option<String>,
}

impl Meant {
    /// What was understood: `run 12, 2026-03-01 03:00:10 (yesterday, until 2026-03-01
    /// 23:59:59)`.
    pub fn describe(&self, printer: &Printer) -> String {
        let moment = &self.moment;
        let at = human::time(moment.ended_at.unwrap_or(moment.started_at), printer.zone());
        let state = match moment.state {
            RunState::Complete => String::new(),
            state => format!(", {}", state.name()),
        };
        let asked = human::one_line(&self.asked);
        let asked = match self.time {
            Some(time) => format!(" ({asked}, until {})", human::time(time.until, printer.zone())),
            None if asked == moment.run.to_string() => String::new(),
            None => format!(" ({asked})"),
        };
        format!("run {}, {at}{state}{asked}", moment.run)
    }

    /// For scripts.
    pub fn part(&self) -> MomentPart<'_> {
        MomentPart {
            run: self.moment.run.number(),
            state: self.moment.state.name(),
            started_at: self.moment.started_at.to_string(),
            ended_at: self.moment.ended_at.map(|at| at.to_string()),
            asked: &self.asked,
            until: self.time.map(|time| time.until.to_string()),
        }
    }
}

/// Finds the moment that `text` names. A number or a tag may be any
/// instance's; the others need to know which `instance` is meant.
///
/// # Errors
/// When it names nothing, or no run of the instance is that old.
pub fn find(
    reader: &Reader,
    text: &str,
    now: &ZonedDateTime,
    instance: impl FnOnce() -> Result<InstanceInfo, Failure>,
) -> Result<Meant, Failure> {
    let text = text.trim();
    let named = Named::parse(text, now);
    let moment = match &named {
        Named::Number(number) => reader.moment(RunId::from_number(*number))?,
        Named::Latest(back) => {
            let instance = instance()?;
            let found = reader.latest_moment(instance.id, *back)?;
            found.ok_or_else(|| none_so_old(reader, &instance, &format!("`{text}`")))?
        }
        Named::Time(time) => {
            let instance = instance()?;
            let found = reader.moment_at(instance.id, time.until)?;
            let until = human::time(time.until, now.time_zone());
            found.ok_or_else(|| none_so_old(reader, &instance, &format!("{until} (`{text}`)")))?
        }
        Named::Word => match reader.tagged(text)? {
            Some(moment) => moment,
            None => return Err(unknown(text, &reader.tags()?)),
        },
    };
    let time = if let Named::Time(time) = named { Some(time) } else { None };
    Ok(Meant { moment, time, asked: text.to_owned() })
}

/// As [`find`], and the run must be of this instance.
///
/// # Errors
/// As [`find`], and when the run is of another instance.
pub fn find_in(
    reader: &Reader,
    instance: &InstanceInfo,
    text: &str,
    now: &ZonedDateTime,
) -> Result<Meant, Failure> {
    let meant = find(reader, text, now, || Ok(instance.clone()))?;
    if meant.moment.instance == instance.id {
        return Ok(meant);
    }
    let theirs = reader.instances()?.into_iter().find(|info| info.id == meant.moment.instance);
    let theirs = theirs.map(|info| info.url).unwrap_or_default();
    let run = meant.moment.run;
    Err(Failure::new("run.of_another_instance", Exit::Usage, format!("run {run} is a run of {theirs}"))
        .at(&instance.url)
        .hint(format!("`lookervault runs` shows whose they are; --instance {theirs} chooses that one")))
}

/// An end of a span of history: a run, or a time whether or not there were runs.
#[derive(Clone, Debug)]
pub enum Bound {
    /// What runs up to, or after, this one found.
    Run(Box<Meant>),
    /// What happened until, or since, then.
    Time(Time),
}

impl Bound {
    /// The time, if it is one.
    pub fn time(&self) -> Option<Time> {
        match self {
            Self::Run(_) => None,
            Self::Time(time) => Some(*time),
        }
    }
}

/// Finds the end of a span that `text` names.
///
/// # Errors
/// As [`find_in`], but a time need not have a run.
pub fn find_bound(
    reader: &Reader,
    instance: &InstanceInfo,
    text: &str,
    now: &ZonedDateTime,
) -> Result<Bound, Failure> {
    match Named::parse(text.trim(), now) {
        Named::Time(time) => Ok(Bound::Time(time)),
        _ => find_in(reader, instance, text, now).map(|meant| Bound::Run(Box::new(meant))),
    }
}

/// Checks a name for a run: nothing that could mean a number, a time or
/// another moment.
///
/// # Errors
/// When it could.
pub fn check_tag(name: &str, now: &ZonedDateTime) -> Result<(), Failure> {
    let begins_with_a_letter = name.starts_with(char::is_alphabetic);
    let letters = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let long = name.chars().count() > TAG_LETTERS;
    let fault = if !begins_with_a_letter || !letters || long {
        "is no name for a run"
    } else if TAKEN.contains(&name) || Named::parse(name, now) != Named::Word {
        "means something else"
    } else {
        return Ok(());
    };
    Err(Failure::new("tag.name", Exit::Usage, format!("`{}` {fault}", human::one_line(name))).hint(format!(
        "a name begins with a letter and has letters, digits, `-`, `_` and `.`, at most {TAG_LETTERS}; \
         `latest`, `live`, `today`, `monday` and the like are taken"
    )))
}

fn none_so_old(reader: &Reader, instance: &InstanceInfo, moment: &str) -> Failure {
    let failure = Failure::new("run.none_so_old", Exit::Failed, format!("no run had ended by {moment}"));
    let oldest = reader.moments(instance.id).ok().and_then(|moments| moments.last().cloned());
    let oldest = oldest.map_or_else(
        || "the instance has no runs yet".to_owned(),
        |oldest| format!("the oldest run is run {}; `lookervault runs` lists them", oldest.run),
    );
    failure.at(&instance.url).hint(oldest)
}

fn unknown(text: &str, tags: &[Tag]) -> Failure {
    let message = format!("`{}` is no run, tag or time", human::one_line(text));
    let guess = nearest(text, tags.iter().map(|tag| tag.name.as_str()).chain([LATEST, "yesterday"]));
    let guess = guess.map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
    Failure::new("run.unknown", Exit::Usage, message).hint(format!(
        "{guess}write a run's number, a tag, {LATEST}, {LATEST}~1, or a time: {}",
        times::FORMS
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> ZonedDateTime {
        "2026-03-29T09:30:00[Europe/Berlin]".parse().unwrap()
    }

    #[test]
    fn a_moment_is_a_number_latest_a_time_or_a_word() {
        let named = |text| Named::parse(text, &now());
        assert_eq!((named("12"), named("2026")), (Named::Number(12), Named::Number(2026)));
        assert_eq!((named("latest"), named("latest~2")), (Named::Latest(0), Named::Latest(2)));
        assert!(matches!(named("yesterday"), Named::Time(_)));
        for word in ["before-migration", "latest~", "latest~x", "latest2", "release_1.0"] {
            assert_eq!(named(word), Named::Word, "{word}");
        }
    }

    #[test]
    fn a_tag_cannot_be_taken_for_something_else() {
        for name in ["before-migration", "Q3.2026", "größe_1", "latest-good", "v"] {
            assert!(check_tag(name, &now()).is_ok(), "{name}");
        }
        for name in
            ["", "12", "3d", "latest", "live", "today", "mon", "a b", "a~1", "a:b", "-x", "2026-03-01"]
        {
            let failure = check_tag(name, &now()).unwrap_err();
            assert_eq!((failure.kind, failure.exit), ("tag.name", Exit::Usage), "{name}");
        }
    }
}
