//! Several accounts that read one instance: what one of them does not see is not gone.

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::front::Front;
use crate::support::looker::Looker;

fn config() -> SimConfig {
    SimConfig { seed: 5, dashboards: 40, looks: 20, trash_percent: 10, ..SimConfig::default() }
}

/// One instance as two accounts see it: an admin, and one of another role from which two
/// dashboards are hidden.
struct TwoAccounts {
    admin: Looker,
    less: Looker,
    hidden: Vec<String>,
    front: Front,
    world: World,
}

impl TwoAccounts {
    fn new() -> Self {
        let (admin, less) = (Looker::start(config()), Looker::start(config()));
        less.set(Kind::User, "1", &[("role_ids", r#"["2"]"#)]).unwrap();
        // Fewer than would be too many to be believed.
        let hidden: Vec<String> = less.ids(Kind::Dashboard, false)[..2].to_vec();
        for id in &hidden {
            less.purge(Kind::Dashboard, id).unwrap();
        }
        let front = Front::before(admin.port(), |_| None);
        let world = admin.world_at(&front.url());
        Self { admin, less, hidden, front, world }
    }

    /// Extracts as the account that sees less; it must not be believed.
    #[track_caller]
    fn doubted(&self, line: &str) -> Value {
        self.front.lead_to(self.less.port());
        let ran = self.world.extract(line);
        assert_eq!(ran.code, 3, "{}", ran.all());
        let report = ran.report();
        assert_eq!(report["state"], "suspect", "{}", ran.all());
        for id in &self.hidden {
            assert_eq!(self.world.json(&format!("show dashboard {id}"))["state"], "live");
        }
        report
    }

    #[track_caller]
    fn believed(&self, looker: &Looker, line: &str) {
        self.front.lead_to(looker.port());
        self.world.extract(line).complete();
    }
}

#[test]
fn a_first_run_of_a_narrower_scope_is_held_against_the_whole_one() {
    let accounts = TwoAccounts::new();
    let world = &accounts.world;
    accounts.believed(&accounts.admin, "folders dashboards roles users");
    let report = accounts.doubted("dashboards");
    assert_eq!(report["suspicions"][0], json!({ "reason": "lost_roles", "ids": ["1"] }), "{report}");

    // Whoever confirms it all the same can read in the log how it came about.
    let confirmed = world.json("runs confirm 2");
    assert_eq!(confirmed["gone"], json!([{ "kind": "dashboards", "gone": 2 }]));
    for id in &accounts.hidden {
        let told = world.json(&format!("log dashboard {id} --since 1"));
        let change = &told["changes"][0];
        let evidence = &change["evidence"];
        assert_eq!((&change["what"], &evidence["account_changed"]), (&json!(["gone"]), &json!(true)));
        assert_eq!(evidence["account_before"]["role_ids"], json!(["1"]), "{evidence}");
        assert_eq!(evidence["account"]["role_ids"], json!(["2"]), "{evidence}");
        let line = world.run(&format!("log dashboard {id} --since 1")).out;
        assert!(line.contains("(the account or its permissions changed: it may only be hidden)"), "{line}");
    }
    // From then on it is this account's scope.
    accounts.believed(&accounts.less, "dashboards");
    accounts.less.purge(Kind::Dashboard, &accounts.less.ids(Kind::Dashboard, false)[0]).unwrap();
    accounts.believed(&accounts.less, "dashboards");
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn what_another_account_found_meanwhile_is_not_gone() {
    let accounts = TwoAccounts::new();
    let (less, admin) = (&accounts.less, &accounts.admin);
    accounts.believed(less, "dashboards");
    accounts.believed(admin, "folders dashboards roles users");
    let report = accounts.doubted("dashboards");
    assert_eq!(report["suspicions"][0]["reason"], "lost_roles", "{report}");
    // What this account itself read last may be gone.
    accounts.believed(admin, "folders dashboards roles users");
    for id in &accounts.hidden {
        admin.purge(Kind::Dashboard, id).unwrap();
    }
    accounts.believed(admin, "folders dashboards roles users");
    let purged = less.ids(Kind::Dashboard, false)[0].clone();
    less.purge(Kind::Dashboard, &purged).unwrap();
    accounts.believed(less, "dashboards");
    let told = accounts.world.json(&format!("log dashboard {purged} --since latest~1"));
    assert_eq!(told["changes"][0]["what"], json!(["gone"]));
    assert_eq!(told["changes"][0]["evidence"]["account_changed"], json!(false), "{told}");
}
