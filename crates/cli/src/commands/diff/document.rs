//! A comparison for scripts.

use std::cell::RefCell;

use engine::diff::text::{self, Tag};
use engine::diff::{Change, Element, Object, Step, Value, What};
use looker::Kind;
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::place;
use super::side::Side;
use super::told::{Counts, Differing, Fate, Sum, Told};
use crate::context::Context;
use crate::moments::MomentPart;
use crate::objects::Located;
use crate::output::{Elements, List, Streamed};
use crate::report::Failure;

struct Document<'a> {
    from: &'a Side,
    to: &'a Side,
    not_compared: Vec<&'static str>,
    objects: Streamed<Objects<'a>>,
    /// Known once the objects are written.
    sum: &'a RefCell<Sum>,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", "lookervault.diff/1")?;
        map.serialize_entry("from", &side(self.from))?;
        map.serialize_entry("to", &side(self.to))?;
        map.serialize_entry("not_compared", &self.not_compared)?;
        map.serialize_entry("objects", &self.objects)?;
        let sum = self.sum.borrow();
        let kinds = sum.kinds.iter().map(|(kind, counts)| KindPart { kind: kind.name, counts: *counts });
        map.serialize_entry("differs", &sum.differs())?;
        map.serialize_entry("counts", &sum.all())?;
        map.serialize_entry("kinds", &kinds.collect::<Vec<_>>())?;
        map.serialize_entry("only_left_out", &sum.alike)?;
        map.end()
    }
}

/// The objects that differ, as they are compared.
struct Objects<'a> {
    told: &'a Told<'a>,
    sum: &'a RefCell<Sum>,
}

impl Elements for Objects<'_> {
    fn write_to<S: SerializeSeq>(self, list: &mut List<'_, S>) -> Result<(), Failure> {
        let told = self.told;
        let sum = told.each(|_, change| part(change), |object| list.push(&object_part(told, object)?))?;
        self.sum.replace(sum);
        Ok(())
    }
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
    #[serde(flatten)]
    located: Located<'a>,
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
    let sum = RefCell::default();
    let document = Document {
        from,
        to,
        not_compared: told.comparison.not_compared().iter().map(|kind| kind.name).collect(),
        objects: Streamed::new(Objects { told, sum: &sum }),
        sum: &sum,
    };
    let printed = context.printer.json(&document);
    document.objects.failure().map_or(printed, Err)?;
    Ok(sum.borrow().differs())
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
            located: Located::new(
                version.title.as_deref(),
                version.folder.as_deref(),
                object.folder.as_deref(),
            ),
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
