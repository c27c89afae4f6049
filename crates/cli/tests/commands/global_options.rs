//! What holds for every command: usage errors, configuration errors, where
//! output goes.

use std::process::Stdio;

use crate::support::World;

#[test]
fn wrong_usage_ends_with_2() {
    let world = World::new();
    for line in [
        "",
        "frobnicate",
        "list",
        "list spaceships",
        "--frob list looks",
        "list looks --trash --live",
        "-q -v list looks",
    ] {
        let ran = world.run(line);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{line}: {}", ran.err);
    }
    assert!(world.run("list dashbords").err.contains("did you mean `dashboards`?"));
}

#[test]
fn wrong_usage_is_json_when_json_was_asked_for() {
    let error = World::new().run("list spaceships --json").error();
    assert_eq!((error["kind"].as_str(), error["exit_code"].as_i64()), (Some("usage"), Some(2)));
    assert!(error["message"].as_str().unwrap().contains("spaceships"), "{error}");
}

#[test]
fn help_and_version_go_to_stdout() {
    let world = World::new();
    let help = world.run("--help");
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    assert!(help.out.contains("130  interrupted"), "{}", help.out);
    let version = world.run("--version");
    assert_eq!(version.out, format!("lookervault {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_fault_in_the_configuration_names_file_line_and_remedy() {
    let world = World::new();
    world.write("lookervault.toml", "# ours\nvalut = \"x.db\"\n");
    insta::assert_snapshot!(world.run("runs").all(), @r"
    exit 2
    --- stdout
    --- stderr
    error: unknown key `valut` at the top of the file
      where: lookervault.toml:2
       hint: did you mean `vault`?
    ");
    let error = world.run("runs -o json").error();
    assert_eq!(error["kind"], "config.unknown_key");
    assert_eq!(error["where"], "lookervault.toml:2");
}

#[test]
fn a_secret_in_a_broken_file_is_not_repeated() {
    let world = World::new();
    world.write("lookervault.toml", "[instances.a]\nclient_secret = \"hunter2\nbase_url = 1\n");
    for line in ["runs", "-vvv runs", "runs --json"] {
        let ran = world.run(line);
        assert_eq!(ran.code, 2);
        assert!(!ran.all().contains("hunter2"), "{}", ran.all());
    }
}

#[test]
fn a_closed_pipe_is_success() {
    let world = World::new();
    let mut child =
        world.command("completions bash").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
