//! Calls that read chosen objects again.

use looker::Kind;
use looker::catalogue::{Each, Operation, Paged, Whole};
use looker::client::Call;
use looker::pacing::Reason;

use crate::extract::{Group, Rows, item_call, whole_call};

/// One call, and what its answer holds.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) call: Call,
    pub(super) asks: Asks,
}

/// What a call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asks {
    /// The rows of a whole kind.
    Whole,
    /// Rows of a kind, whichever lie on that page.
    Page,
    /// The rows of these ids.
    Ids(Vec<String>),
    /// This object.
    One(String),
}

impl Read {
    /// The one call that answers a whole kind.
    pub(super) fn whole(kind: &'static Kind, whole: &'static Whole) -> Self {
        Self { call: whole_call(kind, whole), asks: Asks::Whole }
    }

    /// The pages of `rows` rows of a kind, or of a folder of it, with the short or
    /// empty page that ends them.
    pub(super) fn pages(
        kind: &'static Kind,
        paged: &'static Paged,
        folder: Option<&str>,
        rows: usize,
    ) -> Vec<Self> {
        let page = usize::try_from(paged.page.max(1)).unwrap_or(usize::MAX);
        (0..=rows / page).map(|n| Self::page(kind, paged, folder, n * page)).collect()
    }

    /// The page that begins at a row.
    pub(super) fn page(
        kind: &'static Kind,
        paged: &'static Paged,
        folder: Option<&str>,
        offset: usize,
    ) -> Self {
        let call = Group::live(kind, paged)
            .call(folder, Rows::Full, Reason::Page)
            .with("limit", paged.page.to_string())
            .with("offset", offset.to_string());
        Self { call, asks: Asks::Page }
    }

    /// Calls for so many ids each; none where a kind is not found by id.
    pub(super) fn ids(
        kind: &'static Kind,
        paged: &'static Paged,
        ids: &[String],
        a_call: usize,
    ) -> Vec<Self> {
        let Some(by_id) = paged.by_id else { return Vec::new() };
        let read = |ids: &[String]| {
            let call = Group::live(kind, paged).call(None, Rows::Full, Reason::Item);
            let call = call.with(by_id, ids.join(","));
            let call = if ids.len() > 1 { call.with("limit", ids.len().to_string()) } else { call };
            Self { call, asks: Asks::Ids(ids.to_vec()) }
        };
        ids.chunks(a_call.max(1)).map(read).collect()
    }

    /// One object of a kind that costs a call each.
    pub(super) fn each(kind: &'static Kind, each: &'static Each, key: String) -> Self {
        Self { call: item_call(kind, each, &key), asks: Asks::One(key) }
    }

    /// The one object of its sort.
    pub(super) fn single(kind: &'static Kind, operation: &'static Operation) -> Self {
        let call = Call::new(operation, kind.name, Reason::Item);
        Self { call, asks: Asks::One(operation.id.to_owned()) }
    }
}
