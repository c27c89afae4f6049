//! Picking rows: criteria, order, page.

use std::borrow::Cow;
use std::cmp::Ordering;

use fastrand::Rng;

use crate::fields::Fields;
use crate::json::quoted;
use crate::kinds::Kind;
use crate::params::Params;
use crate::reply::Problem;
use crate::state::{Visible, World};
use crate::table::{Cell, Row, Table};

/// Parameters that are not compared with a column.
const NOT_CRITERIA: [&str; 26] = [
    "fields",
    "sorts",
    "limit",
    "offset",
    "page",
    "per_page",
    "filter_or",
    "deleted",
    "curate",
    "not_owned_by",
    "ids",
    "get_all_support_roles",
    "exclude_empty",
    "exclude_hidden",
    "include_internal",
    "include_self_service",
    "tally",
    "ts",
    "theme_type",
    "all_users",
    "all_states",
    "all_owners",
    "group_by",
    "favorited",
    "permission",
    "include_board_items",
];

/// Which parameters take a list of values with commas between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lists {
    /// Every parameter of ids but `folder_id`.
    pub(crate) ids: bool,
    pub(crate) folder_ids: bool,
}

/// A search, understood.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// Whether trashed rows are looked at instead of live ones.
    deleted: bool,
    /// Only rows with these ids.
    ids: Option<Vec<String>>,
    /// Only rows of these folders.
    folders: Option<Vec<String>>,
    criteria: Vec<Criterion>,
    /// Whether one of `criteria` is enough.
    any: bool,
    /// What must hold in any case.
    must: Vec<Criterion>,
    /// Leaves out what lies in personal folders.
    curate: bool,
    /// Column, and whether it descends.
    sorts: Vec<(usize, bool)>,
    /// Which part of the rows to answer.
    pub(crate) page: Page,
    /// Which members of each row to answer.
    pub(crate) fields: Option<Fields>,
}

/// Which part of the rows to answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Rows wanted; `None` wants all, and no paging headers.
    pub(crate) limit: Option<usize>,
    /// Rows to skip.
    pub(crate) offset: usize,
}

#[derive(Debug)]
struct Criterion {
    column: usize,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Null,
    NotNull,
    Bool(bool),
    /// Equal to one of these.
    AnyOf(Vec<String>),
    /// Like this pattern in lower case.
    Like(Vec<char>),
    /// A list that holds all of these elements, each in quotes.
    Holds(Vec<String>),
    Not(Box<Test>),
    AtLeast(i64),
    AtMost(i64),
}

impl Page {
    /// `limit` and `offset` win over `page` and `per_page`
    /// (`looker-api-facts.md` §2).
    fn parse(params: &Params) -> Page {
        let (limit, offset) = (params.count("limit"), params.count("offset"));
        if limit.is_some() || offset.is_some() {
            return Page { limit, offset: offset.unwrap_or(0) };
        }
        let limit = params.count("per_page");
        let before = params.count("page").unwrap_or(1).saturating_sub(1);
        Page { limit, offset: before * limit.unwrap_or(0) }
    }
}

impl Search {
    /// Reads a search out of parameters that the operation knows. Fails with
    /// all that is wrong.
    pub(crate) fn parse(kind: Kind, params: &Params, lists: Lists) -> Result<Search, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut search = Search {
            deleted: params.get("deleted") == Some("true"),
            any: params.is_set("filter_or"),
            curate: params.is_set("curate"),
            page: Page::parse(params),
            ..Search::default()
        };
        if !matches!(params.get("deleted"), None | Some("true" | "false")) {
            problems.push(Problem::invalid("deleted", "deleted must be true or false".to_owned()));
        }
        match parse_fields(params) {
            Ok(fields) => search.fields = fields,
            Err(problem) => problems.push(problem),
        }
        let grouped = params
            .get("group_by")
            .map(|by| if by == "owner" { "owner_id" } else { "investigative_content_id" });
        match parse_sorts(kind, params.get("sorts").or(grouped).unwrap_or_default()) {
            Ok(sorts) => search.sorts = sorts,
            Err(problem) => problems.push(problem),
        }
        for (name, value) in params.pairs() {
            if !NOT_CRITERIA.contains(&name.as_str()) {
                search.add(kind, name, value, params.is_set("not_owned_by"), lists);
            }
        }
        if problems.is_empty() { Ok(search) } else { Err(problems) }
    }

    fn add(&mut self, kind: Kind, name: &str, value: &str, not_owned: bool, lists: Lists) {
        let id_lists = if name == "folder_id" { lists.folder_ids } else { lists.ids };
        let is_exact = !self.any && !value.contains(['%', '_', ' ']);
        if is_exact && matches!(name, "id" | "folder_id") {
            let list = if id_lists { split(value) } else { vec![value.to_owned()] };
            let place = if name == "id" { &mut self.ids } else { &mut self.folders };
            *place = Some(list);
            return;
        }
        let (column, test) = match name {
            "group_id" => ("group_ids", Test::holds(value)),
            "models" | "permissions" => (name, Test::holds(value)),
            "model_set_ids" => ("model_set_id", Test::AnyOf(split(value))),
            "permission_set_ids" => ("permission_set_id", Test::AnyOf(split(value))),
            "full_name" if kind == Kind::User => ("display_name", Test::of(value, false)),
            "primary_agent_id" if value == "null" => (name, Test::Null),
            "category" => (name, Test::AnyOf(split(value))),
            "user_ids" => ("created_by_userid", Test::AnyOf(split(value))),
            "min_size" => ("value_size", Test::AtLeast(value.parse().unwrap_or(0))),
            "max_size" => ("value_size", Test::AtMost(value.parse().unwrap_or(i64::MAX))),
            "creator_id" if kind == Kind::Board => ("user_id", Test::of(value, id_lists)),
            "first_name" | "last_name" if kind == Kind::Board => ("x_creator", Test::member(name, value)),
            "user_first_name" => ("user", Test::member("first_name", value)),
            "user_last_name" => ("user", Test::member("last_name", value)),
            "recipient" => ("scheduled_plan_destination", Test::member("address", value)),
            "destination_type" => ("scheduled_plan_destination", Test::member("type", value)),
            "delivery_format" => ("scheduled_plan_destination", Test::member("format", value)),
            "disabled" => ("is_disabled", Test::of(value, false)),
            "frequency" => ("cron", Test::of(cron_of(value), false)),
            _ => (name, Test::of(value, id_lists && (name == "id" || name.ends_with("_id")))),
        };
        let owner = if kind == Kind::Agent { "created_by_user_id" } else { "user_id" };
        let test = if name == owner && not_owned { Test::Not(Box::new(test)) } else { test };
        // Known to the API and empty on this instance: no id is null.
        let (column, test) = kind.column(column).map_or((0, Test::Null), |column| (column, test));
        self.criteria.push(Criterion { column, test });
    }

    /// Restricts the search to one folder.
    pub(crate) fn in_folder(mut self, folder: &str) -> Search {
        self.folders = Some(vec![folder.to_owned()]);
        self
    }

    /// Restricts the search to rows with that value in that column.
    pub(crate) fn only(mut self, kind: Kind, column: &str, value: &str) -> Search {
        let test = if column == "group_ids" { Test::holds(value) } else { Test::of(value, true) };
        self.must.extend(kind.column(column).map(|column| Criterion { column, test }));
        self
    }

    /// Restricts the search to rows with another value in that column.
    pub(crate) fn but(mut self, kind: Kind, column: &str, value: &str) -> Search {
        let test = Test::Not(Box::new(Test::AnyOf(vec![value.to_owned()])));
        self.must.extend(kind.column(column).map(|column| Criterion { column, test }));
        self
    }

    /// Restricts the search to rows with any of these values in that column.
    pub(crate) fn any_of(mut self, kind: Kind, column: &str, values: Vec<String>) -> Search {
        let test = Test::AnyOf(values);
        self.must.extend(kind.column(column).map(|column| Criterion { column, test }));
        self
    }

    /// Restricts the search to rows whose ids are wanted.
    pub(crate) fn among(mut self, world: &World, kind: Kind, wanted: impl Fn(&str) -> bool) -> Search {
        let table = world.table(kind);
        let ids = table.slots(false).iter().map(|slot| &*table.row(*slot).id);
        self.ids = Some(ids.filter(|id| wanted(id)).map(str::to_owned).collect());
        self
    }

    /// Orders the rows by a column.
    pub(crate) fn sorted_by(mut self, kind: Kind, column: &str) -> Search {
        self.sorts = kind.column(column).map(|column| (column, false)).into_iter().collect();
        self
    }

    /// Drops what was asked of a column.
    pub(crate) fn without(mut self, kind: Kind, column: &str) -> Search {
        self.criteria.retain(|criterion| Some(criterion.column) != kind.column(column));
        self
    }

    /// The slots that match, in ascending order of ids.
    pub(crate) fn select<'w>(
        &self,
        world: &'w World,
        table: &'w Table,
        visible: Option<&Visible>,
    ) -> Cow<'w, [u32]> {
        let slots = self.candidates(table);
        if self.criteria.is_empty() && self.must.is_empty() && !self.curate && visible.is_none() {
            return slots;
        }
        let wanted = |slot: &u32| {
            let row = table.row(*slot);
            visible.is_none_or(|visible| visible.sees(table.kind, row))
                && !(self.curate && is_personal(world, table.kind, row))
                && self.matches(row)
        };
        Cow::Owned(slots.iter().copied().filter(wanted).collect())
    }

    /// What the indexes by id, folder and trash leave to look at.
    fn candidates<'w>(&self, table: &'w Table) -> Cow<'w, [u32]> {
        let in_folders = self.folders.as_ref().map(|folders| {
            let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
            table.slots_in(&folders, self.deleted)
        });
        let Some(ids) = &self.ids else {
            return in_folders.unwrap_or(Cow::Borrowed(table.slots(self.deleted)));
        };
        let within = in_folders.as_deref().unwrap_or(table.slots(self.deleted));
        let mut slots: Vec<u32> = ids.iter().filter_map(|id| table.find(id)).collect();
        slots.retain(|slot| within.binary_search(slot).is_ok());
        slots.sort_unstable();
        slots.dedup();
        Cow::Owned(slots)
    }

    fn matches(&self, row: &Row) -> bool {
        let hit = |criterion: &Criterion| criterion.test.holds_for(row.cell(criterion.column));
        let any = self.any && !self.criteria.is_empty();
        self.must.iter().all(hit)
            && if any { self.criteria.iter().any(hit) } else { self.criteria.iter().all(hit) }
    }

    /// Puts slots in the order asked for; without `sorts`, and among equals,
    /// in the order `shuffle` gives.
    pub(crate) fn order<'w>(
        &self,
        table: &Table,
        slots: Cow<'w, [u32]>,
        shuffle: Option<&mut Rng>,
    ) -> Cow<'w, [u32]> {
        let by_id = |(column, _): &(usize, bool)| table.kind.columns()[*column] == "id";
        if let Some((_, descending)) = self.sorts.first().filter(|sort| by_id(sort)) {
            return if *descending { Cow::Owned(slots.iter().rev().copied().collect()) } else { slots };
        }
        let mut slots = slots;
        if let Some(rng) = shuffle {
            rng.shuffle(slots.to_mut());
        }
        if !self.sorts.is_empty() {
            slots.to_mut().sort_by(|a, b| self.compare(table.row(*a), table.row(*b), by_id));
        }
        slots
    }

    fn compare(&self, a: &Row, b: &Row, by_id: impl Fn(&(usize, bool)) -> bool) -> Ordering {
        let mut order = Ordering::Equal;
        for sort in &self.sorts {
            let next =
                if by_id(sort) { a.key.cmp(&b.key) } else { compare_cells(a.cell(sort.0), b.cell(sort.0)) };
            order = order.then(if sort.1 { next.reverse() } else { next });
        }
        order
    }
}

fn is_personal(world: &World, kind: Kind, row: &Row) -> bool {
    let folder = world.get(Kind::Folder, row.text(kind, "folder_id"));
    let column = Kind::Folder.column("is_personal").unwrap_or(0);
    folder.is_some_and(|folder| *folder.cell(column) == Cell::Bool(true))
}

/// The `fields` of a request; an empty one is none.
pub(crate) fn parse_fields(params: &Params) -> Result<Option<Fields>, Problem> {
    let text = params.get("fields").filter(|text| !text.trim().is_empty());
    text.map(Fields::parse).transpose().map_err(|wrong| Problem::invalid("fields", wrong))
}

fn parse_sorts(kind: Kind, sorts: &str) -> Result<Vec<(usize, bool)>, Problem> {
    let parse = |sort: &str| {
        let mut words = sort.split_whitespace();
        let column = match words.next()? {
            "space_id" => "folder_id",
            "title" if kind == Kind::Folder => "name",
            column => column,
        };
        let descends = match words.next().map(str::to_ascii_lowercase).as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return None,
        };
        words.next().is_none().then_some((kind.column(column)?, descends))
    };
    let wrong = |sort: &str| Problem::invalid("sorts", format!("cannot sort by `{}`", sort.trim()));
    let sorts = sorts.split(',').filter(|sort| !sort.trim().is_empty());
    sorts.map(|sort| parse(sort).ok_or_else(|| wrong(sort))).collect()
}

fn compare_cells(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::Text(a), Cell::Text(b)) => {
            a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase))
        }
        (Cell::Int(a), Cell::Int(b)) => a.cmp(b),
        (Cell::Bool(a), Cell::Bool(b)) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(cell: &Cell) -> u8 {
    match cell {
        Cell::Null => 0,
        Cell::Bool(_) => 1,
        Cell::Int(_) => 2,
        Cell::Text(_) => 3,
    }
}

fn split(list: &str) -> Vec<String> {
    list.split(',').map(|item| item.trim().to_owned()).collect()
}

impl Test {
    fn of(value: &str, list: bool) -> Test {
        match value {
            "IS NULL" => Test::Null,
            "NOT NULL" => Test::NotNull,
            "true" => Test::Bool(true),
            "false" => Test::Bool(false),
            _ if list && value.contains(',') => Test::AnyOf(split(value)),
            _ => Test::Like(value.chars().flat_map(char::to_lowercase).collect()),
        }
    }

    /// Some object of a row's text has that member like that value.
    fn member(name: &str, value: &str) -> Test {
        Test::of(&format!("%\"{name}\":{}%", quoted(value)), false)
    }

    fn holds(list: &str) -> Test {
        Test::Holds(split(list).iter().map(|item| format!("\"{item}\"")).collect())
    }

    fn holds_for(&self, cell: &Cell) -> bool {
        match (self, cell) {
            (Test::Null, cell) => *cell == Cell::Null,
            (Test::NotNull, cell) => *cell != Cell::Null,
            (Test::Not(test), cell) => !test.holds_for(cell),
            (Test::Bool(wanted), Cell::Bool(value)) => wanted == value,
            (Test::Bool(wanted), Cell::Null) => !wanted,
            (Test::Bool(wanted), Cell::Text(text)) => text.eq_ignore_ascii_case(&wanted.to_string()),
            (Test::AnyOf(list), Cell::Text(text)) => list.iter().any(|item| **item == **text),
            (Test::AnyOf(list), Cell::Int(number)) => list.contains(&number.to_string()),
            (Test::Like(pattern), Cell::Text(text)) => is_like(text, pattern),
            (Test::Like(pattern), Cell::Int(number)) => {
                let list: String = pattern.iter().collect();
                split(&list).contains(&number.to_string())
            }
            (Test::AtLeast(least), Cell::Int(number)) => number >= least,
            (Test::AtMost(most), Cell::Int(number)) => number <= most,
            (Test::Holds(items), Cell::Text(list)) => items.iter().all(|item| list.contains(item.as_str())),
            _ => false,
        }
    }
}

/// What a schedule of that frequency looks like.
fn cron_of(frequency: &str) -> &str {
    match frequency {
        "minutes" => "*/% * * * *",
        "hourly" => "0 */% * * *",
        "daily" => "0 _ * * *",
        "weekly" => "0 _ * * 1",
        "monthly" => "0 _ 1 * *",
        _ => "",
    }
}

/// SQL's LIKE without regard to case: `%` is any text, `_` any character. The
/// pattern is in lower case already.
fn is_like(text: &str, pattern: &[char]) -> bool {
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let (mut t, mut p) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('%') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == '_' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((after, from)) => {
                    p = after;
                    t = from + 1;
                    retry = Some((after, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_knows_both_wildcards_and_no_case() {
        let like = |text: &str, pattern: &str| {
            is_like(text, &pattern.chars().flat_map(char::to_lowercase).collect::<Vec<_>>())
        };
        assert!(like("Größe 7", "GRÖSSE 7") == like("Größe 7", "grösse 7"));
        assert!(like("Sales by Region", "sales%REGION"));
        assert!(like("abcabd", "%ab_"));
        assert!(like("", "%"));
        assert!(like("100% of_goal", "100_ of_goal"));
        assert!(!like("Sales", "Sale"));
        assert!(!like("Sales", "%x%"));
    }

    #[test]
    fn limit_and_offset_win_over_page_and_per_page() {
        let page = |query: &str| Page::parse(&Params::parse(query));
        assert_eq!(page("limit=5&offset=10&page=7&per_page=3"), Page { limit: Some(5), offset: 10 });
        assert_eq!(page("page=3&per_page=4"), Page { limit: Some(4), offset: 8 });
        assert_eq!(page("fields=id"), Page { limit: None, offset: 0 });
    }

    #[test]
    fn sorts_take_only_columns() {
        let id = Kind::Dashboard.column("id").unwrap();
        let title = Kind::Dashboard.column("title").unwrap();
        assert_eq!(parse_sorts(Kind::Dashboard, "title desc, id").unwrap(), [(title, true), (id, false)]);
        assert!(parse_sorts(Kind::Dashboard, "dashboard_elements").is_err());
        assert!(parse_sorts(Kind::Dashboard, "title downwards").is_err());
    }
}
