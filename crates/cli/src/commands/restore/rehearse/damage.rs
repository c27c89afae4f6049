//! Damage, done as people do it: by requests, of which nothing is counted.

use engine::restore::is_restorable;
use looker::catalogue::{Resource, Write};
use looker::client::Call;
use looker::pacing::Reason;
use looker::{Client, Kind};
use serde_json::{Value, json};
use vault::{InstanceId, Reader};

use super::Damage;
use super::stage::Stage;
use crate::report::Failure;

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Inflicted {
    /// Objects that were damaged.
    pub(super) done: usize,
    /// Objects that were left whole: they are not there, cannot be deleted, or have no
    /// title that can be changed.
    pub(super) spared: usize,
}

/// Damages what is selected.
///
/// # Errors
/// When the vault cannot be read, or the simulated Looker fails.
pub(super) async fn inflict(
    damage: Damage,
    stage: &Stage,
    reader: &Reader,
    instance: InstanceId,
    objects: &[(&'static Kind, String)],
) -> Result<Inflicted, Failure> {
    let client = stage.client(None, None)?;
    client.sign_in().await?;
    let mut inflicted = Inflicted::default();
    // From the last kind to the first: a folder goes after what lies in it.
    for (kind, key) in objects.iter().rev().filter(|(kind, _)| is_restorable(kind)) {
        let is_done = match damage {
            Damage::Empty => continue,
            Damage::Trash if kind.has_trash() => send(&client, into_the_trash(kind, key)).await?,
            Damage::Trash | Damage::Purge => send(&client, deletion(kind, key)).await?,
            Damage::Edit => {
                let stored = reader.show(instance, kind.name, key)?;
                let document = stored.and_then(|stored| serde_json::from_slice(&stored.body).ok());
                edit(&client, kind, key, &document.unwrap_or(Value::Null)).await?
            }
        };
        if is_done {
            inflicted.done += 1;
        } else {
            inflicted.spared += 1;
        }
    }
    Ok(inflicted)
}

/// A request, if there can be one. Whether it was done: what is not there, or is Looker's
/// own, stays as it is.
async fn send(client: &Client, call: Option<Call>) -> Result<bool, Failure> {
    let Some(call) = call else { return Ok(false) };
    match client.write(&call).await {
        Ok(_) => Ok(true),
        Err(error) if error.status.is_some_and(|status| (400..500).contains(&status)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn call(kind: &'static Kind, write: &'static Write, key: &str, body: Option<Value>) -> Call {
    let body = body.map(|body| body.to_string());
    Call::new(&write.operation, kind.name, Reason::Write).at(key).writing(write.method, body)
}

fn deletion(kind: &'static Kind, key: &str) -> Option<Call> {
    Some(call(kind, Resource::find(kind.name)?.delete.as_ref()?, key, None))
}

fn into_the_trash(kind: &'static Kind, key: &str) -> Option<Call> {
    Some(call(kind, Resource::find(kind.name)?.update.as_ref()?, key, Some(json!({ "deleted": true }))))
}

/// A change of one text of a resource.
fn renaming(
    kind: &'static Kind,
    resource: &'static Resource,
    key: &str,
    field: &str,
    before: &Value,
) -> Option<Call> {
    let update = resource.update.as_ref().filter(|_| resource.fields().contains(&field))?;
    let text = format!("{} (damaged)", before[field].as_str().unwrap_or("Untitled"));
    Some(call(kind, update, key, Some(json!({ field: text }))))
}

/// Another title; other titles of tiles too, of which the last is gone.
async fn edit(client: &Client, kind: &'static Kind, key: &str, document: &Value) -> Result<bool, Failure> {
    let Some(resource) = Resource::find(kind.name) else { return Ok(false) };
    let mut is_done = send(client, renaming(kind, resource, key, kind.envelope.title, document)).await?;
    let (Some(tiles), Some(elements)) =
        (Resource::find("dashboard_elements"), document["dashboard_elements"].as_array())
    else {
        return Ok(is_done);
    };
    for (at, tile) in elements.iter().enumerate() {
        let Some(id) = tile["id"].as_str() else { continue };
        let is_last = at + 1 == elements.len();
        let call = match &tiles.delete {
            Some(delete) if is_last => Some(call(kind, delete, id, None)),
            _ => renaming(kind, tiles, id, "title", tile),
        };
        is_done |= send(client, call).await?;
    }
    Ok(is_done)
}
