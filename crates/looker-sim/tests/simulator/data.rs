//! The generated content: valid, complete, distinct, nasty, and the same for
//! the same seed.

use std::collections::{HashMap, HashSet};

use looker_sim::{Kind, PLANTED_SECRET, Sim, SimConfig};
use serde_json::Value;

use crate::common::House;

async fn instance(config: SimConfig) -> Sim {
    Sim::start(config).await.expect("a free port")
}

/// Members each type must have, by Looker's API document.
fn members_of(kind: &str) -> &'static str {
    match kind {
        "Dashboard" => {
            "alert_sync_with_dashboard_filter_enabled appearance background_color can certification_metadata \
             chat_enabled content_favorite_id content_metadata_id created_at crossfilter_enabled dashboard_elements \
             dashboard_filters dashboard_layouts deleted deleted_at deleter_id description download_settings \
             edit_uri enable_viz_full_screen favorite_count filters_bar_collapsed filters_location_top folder \
             folder_id hidden id is_owner_disabled last_accessed_at last_updater_id last_updater_name \
             last_viewed_at load_configuration lookml_link_id model preferred_viewer preserve_desktop_layout \
             query_timezone readonly refresh_interval refresh_interval_to_i show_filters_bar show_title slug \
             text_tile_text_color tile_background_color tile_text_color title title_color updated_at url \
             usage_count user_id user_name view_count"
        }
        "DashboardElement" => {
            "alert_count aria_description body_text body_text_as_html can certification_metadata dashboard_id \
             dashboard_layout_id edit_uri extension_id filter_id id look look_id lookml_link_id merge_result_id \
             note_display note_state note_text note_text_as_html query query_id refresh_interval \
             refresh_interval_to_i result_maker result_maker_id rich_content_json subtitle_text \
             subtitle_text_as_html title title_hidden title_text title_text_as_html type"
        }
        "DashboardFilter" => {
            "allow_multiple_values can dashboard_id default_value dimension explore field id listens_to_filters \
             model name required row title type ui_config"
        }
        "DashboardLayout" => {
            "active can column_width dashboard_id dashboard_layout_components dashboard_title deleted description \
             id label lookml_link_id order type width"
        }
        "DashboardLayoutComponent" => {
            "can column dashboard_element_id dashboard_layout_id deleted element_title element_title_hidden \
             granular_column granular_height granular_row granular_width height id row vis_type width"
        }
        "Query" => {
            "can client_id column_limit dynamic_fields expanded_share_url fields fill_fields filter_config \
             filter_expression filters has_table_calculations id limit model pivots query_timezone row_total \
             share_url slug sorts subtotals total url view vis_config visible_ui_sections"
        }
        "LookWithQuery" => {
            "can certification_metadata content_favorite_id content_metadata_id created_at deleted deleted_at \
             deleter_id description embed_url excel_file_url favorite_count folder folder_id \
             google_spreadsheet_formula id image_embed_url is_owner_disabled is_run_on_load last_accessed_at \
             last_updater_id last_viewed_at model public public_slug public_url query query_id short_url title \
             updated_at url usage_count user_id user_name view_count"
        }
        "FolderBase" => {
            "can child_count content_metadata_id created_at creator_id external_id id is_embed \
             is_embed_shared_root is_embed_users_root is_personal is_personal_descendant is_shared_root \
             is_users_root name parent_id"
        }
        "User" => {
            "allow_direct_roles allow_normal_group_membership allow_roles_from_normal_groups avatar_url \
             avatar_url_without_sizing can can_manage_api3_creds credentials_api3 credentials_email \
             credentials_embed credentials_google credentials_ldap credentials_looker_openid credentials_oidc \
             credentials_saml credentials_totp credentials_workforce display_name email embed_group_folder_id \
             embed_group_space_id first_name group_ids home_folder_id id is_disabled is_iam_admin \
             is_service_account last_name locale looker_versions models_dir_validated personal_folder_id \
             presumed_looker_employee role_ids roles_externally_managed service_account_name sessions ui_state \
             url verified_looker_employee"
        }
        "Group" => {
            "can can_add_to_content_metadata contains_current_user external_group_id externally_managed id \
             include_by_default name user_count"
        }
        "Role" => {
            "can id internal model_set model_set_id name permission_set permission_set_id url users_url"
        }
        _ => panic!("no members known of {kind}"),
    }
}

fn check(kind: &str, object: &Value) {
    for name in members_of(kind).split_whitespace() {
        assert!(object.get(name).is_some(), "{kind} {} lacks {name}", object["id"]);
    }
}

fn check_all(sim: &Sim, kind: Kind, name: &str) {
    for object in parse(&sim.export(kind)) {
        check(name, &object);
    }
}

fn parse(bodies: &[(String, impl AsRef<[u8]>)]) -> Vec<Value> {
    bodies.iter().map(|(_, body)| serde_json::from_slice(body.as_ref()).unwrap()).collect()
}

#[tokio::test]
async fn every_object_has_every_member_of_its_type() {
    let sim = instance(SimConfig::default()).await;
    for dashboard in parse(&sim.export(Kind::Dashboard)) {
        check("Dashboard", &dashboard);
        check("FolderBase", &dashboard["folder"]);
        for tile in dashboard["dashboard_elements"].as_array().unwrap() {
            check("DashboardElement", tile);
            for query in [&tile["query"], &tile["look"]["query"], &tile["result_maker"]["query"]] {
                if query.is_object() {
                    check("Query", query);
                }
            }
        }
        for filter in dashboard["dashboard_filters"].as_array().unwrap() {
            check("DashboardFilter", filter);
        }
        for layout in dashboard["dashboard_layouts"].as_array().unwrap() {
            check("DashboardLayout", layout);
            for component in layout["dashboard_layout_components"].as_array().unwrap() {
                check("DashboardLayoutComponent", component);
            }
        }
    }
    check_all(&sim, Kind::Look, "LookWithQuery");
    check_all(&sim, Kind::Folder, "FolderBase");
    check_all(&sim, Kind::User, "User");
    for kind in [Kind::Group, Kind::GroupHierarchy, Kind::GroupWithRoles] {
        check_all(&sim, kind, "Group");
    }
    check_all(&sim, Kind::Role, "Role");
}

#[tokio::test]
async fn content_is_nasty() {
    let sim = instance(SimConfig::default()).await;
    let bodies = sim.export(Kind::Dashboard);
    let all: String = bodies.iter().map(|(_, body)| std::str::from_utf8(body).unwrap()).collect();
    for spelled in [
        "12345678901234567890123",
        "9007199254740993",
        ":1.0,",
        ":1E5,",
        ":-0.0,",
        "🚀",
        "Caf\u{e9}",
        "Cafe\u{301}",
        "Two\\nlines",
        "\\\"Quoted\\\"",
        "\"x_release_fields\"",
        "\"x_tile_state\"",
        "\"analysis_config\"",
        "https://localhost:19999/api/4.0/",
    ] {
        assert!(all.contains(spelled), "no {spelled} anywhere");
    }
    let dashboards = parse(&bodies);
    let tiles = |d: &Value| d["dashboard_elements"].as_array().unwrap().clone();
    assert!(dashboards.iter().any(|d| tiles(d).is_empty()), "none without tiles");
    assert!(dashboards.iter().any(|d| tiles(d).len() == 60), "none with sixty tiles");
    assert!(dashboards.iter().any(|d| d["dashboard_layouts"].as_array().unwrap().len() == 3));
    let types: HashSet<String> =
        dashboards.iter().flat_map(tiles).map(|tile| tile["type"].to_string()).collect();
    assert_eq!(types.len(), 4, "{types:?}");
    let all_tiles: Vec<Value> = dashboards.iter().flat_map(tiles).collect();
    assert!(all_tiles.iter().any(|tile| tile["merge_result_id"].is_string()));
    assert!(all_tiles.iter().any(|tile| tile["look_id"].is_string() && tile["title"].is_null()));
    assert!(
        all_tiles.iter().any(|t| t["query_id"].is_null() && t["result_maker"]["query"].is_object()),
        "no tile with its query only in the result maker"
    );
    let listens = |tile: &Value| tile["result_maker"]["filterables"][0]["listen"][0]["field"].is_string();
    assert!(all_tiles.iter().any(listens));
    let mut seen: HashMap<String, HashSet<String>> = HashMap::new();
    for dashboard in &dashboards {
        let folder = dashboard["folder_id"].to_string();
        let title = dashboard["title"].to_string().to_lowercase();
        let is_new = seen.entry(title).or_default().insert(folder) || dashboard["deleted"] == true;
        assert!(is_new, "the title {} twice in one folder", dashboard["title"]);
    }
    assert!(seen.values().any(|folders| folders.len() > 1), "no title in two folders");
}

#[tokio::test]
async fn people_and_folders_have_their_oddities() {
    let sim = instance(SimConfig::default()).await;
    let folders = parse(&sim.export(Kind::Folder));
    let folder = |id: &str| folders.iter().find(|folder| folder["id"] == id).unwrap();
    assert_eq!(folder("1")["is_shared_root"], true);
    assert_eq!(folder("2")["is_users_root"], true);
    assert!(folder("lookml")["content_metadata_id"].is_null());
    assert!(folders.iter().any(|folder| folder["name"].is_null() && folder["is_personal"] == true));
    assert!(folders.iter().any(|folder| folder["is_personal_descendant"] == true));
    assert!(folders.iter().any(|folder| folder["name"].as_str().is_some_and(|name| name.contains('/'))));
    let depth = |mut id: String| {
        let mut depth = 0;
        while let Some(parent) = folder(&id)["parent_id"].as_str() {
            id = parent.to_owned();
            depth += 1;
        }
        depth
    };
    let deepest = folders.iter().map(|f| depth(f["id"].as_str().unwrap().to_owned())).max();
    assert!(deepest >= Some(3), "folders are only {deepest:?} deep");
    let roles = parse(&sim.export(Kind::Role));
    assert!(roles.iter().any(|role| role["permission_set"].is_null()));
    assert_eq!(roles[0]["permission_set"]["built_in"], true);
    let users = sim.export(Kind::User);
    let planted = |body: &[u8]| String::from_utf8_lossy(body).contains(PLANTED_SECRET);
    assert!(users.iter().filter(|(_, body)| planted(body)).count() > 10);
    let users = parse(&users);
    assert!(users.iter().any(|user| user["is_disabled"] == true));
    assert!(
        users.iter().any(|user| user["credentials_email"].is_null() && user["credentials_saml"].is_object())
    );
    assert!(users.iter().any(|user| user["is_service_account"] == true));
}

#[tokio::test]
async fn the_same_seed_makes_the_same_instance_and_another_does_not() {
    let export = |seed| async move {
        let sim = instance(SimConfig { seed, ..SimConfig::default() }).await;
        let kinds = [Kind::Dashboard, Kind::Look, Kind::Folder, Kind::User, Kind::Group];
        kinds.map(|kind| sim.export(kind))
    };
    let (one, again, other) = (export(7).await, export(7).await, export(8).await);
    assert_eq!(one, again);
    assert_ne!(one[0], other[0]);
}

#[tokio::test]
async fn sizes_are_as_asked() {
    let config = SimConfig {
        dashboards: 200,
        folders: 6,
        folder_sizes: vec![40, 0, 25],
        trash_percent: 10,
        dashboard_bytes: 30_000,
        ..SimConfig::default()
    };
    let sim = instance(config).await;
    assert_eq!(sim.ids(Kind::Dashboard, false).len(), 200);
    assert_eq!(sim.ids(Kind::Dashboard, true).len(), 20);
    let shared = sim.shared_folder_ids();
    let size = |n: usize| sim.ids_in(Kind::Dashboard, &shared[n], false).len();
    assert_eq!([size(0), size(1), size(2)], [40, 0, 25]);
    let bodies = sim.export(Kind::Dashboard);
    for (id, body) in &bodies {
        assert!((26_000..34_500).contains(&body.len()), "dashboard {id} has {} bytes", body.len());
        serde_json::from_slice::<Value>(body).unwrap();
    }
    let mean = bodies.iter().map(|(_, body)| body.len()).sum::<usize>() / bodies.len();
    assert!((29_000..31_000).contains(&mean), "{mean} bytes on average");
    let distinct: HashSet<&[u8]> = bodies.iter().map(|(_, body)| &body[..]).collect();
    assert_eq!(distinct.len(), bodies.len());
}

#[tokio::test]
async fn a_query_read_by_id_is_the_one_embedded_in_tiles() {
    let house = House::new(SimConfig::default()).await;
    let dashboards = parse(&house.sim.export(Kind::Dashboard));
    let tile = dashboards
        .iter()
        .flat_map(|d| d["dashboard_elements"].as_array().unwrap())
        .find(|tile| tile["query"].is_object())
        .unwrap();
    let id = tile["query_id"].as_str().unwrap();
    assert_eq!(house.get(&format!("/queries/{id}")).await.json(), tile["query"]);
    assert_eq!(house.get("/queries/999999999").await.status, 404);
}

/// JSON whose objects name each member once.
struct Unique;

impl<'de> serde::Deserialize<'de> for Unique {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Unique, D::Error> {
        from.deserialize_any(Unique)
    }
}

impl<'de> serde::de::Visitor<'de> for Unique {
    type Value = Unique;

    fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("any JSON")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Unique, A::Error> {
        let mut keys = HashSet::new();
        while let Some((key, Unique)) = map.next_entry::<String, Unique>()? {
            assert!(keys.insert(key.clone()), "{key} twice in one object");
        }
        Ok(Unique)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Unique, A::Error> {
        while list.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }
}

#[tokio::test]
async fn bodies_are_compact_and_name_each_member_once() {
    let sim = instance(SimConfig::default()).await;
    for kind in Kind::ALL {
        for (id, body) in sim.export(kind) {
            let checked = serde_json::from_slice::<Unique>(&body);
            assert!(checked.is_ok(), "{kind:?} {id}: {:?}", checked.err());
            assert!(!without_strings(&body).contains(&b' '), "{kind:?} {id} has blanks between its tokens");
        }
    }
}

/// The bytes of JSON that lie outside its strings.
fn without_strings(json: &[u8]) -> Vec<u8> {
    let (mut outside, mut inside, mut escaped) = (Vec::new(), false, false);
    for byte in json {
        match (inside, byte) {
            (true, b'\\') => escaped = !escaped,
            (_, b'"') if !escaped => inside = !inside,
            _ => escaped = false,
        }
        if !inside {
            outside.push(*byte);
        }
    }
    outside
}
