//! `search`: objects by the words in them.

use clap::Args;
use engine::search::{Answer, FoundAt, Hit, search};
use serde::Serialize;
use vault::{Fragment, Period, RunId, Search, Side, Terms};

use crate::args::command_help;
use crate::context::{Context, Opened};
use crate::exit::Exit;
use crate::kinds::{KindChoice, KindName, resolve};
use crate::moments::{AsOf, Meant, MomentPart};
use crate::objects::{ObjectPart, PlacePart, short_name, title_and_folder};
use crate::output::{Paint, human};
use crate::report::{Failure, Outcome};

/// Search titles, descriptions, notes, tiles, SQL and field names
///
/// Works offline, on the newest state of the vault, on any of the past, or on all it
/// ever held. All words must occur somewhere in an object; case and accents do not matter.
/// "several words" in quotes stand together, word* means whatever begins so, and
/// what follows a minus must not occur (quote it all for the shell, or use --not).
/// Objects with the words in their title come first.
#[derive(Args, Debug)]
#[command(after_long_help = command_help(EXAMPLES, EXITS))]
pub struct SearchArgs {
    /// What to search for
    #[arg(value_name = "WORDS", required = true)]
    pub words: Vec<String>,

    /// Words that must not occur
    #[arg(long, value_name = "WORD")]
    pub not: Vec<String>,

    /// Only kinds or groups of them: dashboards, content, people...
    #[arg(short, long = "kind", value_name = "KIND", value_delimiter = ',')]
    pub kinds: Vec<KindChoice>,

    /// Only what lies in Looker's trash
    #[arg(long, group = "side")]
    pub trash: bool,

    /// What is in use and what lies in the trash
    #[arg(long, group = "side")]
    pub all: bool,

    /// Everything that was ever stored, with the runs from and until which it was so
    #[arg(long, conflicts_with = "as_of")]
    pub all_time: bool,

    /// Of what moment.
    #[command(flatten)]
    pub as_of: AsOf,

    /// At most N objects
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
}

const EXAMPLES: &str = "
  Whatever mentions churn and a region:
    lookervault search churn region

  A phrase, without what is a test, among dashboards and looks:
    lookervault search '\"net revenue\" -test' --kind dashboards,looks

  What mentioned a field at the end of last year:
    lookervault search orders.legacy_total --as-of 2025-12-31

  Where a table was ever named in SQL or expressions, deleted or not:
    lookervault search legacy_orders --all --all-time";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage, Exit::Damage];

/// Prints what was found.
///
/// # Errors
/// When there is nothing to search for, or the vault cannot be read.
pub fn run(context: &Context, args: &SearchArgs) -> Outcome {
    let text = text(args);
    let terms =
        Terms::parse(&text).map_err(|error| Failure::new("search.words", Exit::Usage, error.to_string()))?;
    let opened = context.read_searchable_vault("search")?;
    let as_of = opened.as_of(context, &args.as_of)?;
    let moment = match &as_of {
        Some(meant) => Period::At(meant.moment.run),
        None if args.all_time => Period::Ever,
        None => Period::Now,
    };
    let kinds: Vec<&str> = match args.kinds.as_slice() {
        [] => Vec::new(),
        chosen => resolve(chosen).into_iter().map(KindName::plural).collect(),
    };
    let sides: &[Side] = match (args.trash, args.all) {
        (true, _) => &[Side::Trash],
        (_, true) => &[Side::Live, Side::Trash],
        _ => &[Side::Live],
    };
    let asked = Search {
        instance: opened.instance.id,
        terms: &terms,
        kinds: &kinds,
        sides,
        moment,
        limit: args.limit,
    };
    let answer = search(&opened.reader, &asked)?;
    if context.printer.is_json() {
        context.printer.json(&Document::new(&opened, as_of.as_ref(), &text, &answer))?;
    } else {
        print(context, &answer, moment)?;
    }
    Ok(Exit::Ok)
}

/// All that was typed, as one text.
fn text(args: &SearchArgs) -> String {
    let unwanted = args.not.iter().map(|word| format!("-\"{}\"", word.replace('"', " ")));
    args.words.iter().cloned().chain(unwanted).collect::<Vec<_>>().join(" ")
}

fn print(context: &Context, answer: &Answer, moment: Period) -> Result<(), Failure> {
    let printer = &context.printer;
    let paint = printer.paint();
    for hit in &answer.hits {
        let object = &hit.object;
        let [title, folder] = title_and_folder(object).map(human::one_line);
        let mut line = short_name(&object.kind, &object.key);
        if !title.is_empty() {
            line += &format!("  {}", paint.bold(title));
        }
        if !folder.is_empty() {
            line += &format!("  {}", paint.dim(folder));
        }
        if object.side == Side::Trash {
            line += "  (trash)";
        }
        if moment == Period::Ever {
            line += &format!("  {}", spans(&hit.spans));
        }
        printer.line(line)?;
        for found in &hit.places {
            printer.line(format!("    {}", place(found, paint)))?;
        }
    }
    printer.status(counted(answer));
    Ok(())
}

fn place(found: &FoundAt, paint: Paint) -> String {
    let text: String = found
        .fragments
        .iter()
        .map(|fragment| {
            let text = human::one_line(&fragment.text);
            if fragment.found { paint.caution(text) } else { text }
        })
        .collect();
    format!("{}  {}", human::one_line(&found.place.to_string()), text.trim_end())
}

/// The runs from and until which it was so: `runs 1 to 4, since run 7`.
fn spans(spans: &[(RunId, Option<RunId>)]) -> String {
    let span = |(from, until): &(RunId, Option<RunId>)| match until {
        None => format!("since run {from}"),
        Some(until) => format!("from run {from} until {until}"),
    };
    spans.iter().rev().map(span).collect::<Vec<_>>().join(", ")
}

fn counted(answer: &Answer) -> String {
    let shown = answer.hits.len() as u64;
    let found = human::counted(answer.found, "object", "objects");
    match (answer.found, answer.more) {
        (0, _) => "Nothing was found.".to_owned(),
        (_, true) => {
            format!("The first {shown} of more than {found}; add a word to find fewer.")
        }
        (all, false) if all > shown => format!("The first {shown} of {found}; --limit shows more."),
        _ => format!("{found} found."),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    instance: &'a str,
    as_of: Option<MomentPart<'a>>,
    words: &'a str,
    found: u64,
    more: bool,
    count: usize,
    objects: Vec<HitPart<'a>>,
}

#[derive(Serialize)]
struct HitPart<'a> {
    #[serde(flatten)]
    object: ObjectPart<'a>,
    spans: Vec<Span>,
    places: Vec<FoundPart<'a>>,
}

#[derive(Serialize)]
struct Span {
    from_run: i64,
    until_run: Option<i64>,
}

#[derive(Serialize)]
struct FoundPart<'a> {
    #[serde(flatten)]
    place: PlacePart<'a>,
    text: String,
    fragments: Vec<FragmentPart<'a>>,
}

#[derive(Serialize)]
struct FragmentPart<'a> {
    text: &'a str,
    found: bool,
}

impl<'a> Document<'a> {
    fn new(opened: &'a Opened, as_of: Option<&'a Meant>, words: &'a str, answer: &'a Answer) -> Self {
        let objects: Vec<HitPart<'_>> = answer.hits.iter().map(HitPart::new).collect();
        Self {
            schema: "lookervault.search/1",
            instance: &opened.instance.url,
            as_of: as_of.map(Meant::part),
            words,
            found: answer.found,
            more: answer.more,
            count: objects.len(),
            objects,
        }
    }
}

impl<'a> HitPart<'a> {
    fn new(hit: &'a Hit) -> Self {
        let span = |(from, until): &(RunId, Option<RunId>)| Span {
            from_run: from.number(),
            until_run: until.map(RunId::number),
        };
        Self {
            object: ObjectPart::new(&hit.object),
            spans: hit.spans.iter().map(span).collect(),
            places: hit.places.iter().map(FoundPart::new).collect(),
        }
    }
}

impl<'a> FoundPart<'a> {
    fn new(found: &'a FoundAt) -> Self {
        let fragment = |fragment: &'a Fragment| FragmentPart { text: &fragment.text, found: fragment.found };
        Self {
            place: PlacePart::new(&found.place),
            text: found.fragments.iter().map(|fragment| fragment.text.as_str()).collect(),
            fragments: found.fragments.iter().map(fragment).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_oldest_first() {
        let run = RunId::from_number;
        assert_eq!(spans(&[(run(7), None), (run(1), Some(run(4)))]), "from run 1 until 4, since run 7");
    }
}
