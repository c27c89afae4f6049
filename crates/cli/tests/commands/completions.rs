use crate::support::World;

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = world.run(&format!("completions {shell}"));
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.contains("verify") && ran.out.contains("no-progress"), "{shell}");
    }
}

#[test]
fn json_holds_the_script() {
    let document = World::new().json("completions fish");
    assert_eq!(document["schema"], "lookervault.completions/1");
    assert!(document["script"].as_str().unwrap().contains("complete -c lookervault"));
}
