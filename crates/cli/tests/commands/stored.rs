//! A vault to read from, written as `extract` writes one.

use std::path::Path;

use jiff::Timestamp;
use looker::catalogue::KINDS;
use vault::{
    AbsenceScope, BodyHash, CallCount, FieldPattern, Gap, GapWhat, KindRead, Page, Record, ReferencePattern,
    Rules, RunEnd, RunId, RunStart, RunState, Side, StreamRecord, Vault, Writer, canonicalise, volatile_hash,
};

/// An object as the API would give it.
pub(crate) struct Object {
    pub(crate) kind: &'static str,
    pub(crate) side: Side,
    pub(crate) body: String,
}

/// A live object.
pub(crate) fn live(kind: &'static str, body: &str) -> Object {
    Object { kind, side: Side::Live, body: body.to_owned() }
}

/// An object in the trash.
pub(crate) fn trashed(kind: &'static str, body: &str) -> Object {
    Object { side: Side::Trash, ..live(kind, body) }
}

const RULES: Rules = Rules {
    volatile: &[FieldPattern::Anywhere("can"), FieldPattern::Anywhere("view_count")],
    redact: &[FieldPattern::Path(&["credentials_email", "password_reset_url"])],
    references: &[],
};

/// The rules of a kind, with the references that the catalogue knows of.
fn rules(kind: &str) -> Rules {
    let entry = KINDS.iter().find(|entry| entry.name == kind).unwrap();
    let reference = |reference: &looker::catalogue::Reference| ReferencePattern {
        path: reference.path.split('.').map(|key| &*key.to_owned().leak()).collect::<Vec<_>>().leak(),
        kind: reference.kind,
    };
    Rules { references: entry.references.iter().map(reference).collect::<Vec<_>>().leak(), ..RULES }
}

/// Stores the objects in one complete run.
pub(crate) fn store(path: &Path, url: &str, objects: &[Object]) {
    store_run(path, url, objects, &[]);
}

/// Stores the objects in one run; with gaps it ends incomplete.
pub(crate) fn store_run(path: &Path, url: &str, objects: &[Object], gaps: &[Gap]) {
    store_run_of(path, url, objects, gaps, "2026-11-23");
}

/// Stores the objects in one run of a day, at ten o'clock.
pub(crate) fn store_run_of(path: &Path, url: &str, objects: &[Object], gaps: &[Gap], day: &str) {
    store_run_at(path, url, objects, gaps, &format!("{day}T10:00"));
}

/// Stores the objects in one run that begins with a minute and ends some seconds later.
pub(crate) fn store_run_at(path: &Path, url: &str, objects: &[Object], gaps: &[Gap], minute: &str) {
    let mut vault = Vault::open_for_writing(path, "test").unwrap();
    let instance = vault.instance(url).unwrap();
    let rules: Vec<(&str, Rules)> = KINDS.iter().map(|kind| (kind.name, rules(kind.name))).collect();
    let rules: Vec<(&str, &Rules)> = rules.iter().map(|(kind, rules)| (*kind, rules)).collect();
    vault.index_references(&rules, &mut |_| ()).unwrap();
    let run = vault
        .begin_run(&RunStart {
            instance,
            command: "extract".into(),
            scope: r#"{"kinds":["dashboards"]}"#.into(),
            options: "{}".into(),
            account: r#"{"id":"1"}"#.into(),
            release: Some("26.12".into()),
            started_at: time(&format!("{minute}:00Z")),
        })
        .unwrap();
    let writer = vault.into_writer();
    let mut kinds: Vec<&'static str> = objects.iter().map(|object| object.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for (stream, kind) in kinds.iter().enumerate() {
        for side in [Side::Live, Side::Trash] {
            let number = (stream * 2 + usize::from(side == Side::Trash)) as u32;
            let chosen = objects.iter().filter(|object| object.kind == *kind && object.side == side);
            write_stream(&writer, run, number, kind, side, &chosen.collect::<Vec<_>>());
        }
    }
    for gap in gaps {
        writer.gap(run, gap.clone()).unwrap();
    }
    let calls = CallCount {
        at: time("2026-11-23T10:00:02Z"),
        kind: "dashboards".into(),
        reason: "page".into(),
        ledger: "administrative".into(),
        calls: 12,
    };
    writer.calls(run, vec![calls]).unwrap();
    finish(writer, run, &kinds, gaps.is_empty(), time(&format!("{minute}:04.500Z")));
}

fn write_stream(
    writer: &Writer,
    run: RunId,
    stream: u32,
    kind: &'static str,
    side: Side,
    objects: &[&Object],
) {
    let rows = objects.len() as u32;
    let record = StreamRecord {
        run,
        stream,
        kind: kind.into(),
        name: format!("{kind}, {}", side.name()),
        side,
        folder: None,
        size: Some(rows.into()),
        page_limit: 100,
    };
    writer.stream(record).unwrap();
    let objects = objects.iter().map(|object| record_of(writer, object)).collect();
    writer.page(Page { run, stream, offset: 0, limit: 100, rows, objects }).unwrap();
}

fn record_of(writer: &Writer, object: &Object) -> Record {
    let canonical = canonicalise(object.body.as_bytes(), &rules(object.kind).compile()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&object.body).unwrap();
    let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let folder = if object.kind == "folders" { "parent_id" } else { "folder_id" };
    let volatile = canonical.volatile.as_deref();
    Record {
        kind: object.kind.into(),
        key: text("id").unwrap(),
        side: object.side,
        title: ["title", "display_name", "name", "custom_title"].into_iter().find_map(text),
        folder: text(folder),
        updated_at: text("updated_at").map(|at| time(&at)),
        created_at: text("created_at").map(|at| time(&at)),
        read_at: time("2026-11-23T10:00:01Z"),
        unsettled: false,
        body: BodyHash::of(&canonical.body),
        encoded: Some(writer.codec().encode(object.kind, &canonical.body)),
        references: canonical.references,
        volatile: volatile.map(|bytes| writer.codec().encode_volatile(object.kind, bytes)),
        counters: canonical.counters,
        volatile_hash: volatile.map_or(0, volatile_hash),
    }
}

fn finish(writer: Writer, run: RunId, kinds: &[&'static str], complete: bool, ended_at: Timestamp) {
    for kind in kinds.iter().filter(|_| complete) {
        writer.kind_read(run, KindRead { kind: (*kind).into(), read_at: ended_at }).unwrap();
    }
    let absence = kinds.iter().map(|kind| AbsenceScope {
        kind: (*kind).into(),
        folders: None,
        sides: vec![Side::Live, Side::Trash],
        listing: None,
    });
    writer
        .finish(RunEnd {
            account: None,
            doubt: vault::Doubt::default(),
            ranges_restated: false,
            run,
            state: if complete { RunState::Complete } else { RunState::Incomplete },
            ended_at,
            totals_json: r#"{"rows":3}"#.into(),
            absence: absence.collect(),
        })
        .unwrap();
    writer.close().unwrap();
}

/// A gap in the first stream.
pub(crate) fn gap() -> Gap {
    Gap {
        stream: Some(0),
        kind: "dashboards".into(),
        what: GapWhat::Range { offset: 100, limit: 50 },
        reason: "502 Bad Gateway".into(),
        tries: 8,
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) const URL: &str = "https://looker.example.com:19999";

/// A small instance: two folders, a user, dashboards, a look.
pub(crate) fn sample() -> Vec<Object> {
    vec![
        live("folders", r#"{"id":"1","name":"Shared","parent_id":null}"#),
        live("folders", r#"{"id":"7","name":"Finance","parent_id":"1"}"#),
        live(
            "users",
            r#"{"id":"3","display_name":"Ada Lovelace","email":"ada@example.com","role_ids":["2","5"],
                "credentials_email":{"password_reset_url":"https://secret.example.com/x","type":"email"}}"#,
        ),
        live("dashboards", DASHBOARD),
        live(
            "dashboards",
            r#"{"id":"99","title":"Same\ntitle","folder_id":"1","updated_at":"2026-02-01T00:00:00Z"}"#,
        ),
        trashed("dashboards", r#"{"id":"100","title":"Old","folder_id":"7","deleted":true}"#),
        live(
            "looks",
            r#"{"id":"5","title":"Orders","folder_id":"7","user_id":"8","public":false,
                "query":{"model":"shop","view":"orders","vis_config":{"type":"looker_line"}}}"#,
        ),
    ]
}

pub(crate) const DASHBOARD: &str = r#"{
  "id":"1012","title":"Umsätze 📊","folder_id":"7","user_id":"3","description":"By region",
  "updated_at":"2026-11-20T08:30:00.000+00:00","created_at":"2025-01-02T03:04:05Z",
  "big":12345678901234567890123,"exact":1.50,"nothing":null,"view_count":41,"can":{"show":true},
  "dashboard_filters":[{"name":"Region","title":"Region","type":"field_filter","dimension":"orders.region","default_value":"EU"}],
  "dashboard_elements":[
    {"id":"1","title":"Revenue","type":"vis","can":{"x":true},"query":{"model":"shop","view":"orders","fields":["orders.region","orders.count"],"vis_config":{"type":"looker_column"}}},
    {"id":"2","title":null,"title_text":"Note","type":"text"},
    {"id":"3","title":"Linked","type":"vis","look_id":"5"},
    {"id":"4","title":"Merged","type":"vis","merge_result_id":"abc"}],
  "dashboard_layouts":[{"id":"8","type":"newspaper","active":true,"dashboard_layout_components":[
    {"id":"21","dashboard_element_id":"1","row":0,"column":0,"width":16,"height":8},
    {"id":"22","dashboard_element_id":"2","row":0,"column":16,"width":8,"height":8}]}]
}"#;
