//! What an object without a name of its own belongs to, or holds.

use std::collections::HashMap;

use looker::Kind;
use looker::catalogue::Source;
use serde_json::value::RawValue;
use vault::{AsOf, ListFilter, Reader, Result};

use crate::commands::show::node::Node;

/// Texts by key.
type Texts = HashMap<String, String>;

/// More names than this are counted.
const MOST: usize = 5;

/// What is told of the objects of a kind in a column, by key, with the column's name;
/// `None` for kinds whose objects speak for themselves.
pub(crate) fn about(reader: &Reader, of: AsOf, kind: &'static Kind) -> Result<Option<(&'static str, Texts)>> {
    Ok(Some(match kind.name {
        "queries" => ("explore", texts(reader, of, kind.name, explore)?),
        "merge_queries" => ("sources", sources(reader, of)?),
        "artifacts" => ("keys", texts(reader, of, kind.name, |list| names(list, "key"))?),
        "content_metadata" => ("of", folders(reader, of)?),
        "content_metadata_access" => {
            let mut all = content(reader, of)?;
            all.extend(folders(reader, of)?);
            ("of", all)
        }
        "scheduled_plans" => ("of", planned(reader, of)?),
        "alerts" => ("on", texts(reader, of, kind.name, |alert| alert.text("investigative_content_title"))?),
        "datagroups" => ("model", texts(reader, of, kind.name, |datagroup| datagroup.text("model_name"))?),
        "users" => ("e-mail", texts(reader, of, kind.name, |user| user.text("email"))?),
        "roles" => ("may", texts(reader, of, kind.name, sets)?),
        "connections" => ("dialect", texts(reader, of, kind.name, |one| one.text("dialect_name"))?),
        "lookml_models" => ("project", texts(reader, of, kind.name, |model| model.text("project_name"))?),
        "ssh_tunnels" => ("through", texts(reader, of, kind.name, |tunnel| tunnel.text("ssh_server_name"))?),
        _ => match kind.each().map(|each| &each.source) {
            Some(Source::Objects("users")) => ("of", texts(reader, of, "users", person)?),
            Some(Source::Objects(owners)) => ("of", titles(reader, of, owners)?),
            _ => return Ok(None),
        },
    }))
}

/// A text of each live object.
fn texts(reader: &Reader, of: AsOf, kind: &str, text: impl Fn(Node) -> Option<String>) -> Result<Texts> {
    let mut texts = Texts::new();
    reader.bodies(of, kind, |key, body| {
        if let Ok(document) = serde_json::from_slice::<&RawValue>(body) {
            texts.extend(text(Node(document)).map(|text| (key.to_owned(), text)));
        }
    })?;
    Ok(texts)
}

/// The explore that a query is on.
pub(crate) fn explore(query: Node) -> Option<String> {
    Some(format!("{}::{}", query.text("model")?, query.text("view")?))
}

/// What a person is called; some have only an address.
pub(crate) fn person(user: Node) -> Option<String> {
    user.text("display_name").filter(|name| !name.trim().is_empty()).or_else(|| user.text("email"))
}

/// The sets of a role: what it lets do, and on which models.
fn sets(role: Node) -> Option<String> {
    Some(format!("{} on {}", role.text("permission_set.name")?, role.text("model_set.name")?))
}

/// A field of the rows of a list, the first of them by name.
fn names(list: Node, field: &str) -> Option<String> {
    let names: Vec<String> = list.elements().into_iter().filter_map(|row| row.text(field)).collect();
    let more = names.len().saturating_sub(MOST);
    let told = names[..names.len() - more].join(", ");
    (!names.is_empty()).then(|| if more > 0 { format!("{told} and {more} more") } else { told })
}

/// The explores that a merge query merges, where its queries are stored.
fn sources(reader: &Reader, of: AsOf) -> Result<Texts> {
    let explores = texts(reader, of, "queries", explore)?;
    texts(reader, of, "merge_queries", |merge| {
        let sources = merge.items("source_queries").into_iter().filter_map(|source| {
            let id = source.text("query_id")?;
            Some(explores.get(&id).cloned().unwrap_or_else(|| format!("query {id}")))
        });
        let sources: Vec<String> = sources.collect();
        (!sources.is_empty()).then(|| sources.join(" + "))
    })
}

/// Paths of folders, by the key of their access.
fn folders(reader: &Reader, of: AsOf) -> Result<Texts> {
    let keys = texts(reader, of, "folders", |folder| folder.text("content_metadata_id"))?;
    let paths = reader.folders(of)?;
    Ok(keys.into_iter().filter_map(|(folder, key)| Some((key, paths.path(&folder)?))).collect())
}

/// What lies in folders, by the key of its access.
fn content(reader: &Reader, of: AsOf) -> Result<Texts> {
    let mut content = Texts::new();
    reader.bodies(of, "content_metadata", |_, body| {
        let Ok(list) = serde_json::from_slice::<&RawValue>(body) else { return };
        for row in Node(list).elements() {
            let kind = row.text("content_type").unwrap_or_default();
            content.extend(
                row.text("id").zip(row.text("name")).map(|(id, name)| (id, format!("{kind} \"{name}\""))),
            );
        }
    })?;
    Ok(content)
}

/// What schedules send.
fn planned(reader: &Reader, of: AsOf) -> Result<Texts> {
    let kinds = [
        ("dashboard_id", "dashboard", "dashboards"),
        ("lookml_dashboard_id", "LookML dashboard", "lookml_dashboards"),
        ("look_id", "look", "looks"),
        ("query_id", "query", "queries"),
    ];
    let mut titled = Vec::new();
    for (field, word, kind) in kinds {
        titled.push((field, word, titles(reader, of, kind)?));
    }
    texts(reader, of, "scheduled_plans", |plan| {
        titled.iter().find_map(|(field, word, titles)| {
            let id = plan.text(field)?;
            Some(
                titles.get(&id).map_or_else(|| format!("{word} {id}"), |title| format!("{word} \"{title}\"")),
            )
        })
    })
}

fn titles(reader: &Reader, of: AsOf, kind: &str) -> Result<Texts> {
    let filter = ListFilter { instance: Some(of.instance), at: of.run, ..ListFilter::of(kind) };
    let mut titles = Texts::new();
    reader.list(&filter, |row| titles.extend(row.title.map(|title| (row.key, title))))?;
    Ok(titles)
}
