//! A comparison for scripts.

use engine::diff::text::{self, Tag};
use engine::diff::{Change, Element, Object, Step, Value, What};
use looker::Kind;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::place;
use super::side::Side;
use super::told::{Counts, Differing, Fate, Told};
use crate::context::Context;
use crate::moments::MomentPart;
use crate::report::Failure;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    from: SidePart<'a>,
    to: SidePart<'a>,
    differs: bool,
    counts: Counts,
    kinds: Vec<KindPart>,
    only_left_out: u64,
    not_compared: Vec<&'static str>,
    objects: Vec<Box<RawValue>>,
}

#[derive(Serialize)]
struct SidePart<'a> {
    instance: &'a str,
    vault: String,
    live: bool,
    moment: MomentPart<'a>,
}

#[derive(Serialize)]
struct KindPart {
    kind: &'static str,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Serialize)]
struct ObjectPart<'a> {
    kind: &'static str,
    change: Fate,
    from: Option<StatePart<'a>>,
    to: Option<StatePart<'a>>,
    counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<Box<RawValue>>>,
}

/// What an object is on one side.
#[derive(Serialize)]
struct StatePart<'a> {
    id: &'a str,
    title: Option<&'a str>,
    folder_id: Option<&'a str>,
    folder: Option<&'a str>,
    state: Option<&'static str>,
    updated_at: Option<String>,
    run: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct ChangePart<'a> {
    change: &'static str,
    words: String,
    path: String,
    place: Vec<StepPart<'a>>,
    old: Option<&'a RawValue>,
    new: Option<&'a RawValue>,
    lines: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum StepPart<'a> {
    Field {
        field: &'a str,
    },
    Through {
        field: &'a str,
        kind: &'static str,
    },
    Element {
        part: Option<&'static str>,
        name: Option<&'a str>,
        key: Option<&'a str>,
        from: Option<usize>,
        to: Option<usize>,
    },
}

/// Prints what differs; whether anything does.
///
/// # Errors
/// When a vault cannot be read or stdout cannot be written.
pub(super) fn print(context: &Context, told: &Told<'_>, from: &Side, to: &Side) -> Result<bool, Failure> {
    let mut objects = Vec::new();
    let sum = told.each(
        |_, change| part(change),
        |object| {
            objects.push(raw(&object_part(told, object)?)?);
            Ok(())
        },
    )?;
    let counts = sum.all();
    let differs = counts != Counts::default();
    context.printer.json(&Document {
        schema: "lookervault.diff/1",
        from: side(from),
        to: side(to),
        differs,
        counts,
        kinds: sum.kinds.iter().map(|(kind, counts)| KindPart { kind: kind.name, counts: *counts }).collect(),
        only_left_out: sum.alike,
        not_compared: told.comparison.not_compared().iter().map(|kind| kind.name).collect(),
        objects,
    })?;
    Ok(differs)
}

fn side(side: &Side) -> SidePart<'_> {
    SidePart {
        instance: &side.instance.url,
        vault: side.reader.path().display().to_string(),
        live: side.is_live,
        moment: side.meant.part(),
    }
}

fn object_part<'a>(
    told: &Told<'_>,
    object: Differing<'a, Result<Box<RawValue>, Failure>>,
) -> Result<ObjectPart<'a>, Failure> {
    let Differing { pair, fate, counts, changes } = object;
    let whole = told.view.all && !told.stat && fate != Fate::Changed;
    let state = |number, object: &'a Option<Object>| -> Result<Option<StatePart<'a>>, Failure> {
        let Some(object) = object else { return Ok(None) };
        let mut part = StatePart::of(object);
        if whole {
            part.document = Some(content(told, number, pair.kind, object)?);
        }
        Ok(Some(part))
    };
    Ok(ObjectPart {
        kind: pair.kind.name,
        change: fate,
        from: state(0, &pair.from)?,
        to: state(1, &pair.to)?,
        counts,
        changes: (!told.stat).then(|| changes.into_iter().collect()).transpose()?,
    })
}

fn content(told: &Told<'_>, side: usize, kind: &Kind, object: &Object) -> Result<Box<RawValue>, Failure> {
    let content = told.comparison.content(side, kind, object, true)?;
    serde_json::from_slice(&content).map_err(json)
}

impl<'a> StatePart<'a> {
    fn of(object: &'a Object) -> Self {
        let version = &object.version;
        Self {
            id: &object.key,
            title: version.title.as_deref(),
            folder_id: version.folder.as_deref(),
            folder: object.folder.as_deref(),
            state: version.side.map(vault::Side::name),
            updated_at: version.updated_at.map(|at| at.to_string()),
            run: version.from_run.number(),
            document: None,
        }
    }
}

fn part(change: &Change<'_>) -> Result<Box<RawValue>, Failure> {
    let (word, from, to) = match &change.what {
        What::Added(value) => ("added", None, Some(*value)),
        What::Removed(value) => ("removed", Some(*value), None),
        What::Changed { from, to } => ("changed", Some(*from), Some(*to)),
        What::Moved(_) => ("moved", None, None),
    };
    let value = |value: Option<&Value<'_>>| {
        let text = value.map(|value| RawValue::from_string(value.text().to_owned()));
        text.transpose().map_err(json)
    };
    let (old, new) = (value(from)?, value(to)?);
    let lines = from.zip(to).and_then(|(from, to)| text::lines(&from.as_string()?, &to.as_string()?));
    raw(&ChangePart {
        change: word,
        words: place::words(&change.place),
        path: change.path(),
        place: change.place.iter().map(step).collect(),
        old: old.as_deref(),
        new: new.as_deref(),
        lines: lines.map(|lines| lines.iter().map(line).collect()),
    })
}

fn step<'a>(step: &'a Step<'_>) -> StepPart<'a> {
    match step {
        Step::Field(field) => StepPart::Field { field },
        Step::Through { field, kind } => StepPart::Through { field, kind: kind.name },
        Step::Element(Element { singular, name, key, from, to }) => StepPart::Element {
            part: (!singular.is_empty()).then_some(*singular),
            name: name.as_deref(),
            key: key.as_deref(),
            from: *from,
            to: *to,
        },
    }
}

/// A line with its sign, as in a patch; lines that are left out have `@`.
fn line(line: &text::Line) -> String {
    let sign = match line.tag {
        Tag::Kept => ' ',
        Tag::Added => '+',
        Tag::Removed => '-',
        Tag::Skipped => '@',
    };
    format!("{sign}{}", line.text)
}

fn raw(part: &impl Serialize) -> Result<Box<RawValue>, Failure> {
    to_raw_value(part).map_err(json)
}

fn json(error: serde_json::Error) -> Failure {
    std::io::Error::from(error).into()
}
