//! The month's allowance: shared by all runs of a vault, less a reserve that
//! extraction never touches, renewed when the month is over.
//!
//! The clock is the machine's. Another month comes about by writing the past
//! calls of the vault back to another time.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use looker_sim::{Served, SimConfig};
use serde_json::{Value, json};

use crate::support::content::{assert_holds_all, digest};
use crate::support::gate::Gate;
use crate::support::looker::Looker;
use crate::support::requests::{full_reads, metered};
use crate::support::seeded::seed;
use crate::support::{BASICS, VAULT, World, sum, wait_until};

fn looker() -> Looker {
    Looker::start(SimConfig { seed: seed(21), ..SimConfig::default() })
}

/// A world with a configuration file for its instance.
fn world(looker: &Looker, allowance: &str) -> World {
    let world = looker.world();
    configure(&world, looker, allowance);
    world
}

fn configure(world: &World, looker: &Looker, allowance: &str) {
    let instance = format!("[instances.prod]\nbase_url = \"{}\"\n{allowance}", looker.url());
    world.write("lookervault.toml", &instance);
}

/// Moves all calls of the vault by a month or more into the past.
fn a_month_passes(world: &World) {
    let connection = rusqlite::Connection::open(world.path(VAULT)).unwrap();
    let days_31 = 31_i64 * 24 * 60 * 60 * 1_000_000;
    let moved = connection.execute("UPDATE calls SET at = at - ?1", [days_31]).unwrap();
    assert!(moved > 0, "there are calls to move");
}

/// The next day after this one that is this day of its month.
fn renewal(today: Date, day_of_month: i8) -> Date {
    let mut days = today.series(1.day()).skip(1);
    days.find(|day| day.day() == day_of_month).unwrap()
}

/// The standing of the administrative ledger in a document.
fn administrative(document: &Value) -> Value {
    let ledgers = document["month"]["ledgers"].as_array().unwrap();
    ledgers.iter().find(|ledger| ledger["ledger"] == "administrative").unwrap().clone()
}

#[test]
fn runs_share_an_allowance_and_go_on_in_the_next_month() {
    let looker = looker();
    let undisturbed = looker.world();
    undisturbed.extract_basics("--page-size 5").complete();
    let all = metered(&looker.requests());
    // Two months' worth, and a bit: 20 calls a month, 3 of them reserved.
    assert!(all > 40, "{all}");
    // A month that does not end meanwhile.
    let today = Timestamp::now().to_zoned_datetime(TimeZone::UTC).date();
    let starts_on = if (8..=22).contains(&today.day()) { 1 } else { 15 };
    let allowance = format!("monthly_calls = 20\nmonthly_query_calls = 5\nmonth_starts_on = {starts_on}\n");
    let world = world(&looker, &allowance);

    looker.reset_stats();
    let first = world.extract_basics("--page-size 5 --max-calls 11");
    assert_eq!(first.code, 4, "{}", first.all());
    assert_eq!(
        first.report()["stopped"],
        json!({"reason": "budget"}),
        "--max-calls is less than what is left"
    );
    assert_eq!(administrative(&first.report())["left_for_extraction"], 6);

    // The second run meets what the first left of the allowance.
    let second = world.extract_basics("--page-size 5 --max-calls 11 --resume");
    assert_eq!(second.code, 4, "{}", second.all());
    let report = second.report();
    let why = "the administrative calls that the month's allowance left (6) are spent";
    assert_eq!(report["stopped"], json!({"reason": "allowance", "message": why}));
    assert_eq!((&report["state"], &report["resumed"]), (&json!("incomplete"), &json!(true)));
    assert_eq!(report["metered_calls"], 6);
    assert_eq!(report["calls_by_ledger"]["administrative"], 6);
    let ledger = administrative(&report);
    let of = |name: &str| ledger[name].as_u64().unwrap();
    assert_eq!(
        (of("spent"), of("limit"), of("reserve"), of("left"), of("left_for_extraction")),
        (17, 20, 3, 3, 0)
    );
    assert_eq!(metered(&looker.requests()), 17, "the reserve is untouched");
    assert_eq!(world.verdict(), "sound_with_gaps");

    // The third is told at once, without any call.
    looker.reset_stats();
    let third = world.extract_basics("--page-size 5 --resume");
    assert_eq!((third.code, third.out.as_str()), (4, ""), "{}", third.all());
    let failure = third.failure();
    assert_eq!(failure["kind"], "allowance.spent");
    let message = failure["message"].as_str().unwrap();
    assert!(message.contains("of the 20 administrative calls"), "{message}");
    assert!(message.contains("spent 17, 3 are kept for restores"), "{message}");
    let renews_on = renewal(today, starts_on);
    assert!(message.contains(&format!("renews on {renews_on} (UTC)")), "{message}");
    assert!(failure["hint"].as_str().unwrap().contains("--over-allowance"), "{failure}");
    assert_eq!(looker.served(), 0, "not even a sign-in");

    // Month by month it goes on, until it is done; nothing is paid for twice.
    for month in 0.. {
        assert!(month < 20, "it never ends");
        a_month_passes(&world);
        looker.reset_stats();
        let ran = world.extract_basics("--page-size 5 --resume");
        let spent = metered(&looker.requests());
        if ran.code == 0 {
            assert!(spent <= 17, "{spent}");
            break;
        }
        assert_eq!((ran.code, spent), (4, 17), "{}", ran.all());
    }
    assert_holds_all(&world.path(VAULT), &looker);
    assert_eq!(digest(&world.path(VAULT)), digest(&undisturbed.path(VAULT)));
}

#[test]
fn a_run_goes_on_beyond_the_allowance_when_it_is_told_to() {
    let looker = looker();
    let world = world(&looker, "monthly_calls = 10\nrestore_reserve = 50\n");
    let ran = world.run(&format!("extract {BASICS} --page-size 5"));
    assert_eq!(ran.code, 4, "{}", ran.all());
    let left = "Left of the allowance you set, as spent by this vault: 5 of 10 administrative calls (0 for extraction); \
                it renews on ";
    assert!(ran.out.contains(left), "{}", ran.out);
    assert!(
        ran.out.contains("the month's allowance left (5) are spent. The allowance: it renews"),
        "{}",
        ran.out
    );
    let ran = world.run(&format!("extract {BASICS} --page-size 5 --resume --over-allowance"));
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.out.contains("The allowance did not hold this run back (--over-allowance)."), "{}", ran.out);
    assert!(ran.out.contains(": 0 of 10 administrative calls (0 for extraction)"), "{}", ran.out);
    let report = world.extract("roles --over-allowance").complete();
    assert_eq!(report["over_allowance"], true);
    assert_eq!(administrative(&report)["left"], 0);
    assert_eq!(administrative(&report)["spent"], metered(&looker.requests()));
    let calls = world.run("calls").out;
    assert!(
        calls.contains("At this pace extraction spends its administrative calls before that day."),
        "{calls}"
    );
    // Without an allowance there is nothing to set aside.
    configure(&world, &looker, "");
    let report = world.extract("roles --over-allowance").complete();
    assert_eq!(report["over_allowance"], false);
    assert_eq!(administrative(&report)["limit"], Value::Null);
}

#[test]
fn a_spent_query_based_allowance_holds_no_administrative_call_back() {
    let looker = looker();
    let world = world(&looker, "monthly_query_calls = 1\nrestore_reserve = 99\n");
    let report = world.extract_basics("").complete();
    let ledgers = report["month"]["ledgers"].as_array().unwrap();
    let query = ledgers.iter().find(|ledger| ledger["ledger"] == "query_based").unwrap();
    assert_eq!((&query["limit"], &query["left_for_extraction"]), (&json!(1), &json!(0)));
    assert_eq!(administrative(&report)["limit"], Value::Null);
}

#[test]
fn a_run_that_is_killed_while_it_lists_has_written_its_calls_down() {
    let looker = Looker::start(SimConfig { seed: seed(22), folders: 60, ..SimConfig::default() });
    let gate = Gate::at(looker.port(), 20);
    let world = looker.world_at(&gate.url());
    world.write(
        "lookervault.toml",
        &format!("[instances.prod]\nbase_url = \"{}\"\nmonthly_calls = 100000\n", gate.url()),
    );
    let folders = looker.shared_folder_ids().join(",");
    let line = format!("extract dashboards --folder-strategy per-folder --folder-ids {folders} --workers 1");
    let mut running = world.start(&line);
    let counted = || {
        let calls = world.run("calls --json");
        if calls.code == 0 { administrative(&calls.report())["spent"].as_u64().unwrap() } else { 0 }
    };
    wait_until("calls of a running run", || counted() > 0);
    running.kill().unwrap();
    running.wait().unwrap();
    gate.open();
    assert_eq!(full_reads(&looker.requests()), 0, "no page was stored yet");
    // A call is counted before it is sent: the server need not know of the last one yet.
    let (counted, known) = (counted(), metered(&looker.requests()));
    assert!((1..=known + 1).contains(&counted), "{counted} of {known}");
}

#[test]
fn calls_are_shown_by_what_is_asked() {
    let looker = looker();
    let world =
        world(&looker, "monthly_calls = 1000\nmonth_starts_on = 2\ntime_zone = \"Pacific/Kiritimati\"\n");
    // Midnight may pass meanwhile.
    let today = || Timestamp::now().to_zoned_datetime(TimeZone::get("Pacific/Kiritimati").unwrap()).date();
    let began_on = today();
    for line in ["dashboards", "looks roles"] {
        world.extract(line).complete();
    }
    let days = [began_on, today()].map(|day| day.to_string());
    let requests = looker.requests();
    let spent = metered(&requests);
    let document = world.json("calls --by run,kind");
    assert_eq!(document["instance"], looker.url());
    assert_eq!(document["by"], json!(["run", "kind"]));
    assert_eq!(document["sum"]["administrative"], spent);
    assert_eq!(sum(&document["groups"], "administrative"), spent);
    let unmetered = sum(&document["groups"], "unmetered");
    assert_eq!(spent + unmetered, requests.len() as u64);
    let groups = document["groups"].as_array().unwrap();
    let names: Vec<String> =
        groups.iter().map(|group| format!("{} {}", group["run"], group["kind"])).collect();
    let wanted = ["1 \"dashboards\"", "1 \"session\"", "2 \"looks\"", "2 \"roles\"", "2 \"session\""];
    assert_eq!(names, wanted);
    assert!(groups.iter().all(|group| group["day"].is_null() && group["ledger"].is_null()), "{document}");
    assert_eq!(document["month"]["time_zone"], "Pacific/Kiritimati");
    let renews_on = document["month"]["renews_on"].as_str().unwrap();
    assert!(renews_on.ends_with("-02"), "{renews_on}");
    // Kiritimati is 14 hours ahead: the second day begins on the first in UTC.
    let from = document["month"]["from"].as_str().unwrap();
    assert!(from.ends_with("-01T10:00:00Z"), "{from}");
    assert_eq!(
        (&document["from"], &document["until"]),
        (&document["month"]["from"], &document["month"]["until"])
    );

    let document = world.json("calls --by day,reason,ledger");
    let groups = document["groups"].as_array().unwrap();
    assert!(groups.iter().all(|group| days.iter().any(|day| group["day"] == *day)), "{document}");
    assert_eq!(sum(&document["groups"], "administrative"), spent);
    let of = |reason: &str, ledger: &str| {
        let of = groups.iter().filter(|group| group["reason"] == reason && group["ledger"] == ledger);
        of.map(|group| group[ledger].as_u64().unwrap()).sum::<u64>()
    };
    let is_listing = |request: &&Served| request.query.iter().any(|(name, _)| name == "fields");
    let listings = requests.iter().filter(is_listing).count() as u64;
    assert!(listings > 0, "{document}");
    assert_eq!(of("listing", "administrative"), listings, "{document}");
    assert_eq!(of("listing", "query_based"), 0);

    let ran = world.run("calls");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(days.iter().any(|day| ran.out.contains(&format!("\n{day} "))), "{}", ran.out);
    assert!(ran.out.contains("left of the allowance you set, as spent by this vault"), "{}", ran.out);
    assert!(ran.out.contains("Calls of other clients cannot be seen; it renews on"), "{}", ran.out);
    let past = world.run("calls --until 2020-01-01");
    assert!(past.out.contains("No calls in this time."), "{}", past.out);
}

#[test]
fn an_allowance_that_no_month_can_have_is_refused_by_file_line_and_field() {
    let looker = looker();
    for (line, message) in [
        ("monthly_calls = 0", "`monthly_calls` must be a whole number above 0, not `0`"),
        (
            "month_starts_on = 31",
            "`month_starts_on` must be a day that every month has, from 1 to 28, not `31`",
        ),
        (
            "time_zone = \"Europe/Atlantis\"",
            "`time_zone` must be a time zone that this machine knows, such as UTC or Europe/Berlin, not `Europe/Atlantis`",
        ),
        ("restore_reserve = 100", "`restore_reserve` must be a whole percentage from 0 to 99, not `100`"),
    ] {
        let world = world(&looker, &format!("{line}\n"));
        let field = line.split(' ').next().unwrap();
        for command in ["extract", "check --offline"] {
            let ran = world.run(&format!("{command} --json"));
            assert_eq!(ran.code, 2, "{}", ran.all());
            let failure = ran.failure();
            assert_eq!(failure["message"], message);
            assert_eq!(failure["where"], format!("lookervault.toml:3 (instances.prod.{field})"));
        }
    }
    assert_eq!(looker.served(), 0);
}

#[test]
fn the_allowance_is_that_of_the_address() {
    let looker = looker();
    let mut world = world(&looker, "monthly_calls = 700\n");
    world.write(
        "lookervault.toml",
        &format!(
            "[instances.other]\nbase_url = \"https://other.example.com\"\nmonthly_calls = 1\n\
             [instances.prod]\nbase_url = \"{}\"\nmonthly_calls = 700\n",
            looker.url()
        ),
    );
    // Nobody says which instance: the environment's address finds its own.
    assert_eq!(administrative(&world.extract("roles").complete())["limit"], 700);
    assert_eq!(administrative(&world.json("calls"))["limit"], 700);
    let setting = |world: &World, name: &str| {
        let document = world.json("check --offline");
        let lines = document["configuration"].as_array().unwrap().clone();
        let line = lines.into_iter().find(|line| line["setting"] == name).unwrap();
        format!("{} by {}", line["value"].as_str().unwrap(), line["origin"].as_str().unwrap())
    };
    assert_eq!(setting(&world, "monthly_calls"), "700 by lookervault.toml:6 (instances.prod.monthly_calls)");
    assert_eq!(setting(&world, "restore_reserve"), "15% by default");
    world.set("LOOKERVAULT_MONTHLY_CALLS", "900");
    world.set("LOOKERVAULT_RESTORE_RESERVE", "20");
    assert_eq!(setting(&world, "monthly_calls"), "900 by environment variable LOOKERVAULT_MONTHLY_CALLS");
    assert_eq!(administrative(&world.json("calls"))["reserve"], 180);
}
