//! The catalogue as a page of documentation, `docs/kinds.md`.

use std::fmt::Write as _;

use looker::Kind;
use looker::catalogue::{FieldPattern, Group, KINDS, NOT_KEPT, Reference};

use super::{Entry, patterns};

const BEGINNING: &str = "# Content kinds

What is kept of a Looker instance. This page is printed by `lookervault kinds --markdown`, from the catalogue
that every command reads; a test holds it to that.

What is stored of an object is the answer of the operation that is named with its kind. Two answers to one look
differ: `GET /looks/{look_id}` has `query` and `url` beside what the search answers. The query is kept as a query of
its own, under the look's `query_id`; the address is made from the id. Neither is missed by a restore.

Words used below:

- *operations*: calls of API 4.0 that read the kind, with the ledger that a licence books them on;
- *calls*: what reading all of the kind costs;
- *volatile*: fields that change without an edit. They are kept beside the object and make no new version;
- *redacted*: fields that are never stored, marked in their place. `lookervault redacted` lists them;
- *refers to*: fields that hold what other kinds are known by: restores, `impact` and `unused` follow them;
- *tells of*: fields that name others as well, and bind nothing: who changed it last, what a list of the server's
  repeats, a tile or a tab. Like references they are reported when they lead nowhere;
- *destinations*: fields that are redacted too, unless `--keep-destinations` is given.

A field is a path from the root (lists are passed through), or `**.name` for a name at any depth, `**.*_end` for
all names that end so; `**.name[address]` only where the text is an address other than an e-mail's,
`**.name[credentials]` only where it holds a password, key or token.
";

const NOT_KEPT_BEGINNING: &str = "
## What is not kept

What the API could be asked for besides, and why it is not.

| | |
| --- | --- |
";

/// The whole page.
pub(super) fn page() -> String {
    let mut page = BEGINNING.to_owned();
    common_names(&mut page);
    for group in Group::ALL.into_iter().filter(|group| group.kinds().next().is_some()) {
        let _ = write!(page, "\n## {}\n", group.name());
        group.kinds().for_each(|kind| section(kind, &mut page));
    }
    page.push_str(NOT_KEPT_BEGINNING);
    for one in NOT_KEPT {
        let _ = writeln!(page, "| {} | {} |", one.what, one.why);
    }
    page
}

/// Names that many kinds redact, told once.
fn common_names(page: &mut String) {
    let _ = write!(page, "\nRedacted in every kind: {}.\n", code(&patterns_of(&common(|_| true))));
    let ends = common(has_ends);
    let ends: Vec<_> = ends.into_iter().filter(|pattern| is_end(pattern)).collect();
    let _ =
        write!(page, "\nAnd, unless people choose keys in its documents: {}.\n", code(&patterns_of(&ends)));
}

/// Patterns that all of some kinds redact.
fn common(which: impl Fn(&Kind) -> bool) -> Vec<&'static FieldPattern> {
    let kinds: Vec<&Kind> = KINDS.iter().filter(|kind| which(kind)).collect();
    let everywhere = |pattern: &&FieldPattern| kinds.iter().all(|kind| kind.redacted.contains(*pattern));
    kinds.first().map_or_else(Vec::new, |first| first.redacted.iter().filter(everywhere).collect())
}

/// Whether the ends of its keys tell secrets, because all keys are Looker's own.
fn has_ends(kind: &Kind) -> bool {
    kind.redacted.iter().any(is_end)
}

fn is_end(pattern: &FieldPattern) -> bool {
    matches!(pattern, FieldPattern::Suffix(_))
}

fn section(kind: &'static Kind, page: &mut String) {
    let entry = Entry::new(kind);
    let _ = write!(page, "\n### {}\n\n{}\n\n", entry.kind, sentence(entry.about));
    let operations = entry.operations.iter().map(|called| {
        format!("`{}` (`GET {}`, {})", called.operation, called.path, called.ledger.name().replace('_', "-"))
    });
    let common = common(if has_ends(kind) { has_ends } else { |_: &Kind| true });
    let own: Vec<&FieldPattern> = kind.redacted.iter().filter(|pattern| !common.contains(pattern)).collect();
    let rows = [
        ("type in the API", code(&[entry.looker_type])),
        ("operations", operations.collect::<Vec<_>>().join(", ")),
        ("read", entry.cadence),
        ("calls", entry.cost),
        ("folders", says(entry.by_folder, "`--folder` narrows it")),
        ("trash", says(entry.trash, "kept too")),
        ("same object elsewhere", code(entry.natural_key)),
        ("refers to", code(&references(kind.references))),
        ("tells of", code(&references(kind.told))),
        ("restorable", entry.not_restorable.map_or_else(|| "yes".to_owned(), |why| format!("no: {why}"))),
        ("never readable", entry.never_saved.join(", ")),
        ("volatile", code(&patterns(kind.volatile))),
        ("keys", says(!has_ends(kind), "people choose some: only whole names are redacted")),
        ("redacted", code(&patterns_of(&own))),
        ("destinations", code(&entry.destinations)),
    ];
    page.push_str("| | |\n| --- | --- |\n");
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(page, "| {name} | {} |", value.replace('|', "\\|"));
    }
}

fn patterns_of(list: &[&FieldPattern]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn references(list: &[Reference]) -> Vec<String> {
    list.iter().map(|reference| format!("{} → {}", reference.path, reference.kind)).collect()
}

fn says(is_so: bool, what: &str) -> String {
    if is_so { what.to_owned() } else { String::new() }
}

/// Texts as code, with commas between; the empty text is none.
fn code<T: AsRef<str>>(texts: &[T]) -> String {
    let texts = texts.iter().map(AsRef::as_ref).filter(|text| !text.is_empty());
    texts.map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
}

fn sentence(about: &str) -> String {
    let mut letters = about.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
