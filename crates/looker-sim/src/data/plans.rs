//! Schedules: on dashboards (some of them in the trash), looks, LookML
//! dashboards and queries; by clock or by datagroup; to all kinds of places.

use fastrand::Rng;

use super::template::secret;
use super::{Ground, Person, add, ids, moments, words};
use crate::PLANTED_WEBHOOK_KEY;
use crate::config::SimConfig;
use crate::json::{self, Writer};
use crate::kinds::Kind;
use crate::state::World;
use crate::table::as_text;

const CRONTABS: [&str; 5] = ["0 6 * * *", "*/15 8-18 * * 1-5", "0 9 1 * *", "30 7 * * 1", "5 4 * * 0"];

/// What the plans may be on, and the datagroups that may set them off.
struct Content<'c> {
    kinds: [(Kind, Vec<String>); 3],
    trash: Vec<String>,
    datagroups: Vec<String>,
    config: &'c SimConfig,
}

/// Makes all plans, enabled and disabled ones mixed.
pub(super) fn generate(config: &SimConfig, ground: &Ground, world: &mut World) {
    let mut rng = Rng::with_seed(config.seed ^ 0x5C4E);
    let mut enabled = vec![true; config.plans as usize];
    enabled.resize((config.plans + config.disabled_plans) as usize, false);
    rng.shuffle(&mut enabled);
    let kinds =
        [Kind::Dashboard, Kind::Look, Kind::LookmlDashboard].map(|kind| (kind, ids(world, kind, false)));
    let groups = world.table(Kind::Datagroup);
    let name = |slot: &u32| groups.row(*slot).text(Kind::Datagroup, "name").to_owned();
    let content = Content {
        kinds,
        trash: ids(world, Kind::Dashboard, true),
        datagroups: groups.slots(false).iter().take(2).map(name).collect(),
        config,
    };
    for (n, enabled) in enabled.into_iter().enumerate() {
        let n = n as u64;
        // The caller has some of its own, the rest is anybody's.
        let owner = if n % 6 == 1 { 0 } else { rng.usize(..ground.people.len()) };
        let plan = Draft { n, id: 11 + n + n / 5 * 3, enabled, owner: &ground.people[owner] };
        let body = plan.body(&content, ground, world, &mut rng);
        add(world, Kind::ScheduledPlan, body);
    }
}

struct Draft<'a> {
    n: u64,
    id: u64,
    enabled: bool,
    owner: &'a Person,
}

impl Draft<'_> {
    fn body(&self, content: &Content, ground: &Ground, world: &World, rng: &mut Rng) -> Writer {
        let born = moments::past(rng);
        let by_datagroup = self.n % 4 == 3 && !content.datagroups.is_empty();
        let once = self.n % 13 == 12;
        let mut w = Writer::with_capacity(3_000);
        w.begin('{');
        w.id("id", self.id);
        // Names of plans are not unique (`looker-api-facts.md` §10).
        w.text("name", &if self.n % 5 == 4 { "Weekly mail".to_owned() } else { words::title(rng) });
        w.id("user_id", self.owner.id);
        w.bool("enabled", self.enabled);
        self.push_target(content, ground, world, rng, &mut w);
        // Empty, not null, where a datagroup decides (`looker-api-facts.md` §10).
        w.text("crontab", if by_datagroup { "" } else { CRONTABS[rng.usize(..5)] });
        w.opt(
            "datagroup",
            by_datagroup.then(|| rng.choice(&content.datagroups)).flatten().map(String::as_str),
        );
        w.raw("timezone", ["\"America/New_York\"", "\"Europe/Zurich\"", "\"\"", "null"][rng.usize(..4)]);
        w.text("created_at", &moments::stamp(born));
        w.text("updated_at", &moments::stamp(born + rng.i64(0..30_000_000)));
        w.opt("next_run_at", (self.enabled && !once).then(|| moments::stamp(1_795_000_000)).as_deref());
        w.opt("last_run_at", rng.bool().then(|| moments::stamp(born + 86_400)).as_deref());
        w.bool("run_once", once);
        self.push_user(&mut w);
        self.push_destinations(content.config, rng, &mut w);
        Self::push_options(rng, &mut w);
        w.end('}');
        w
    }

    /// Exactly one target; its tabs, if it has any; its title.
    fn push_target(&self, content: &Content, ground: &Ground, world: &World, rng: &mut Rng, w: &mut Writer) {
        let (kind, ids) = match self.n % 10 {
            6 => (Kind::Dashboard, &content.trash),
            n => {
                let (kind, ids) = &content.kinds[[0, 1, 0, 2, 0, 1, 0, 0, 0, 1][n as usize]];
                (*kind, ids)
            }
        };
        let id = rng.choice(ids).filter(|_| self.n % 15 != 8);
        let target = id.and_then(|id| world.get(kind, id));
        let of = |wanted| id.filter(|_| kind == wanted).map(String::as_str);
        w.opt("dashboard_id", of(Kind::Dashboard));
        w.opt("look_id", of(Kind::Look));
        w.opt("lookml_dashboard_id", of(Kind::LookmlDashboard));
        let query = (1 + rng.u64(..ground.queries.max(1))).to_string();
        w.opt("query_id", id.is_none().then_some(query.as_str()));
        w.opt("title", target.map(|row| row.text(kind, "title")));
        let body = target.filter(|_| kind != Kind::Look).map_or("{}", |row| as_text(&row.body));
        let layouts: Vec<_> =
            json::elements(json::member(body, "dashboard_layouts").unwrap_or("[]")).collect();
        let tabs: Vec<_> = layouts.iter().filter_map(|layout| json::member(layout, "id")).collect();
        let chosen = tabs.len() > 1 && rng.bool();
        w.raw("tab_ids", &if chosen { format!("[{}]", tabs[1..].join(",")) } else { "null".to_owned() });
    }

    fn push_user(&self, w: &mut Writer) {
        w.begin_at("user", '{');
        w.members(r#""can":{"show":true}"#);
        w.id("id", self.owner.id);
        w.opt("first_name", self.owner.first());
        w.opt("last_name", self.owner.last());
        w.text("display_name", self.owner.name.as_deref().unwrap_or(""));
        w.text("avatar_url", &format!("https://gravatar.lookercdn.com/avatar/{:032x}?s=156", self.owner.id));
        w.text("url", &format!("https://localhost:19999/api/4.0/users/{}", self.owner.id));
        w.end('}');
    }

    fn push_destinations(&self, config: &SimConfig, rng: &mut Rng, w: &mut Writer) {
        let kind = ["email", "webhook", "email", "s3", "email", "sftp"][self.n as usize % 6];
        let count = if kind == "email" { 1 + rng.u64(..3) } else { 1 };
        w.begin_at("scheduled_plan_destination", '[');
        for n in 0..count {
            w.begin('{');
            w.id("id", self.id * 10 + n);
            w.id("scheduled_plan_id", self.id);
            w.text("type", kind);
            push_address(kind, self.id * 10 + n, config, rng, w);
            // Not returned (`looker-api-facts.md` §10), unless by a careless release.
            let told = config.secret_marker.is_some() && kind != "email";
            let key = told.then(|| format!(r#"{{"secret_access_key":"{}"}}"#, secret(config, rng)));
            w.opt("secret_parameters", key.as_deref());
            w.bool("apply_formatting", rng.bool());
            w.bool("apply_vis", rng.bool());
            w.bool("looker_recipient", kind == "email" && n == 0);
            w.opt("message", rng.bool().then(|| format!("Grüße,\n{}", words::prose(rng, 50))).as_deref());
            w.members(
                r#""can":{"show":true},"x_delivery":{"retries":null,"size_limit":12345678901234567890123}"#,
            );
            w.end('}');
        }
        w.end(']');
    }

    fn push_options(rng: &mut Rng, w: &mut Writer) {
        let filters = "?Date=28+day&Gr%C3%B6%C3%9Fe=%25%C3%BC%25";
        let filters = rng.bool().then_some(filters);
        w.opt("filters_string", filters);
        w.opt("dashboard_filters", filters);
        for name in ["run_as_recipient", "require_results", "require_no_results", "require_change"] {
            w.bool(name, rng.u8(..5) == 0);
        }
        w.members(r#""send_all_results":false,"embed":false"#);
        for name in
            ["include_links", "include_dashboard_summary", "pdf_landscape", "long_tables", "pdf_page_breaks"]
        {
            w.bool(name, rng.bool());
        }
        let custom = rng.u8(..4) == 0;
        w.bool("show_custom_url", custom);
        w.opt("custom_url_base", custom.then_some("https://portal.example.com"));
        w.opt("custom_url_params", custom.then_some("/d/7?ü=1"));
        w.opt("custom_url_label", custom.then_some("Portal öffnen"));
        w.raw("pdf_paper_size", ["null", "\"a4\"", "\"letter\"", "\"\""][rng.usize(..4)]);
        w.raw("color_theme", ["null", "\"Looker\""][rng.usize(..2)]);
        w.raw("inline_table_width", ["null", "900"][rng.usize(..2)]);
        w.members(r#""can":{"index":true,"show":true,"update":true,"destroy":true,"run_once":true,"index_all":true}"#);
        w.raw(
            "x_plan",
            &format!(r#"{{"attempts":{}.0,"owner_note":null,"tags":["a\/b","é"]}}"#, rng.u8(..9)),
        );
    }
}

/// Address, format, and the parameters that are no secret: JSON in a string.
fn push_address(kind: &str, id: u64, config: &SimConfig, rng: &mut Rng, w: &mut Writer) {
    let slug = words::slug(rng);
    let (address, format, parameters) = match kind {
        "email" => (
            format!("user.{id}+mail@example.com"),
            ["assembled_pdf", "inline_json", "csv"][rng.usize(..3)],
            None,
        ),
        // In clear, with the key that is a part of it.
        "webhook" => (
            format!("https://hooks.example.com/services/T{id}/{PLANTED_WEBHOOK_KEY}-{}", secret(config, rng)),
            "json_detail_lite_stream",
            None,
        ),
        "s3" => (
            format!("s3://reports-{id}/looker/"),
            "csv_zip",
            Some(format!(
                r#"{{"access_key_id":"{}","region":"eu-central-1"}}"#,
                if config.secret_marker.is_some() {
                    secret(config, rng)
                } else {
                    format!("AKIA{}", slug.to_uppercase())
                }
            )),
        ),
        _ => (
            format!("sftp://files.example.com:2222/in/{id}/"),
            "xlsx",
            Some(r#"{"username":"büro","preferred_ssh_key_algorithm":null}"#.to_owned()),
        ),
    };
    w.text("address", &address);
    w.text("format", format);
    w.opt("parameters", parameters.as_deref());
}
