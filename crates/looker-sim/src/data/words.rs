//! The vocabulary of generated content, and names made to give trouble.

use fastrand::Rng;

const PACES: &[&str] = &["Daily", "Weekly", "Monthly", "Quarterly", "Rolling 28 Day", "Live", "YTD", "FY25"];
const SUBJECTS: &[&str] = &[
    "Revenue",
    "Orders",
    "Churn",
    "Retention",
    "Pipeline",
    "Inventory",
    "Shipments",
    "Returns",
    "Margin",
    "Sign-ups",
    "Campaign Spend",
    "Support Tickets",
    "Web Traffic",
    "Headcount",
    "Bookings",
    "Refunds",
    "Fulfilment",
    "Subscriptions",
    "Cash Flow",
    "NPS",
];
const GROUPINGS: &[&str] = &[
    "Region",
    "Product",
    "Channel",
    "Cohort",
    "Store",
    "Segment",
    "Sales Rep",
    "Warehouse",
    "Country",
    "Age Tier",
    "Traffic Source",
    "Brand",
    "Supplier",
    "Plan",
];
const PLACES: &[&str] = &["EMEA", "APAC", "LATAM", "North America", "DACH", "UK & Ireland", "Global"];
const TEAMS: &[&str] = &[
    "Finance",
    "Marketing",
    "Sales",
    "Operations",
    "Product",
    "People",
    "Support",
    "Data",
    "Legal",
    "Logistics",
    "Growth",
    "Executive",
];
const PLAIN: &[&str] = &[
    "the",
    "and",
    "of",
    "for",
    "with",
    "from",
    "this",
    "shows",
    "compare",
    "against",
    "last",
    "quarter",
    "target",
    "orders",
    "customers",
    "revenue",
    "figures",
    "exclude",
    "test",
    "accounts",
    "refreshed",
    "every",
    "morning",
    "contact",
    "team",
    "before",
    "changing",
    "filters",
    "definition",
    "gross",
    "net",
    "margin",
    "after",
    "returns",
    "shipping",
    "cost",
    "allocated",
    "by",
    "weight",
    "warehouse",
    "region",
    "segment",
    "monthly",
    "close",
    "audited",
    "preliminary",
    "numbers",
    "may",
    "move",
    "until",
    "day",
    "five",
    "see",
    "glossary",
    "trend",
    "seasonal",
    "campaign",
];
const FIRST_NAMES: &[&str] = &[
    "Ada",
    "Björn",
    "Chloé",
    "Dmitri",
    "Eun-ji",
    "Fatima",
    "Grace",
    "Hiroshi",
    "Inês",
    "José",
    "Katarzyna",
    "Liam",
    "Maëlle",
    "Ngozi",
    "Oğuz",
    "Priya",
];
const LAST_NAMES: &[&str] = &[
    "O'Brien",
    "Müller",
    "García-Márquez",
    "Kowalski",
    "Nakamura",
    "Østergård",
    "van der Berg",
    "Okafor",
    "Smith",
    "Şahin",
    "Li",
    "Dubois",
    "Rossi",
    "Novák",
];

/// Titles that have broken exporters, shells, spreadsheets and file systems.
/// The two spellings of `Café` differ in their bytes only.
const NASTY_TITLES: &[&str] = &[
    "\"Quoted\" and 'single'",
    "Back\\slash / slash",
    "Umsätze – Größenklassen (Straße)",
    "🚀 Launch metrics 🎉",
    "Two\nlines",
    "لوحة المبيعات",
    "売上ダッシュボード",
    "<script>alert(1)</script>",
    "100% of_goal",
    "'; DROP TABLE dashboards; --",
    "  padded  ",
    "👩‍👩‍👧‍👦 Family plan",
    "Caf\u{e9} sales",
    "Cafe\u{301} sales",
    "NULL",
    "=SUM(A1:A9)",
    "..",
    "Tab\tseparated & {{ liquid }}",
    "A very long title that somebody pasted out of a meeting invitation, with an agenda, three dial-in numbers and \
     the name of everyone who was asked to come, because there was nowhere else to put it and nobody said no",
];

const NASTY_FOLDERS: &[&str] = &[
    "Finance/Reporting",
    "R&D \"Skunkworks\"",
    "Ventes – Été",
    "共有",
    "📦 Archive",
    "50%_off",
    "C:\\temp",
    ".hidden",
];

fn pick<'a>(rng: &mut Rng, words: &[&'a str]) -> &'a str {
    words[rng.usize(..words.len())]
}

/// A title for a dashboard, look or tile; one in twelve gives trouble.
pub(super) fn title(rng: &mut Rng) -> String {
    match rng.u8(..12) {
        0 => pick(rng, NASTY_TITLES).to_owned(),
        1..=4 => format!("{} {} by {}", pick(rng, PACES), pick(rng, SUBJECTS), pick(rng, GROUPINGS)),
        5..=7 => format!("{} {} ({})", pick(rng, SUBJECTS), pick(rng, GROUPINGS), pick(rng, PLACES)),
        _ => format!("{} {}: {}", pick(rng, TEAMS), pick(rng, PACES), pick(rng, SUBJECTS)),
    }
}

/// A folder's name; one in four gives trouble.
pub(super) fn folder(rng: &mut Rng) -> String {
    match rng.u8(..8) {
        0 | 1 => pick(rng, NASTY_FOLDERS).to_owned(),
        2..=4 => pick(rng, TEAMS).to_owned(),
        _ => format!("{} {}", pick(rng, TEAMS), pick(rng, PLACES)),
    }
}

/// A first and a last name.
pub(super) fn person(rng: &mut Rng) -> (&'static str, &'static str) {
    (pick(rng, FIRST_NAMES), pick(rng, LAST_NAMES))
}

/// A team, for groups and roles.
pub(super) fn team(rng: &mut Rng) -> &'static str {
    pick(rng, TEAMS)
}

/// Appends about `bytes` of prose without characters that JSON escapes.
pub(super) fn push_prose(rng: &mut Rng, bytes: usize, out: &mut String) {
    let end = out.len() + bytes;
    while out.len() < end {
        out.push_str(pick(rng, PLAIN));
        out.push(' ');
    }
}

/// About `bytes` of prose.
pub(super) fn prose(rng: &mut Rng, bytes: usize) -> String {
    let mut out = String::with_capacity(bytes + 16);
    push_prose(rng, bytes, &mut out);
    out.pop();
    out
}

/// A slug of 22 characters, as Looker gives queries and dashboards.
pub(super) fn slug(rng: &mut Rng) -> String {
    (0..22).map(|_| rng.alphanumeric()).collect()
}
