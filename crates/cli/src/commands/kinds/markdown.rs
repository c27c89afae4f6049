//! The catalogue as a page of documentation, `docs/kinds.md`.

use std::fmt::Write as _;

use looker::Kind;
use looker::catalogue::{FieldPattern, Group, KINDS, Reference};

use super::{Entry, patterns};

const BEGINNING: &str = "# Content kinds

What is kept of a Looker instance. This page is printed by `lookervault kinds --markdown`, from the catalogue
that every command reads; a test holds it to that.

Words used below:

- *operations*: calls of API 4.0 that read the kind, with the ledger that a licence books them on;
- *calls*: what reading all of the kind costs;
- *volatile*: fields that change without an edit. They are kept beside the object and make no new version;
- *redacted*: fields that are never stored, marked in their place. `lookervault redacted` lists them;
- *destinations*: fields that are redacted too, unless `--keep-destinations` is given.

A field is a path from the root (lists are passed through), or `**.name` for a name at any depth, `**.*_end` for
all names that end so; `**.name[address]` only where the text is an address other than an e-mail's,
`**.name[credentials]` only where it holds a password, key or token.
";

/// The whole page.
pub(super) fn page() -> String {
    let mut page = BEGINNING.to_owned();
    common_names(&mut page);
    for group in Group::ALL.into_iter().filter(|group| group.kinds().next().is_some()) {
        let _ = write!(page, "\n## {}\n", group.name());
        group.kinds().for_each(|kind| section(kind, &mut page));
    }
    page
}

/// Names that every kind redacts, told once.
fn common_names(page: &mut String) {
    let names = common();
    let _ = write!(page, "\nRedacted in every kind: {}.\n", code(&patterns_of(&names)));
}

/// Patterns that all kinds redact.
fn common() -> Vec<&'static FieldPattern> {
    let Some((first, rest)) = KINDS.split_first() else { return Vec::new() };
    let everywhere = |pattern: &&FieldPattern| rest.iter().all(|kind| kind.redacted.contains(*pattern));
    first.redacted.iter().filter(everywhere).collect()
}

fn section(kind: &'static Kind, page: &mut String) {
    let entry = Entry::new(kind);
    let _ = write!(page, "\n### {}\n\n{}\n\n", entry.kind, sentence(entry.about));
    let operations = entry.operations.iter().map(|called| {
        format!("`{}` (`GET {}`, {})", called.operation, called.path, called.ledger.name().replace('_', "-"))
    });
    let common = common();
    let own: Vec<&FieldPattern> = kind.redacted.iter().filter(|pattern| !common.contains(pattern)).collect();
    let rows = [
        ("type in the API", code(&[entry.looker_type])),
        ("operations", operations.collect::<Vec<_>>().join(", ")),
        ("read", entry.cadence.to_owned()),
        ("calls", entry.cost),
        ("folders", says(entry.by_folder, "`--folder` narrows it")),
        ("trash", says(entry.trash, "kept too")),
        ("same object elsewhere", code(entry.natural_key)),
        ("refers to", code(&references(kind.references))),
        ("restorable", entry.not_restorable.map_or_else(|| "yes".to_owned(), |why| format!("no: {why}"))),
        ("never readable", entry.never_saved.join(", ")),
        ("volatile", code(&patterns(kind.volatile))),
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
