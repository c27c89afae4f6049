//! Integration hubs and the integrations they offer. What these hold is
//! readable in the clear: tokens and addresses are secrets.

use super::attributes;
use super::template::{Source, opt};
use crate::config::SimConfig;
use crate::json::quoted;
use crate::kinds::Kind;

const HUB: &str = include_str!("bodies/integration_hub.json");
const INTEGRATION: &str = include_str!("bodies/integration.json");

/// Name and label of integrations. Alerts go to the first.
const OFFERED: [(&str, &str); 5] = [
    ("slack_app", "Slack „Büro“"),
    ("segment_event", "Segment Event"),
    ("google_sheets", "Google Sheets „Größe“"),
    ("sftp", "SFTP / Datei"),
    ("sendgrid", "SendGrid 📧"),
];

pub(super) fn generate(config: &SimConfig) -> Vec<(Kind, Vec<String>)> {
    let mut source = Source::new(config, 0x108);
    let hubs = (1..=2).map(|id| hub(&mut source, id)).collect();
    let mut source = Source::new(config, 0x107);
    let offered = (0..config.integrations as usize).map(|n| integration(&mut source, n)).collect();
    vec![(Kind::IntegrationHub, hubs), (Kind::Integration, offered)]
}

/// Hub 1 is Looker's own, hub 2 somebody's.
fn hub(source: &mut Source, id: u64) -> String {
    let official = id == 1;
    let url = if official {
        "https://actions.looker.com".to_owned()
    } else {
        format!("https://hub.größe.example.com/actions?key={}", source.secret())
    };
    let own = [
        ("id", format!("\"{id}\"")),
        ("url", quoted(&url)),
        ("label", quoted(if official { "Looker Action Hub" } else { "Eigener „Hub“" })),
        ("official", official.to_string()),
        ("fetch_error", opt((!official).then_some("Connection timed out – „hub“"))),
        ("has_token", (!official).to_string()),
        ("legal", opt(official.then_some("By using this hub you accept the terms.\n§1 …"))),
    ];
    source.fill(HUB, &own)
}

fn integration(source: &mut Source, n: usize) -> String {
    let (name, label) = OFFERED[n % OFFERED.len()];
    let hub = n % 2 + 1;
    let more = if n < OFFERED.len() { String::new() } else { format!("_{n}") };
    let attribute = attributes::name_of_one(source.config);
    let address = format!("https://hooks.example.com/services/{}?größe=1", source.secret());
    let own = [
        ("id", quoted(&format!("{hub}::{name}{more}"))),
        ("hub", format!("\"{hub}\"")),
        ("label", quoted(&format!("{label}{more}"))),
        ("description", opt((n != 3).then_some("Sends rows — „alle“ — elsewhere"))),
        ("enabled", (n % 3 != 2).to_string()),
        ("secret_url", quoted(&address)),
        ("attribute", opt(attribute.as_deref())),
        ("per_user", attribute.is_some().to_string()),
        ("icon", opt(n.is_multiple_of(2).then_some("data:image/svg+xml;base64,PHN2Zy8+"))),
    ];
    source.fill(INTEGRATION, &own)
}
