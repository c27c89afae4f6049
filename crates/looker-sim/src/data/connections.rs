//! Connections, the ways to their databases, and the applications they sign in
//! with. No password is ever among it (`looker-api-facts.md` §12), unless a marker
//! asks for a careless release.

use super::attributes;
use super::template::{Source, list, opt};
use crate::config::SimConfig;
use crate::json::quoted;
use crate::kinds::Kind;

const CONNECTION: &str = include_str!("bodies/connection.json");
const SERVER: &str = include_str!("bodies/ssh_server.json");
const TUNNEL: &str = include_str!("bodies/ssh_tunnel.json");
const APPLICATION: &str = include_str!("bodies/external_oauth_application.json");

/// Dialect, its label, driver, host, port.
const DIALECTS: [(&str, &str, &str, &str, &str); 3] = [
    ("bigquery_standard_sql", "Google BigQuery Standard SQL", "1.5.2.1005", "demo-größe-project", "443"),
    ("snowflake", "Snowflake", "3.16.1", "xy12345.eu-central-1.snowflakecomputing.com", "443"),
    ("redshift", "Amazon Redshift", "2.1.0.30", "localhost", "9021"),
];

/// Names of all connections: in lower case, as Looker gives them back.
pub(super) fn names(config: &SimConfig) -> Vec<String> {
    let name = |n: u32| match n {
        0 => "thelook".to_owned(),
        1 => "warehouse".to_owned(),
        2 => "redshift-eu_größe".to_owned(),
        _ => format!("connection_{n}"),
    };
    (0..config.connections.max(1)).map(name).collect()
}

/// The dialect of the n-th connection.
pub(super) fn dialect(n: usize) -> &'static str {
    DIALECTS[n % DIALECTS.len()].0
}

pub(super) fn generate(config: &SimConfig) -> Vec<(Kind, Vec<String>)> {
    let mut source = Source::new(config, 0xC0);
    let names = names(config);
    let connections = names.iter().enumerate().map(|(n, name)| connection(&mut source, n, name)).collect();
    let tunnels = (0..names.len()).filter(|n| tunnelled(*n)).count();
    vec![
        (Kind::Connection, connections),
        (Kind::SshServer, vec![server(&mut Source::new(config, 0x55))]),
        (Kind::SshTunnel, tunnels_to(&mut Source::new(config, 0x56), tunnels)),
        (Kind::ExternalOauthApplication, applications(&mut Source::new(config, 0x0A))),
    ]
}

fn tunnelled(n: usize) -> bool {
    dialect(n) == "redshift"
}

fn connection(source: &mut Source, n: usize, name: &str) -> String {
    let (dialect, label, driver, host, port) = DIALECTS[n % DIALECTS.len()];
    let bigquery = dialect == "bigquery_standard_sql";
    let snowflake = dialect == "snowflake";
    let tunnel = format!("{}", n / DIALECTS.len() + 1);
    // With a marker, an address that somebody put a passphrase into.
    let jdbc = match source.config.secret_marker {
        Some(_) if snowflake => format!("privateKeyPassphrase={}", source.secret()),
        _ => "TIMEZONE=UTC&größe=1%20".to_owned(),
    };
    let after_connect = match source.config.secret_marker {
        Some(_) if tunnelled(n) => format!("SET session.password = '{}'", source.secret()),
        _ => "SET application_name = 'looker – größe';\nSET x = 1".to_owned(),
    };
    let own = [
        ("name", quoted(name)),
        ("dialect", quoted(dialect)),
        ("dialect_label", quoted(label)),
        ("driver", quoted(driver)),
        ("bigquery", bigquery.to_string()),
        ("cost_style", opt(bigquery.then_some("cost"))),
        ("host", quoted(host)),
        // A text, as recorded (`looker-api-facts.md` §12).
        ("port", quoted(port)),
        ("username", opt((!bigquery).then_some("looker_größe"))),
        ("has_password", (!bigquery && !snowflake).to_string()),
        ("uses_oauth", snowflake.to_string()),
        ("database", quoted(&format!("analytics_{n}"))),
        ("query_timezone", opt((n % 2 == 1).then_some("Europe/Berlin"))),
        ("schema", opt(snowflake.then_some("PUBLIC"))),
        ("max_connections", (5 + n * 10).to_string()),
        ("jdbc", quoted(&jdbc)),
        ("example", (n == 0).to_string()),
        ("attribute_fields", if snowflake { attributes::names(source.config) } else { "null".to_owned() }),
        ("epoch_text", quoted("1718000000")),
        ("after_connect", opt((!bigquery).then_some(&after_connect))),
        ("pdt_override", pdt_override(source, tunnelled(n))),
        ("tunnel_id", quoted(if tunnelled(n) { &tunnel } else { "" })),
        ("oauth_application_id", opt(snowflake.then_some("1"))),
    ];
    source.fill(CONNECTION, &own)
}

/// Another account for derived tables, with a marker: its password as well.
fn pdt_override(source: &mut Source, is_there: bool) -> String {
    if !is_there || source.config.secret_marker.is_none() {
        return "null".to_owned();
    }
    format!(
        r#"{{"context":"pdt","username":"pdt","password":{},"pdt_password":{},"pdt_certificate":{},"jdbc_additional_params":"x=1"}}"#,
        quoted(&source.secret()),
        quoted(&source.secret()),
        quoted(&source.secret()),
    )
}

const SSH_HOST: &str = "bastion.größe.example.com";

fn server(source: &mut Source) -> String {
    let (md5, sha) = (source.rng.u128(..), source.rng.u128(..));
    let own = [
        ("id", quoted("1")),
        ("name", quoted("Bastion „Süd“")),
        ("host", quoted(SSH_HOST)),
        ("finger_print", quoted(&format!("{md5:032x}"))),
        ("sha", quoted(&format!("SHA256:{sha:032x}"))),
        ("public_key", quoted(&format!("ssh-rsa AAAAB3NzaC1yc2E{sha:032x} Looker"))),
    ];
    source.fill(SERVER, &own)
}

fn tunnels_to(source: &mut Source, count: usize) -> Vec<String> {
    let tunnel = |n: usize| {
        let own = [
            ("id", format!("\"{}\"", n + 1)),
            ("ssh_server_id", quoted("1")),
            ("ssh_server_name", quoted("Bastion „Süd“")),
            ("host", quoted(SSH_HOST)),
            ("local_port", (9021 + n).to_string()),
            ("database_host", quoted(&format!("redshift-{n}.internal.example.com"))),
        ];
        source.fill(TUNNEL, &own)
    };
    (0..count).map(tunnel).collect()
}

fn applications(source: &mut Source) -> Vec<String> {
    let application = |n: usize| {
        let own = [
            ("id", format!("\"{}\"", n + 1)),
            ("name", quoted(["xy12345.eu-central-1", "BigQuery „OAuth“"][n])),
            ("client_id", quoted(&format!("client-{:016x}", source.rng.u64(..)))),
            ("dialect", quoted(DIALECTS[1 - n].0)),
        ];
        source.fill(APPLICATION, &own)
    };
    (0..2).map(application).collect()
}

/// All connection names as a JSON array: what a model of unlimited connections
/// lists (`looker-api-facts.md` §12).
pub(super) fn all(config: &SimConfig) -> String {
    list(names(config))
}
