use super::*;

fn step() -> Step {
    let made = |key| Part::Id(Id::Of(Symbol::new("queries", key)));
    Step {
        number: 2,
        object: 0,
        verb: Verb::Create,
        resource: "dashboard_elements".to_owned(),
        key: "7".to_owned(),
        about: "tile \"A\"".to_owned(),
        target: None,
        second: None,
        as_user: None,
        body: vec![
            ("dashboard_id".to_owned(), Part::Id(Id::Known("12".to_owned()))),
            ("query_id".to_owned(), made("q")),
            ("more".to_owned(), Part::List(vec![made("q"), Part::json("12345678901234567890").unwrap()])),
            ("in".to_owned(), Part::Object(vec![("a\"b".to_owned(), Part::string("\u{1}x"))])),
        ],
        needs: BTreeSet::from([1]),
        gives: vec![Given { symbol: Symbol::new("dashboard_elements", "7"), at: At::Id }],
        among: None,
        irreversible: None,
    }
}

#[test]
fn symbols_become_ids_and_numbers_keep_their_text() {
    let step = step();
    let symbol = Symbol::new("queries", "q");
    assert_eq!(step.render(&Ids::new()).unwrap_err(), &symbol);
    let ids = Ids::from([(symbol, "99".to_owned())]);
    assert_eq!(
        step.render(&ids).unwrap(),
        r#"{"dashboard_id":"12","query_id":"99","more":["99",12345678901234567890],"in":{"a\"b":"\u0001x"}}"#
    );
    let (method, path, ledger) = step.operation().unwrap();
    assert_eq!((method, path, ledger), (Method::Post, "/dashboard_elements", Ledger::Administrative));
}

#[test]
fn a_list_is_sent_as_it_is_and_an_edge_fills_two_places() {
    let made = Symbol::new("groups", "5");
    let edge = |verb, resource: &str, field: &str, value| Step {
        verb,
        resource: resource.to_owned(),
        target: Some(Id::Of(made.clone())),
        second: Some(Id::Known("7".to_owned())),
        body: vec![(field.to_owned(), value)],
        ..step()
    };
    let user = || Part::Id(Id::Known("7".to_owned()));
    let ids = Ids::from([(made.clone(), "12".to_owned())]);
    let added = edge(Verb::Add, "group_users", "user_id", user());
    assert_eq!(added.place(&Ids::new()).unwrap_err(), &made);
    assert_eq!(added.place(&ids).unwrap().unwrap(), "12");
    assert_eq!(added.render(&ids).unwrap(), r#"{"user_id":"7"}"#);
    let removed = edge(Verb::Delete, "group_users", "user_id", user());
    assert_eq!(removed.place(&ids).unwrap().unwrap(), "12::7");
    let all = Part::List(vec![user(), Part::Id(Id::Of(made.clone()))]);
    let listed = edge(Verb::Update, "role_groups", "group_ids", all);
    assert_eq!(listed.render(&ids).unwrap(), r#"["7","12"]"#);
}

#[test]
fn a_step_is_kept_in_a_file_and_read_back() {
    let step = step();
    let text = serde_json::to_string(&step).unwrap();
    let read: Step = serde_json::from_str(&text).unwrap();
    assert_eq!(read.body, step.body);
    assert_eq!((read.needs, read.gives), (step.needs, step.gives));
}
