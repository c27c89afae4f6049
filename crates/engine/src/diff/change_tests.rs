//! What a reader is told of typical edits.

use looker::Kind;

use super::{Change, Documents, Identity, Step, Value, View, What};

/// The changes as short texts: sign, place, values.
fn told_with(kind: &str, from: &str, to: &str, identity: Identity, view: View) -> Vec<String> {
    let rules = vault::Rules { volatile: &[], redact: &[], references: &[] }.compile();
    let [from, to] = [from, to].map(|text| vault::canonicalise(text.as_bytes(), &rules).unwrap().body);
    let (from, to) = (Value::parse(&from).unwrap(), Value::parse(&to).unwrap());
    let documents = Documents { kind: Kind::find(kind).unwrap(), from: &from, to: &to, identity };
    let edit = documents.edit().expect("they differ");
    documents.changes(&edit, view, &|_, from, to| from == to).iter().map(short).collect()
}

#[test]
fn references_are_compared_by_what_they_mean() {
    let rules = vault::Rules { volatile: &[], redact: &[], references: &[] }.compile();
    let canonical = |text: &str| vault::canonicalise(text.as_bytes(), &rules).unwrap().body;
    let from = canonical(r#"{"role_ids":["1","2","3"],"home_folder_id":"7"}"#);
    let to = canonical(r#"{"role_ids":["10","30","40"],"home_folder_id":"70"}"#);
    let (from, to) = (Value::parse(&from).unwrap(), Value::parse(&to).unwrap());
    let kind = Kind::find("users").unwrap();
    let documents = Documents { kind, from: &from, to: &to, identity: Identity::Name };
    let edit = documents.edit().unwrap();
    let view = View { ignore_ids: true, ..View::default() };
    let ten_times = |_: &str, from: &str, to: &str| to == format!("{from}0");
    let told: Vec<String> = documents.changes(&edit, view, &ten_times).iter().map(short).collect();
    assert_eq!(told, ["- role_ids/role()", "+ role_ids/role()"], "role 2 went, role 40 came");
}

fn told(kind: &str, from: &str, to: &str) -> Vec<String> {
    told_with(kind, from, to, Identity::Id, View::default())
}

fn short(change: &Change) -> String {
    let step = |step: &Step| match step {
        Step::Field(key) | Step::Through { field: key, .. } => (*key).to_owned(),
        Step::Element(element) => {
            format!("{}({})", element.singular, element.name.as_deref().unwrap_or_default())
        }
    };
    let place = change.place.iter().map(step).collect::<Vec<_>>().join("/");
    match &change.what {
        What::Added(_) => format!("+ {place}"),
        What::Removed(_) => format!("- {place}"),
        What::Changed { from, to } => format!("~ {place} {} {}", from.text(), to.text()),
        What::Moved(_) => format!("> {place}"),
    }
}

fn tile(id: u32, title: &str, limit: u32) -> String {
    format!(
        r#"{{"id":"{id}","title":"{title}","type":"vis","query_id":"{limit}","query":{{"id":"{limit}",
        "model":"shop","view":"orders","fields":["orders.a","orders.b{id}"],"limit":"{limit}"}},
        "result_maker":{{"query_id":"{limit}","query":{{"id":"{limit}","model":"shop","view":"orders",
        "fields":["orders.a","orders.b{id}"],"limit":"{limit}"}},"filterables":[]}}}}"#
    )
}

fn dashboard(tiles: &[String], more: &str) -> String {
    format!(r#"{{"id":"1","dashboard_elements":[{}]{more}}}"#, tiles.join(","))
}

#[test]
fn an_edited_query_is_told_once() {
    let from = dashboard(&[tile(1, "A", 5), tile(2, "B", 5)], r#","updated_at":"x""#);
    let to = dashboard(&[tile(1, "A", 5), tile(2, "B", 9)], r#","updated_at":"y""#);
    assert_eq!(told("dashboards", &from, &to), [r#"~ dashboard_elements/tile(B)/query/limit "5" "9""#]);
    let all = View { all: true, ..View::default() };
    let all = told_with("dashboards", &from, &to, Identity::Id, all);
    assert!(all.len() > 5 && all.contains(&r#"~ updated_at "x" "y""#.to_owned()), "{all:?}");
}

#[test]
fn an_echo_that_says_something_else_is_told() {
    let from = dashboard(&[tile(1, "A", 5)], "");
    let to = from.replacen(r#""limit":"5"}},"#, r#""limit":"6"}},"#, 1);
    let to =
        if to == from { from.replace("filterables\":[]", "filterables\":[{\"view\":\"x\"}]") } else { to };
    assert_eq!(told("dashboards", &from, &to).len(), 1);
    let other = from.rfind(r#""limit":"5""#).unwrap();
    let mut to = from.clone();
    to.replace_range(other..other + 11, r#""limit":"7""#);
    assert_eq!(
        told("dashboards", &from, &to),
        [r#"~ dashboard_elements/tile(A)/result_maker/query/limit "5" "7""#]
    );
}

#[test]
fn the_order_of_tiles_says_nothing_that_of_fields_does() {
    let from = dashboard(&[tile(1, "A", 5), tile(2, "B", 5)], "");
    let to = dashboard(&[tile(2, "B", 5), tile(1, "A", 5)], "");
    assert!(told("dashboards", &from, &to).is_empty());
    let to = from.replace(r#"["orders.a","orders.b1"]"#, r#"["orders.b1","orders.a"]"#);
    assert_eq!(told("dashboards", &from, &to).len(), 1);
}

#[test]
fn a_tile_that_was_made_again_is_the_same_tile() {
    let from = dashboard(&[tile(1, "A", 5), tile(2, "B", 5)], "");
    let to = dashboard(&[tile(1, "A", 5), tile(7, "B", 6).replace("b7", "b2")], "");
    let ignore_ids = View { ignore_ids: true, ..View::default() };
    assert_eq!(
        told_with("dashboards", &from, &to, Identity::Id, ignore_ids),
        [r#"~ dashboard_elements/tile(B)/query/limit "5" "6""#]
    );
    assert!(
        told("dashboards", &from, &to).contains(&r#"~ dashboard_elements/tile(B)/id "2" "7""#.to_owned())
    );
}

#[test]
fn ids_of_another_instance_mislead_nobody() {
    // The ids are the same, but the other way round.
    let from = dashboard(&[tile(1, "A", 5), tile(2, "B", 6).replace("b2", "c")], "");
    let to = dashboard(&[tile(2, "A", 5).replace("b2", "b1"), tile(1, "B", 6).replace("b1", "c")], "");
    let ignore_ids = View { ignore_ids: true, ..View::default() };
    assert!(told_with("dashboards", &from, &to, Identity::Name, ignore_ids).is_empty());
    assert!(!told_with("dashboards", &from, &to, Identity::Id, ignore_ids).is_empty());
}

#[test]
fn tiles_come_and_go_with_their_placements() {
    let layout = |rows: &[(u32, u32)]| {
        let rows: Vec<String> = rows
            .iter()
            .map(|(tile, row)| format!(r#"{{"id":"{tile}","dashboard_element_id":"{tile}","row":{row}}}"#))
            .collect();
        format!(
            r#","dashboard_layouts":[{{"id":"1","label":"","dashboard_layout_components":[{}]}}]"#,
            rows.join(",")
        )
    };
    let from = dashboard(&[tile(1, "A", 5), tile(2, "B", 70_000)], &layout(&[(1, 0), (2, 6)]));
    let other = r#"{"id":"3","title":"Note","type":"text","body_text":"Something else altogether"}"#;
    let to = dashboard(&[tile(1, "A", 5), other.to_owned()], &layout(&[(1, 4), (3, 0)]));
    let moved = "~ dashboard_layouts/layout()/dashboard_layout_components/placement(A)/row 0 4";
    let tiles = ["- dashboard_elements/tile(B)", "+ dashboard_elements/tile(Note)"];
    assert_eq!(told("dashboards", &from, &to), [tiles[0], tiles[1], moved]);
    let still = View { ignore_layout: true, ..View::default() };
    assert_eq!(told_with("dashboards", &from, &to, Identity::Id, still), tiles);
}

#[test]
fn sets_and_access_lists() {
    let roles = |ids: &str| format!(r#"{{"id":"1","role_ids":[{ids}]}}"#);
    assert_eq!(
        told("users", &roles(r#""1","2","3""#), &roles(r#""3","4","1""#)),
        ["- role_ids/role()", "+ role_ids/role()"]
    );
    assert!(told("users", &roles(r#""1","2""#), &roles(r#""2","1""#)).is_empty());
    let access = |group: u32, may: &str| {
        format!(r#"{{"id":"{group}","group_id":"{group}","user_id":null,"permission_type":"{may}"}}"#)
    };
    let (from, to) = (access(5, "view"), access(6, "view"));
    let lists = |list: &str| format!("[{list}]");
    assert_eq!(
        told("content_metadata_access", &lists(&from), &lists(&to)),
        ["- access of()", "+ access of()"]
    );
    assert_eq!(
        told("content_metadata_access", &lists(&from), &lists(&access(5, "edit"))),
        [r#"~ access of()/permission_type "view" "edit""#]
    );
}

#[test]
fn a_reference_counts_unless_it_means_the_same() {
    let look = |folder: u32, id: u32| format!(r#"{{"id":"{id}","folder_id":"{folder}"}}"#);
    let ignore_ids = View { ignore_ids: true, ..View::default() };
    assert_eq!(
        told_with("looks", &look(1, 1), &look(2, 2), Identity::Id, ignore_ids),
        [r#"~ folder_id "1" "2""#]
    );
}
