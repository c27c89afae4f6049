//! What handles and thread tell each other.

use std::collections::HashSet;
use std::sync::mpsc;

use jiff::Timestamp;

use super::{Adopted, Disagreements, Missing, RestoreChange, RunSummary, StepRecord};
use crate::record::Kind;
use crate::{
    AbsenceScope, CallCount, FullPass, Gap, Indexer, KindRead, Listed, ListingScope, Page, Probe, Record,
    RestoreId, RestoreStart, Result, RunEnd, RunId, RunStart, StreamRecord, Suspicion,
};

/// What is handed to the thread.
#[derive(Debug)]
pub(super) enum Message {
    Work(Work),
    Flush(Reply<()>),
    Disagreements { run: RunId, listing: u32, scopes: Vec<ListingScope>, reply: Reply<Disagreements> },
    Missing { run: RunId, scopes: Vec<AbsenceScope>, reply: Reply<Vec<Missing>> },
    Vanished { run: RunId, share: u8, scopes: Vec<AbsenceScope>, reply: Reply<Vec<Suspicion>> },
    Adopt { run: RunId, listing: u32, scopes: Vec<ListingScope>, reply: Reply<Vec<Adopted>> },
    FoundAsItWas { run: RunId, kind: Kind, keys: Vec<String>, at: Timestamp, reply: Reply<HashSet<String>> },
    ChangedWithoutStamp { run: RunId, kind: Kind, reply: Reply<Vec<String>> },
    BeginRun(Box<RunStart>, Reply<RunId>),
    Finish(Box<RunEnd>, Reply<RunSummary>),
    BeginRestore(Box<RestoreStart>, Reply<RestoreId>),
    Journal(Vec<StepRecord>, Reply<()>),
    Restore(RestoreId, RestoreChange, Reply<()>),
    Index { indexer: Indexer, at_most: u64, reply: Reply<u64> },
    Close(Reply<()>),
}

/// What is written without an answer.
#[derive(Debug)]
pub(super) enum Work {
    Stream(StreamRecord),
    Page(Page),
    Items(RunId, Vec<Record>),
    Listing(RunId, u32, Vec<Listed>),
    Calls(RunId, Vec<CallCount>),
    Gap(RunId, Gap),
    Refreshed { run: RunId, kind: Kind, keys: Vec<String>, at: Timestamp },
    Refused { run: RunId, kind: Kind, keys: Vec<String>, at: Timestamp },
    KindRefused { run: RunId, kind: Kind, at: Timestamp },
    KindRead(RunId, KindRead),
    FullPass(RunId, FullPass),
    Probe(RunId, Probe),
    Births(RunId, Kind, Vec<(String, Timestamp)>),
    Account(RunId, String),
    Options(RunId, String),
}

pub(super) type Reply<T> = mpsc::Sender<Result<T>>;
