//! `impact --unused`: what nothing refers to.

use engine::unused::{Unused, kinds, unused};
use looker::Kind;
use serde::Serialize;

use crate::context::{Context, Opened};
use crate::exit::Exit;
use crate::moments::{Meant, MomentPart};
use crate::objects::{ObjectPart, short_name, title_and_folder};
use crate::output::{Align, Table, human};
use crate::report::{Failure, Outcome};

/// A kind that can be asked for, as typed.
pub(super) fn kind(text: &str) -> Result<&'static str, String> {
    let found = Kind::find(text).and_then(|kind| kinds().find(|name| *name == kind.name));
    found.ok_or_else(|| {
        let all = kinds().collect::<Vec<_>>().join(", ");
        format!("of `{text}` it cannot be told; it can of {all}")
    })
}

pub(super) fn run(context: &Context, opened: &Opened, as_of: Option<&Meant>, kinds: &[&str]) -> Outcome {
    let found = unused(&opened.reader, opened.at(as_of), kinds)?;
    if context.printer.is_json() {
        context.printer.json(&Document::new(opened, as_of, &found))?;
    } else {
        print(context, &found)?;
    }
    Ok(Exit::Ok)
}

fn print(context: &Context, found: &[Unused]) -> Result<(), Failure> {
    let printer = &context.printer;
    let mut table = Table::new(&[("object", Align::Left), ("title", Align::Left), ("folder", Align::Left)]);
    for kind in found {
        for object in &kind.objects {
            let [title, folder] = title_and_folder(object);
            table.row([&short_name(&object.kind, &object.key), title, folder]);
        }
        if !kind.not_stored.is_empty() && !kind.objects.is_empty() {
            let message = format!(
                "of {} more may seem unused than are: the vault has no {}",
                kind.kind,
                kind.not_stored.join(", ")
            );
            printer.warn(&message, None);
        }
    }
    if !table.is_empty() {
        printer.table(&table)?;
    }
    printer.status(human::counted(table.len() as u64, "object", "objects") + " that nothing refers to.");
    Ok(())
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    instance: &'a str,
    as_of: Option<MomentPart<'a>>,
    kinds: Vec<KindPart<'a>>,
}

#[derive(Serialize)]
struct KindPart<'a> {
    kind: &'static str,
    by: &'static [&'static str],
    not_stored: &'a [&'static str],
    count: usize,
    objects: Vec<ObjectPart<'a>>,
}

impl<'a> Document<'a> {
    fn new(opened: &'a Opened, as_of: Option<&'a Meant>, found: &'a [Unused]) -> Self {
        let kind = |one: &'a Unused| KindPart {
            kind: one.kind,
            by: one.by,
            not_stored: &one.not_stored,
            count: one.objects.len(),
            objects: one.objects.iter().map(ObjectPart::new).collect(),
        };
        Self {
            schema: "lookervault.unused/1",
            instance: &opened.instance.url,
            as_of: as_of.map(Meant::part),
            kinds: found.iter().map(kind).collect(),
        }
    }
}
