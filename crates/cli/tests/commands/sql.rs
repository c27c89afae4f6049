use std::io::Write as _;
use std::process::Stdio;

use crate::stored::{URL, gap, live, sample, store, store_run};
use crate::support::{Ran, World};

/// The sample, a dashboard whose tiles ask, and a query that a look points to.
fn world() -> World {
    let world = World::new();
    let path = world.path("lookervault.db");
    let mut objects = sample();
    objects.push(live("dashboards", ASKING));
    objects.push(live("looks", r#"{"id":"9","title":"By query","folder_id":"7","query_id":"70"}"#));
    objects.push(live(
        "queries",
        r#"{"id":"70","model":"shop","view":"users","fields":["users.count"],"pivots":null}"#,
    ));
    store_run(&path, URL, &objects, &[gap()]);
    store(&path, URL, &objects);
    world
}

const ASKING: &str = r#"{
  "id":"2000","title":"Asking, \"loudly\"","folder_id":"7",
  "dashboard_filters":[{"name":"Region","type":"field_filter","model":"shop","explore":"orders","dimension":"orders.region"}],
  "dashboard_elements":[
    {"id":"11","title":"By day","type":"vis","query":{"model":"shop","view":"orders",
      "fields":["orders.day","orders.revenue"],"pivots":["orders.region"],"sorts":["orders.day desc"],
      "filters":{"orders.status":"paid"}}},
    {"id":"12","title":null,"title_text":"Made","type":"vis","query":null,
      "result_maker":{"query":{"model":"shop","view":"users","fields":["users.count"]}}},
    {"id":"13","type":"text","title_text":"Words","query":null}]
}"#;

/// One line a row, cells with a bar between them.
fn lines(world: &World, query: &str) -> Vec<String> {
    let mut command = world.command("sql --format csv");
    let ran = Ran::new(&command.arg(query).output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{query}");
    ran.out.lines().skip(1).map(str::to_owned).collect()
}

fn refused(world: &World, arguments: &[&str]) -> Ran {
    let ran = Ran::new(&world.command("sql").args(arguments).output().unwrap());
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}: {}", ran.err);
    ran
}

#[test]
fn the_views_and_their_columns_stay() {
    insta::assert_snapshot!(world().run("sql").all());
    let document = world().json("sql");
    assert_eq!(document["schema"], "lookervault.sql_views/1");
}

#[test]
fn every_view_answers_and_the_stored_ones_do_so_in_any_tool() {
    let world = world();
    let other = rusqlite::Connection::open(world.path("lookervault.db")).unwrap();
    for view in world.json("sql")["views"].as_array().unwrap() {
        let query = format!("SELECT * FROM {}", view["view"].as_str().unwrap());
        let rows = lines(&world, &query).len();
        if view["any_tool"].as_bool().unwrap() {
            let mut select = other.prepare(&query).unwrap();
            let columns: Vec<&str> = select.column_names().collect();
            let told: Vec<&str> =
                view["columns"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            assert_eq!(columns, told, "{query}");
            let mut found = select.query(()).unwrap();
            let mut count = 0;
            while found.next().unwrap().is_some() {
                count += 1;
            }
            assert!(count <= rows, "{query}: CSV cells may hold line breaks");
        }
    }
}

#[test]
fn all_views_are_written_for_other_tools() {
    let world = world();
    let file = world.path("content.db");
    let document = world.json("sql --export content.db");
    assert_eq!(document["schema"], "lookervault.sql_export/1");
    let views = world.json("sql");
    let names = |list: &serde_json::Value, member: &str| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|entry| entry[member].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&document["tables"], "table"), names(&views["views"], "view"));
    let other = rusqlite::Connection::open(&file).unwrap();
    for table in document["tables"].as_array().unwrap() {
        let name = table["table"].as_str().unwrap();
        let count = format!("SELECT count(*) FROM \"{name}\"");
        let rows: i64 = other.query_row(&count, (), |row| row.get(0)).unwrap();
        assert_eq!(table["rows"], rows, "{name}");
        let told = lines(&world, &count);
        assert_eq!(told, [rows.to_string()], "{name}");
    }
    let tile = "SELECT title || model || json_extract(fields, '$[1]') FROM tiles WHERE id = '11'";
    let tile: String = other.query_row(tile, (), |row| row.get(0)).unwrap();
    assert_eq!(tile, "By dayshoporders.revenue");

    let beside = std::fs::read_dir(world.path("")).unwrap().count();
    let before = std::fs::read(&file).unwrap();
    let again = refused(&world, &["--export", "content.db"]);
    assert!(again.err.contains("exists already"), "{}", again.err);
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert_eq!(std::fs::read_dir(world.path("")).unwrap().count(), beside, "nothing is left beside it");
    let nowhere = world.run("sql --export nowhere/content.db");
    assert_eq!(nowhere.code, 1, "{}", nowhere.err);
    assert!(nowhere.err.contains("check that the folder exists"), "{}", nowhere.err);
}

#[test]
fn an_export_is_of_one_moment_whoever_writes_meanwhile() {
    let world = world();
    let path = world.path("lookervault.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    let mut overwritten = 0;
    let queries = vault::Vault::open_for_queries(&path).unwrap();
    let views = queries.export(&world.path("content.db"), |_| {
        overwritten += other.execute("UPDATE body SET data = x'00'", ()).unwrap();
    });
    // No document has been read by then: the first view is made of titles and stamps.
    let tiles = views.unwrap().into_iter().find(|view| view.name == "tiles").unwrap();
    assert!(tiles.rows > 0 && overwritten > 0);
}

#[test]
fn what_documents_say_can_be_asked_for() {
    let world = world();
    let tiles = "SELECT id, title, type, model, explore FROM tiles WHERE dashboard_id = '2000' ORDER BY id";
    assert_eq!(
        lines(&world, tiles),
        ["11,By day,vis,shop,orders", "12,Made,vis,shop,users", "13,Words,text,,"]
    );
    let fields = "SELECT kind, id, tile_id, explore, field, used_as FROM fields_used
        WHERE id IN ('2000', '9') ORDER BY 1, 2, 3, 5, 6";
    assert_eq!(
        lines(&world, fields),
        [
            "dashboards,2000,,orders,orders.region,dashboard filter",
            "dashboards,2000,11,orders,orders.day,field",
            "dashboards,2000,11,orders,orders.day,sort",
            "dashboards,2000,11,orders,orders.region,pivot",
            "dashboards,2000,11,orders,orders.revenue,field",
            "dashboards,2000,11,orders,orders.status,filter",
            "dashboards,2000,12,users,users.count,field",
            "looks,9,,users,users.count,field",
        ]
    );
    let number = "SELECT document(body) -> '$.exact' AS exact FROM dashboards WHERE id = '1012'";
    assert_eq!(lines(&world, number), ["1.50"], "numbers keep their text");
    let paths = "SELECT d.title, f.path FROM dashboards d JOIN folders f ON f.id = d.folder_id
        WHERE d.id = '2000'";
    assert_eq!(lines(&world, paths), [r#""Asking, ""loudly""",Shared/Finance"#]);
}

#[test]
fn the_examples_of_the_page_are_answered() {
    let world = world();
    let page = include_str!("../../../../docs/sql.md");
    let blocks = page.split("```sql\n").skip(1).map(|block| block.split("```").next().unwrap());
    let queries: Vec<&str> = blocks
        .flat_map(|block| block.split(";\n"))
        .filter_map(|text| text.get(text.find("SELECT")?..))
        .collect();
    assert!(queries.len() > 4);
    for query in queries {
        lines(&world, query);
    }
    for view in world.json("sql")["views"].as_array().unwrap() {
        assert!(page.contains(&format!("`{}`", view["view"].as_str().unwrap())), "{view} is not on the page");
    }
}

#[test]
fn people_get_a_table_and_scripts_a_document() {
    let world = world();
    let query = "SELECT id, title, length(title) AS letters FROM looks ORDER BY id";
    let ran = Ran::new(&world.command("sql").arg(query).output().unwrap());
    insta::assert_snapshot!(ran.all());
    let ran = Ran::new(&world.command("sql --json").arg(query).output().unwrap());
    insta::assert_snapshot!(ran.all());
    let twice = refused(&world, &["--format", "json", "SELECT id, id FROM looks"]);
    assert!(twice.err.contains("two columns are called `id`"), "{}", twice.err);
    let ran = Ran::new(&world.command("sql").arg("SELECT id, title FROM looks WHERE 0").output().unwrap());
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("ID  TITLE\n", "0 rows\n"));
}

#[test]
fn parameters_are_bound_and_the_query_may_come_from_stdin() {
    let world = world();
    let mut command = world.command("sql --format csv -p id=9 -p :title=By -");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let query = b"SELECT title FROM looks\nWHERE id = :id AND title LIKE :title || '%';\n";
    child.stdin.take().unwrap().write_all(query).unwrap();
    let ran = Ran::new(&child.wait_with_output().unwrap());
    assert_eq!(ran.all(), "exit 0\n--- stdout\ntitle\nBy query\n--- stderr\n");
    let missing = refused(&world, &["SELECT :id"]);
    assert!(missing.err.contains("the parameter :id has no value"), "{}", missing.err);
    let unknown = refused(&world, &["-p", "x=1", "SELECT 1"]);
    assert!(unknown.err.contains("the query has no parameter :x"), "{}", unknown.err);
    assert!(refused(&world, &["-p", "x", "SELECT 1"]).err.contains("write NAME=VALUE"));
}

#[test]
fn nothing_but_reading_is_allowed() {
    let world = world();
    let path = world.path("lookervault.db");
    let before = std::fs::read(&path).unwrap();
    for query in [
        "DELETE FROM version",
        "UPDATE run SET state = 'complete'",
        "CREATE TABLE x (y)",
        "CREATE TEMP TABLE x (y)",
        "DROP VIEW dashboards",
        "ATTACH 'other.db' AS other",
        "PRAGMA query_only = OFF",
        "PRAGMA writable_schema = ON",
        "VACUUM INTO 'other.db'",
        "BEGIN",
        "SELECT load_extension('x')",
    ] {
        let ran = refused(&world, &[query]);
        assert!(ran.err.contains("only SELECT is allowed"), "{query}: {}", ran.err);
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(!world.path("other.db").exists());
    assert!(refused(&world, &["SELECT 1; SELECT 2"]).err.contains("several statements"));
}

#[test]
fn a_wrong_query_is_said_with_its_place() {
    let world = world();
    let ran = refused(&world, &["SELECT titel FROM dashboards"]);
    assert!(ran.err.contains("no such column: titel"), "{}", ran.err);
    assert!(ran.err.contains("where: near `titel FROM dashboards`"), "{}", ran.err);
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let ran = Ran::new(&world.command("sql --timeout 50ms").arg(endless).output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.err.contains("stopped after 0.05 s"), "{}", ran.err);
}
