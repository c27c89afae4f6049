//! Conversational agents, and the artifacts that extensions store.

use super::models;
use super::people::Person;
use super::template::{Source, list, opt};
use crate::config::SimConfig;
use crate::json::quoted;
use crate::kinds::Kind;

const AGENT: &str = include_str!("bodies/agent.json");
const ARTIFACT: &str = include_str!("bodies/artifact.json");
const NAMESPACE: &str = include_str!("bodies/artifact_namespace.json");

/// Content metadata of agents has ids from here: beyond those of content.
const METADATA: u64 = 800_000_000;

/// Namespaces of extensions; keys repeat from one to the next.
const NAMESPACES: [&str; 3] = ["data-dictionary", "lookerplus::größe", "tile-extension"];

pub(super) fn generate(config: &SimConfig, people: &[Person]) -> Vec<(Kind, Vec<String>)> {
    let (artifacts, namespaces) = artifacts(config);
    vec![
        (Kind::Agent, agents(config, people)),
        (Kind::Artifact, artifacts),
        (Kind::ArtifactNamespace, namespaces),
    ]
}

/// As many live agents as are asked for, and one in the trash.
fn agents(config: &SimConfig, people: &[Person]) -> Vec<String> {
    let mut source = Source::new(config, 0xA6E);
    let trashed = u64::from(config.agents > 0);
    let agent = |n: u64| {
        let (model, explore, fields) = models::any_explore(&mut source.rng);
        let author = &people[source.rng.usize(..people.len())];
        let golden = source.rng.u32(1..100_000);
        let instructions = models::about(&mut source.rng).repeat(4);
        let workflow = n % 4 == 3;
        let own = [
            ("id", format!("\"{}\"", n + 1)),
            ("user_id", format!("\"{}\"", author.id)),
            ("user_number", author.id.to_string()),
            ("created_by", opt(author.name.as_deref())),
            ("first", opt(author.first)),
            ("last", opt(author.last)),
            ("avatar", quoted(&format!("https://gravatar.lookercdn.com/avatar/{:032x}", author.id))),
            ("category", quoted(["conversation", "dashboard"][n as usize % 2])),
            ("model", quoted(model)),
            ("explore", quoted(explore)),
            ("fields", list(fields.iter().take(2))),
            ("number", golden.to_string()),
            ("query_number", (1 + golden % 10).to_string()),
            ("answer", quoted(&format!("/explore/{model}/{explore}?fields={}&größe=1", fields[0]))),
            ("instructions", quoted(&instructions)),
            ("deleted", (trashed == 1 && n == 1).to_string()),
            ("content_metadata_id", format!("\"{}\"", METADATA + n)),
            ("primary_agent", if workflow { quoted("1") } else { "null".to_owned() }),
        ];
        source.fill(AGENT, &own)
    };
    (0..u64::from(config.agents) + trashed).map(agent).collect()
}

/// Artifacts in the order of namespace and key, and the namespaces with their
/// counts.
fn artifacts(config: &SimConfig) -> (Vec<String>, Vec<String>) {
    let mut source = Source::new(config, 0xA97);
    let (mut artifacts, mut namespaces) = (Vec::new(), Vec::new());
    for (n, namespace) in NAMESPACES.iter().enumerate() {
        let count = (config.artifacts as usize + NAMESPACES.len() - 1 - n) / NAMESPACES.len();
        for nth in 0..count {
            artifacts.push(artifact(&mut source, namespace, nth));
        }
        if count > 0 {
            let own = [("namespace", quoted(namespace)), ("count", count.to_string())];
            namespaces.push(source.fill(NAMESPACE, &own));
        }
    }
    (artifacts, namespaces)
}

fn artifact(source: &mut Source, namespace: &str, n: usize) -> String {
    let plain = n % 3 == 2;
    let about = models::about(&mut source.rng);
    let value = if plain {
        about
    } else {
        format!(r#"{{"größe":{},"weight":1.50,"note":{}}}"#, source.rng.u32(..), quoted(&about))
    };
    let own = [
        ("key", quoted(&format!("settings/größe_{n:04}"))),
        ("value", quoted(&value)),
        ("content_type", quoted(if plain { "text/plain" } else { "application/json" })),
        ("version", (1 + source.rng.u32(..9)).to_string()),
        ("namespace", quoted(namespace)),
        ("value_size", value.len().to_string()),
    ];
    source.fill(ARTIFACT, &own)
}
