//! What the tests of the vault share: a vault in a temporary folder, runs and
//! records in few words.
#![allow(clippy::needless_pass_by_value, reason = "calls read better")]

use std::path::PathBuf;

use jiff::Timestamp;
use tempfile::TempDir;
use vault::*;

pub(crate) const URL: &str = "https://made-up.looker.example";

/// A temporary folder with room for a vault.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("vault.db")
    }

    pub(crate) fn open(&self) -> Vault {
        Vault::open_for_writing(&self.path(), "test").unwrap()
    }

    pub(crate) fn reader(&self) -> Reader {
        Vault::open_for_reading(&self.path()).unwrap()
    }

    /// Another program's view of the file.
    pub(crate) fn sqlite(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    /// Begins a run over `scope` with one stream.
    pub(crate) fn run(&self, scope: &str) -> Run {
        Run::begin(self.open(), scope)
    }

    /// A complete run of the whole instance that sees exactly these.
    pub(crate) fn complete_run(&self, objects: &[Seen]) -> RunSummary {
        let run = self.run("{}");
        run.see(objects);
        run.finish(RunState::Complete, &[whole("dashboard")])
    }

    /// What the current objects are: `kind key side folder body`.
    pub(crate) fn content(&self) -> Vec<String> {
        let reader = self.reader();
        let mut lines = Vec::new();
        for kind in ["dashboard", "look", "folders"] {
            let filter = ListFilter { sides: vec![Side::Live, Side::Trash], ..ListFilter::of(kind) };
            reader.list(&filter, |row| lines.push(row)).unwrap();
        }
        let line = |row: ListRow| {
            let stored = reader.show(row.instance, &row.kind, &row.key).unwrap().unwrap();
            let folder = row.folder.as_deref().unwrap_or("-");
            let body = String::from_utf8(stored.body).unwrap();
            format!("{} {} {} {folder} {body}", row.kind, row.key, row.side.name())
        };
        lines.into_iter().map(line).collect()
    }

    pub(crate) fn verify(&self) -> VerifyReport {
        self.reader().verify(&mut |_| ()).unwrap()
    }

    #[track_caller]
    pub(crate) fn assert_sound(&self) {
        let report = self.verify();
        assert_eq!(report.verdict, Verdict::Sound, "{:#?}", report.findings);
    }
}

/// A run at work.
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) instance: InstanceId,
    pub(crate) writer: Writer,
}

impl Run {
    pub(crate) fn begin(mut vault: Vault, scope: &str) -> Self {
        let instance = vault.instance(URL).unwrap();
        let id = vault.begin_run(&start(instance, scope)).unwrap();
        Self::with(vault, instance, id)
    }

    pub(crate) fn with(vault: Vault, instance: InstanceId, id: RunId) -> Self {
        let run = Self { id, instance, writer: vault.into_writer() };
        run.writer.stream(run.stream(0)).unwrap();
        run
    }

    pub(crate) fn stream(&self, stream: u32) -> StreamRecord {
        StreamRecord {
            run: self.id,
            stream,
            kind: "dashboard".into(),
            name: "all".into(),
            side: Side::Live,
            folder: None,
            size: None,
            page_limit: 100,
        }
    }

    pub(crate) fn records(&self, objects: &[Seen]) -> Vec<Record> {
        objects.iter().map(|object| object.record(&self.writer.codec())).collect()
    }

    /// Sees objects by id.
    pub(crate) fn see(&self, objects: &[Seen]) {
        self.writer.items(self.id, self.records(objects)).unwrap();
    }

    /// Sees a page.
    pub(crate) fn page(&self, offset: u64, limit: u32, objects: &[Seen]) {
        let (rows, objects) = (objects.len() as u32, self.records(objects));
        let page = Page { run: self.id, stream: 0, offset, limit, rows, objects };
        self.writer.page(page).unwrap();
    }

    pub(crate) fn list(&self, round: u32, objects: &[Seen]) {
        let rows = objects.iter().map(Seen::listed).collect();
        self.writer.listing(self.id, round, rows).unwrap();
    }

    pub(crate) fn finish(self, state: RunState, absence: &[AbsenceScope]) -> RunSummary {
        let end = end(self.id, state, absence);
        let summary = self.writer.finish(end).unwrap();
        self.writer.close().unwrap();
        summary
    }
}

pub(crate) fn start(instance: InstanceId, scope: &str) -> RunStart {
    RunStart {
        instance,
        command: "extract".into(),
        scope: scope.into(),
        options: "{}".into(),
        account: "{}".into(),
        release: Some("26.12".into()),
        started_at: time(0),
    }
}

pub(crate) fn end(run: RunId, state: RunState, absence: &[AbsenceScope]) -> RunEnd {
    RunEnd {
        account: None,
        doubt: Doubt::default(),
        run,
        state,
        ended_at: time(1_000),
        totals_json: "{}".into(),
        absence: absence.to_vec(),
        ranges_restated: false,
    }
}

/// A restore of what the run's instance was, to the same instance.
pub(crate) fn restoring(run: &Run) -> RestoreStart {
    RestoreStart {
        source: run.instance,
        instance: run.instance,
        as_of: run.id,
        plan: r#"{"steps":[1,2,3]}"#.into(),
        steps: 3,
        options: "{}".into(),
        started_at: time(0),
    }
}

pub(crate) fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

/// Everything of a kind, live and trash.
pub(crate) fn whole(kind: &'static str) -> AbsenceScope {
    AbsenceScope { kind: kind.into(), folders: None, sides: vec![Side::Live, Side::Trash], listing: None }
}

pub(crate) fn folders(kind: &'static str, folders: &[&str]) -> AbsenceScope {
    let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
    AbsenceScope { folders: Some(Folders::Only(folders)), ..whole(kind) }
}

/// Everything of a kind but what lies in these folders.
pub(crate) fn all_but(kind: &'static str, folders: &[&str]) -> AbsenceScope {
    let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
    AbsenceScope { folders: Some(Folders::AllBut(folders)), ..whole(kind) }
}

/// An object as a run sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) kind: &'static str,
    pub(crate) key: String,
    pub(crate) side: Side,
    pub(crate) folder: String,
    pub(crate) content: u64,
    pub(crate) updated_at: i64,
    pub(crate) read_at: i64,
    pub(crate) unsettled: bool,
    pub(crate) views: u64,
}

/// A live dashboard in folder 1.
pub(crate) fn seen(key: impl ToString, content: u64) -> Seen {
    Seen {
        kind: "dashboard",
        key: key.to_string(),
        side: Side::Live,
        folder: "1".into(),
        content,
        updated_at: 0,
        read_at: 0,
        unsettled: false,
        views: 7,
    }
}

impl Seen {
    pub(crate) fn body(&self) -> String {
        format!(r#"{{"content":{}}}"#, self.content)
    }

    pub(crate) fn record(&self, codec: &Codec) -> Record {
        let body = self.body().into_bytes();
        let volatile = format!(r#"[[["views"],{}]]"#, self.views).into_bytes();
        Record {
            kind: self.kind.into(),
            key: self.key.clone(),
            side: self.side,
            title: Some(format!("Title of {}", self.key)),
            folder: Some(self.folder.clone()),
            updated_at: Some(time(self.updated_at)),
            created_at: Some(time(-1_000)),
            read_at: time(self.read_at),
            unsettled: self.unsettled,
            body: BodyHash::of(&body),
            encoded: Some(codec.encode(self.kind, &body)),
            references: Vec::new(),
            volatile_hash: volatile_hash(&volatile),
            volatile: Some(codec.encode_volatile(self.kind, &volatile)),
            counters: Some(format!(r#"{{"views":{}}}"#, self.views)),
        }
    }

    pub(crate) fn listed(&self) -> Listed {
        Listed {
            kind: self.kind.into(),
            key: self.key.clone(),
            side: self.side,
            folder: Some(self.folder.clone()),
            updated_at: Some(time(self.updated_at)),
            counters: Some(format!(r#"{{"views":{}}}"#, self.views)),
        }
    }

    /// The line that [`Place::content`] has for it.
    pub(crate) fn line(&self) -> String {
        format!("{} {} {} {} {}", self.kind, self.key, self.side.name(), self.folder, self.body())
    }
}
