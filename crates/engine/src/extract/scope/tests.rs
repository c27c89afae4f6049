//! What selectors mean: by example, and against a model that knows nothing but
//! paths.

use std::collections::BTreeSet;
use std::sync::Mutex;

use bytes::Bytes;
use looker::Kind;
use proptest::prelude::*;

use super::*;
use crate::Quiet;

/// Folders as Looker lists them: id, name, parent; `~` before the name marks a
/// personal folder.
fn tree(folders: &[(&str, Option<&str>, Option<&str>)]) -> FolderTree {
    FolderTree::new(&rows(folders))
}

fn rows(folders: &[(&str, Option<&str>, Option<&str>)]) -> Vec<Row> {
    let row = |(id, name, parent): &(&str, Option<&str>, Option<&str>)| {
        let is_personal = name.is_some_and(|name| name.starts_with('~'));
        let row = serde_json::json!({
            "id": id, "name": name.map(|name| name.trim_start_matches('~')), "parent_id": parent,
            "is_personal": is_personal, "is_personal_descendant": false, "is_shared_root": *id == "1",
        });
        Row::read(Bytes::from(row.to_string()), Kind::find("folders").unwrap()).unwrap()
    };
    folders.iter().map(row).collect()
}

fn house() -> FolderTree {
    tree(&[
        ("1", Some("Shared"), None),
        ("2", Some("Users"), None),
        ("lookml", Some("LookML Dashboards"), None),
        ("10", Some("Finance"), Some("1")),
        ("11", Some("Q1"), Some("10")),
        ("12", Some("Q2"), Some("10")),
        ("13", Some("deep"), Some("12")),
        ("14", Some("finance"), Some("1")),
        ("20", Some("A/B Tests"), Some("1")),
        ("21", Some("Sales"), Some("1")),
        ("30", Some("~Jane Doe"), Some("2")),
        ("31", Some("Drafts"), Some("30")),
        ("32", None, Some("2")),
        ("99", Some("Orphan"), Some("98")),
    ])
}

fn selectors(texts: &[&str]) -> Vec<FolderSelector> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn scope(include: &[&str], exclude: &[&str]) -> FolderScope {
    FolderScope { include: selectors(include), exclude: selectors(exclude), ..FolderScope::default() }
}

/// The ids that selectors mean in the house, sorted; with the folders left out
/// where none were named.
#[track_caller]
fn means(scope: &FolderScope) -> (bool, Vec<String>) {
    let set = scope.resolve(Some(&house()), &Quiet).unwrap();
    let mut ids = set.ids.clone();
    ids.sort();
    (set.all_but, ids)
}

#[track_caller]
fn assert_reads(scope: &FolderScope, ids: &[&str]) {
    assert_eq!(means(scope), (false, ids.iter().map(ToString::to_string).collect()), "{scope:?}");
}

#[track_caller]
fn assert_leaves_out(scope: &FolderScope, ids: &[&str]) {
    assert_eq!(means(scope), (true, ids.iter().map(ToString::to_string).collect()), "{scope:?}");
}

fn fails(scope: &FolderScope) -> ExtractError {
    scope.resolve(Some(&house()), &Quiet).unwrap_err()
}

#[test]
fn folders_are_found_by_id_path_and_pattern() {
    for (selector, ids) in [
        ("10", &["10"][..]),
        ("lookml", &["lookml"]),
        ("/Shared/Finance", &["10"]),
        ("/Shared/finance", &["14"]),
        ("/shared/FINANCE/q1", &["11"]),
        ("Home/Sales", &["21"]),
        ("/home/sales/", &["21"]),
        (r"/Shared/A\/B Tests", &["20"]),
        ("/Users/32", &["32"]),
        ("/Orphan", &["99"]),
        ("/Shared/Finance/*", &["11", "12"]),
        ("/Shared/Finance/**", &["10", "11", "12", "13"]),
        ("/Home/Finance/**/deep", &["13"]),
        ("/Shared/*s*", &["20", "21"]),
        ("/SHARED/S*", &["21"]),
        ("/**/Q?", &["11", "12"]),
        ("**/Drafts", &["31"]),
    ] {
        assert_reads(&scope(&[selector], &[]), ids);
    }
    let all = means(&scope(&["/**"], &[])).1;
    assert_eq!(all.len(), 14);
}

#[test]
fn recursion_takes_in_all_below_and_exceptions_win() {
    let recursive =
        |include: &[&str], exclude: &[&str]| FolderScope { recursive: true, ..scope(include, exclude) };
    assert_reads(&recursive(&["/Shared/Finance"], &[]), &["10", "11", "12", "13"]);
    assert_reads(&recursive(&["/Shared/Finance", "12"], &["/Shared/Finance/Q2"]), &["10", "11"]);
    assert_reads(&recursive(&["2"], &["**/Drafts"]), &["2", "30", "32"]);
    assert_reads(&FolderScope { personal: false, ..recursive(&["2"], &[]) }, &["2", "32"]);
    assert!(matches!(fails(&recursive(&["12"], &["10"])), ExtractError::NoFolderLeft));
    let hers = FolderScope { personal: false, ..scope(&["/Users/Jane Doe"], &[]) };
    assert!(matches!(fails(&hers), ExtractError::NoFolderLeft));
}

#[test]
fn exceptions_alone_are_a_scope_of_all_but_those() {
    assert_leaves_out(&scope(&[], &["/Shared/Finance", "21"]), &["10", "11", "12", "13", "21"]);
    assert_leaves_out(&FolderScope { personal: false, ..FolderScope::default() }, &["30", "31"]);
    let set = scope(&[], &["10"]).resolve(Some(&house()), &Quiet).unwrap();
    assert!(set.holds(Some("21")) && set.holds(Some("made later")) && set.holds(None));
    assert!(!set.holds(Some("10")) && !set.holds(Some("13")));
}

#[test]
fn a_path_that_leads_nowhere_says_how_far_it_leads() {
    let ExtractError::UnknownPath(unknown) = fails(&scope(&["/Shared/Finanze/Q1"], &[])) else { panic!() };
    assert_eq!((unknown.deepest.as_deref(), unknown.missing.as_str()), (Some("/Shared"), "Finanze"));
    assert_eq!(unknown.siblings, ["Finance", "finance", "A/B Tests", "Sales"]);
    assert_eq!(
        unknown.to_string(),
        "no folder /Shared/Finanze/Q1 is visible to this account: there is /Shared, but no `Finanze` in it"
    );
    let ExtractError::UnknownPath(unknown) = fails(&scope(&["Q1"], &[])) else { panic!() };
    assert_eq!((unknown.deepest, unknown.elsewhere), (None, vec!["/Shared/Finance/Q1".to_owned()]));
    let ExtractError::UnknownPath(unknown) = fails(&scope(&["/Shared/A/B Tests"], &[])) else { panic!() };
    assert_eq!(unknown.missing, "A");
    assert!(matches!(fails(&scope(&["/Shared/X*"], &[])), ExtractError::NoFolderMatches { .. }));
    assert!(matches!(fails(&scope(&["404"], &[])), ExtractError::UnknownFolder { .. }));
}

#[test]
fn a_path_that_could_mean_several_names_them() {
    let ExtractError::AmbiguousFolder(ambiguous) = fails(&scope(&["/Shared/FINANCE"], &[])) else { panic!() };
    assert_eq!(ambiguous.candidates, ["/Shared/Finance (10)", "/Shared/finance (14)"]);
    assert!(matches!(fails(&scope(&[], &["/Shared/FINANCE"])), ExtractError::AmbiguousFolder(_)));
}

#[test]
fn an_exception_that_means_nothing_is_a_warning() {
    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);
    impl Watch for Heard {
        fn warn(&self, text: &str) {
            self.0.lock().unwrap().push(text.to_owned());
        }
    }
    let heard = Heard::default();
    let set = scope(&[], &["/Shared/Scratch", "21"]).resolve(Some(&house()), &heard).unwrap();
    assert_eq!(set.ids, ["21"]);
    let warnings = heard.0.into_inner().unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("nothing is left out for /Shared/Scratch: no folder"), "{warnings:?}");
}

#[test]
fn equal_scopes_have_equal_text() {
    let one = scope(&["12", "/Shared/Finance/", "7", "12"], &["/b", "/a"]);
    let other = scope(&["Shared/Finance", "7", "12"], &["/a", "/b", "b"]);
    assert_eq!(one.canonical().to_string(), other.canonical().to_string());
    let plain = FolderScope { include: selectors(&["40", "12"]), ..FolderScope::default() };
    assert_eq!(plain.canonical().to_string(), r#"{"ids":["12","40"],"recursive":false}"#);
    let without = FolderScope { recursive: true, personal: false, ..FolderScope::default() };
    assert_eq!(without.canonical().to_string(), r#"{"ids":[],"personal":false,"recursive":false}"#);
}

#[test]
fn the_tree_is_asked_for_only_where_it_decides() {
    assert!(!scope(&["12", "40"], &[]).needs_tree());
    assert!(scope(&["/Shared"], &[]).needs_tree() && scope(&["12"], &["40"]).needs_tree());
    assert!(FolderScope { recursive: true, ..scope(&["12"], &[]) }.needs_tree());
    assert!(FolderScope { personal: false, ..scope(&[], &[]) }.needs_tree());
    let unseen = scope(&["404"], &[]);
    assert_eq!(unseen.resolve(None, &Quiet).unwrap().ids, ["404"]);
    assert_eq!(unseen.unseen_ids().collect::<Vec<_>>(), ["404"]);
}

#[test]
fn folders_that_are_gone_are_remembered_from_the_last_complete_run() {
    let listed =
        (rows(&[("1", Some("Shared"), None), ("10", Some("Finance"), Some("1"))]), Timestamp::UNIX_EPOCH);
    let mut set = FolderSet::only(vec!["1".into()]);
    set.remember(r#"{"folder_ids":["1","10","11"]}"#, &listed);
    assert_eq!(set.ids, ["1", "11"], "10 is still there and no longer in scope");
    for options in ["", "{}", r#"{"folder_ids":7}"#] {
        set.remember(options, &listed);
    }
    assert!(set.holds(Some("11")) && set.ids.len() == 2);
}

/// A folder of a random tree: its parent is one of those before it.
#[derive(Debug, Clone)]
struct Made {
    parent: Option<usize>,
    name: String,
    is_personal: bool,
}

fn made_tree() -> impl Strategy<Value = Vec<Made>> {
    // Siblings get names of their own by their number; few letters, so that
    // patterns match.
    let folder = (any::<prop::sample::Index>(), 0..5_u8, "[ab]{0,2}", prop::bool::weighted(0.1));
    prop::collection::vec(folder, 1..14).prop_map(|drawn| {
        let make =
            |(at, (parent, root, letters, is_personal)): (usize, (prop::sample::Index, u8, String, bool))| {
                let parent = (at > 0 && root > 0).then(|| parent.index(at.max(1)));
                Made { parent, name: format!("{letters}{at}"), is_personal }
            };
        drawn.into_iter().enumerate().map(make).collect()
    })
}

/// Names from the root down to a folder.
fn names(made: &[Made], at: usize) -> Vec<&str> {
    let mut names = made[at].parent.map(|parent| names(made, parent)).unwrap_or_default();
    names.push(&made[at].name);
    names
}

fn is_below(made: &[Made], at: usize, above: usize) -> bool {
    at == above || made[at].parent.is_some_and(|parent| is_below(made, parent, above))
}

/// A selector of the model: what it is written as, and what it means.
#[derive(Debug, Clone)]
enum Selected {
    Id(prop::sample::Index),
    Path(prop::sample::Index),
    /// `above/**`
    All(prop::sample::Index),
    /// `above/*`
    Children(prop::sample::Index),
    /// `**/*letter*`
    Named(char),
}

impl Selected {
    fn text(&self, made: &[Made]) -> String {
        let path = |index: &prop::sample::Index| names(made, index.index(made.len())).join("/");
        match self {
            Self::Id(index) => index.index(made.len()).to_string(),
            Self::Path(index) => format!("/{}", path(index)),
            Self::All(index) => format!("/{}/**", path(index)),
            Self::Children(index) => format!("{}/*", path(index)),
            Self::Named(letter) => format!("/**/*{letter}*"),
        }
    }

    fn means(&self, made: &[Made], at: usize) -> bool {
        match self {
            Self::Id(index) | Self::Path(index) => at == index.index(made.len()),
            Self::All(index) => is_below(made, at, index.index(made.len())),
            Self::Children(index) => made[at].parent == Some(index.index(made.len())),
            Self::Named(letter) => made[at].name.contains(*letter),
        }
    }
}

fn selected() -> impl Strategy<Value = Vec<Selected>> {
    let index = any::<prop::sample::Index>;
    let one = prop_oneof![
        index().prop_map(Selected::Id),
        index().prop_map(Selected::Path),
        index().prop_map(Selected::All),
        index().prop_map(Selected::Children),
        prop::char::range('a', 'b').prop_map(Selected::Named),
    ];
    prop::collection::vec(one, 0..4)
}

proptest! {
    #[test]
    fn selection_is_what_a_naive_model_says(
        made in made_tree(),
        include in selected(),
        exclude in selected(),
        recursive: bool,
        personal: bool,
    ) {
        let ids: Vec<String> = (0..made.len()).map(|at| at.to_string()).collect();
        let folder = |at: usize| {
            let name = if made[at].is_personal { format!("~{}", made[at].name) } else { made[at].name.clone() };
            (ids[at].clone(), name, made[at].parent.map(|parent| ids[parent].clone()))
        };
        let folders: Vec<_> = (0..made.len()).map(folder).collect();
        let folders: Vec<_> =
            folders.iter().map(|(id, name, parent)| (id.as_str(), Some(name.as_str()), parent.as_deref())).collect();
        // No folder of the model is the root of shared content, whose id is 1.
        let rows: Vec<Row> = rows(&folders).into_iter().map(|row| {
            let raw = String::from_utf8(row.raw.to_vec()).unwrap().replace("\"is_shared_root\":true", "\"is_shared_root\":false");
            Row { raw: Bytes::from(raw), ..row }
        }).collect();

        let texts = |selected: &[Selected]| -> Vec<FolderSelector> {
            selected.iter().map(|one| one.text(&made).parse().unwrap()).collect()
        };
        let scope = FolderScope { include: texts(&include), exclude: texts(&exclude), recursive, personal };

        let below = |at: usize, is: &dyn Fn(usize) -> bool| (0..made.len()).any(|above| is(above) && is_below(&made, at, above));
        let chosen = |at: usize| {
            let meant = |at: usize| include.iter().any(|one| one.means(&made, at));
            include.is_empty() || meant(at) || recursive && below(at, &meant)
        };
        let left_out = |at: usize| {
            let meant = |at: usize| exclude.iter().any(|one| one.means(&made, at)) || !personal && made[at].is_personal;
            below(at, &meant)
        };
        let expected: BTreeSet<usize> = (0..made.len()).filter(|at| chosen(*at) && !left_out(*at)).collect();

        let each_means_some = |one: &Selected| (0..made.len()).any(|at| one.means(&made, at));
        match scope.resolve(Some(&FolderTree::new(&rows)), &Quiet) {
            Ok(set) => {
                let found: BTreeSet<usize> =
                    (0..made.len()).filter(|at| set.holds(Some(&ids[*at]))).collect();
                prop_assert_eq!(found, expected);
                prop_assert_eq!(set.all_but, include.is_empty());
                prop_assert_eq!(set.holds(None), include.is_empty());
                prop_assert_eq!(set.ids.iter().collect::<BTreeSet<_>>().len(), set.ids.len());
            }
            Err(ExtractError::NoFolderLeft) => prop_assert!(expected.is_empty()),
            Err(ExtractError::NoFolderMatches { .. }) => prop_assert!(!include.iter().all(each_means_some)),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}
