//! Alerts on tiles that show data, of live dashboards and of LookML ones.

use fastrand::Rng;

use super::template::secret;
use super::{Ground, Person, add, ids, words};
use crate::config::SimConfig;
use crate::json::{self, Writer};
use crate::kinds::Kind;
use crate::state::World;
use crate::table::as_text;

const COMPARISONS: [&str; 4] = ["GREATER_THAN", "LESS_THAN_OR_EQUAL_TO", "EQUAL_TO", "INCREASES_BY"];
/// One of each frequency that a search can ask for.
const CRONS: [&str; 5] = ["*/20 * * * *", "0 */4 * * *", "0 7 * * *", "0 9 * * 1", "0 8 1 * *"];
/// A double does not hold all of these as they are written.
const THRESHOLDS: [&str; 6] = ["100.0", "1E5", "-0.5", "9007199254740993", "0.1", "42"];

/// A tile, and the dashboard around it.
struct Place {
    dashboard: String,
    title: String,
    lookml: bool,
    tile: String,
    field: String,
    filters: Vec<String>,
}

/// What an alert sets off.
struct Action<'h> {
    hub: &'h str,
    /// A key in its form, which a marker asks for.
    key: Option<String>,
}

impl Action<'_> {
    /// The form as its author filled it in: JSON in a text.
    fn form(&self) -> String {
        let key = self.key.as_ref().map(|key| format!(r#","key":"{key}""#)).unwrap_or_default();
        format!(r#"{{"channel":"C042 – büro","n":1.0{key}}}"#)
    }
}

/// Makes all alerts; none where no dashboard has a tile with data.
pub(super) fn generate(config: &SimConfig, ground: &Ground, world: &mut World) {
    let mut rng = Rng::with_seed(config.seed ^ 0xA1E2);
    let (dashboards, lookml) = (ids(world, Kind::Dashboard, false), ids(world, Kind::LookmlDashboard, false));
    let hub = ids(world, Kind::Integration, false).into_iter().next();
    for n in 0..u64::from(config.alerts) {
        let is_lookml = n % 9 == 8;
        let (kind, among) =
            if is_lookml { (Kind::LookmlDashboard, &lookml) } else { (Kind::Dashboard, &dashboards) };
        let place = (0..50).find_map(|_| place(world, kind, rng.choice(among)?, &mut rng));
        let Some(place) = place else { continue };
        let owner = if n % 4 == 1 { 0 } else { rng.usize(..ground.people.len()) };
        let key = config.secret_marker.is_some().then(|| secret(config, &mut rng));
        let to = hub.as_deref().filter(|_| n % 4 == 2).map(|hub| Action { hub, key });
        let body = alert(n, &place, &ground.people[owner], to.as_ref(), &mut rng);
        add(world, Kind::Alert, body);
    }
}

/// Any tile with data of a dashboard.
fn place(world: &World, kind: Kind, id: &str, rng: &mut Rng) -> Option<Place> {
    let row = world.get(kind, id)?;
    let body = as_text(&row.body);
    let tiles = json::elements(json::member(body, "dashboard_elements")?);
    let tiles: Vec<&str> = tiles.filter(|tile| json::member(tile, "type") == Some("\"vis\"")).collect();
    let tile = rng.choice(tiles)?;
    let query = json::member(tile, "query").filter(|query| *query != "null");
    let fields = query.and_then(|query| json::member(query, "fields"));
    let field = fields.and_then(|fields| json::elements(fields).last()).and_then(json::text);
    Some(Place {
        dashboard: row.id.to_string(),
        title: row.text(kind, "title").to_owned(),
        lookml: kind == Kind::LookmlDashboard,
        tile: json::text(json::member(tile, "id")?)?,
        field: field.unwrap_or_else(|| "orders.count".to_owned()),
        filters: json::elements(json::member(body, "dashboard_filters")?).map(str::to_owned).collect(),
    })
}

fn alert(n: u64, place: &Place, owner: &Person, action: Option<&Action>, rng: &mut Rng) -> Writer {
    let disabled = n % 5 == 3;
    let custom = rng.u8(..4) == 0;
    let lookml = place.lookml.then_some(place.dashboard.as_str());
    let link = format!("{}::{}", place.dashboard, place.tile);
    let mut w = Writer::with_capacity(2_000);
    w.begin('{');
    w.id("id", 3 + n + n / 6 * 2);
    w.id("owner_id", owner.id);
    w.opt("owner_display_name", owner.name.as_deref());
    w.opt("custom_title", rng.bool().then(|| words::title(rng)).as_deref());
    w.opt("description", rng.bool().then(|| words::prose(rng, 60)).as_deref());
    w.bool("is_disabled", disabled);
    w.opt("disabled_reason", disabled.then_some("Too many errors – „Schluß“"));
    w.bool("is_public", rng.bool());
    w.text("cron", CRONS[n as usize % 5]);
    w.text("dashboard_element_id", &place.tile);
    w.text("investigative_content_type", "dashboard");
    w.text("investigative_content_id", &place.dashboard);
    w.text("investigative_content_title", &place.title);
    w.opt("lookml_dashboard_id", lookml);
    w.opt("lookml_link_id", lookml.map(|_| link.as_str()));
    w.raw("query_id", "null");
    w.text("comparison_type", COMPARISONS[rng.usize(..4)]);
    w.raw("threshold", THRESHOLDS[rng.usize(..6)]);
    push_field(place, rng, &mut w);
    push_filters(place, rng, &mut w);
    push_destinations(n, owner, action, &mut w);
    w.bool("followed", rng.bool());
    w.bool("followable", true);
    w.bool("show_custom_url", custom);
    w.opt("custom_url_base", custom.then_some("https://portal.example.com"));
    w.opt("custom_url_params", custom.then_some("/alert?ä=1"));
    w.opt("custom_url_label", custom.then_some("Portal"));
    w.raw("enhancements", ["null", "\"NONE\""][rng.usize(..2)]);
    w.members(r#""time_series_condition_state":null"#);
    w.raw(
        "x_alert",
        &format!(r#"{{"snoozed_until":null,"runs":90071992547409{:02},"rate":{}.0}}"#, rng.u8(10..99), n % 7),
    );
    w.end('}');
    w
}

fn push_field(place: &Place, rng: &mut Rng, w: &mut Writer) {
    let values = ["\"Outerwear & \\\"Coats\\\"\"", "9007199254740993", "1.0", "null"];
    w.begin_at("field", '{');
    w.text("title", &place.field.replace(['.', '_'], " "));
    w.text("name", &place.field);
    if rng.bool() {
        w.raw(
            "filter",
            &format!(
                r#"[{{"field_name":"products.category","field_value":{},"filter_value":null,"x_rank":1.50}}]"#,
                values[rng.usize(..3)]
            ),
        );
    } else {
        w.raw("filter", "null");
    }
    w.members(r#""x_label":null"#);
    w.end('}');
}

/// The dashboard's filters as they stood; now and then one without a title,
/// which no create accepts (`looker-api-facts.md` §11).
fn push_filters(place: &Place, rng: &mut Rng, w: &mut Writer) {
    w.begin_at("applied_dashboard_filters", '[');
    for (n, filter) in place.filters.iter().enumerate() {
        let text = |name| json::member(filter, name).and_then(json::text).unwrap_or_default();
        let nameless = n > 0 && rng.u8(..5) == 0;
        w.begin('{');
        w.text("filter_title", &if nameless { String::new() } else { text("title") });
        w.text("field_name", &text("dimension"));
        w.text("filter_value", &text("default_value"));
        w.opt("filter_description", rng.bool().then(|| format!("is {}", text("default_value"))).as_deref());
        w.members(r#""x_applied":{"from":null}"#);
        w.end('}');
    }
    w.end(']');
}

/// All of one type: an action, or mail.
fn push_destinations(n: u64, owner: &Person, action: Option<&Action>, w: &mut Writer) {
    w.begin_at("destinations", '[');
    for m in 0..if action.is_some() { 1 } else { 1 + n % 3 } {
        let address = format!("user.{}+alert{m}@example.com", owner.id);
        w.begin('{');
        w.text("destination_type", if action.is_some() { "ACTION_HUB" } else { "EMAIL" });
        w.opt("email_address", action.is_none().then_some(address.as_str()));
        w.opt("action_hub_integration_id", action.map(|action| action.hub));
        w.opt("action_hub_form_params_json", action.map(Action::form).as_deref());
        w.members(r#""x_destination":null"#);
        w.end('}');
    }
    w.end(']');
}
