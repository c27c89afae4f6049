use std::fs;

use crate::support::World;

#[test]
fn every_command_gets_a_page() {
    let world = World::new();
    let ran = world.run("man pages/man1");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let files: Vec<&str> = ran.out.lines().collect();
    for name in ["lookervault.1", "lookervault-list.1", "lookervault-runs-show.1"] {
        let file = format!("pages/man1/{name}");
        assert!(files.contains(&file.as_str()), "{files:?}");
        let page = fs::read_to_string(world.path(&file)).unwrap();
        assert!(page.contains(".SH EXAMPLES AND EXIT CODES\n.nf\n"), "{page}");
        assert!(page.contains(".SH NAME"), "{page}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let world = World::new();
    world.write("file", "");
    let ran = world.run("man file/below");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("cannot write manual pages"), "{}", ran.err);
    assert!(ran.err.contains("where: file/below"), "{}", ran.err);
}
