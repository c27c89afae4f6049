//! What a command line means.

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    extract: ExtractArgs,
}

fn parse(line: &str) -> Result<ExtractArgs, clap::Error> {
    Line::try_parse_from(std::iter::once("extract").chain(line.split_whitespace())).map(|line| line.extract)
}

#[test]
fn both_spellings_of_kinds_and_folders_mean_the_same() {
    let ours = parse("dashboards looks --folder-ids 1 --folder-ids 2 --page-size 50").unwrap();
    let python = parse("-t dashboard,look --folder-ids 1,2 -b 50").unwrap();
    assert_eq!(ours.kinds, python.types);
    assert_eq!(ours.folder_ids, python.folder_ids);
    assert_eq!(ours.page_size, python.page_size);
    assert_eq!(parse("--batch-size 50").unwrap().page_size, ours.page_size);
}

#[test]
fn wrong_values_are_refused_at_once() {
    for line in [
        "--folder-ids 1,x",
        "--folder-ids=",
        "-w 0",
        "-w 65",
        "--max-calls 0",
        "--patience soon",
        "--folder /a//b",
        "--folder=",
        "--exclude 1,2",
        "spaceships",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
    assert!(parse("--folder-ids lookml -r").is_ok());
}

#[test]
fn of_a_switch_and_its_opposite_the_last_counts() {
    for (line, key, on) in [
        ("--no-personal --personal", "personal", true),
        ("--personal --no-personal", "personal", false),
        ("-r --no-recursive", "recursive", false),
        ("--no-trash --trash", "trash", true),
        ("--keep-destinations --no-keep-destinations", "keep_destinations", false),
    ] {
        let flags = parse(line).unwrap().flags();
        let (value, _) = flags.get(key).unwrap();
        assert!(matches!(value, Value::Flag(is) if *is == on), "{line}: {value:?}");
    }
}

#[test]
fn only_what_was_given_becomes_a_flag() {
    assert!(parse("").unwrap().flags().is_empty());
    let line = "looks --no-trash --patience 1m30s --pacing fixed --folder /a,b --exclude 7 -r --no-personal";
    let flags = parse(line).unwrap().flags();
    for key in ["kinds", "trash", "patience", "pacing", "folders", "exclude", "recursive", "personal"] {
        assert!(flags.get(key).is_some(), "{key}");
    }
    assert!(flags.get("workers").is_none());
}
