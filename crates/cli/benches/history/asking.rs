//! What people ask of the history, asked many times.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use engine::diff::{Comparison, Folders, Identity, Scope, State, View};
use engine::impact::{Subject, impact};
use engine::log::{LogFilter, tell};
use fastrand::Rng;
use vault::{ChangeFilter, InstanceId, Period, Reader, RunId, Search, Side, Terms, Vault};

use crate::program::Program;

const DASHBOARDS: &str = "dashboards";

/// Limits, as the project promises them.
const AS_OF: Duration = Duration::from_millis(10);
const NEIGHBOURS: Duration = Duration::from_millis(100);
const SEARCH: Duration = Duration::from_millis(50);
const IMPACT: Duration = Duration::from_secs(1);

/// A question and how long each answer took.
pub(crate) struct Asked {
    pub(crate) what: String,
    pub(crate) limit: Duration,
    pub(crate) times: Vec<Duration>,
}

/// Asks everything, of one reader that stays open and of processes that start anew.
pub(crate) struct Asking<'a> {
    program: &'a Program,
    path: &'a Path,
    reader: Reader,
    instance: InstanceId,
    /// Oldest first.
    runs: Vec<RunId>,
    ids: Vec<String>,
    rng: Rng,
    pub(crate) asked: Vec<Asked>,
}

impl<'a> Asking<'a> {
    /// # Errors
    /// When the vault cannot be read.
    pub(crate) fn of(program: &'a Program, path: &'a Path) -> anyhow::Result<Self> {
        let reader = Vault::open_for_reading(path)?;
        let instance = reader.instances()?.first().context("a vault without an instance")?.id;
        let mut runs: Vec<RunId> = reader.moments(instance)?.into_iter().map(|moment| moment.run).collect();
        runs.reverse();
        let mut ids = Vec::new();
        reader.list(&vault::ListFilter::of(DASHBOARDS), |row| ids.push(row.key))?;
        let rng = Rng::with_seed(1);
        Ok(Self { program, path, reader, instance, runs, ids, rng, asked: Vec::new() })
    }

    fn note(&mut self, what: impl Into<String>, limit: Duration, times: Vec<Duration>) {
        self.asked.push(Asked { what: what.into(), limit, times });
    }

    /// An object and a run, any of them.
    fn any(&mut self) -> (String, RunId) {
        let id = self.ids[self.rng.usize(..self.ids.len())].clone();
        (id, self.runs[self.rng.usize(..self.runs.len())])
    }

    /// Two runs, one after the other.
    fn neighbours(&mut self) -> (RunId, RunId) {
        let later = self.rng.usize(1..self.runs.len());
        (self.runs[later - 1], self.runs[later])
    }

    /// Any object at any time.
    pub(crate) fn as_of(&mut self, times: usize) -> anyhow::Result<()> {
        let mut took = Vec::new();
        for _ in 0..times * 20 {
            let (id, run) = self.any();
            let started = Instant::now();
            let found = self.reader.show_at(self.instance, DASHBOARDS, &id, Some(run))?;
            took.push(started.elapsed());
            ensure!(found.is_some(), "dashboard {id} is not in run {run}");
        }
        self.note("as-of read, one reader", AS_OF, took);
        let mut took = Vec::new();
        for _ in 0..times {
            let (id, run) = self.any();
            let answer =
                self.program.ask(&["show", "dashboard", &id, "--as-of", &run.to_string(), "--json"])?;
            took.push(answer.0);
        }
        self.note("show --as-of, a process", AS_OF, took);
        Ok(())
    }

    /// What the second of two neighbouring runs found; of the first one all is new.
    pub(crate) fn log(&mut self, times: usize, edits: usize) -> anyhow::Result<()> {
        let mut took = Vec::new();
        for _ in 0..times {
            let (after, until) = self.neighbours();
            let changes =
                ChangeFilter { after: Some(after), until: Some(until), ..ChangeFilter::of(self.instance) };
            let started = Instant::now();
            let told = tell(&self.reader, &LogFilter { changes, ..LogFilter::of(self.instance) }, |_| true)?;
            took.push(started.elapsed());
            ensure!(told.entries == edits as u64, "{} changes between {after} and {until}", told.entries);
        }
        self.note("log of neighbours, one reader", NEIGHBOURS, took);
        let mut took = Vec::new();
        for _ in 0..times {
            let (after, until) = self.neighbours();
            let arguments = ["log", "--since", &after.to_string(), "--until", &until.to_string()];
            let (time, told) = self.program.ask(&arguments)?;
            took.push(time);
            let lines = String::from_utf8_lossy(&told).lines().count();
            ensure!(lines == edits, "{lines} lines between {after} and {until}");
        }
        self.note("log of neighbours, a process", NEIGHBOURS, took);
        Ok(())
    }

    /// What differs between two neighbouring runs, down to the field.
    pub(crate) fn diff(&mut self, times: usize, edits: usize) -> anyhow::Result<()> {
        let mut took = Vec::new();
        for _ in 0..times {
            let (from, to) = self.neighbours();
            let state = |run| State { reader: &self.reader, instance: self.instance, run };
            let scope = Scope { kinds: looker::catalogue::KINDS.iter().collect(), folders: Folders::All };
            let started = Instant::now();
            let mut comparison = Comparison::new(state(from), state(to), Identity::Id, &scope)?;
            let pairs = comparison.pairs()?;
            for pair in &pairs {
                comparison.tell(pair, View::default(), &mut |_| ())?;
            }
            took.push(started.elapsed());
            ensure!(pairs.len() == edits, "{} objects differ between {from} and {to}", pairs.len());
        }
        self.note("diff of neighbours, one reader", NEIGHBOURS, took);
        for (name, more) in [("diff", None), ("diff --stat", Some("--stat"))] {
            let mut took = Vec::new();
            for _ in 0..times {
                let (from, to) = self.neighbours();
                let sides = [from.to_string(), to.to_string()];
                let arguments: Vec<&str> = ["diff", &sides[0], &sides[1]].into_iter().chain(more).collect();
                took.push(self.program.ask(&arguments)?.0);
            }
            self.note(format!("{name} of neighbours, a process"), NEIGHBOURS, took);
        }
        Ok(())
    }

    /// Words, now and at other times: by a reader that has answered before, and by
    /// processes that read everything anew.
    pub(crate) fn search(&mut self, times: usize, words: &[&str]) -> anyhow::Result<()> {
        let middle = self.runs[self.runs.len() / 2];
        let moments = [
            ("now", Period::Now, vec![]),
            ("at a run", Period::At(middle), vec!["--as-of".to_owned(), middle.to_string()]),
            ("ever", Period::Ever, vec!["--all-time".to_owned()]),
        ];
        for (when, moment, flags) in moments {
            let (mut warm, mut cold) = (Vec::new(), Vec::new());
            for words in words {
                let found = self.search_warm(words, moment, times, &mut warm)?;
                let mut arguments = vec!["search", words];
                arguments.extend(flags.iter().map(String::as_str));
                for _ in 0..times.div_ceil(5) {
                    cold.push(self.program.ask(&arguments)?.0);
                }
                println!("  search {words:?} {when}: {found} found");
            }
            self.note(format!("search {when}, one reader"), SEARCH, warm);
            self.note(format!("search {when}, a process"), SEARCH, cold);
        }
        Ok(())
    }

    fn search_warm(
        &self,
        words: &str,
        moment: Period,
        times: usize,
        took: &mut Vec<Duration>,
    ) -> anyhow::Result<u64> {
        let terms = Terms::parse(words)?;
        let search = Search {
            instance: self.instance,
            terms: &terms,
            kinds: &[],
            sides: &[Side::Live],
            moment,
            limit: 20,
        };
        let mut found = engine::search::search(&self.reader, &search)?.found;
        for _ in 0..times {
            let started = Instant::now();
            found = engine::search::search(&self.reader, &search)?.found;
            took.push(started.elapsed());
        }
        Ok(found)
    }

    /// Everything that hangs on a field that very many tiles use.
    pub(crate) fn impact(&mut self, times: usize) -> anyhow::Result<()> {
        let field = self.popular_field()?;
        let subject = Subject::field(&field)?;
        let (mut found, mut took) = (0, Vec::new());
        for _ in 0..times {
            // A reader of its own, as a process has.
            let reader = Vault::open_for_reading(self.path)?;
            let started = Instant::now();
            found = impact(&reader, self.instance, &subject)?.affected.len();
            took.push(started.elapsed());
        }
        println!("  impact of {field}: {found} objects");
        self.note(format!("impact of a field with {found} objects"), IMPACT, took);
        let mut took = Vec::new();
        for _ in 0..times {
            took.push(self.program.ask(&["impact", "--field", &field])?.0);
        }
        self.note("the same, a process", IMPACT, took);
        Ok(())
    }

    /// Of the fields in use the one that most documents have.
    fn popular_field(&self) -> anyhow::Result<String> {
        let most = "SELECT f.name FROM field_use u JOIN field f ON f.id = u.field WHERE f.name <> ''
             GROUP BY f.name ORDER BY count(*) DESC LIMIT 1";
        Ok(rusqlite::Connection::open(self.path)?.query_row(most, (), |row| row.get(0))?)
    }
}
