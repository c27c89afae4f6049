//! Content beside folders, dashboards and looks.

use super::FieldPattern::{Anywhere, Path};
use super::compare;
use super::kinds::{PLAIN, administrative, query_based, whole};
use super::{
    AnswerShape, Cadence, Each, Envelope, Group, KeyIn, Kind, List, Reference, Refresh, Restore, Source,
    secrets,
};

const UNNAMED: Envelope = Envelope { id: &[], title: "", folder: None, updated_at: None, created_at: None };

pub(super) const BOARDS: Kind = Kind {
    name: "boards",
    singular: "board",
    looker_type: "Board",
    about: "boards with their sections and items",
    group: Group::Content,
    list: whole("all_boards", "/boards"),
    cadence: Cadence::EveryRun,
    envelope: Envelope {
        id: &["id"],
        title: "title",
        folder: None,
        updated_at: Some("updated_at"),
        created_at: Some("created_at"),
    },
    natural_key: &["title", "user_id"],
    references: &[
        Reference { path: "user_id", kind: "users" },
        Reference { path: "board_sections.board_items.dashboard_id", kind: "dashboards" },
        Reference { path: "board_sections.board_items.look_id", kind: "looks" },
        Reference { path: "board_sections.board_items.lookml_dashboard_id", kind: "lookml_dashboards" },
    ],
    writable: &["deleted_at", "description", "section_order", "title", "user_id"],
    volatile: &[
        Anywhere("can"),
        Anywhere("view_count"),
        Anywhere("favorite_count"),
        Anywhere("content_favorite_id"),
        Anywhere("content_updated_at"),
    ],
    compare: compare::BOARDS,
    ..PLAIN
};

pub(super) const LOOKML_DASHBOARDS: Kind = Kind {
    name: "lookml_dashboards",
    singular: "lookml_dashboard",
    looker_type: "Dashboard",
    about: "dashboards that are written in LookML, as Looker renders them",
    group: Group::Content,
    list: List::Each(Each {
        operation: administrative("dashboard", "/dashboards/{dashboard_id}"),
        key: KeyIn::Path,
        parameters: &[],
        source: Source::Listing {
            operation: administrative("search_lookml_dashboards", "/dashboards/lookml/search"),
            parameters: &[("fields", "id,dashboard_id")],
            keys: &["id", "dashboard_id"],
        },
        answer: AnswerShape::Object,
        lists: None,
        refresh: Refresh::ByAge,
    }),
    cadence: Cadence::WEEKLY,
    restore: Restore::No("they come from the project's LookML files"),
    envelope: Envelope {
        id: &["id"],
        title: "title",
        folder: Some("folder_id"),
        updated_at: None,
        created_at: None,
    },
    natural_key: &["id"],
    references: &[
        Reference { path: "folder_id", kind: "folders" },
        Reference { path: "model.id", kind: "lookml_models" },
        Reference { path: "dashboard_elements.look_id", kind: "looks" },
        Reference { path: "dashboard_elements.query.model", kind: "lookml_models" },
        Reference { path: "dashboard_elements.result_maker.query.model", kind: "lookml_models" },
        Reference { path: "dashboard_elements.result_maker.filterables.model", kind: "lookml_models" },
        Reference { path: "dashboard_filters.model", kind: "lookml_models" },
    ],
    told: &[
        Reference { path: "user_id", kind: "users" },
        Reference { path: "last_updater_id", kind: "users" },
        Reference { path: "deleter_id", kind: "users" },
    ],
    volatile: super::kinds::DASHBOARD_VOLATILE,
    redacted: secrets::OF_PEOPLES_KEYS,
    compare: compare::DASHBOARDS,
    ..PLAIN
};

pub(super) const MERGE_QUERIES: Kind = Kind {
    name: "merge_queries",
    singular: "merge_query",
    looker_type: "MergeQuery",
    about: "merge queries of dashboard tiles, with the queries they merge",
    group: Group::Content,
    list: List::Each(Each {
        operation: query_based("merge_query", "/merge_queries/{merge_query_id}"),
        key: KeyIn::Path,
        parameters: &[],
        source: Source::References,
        answer: AnswerShape::Object,
        lists: None,
        refresh: Refresh::Never,
    }),
    cadence: Cadence::EveryRun,
    envelope: Envelope { id: &["id"], ..UNNAMED },
    natural_key: &["source_queries"],
    references: &[Reference { path: "source_queries.query_id", kind: "queries" }],
    writable: &["column_limit", "dynamic_fields", "pivots", "sorts", "source_queries", "total", "vis_config"],
    volatile: &[Anywhere("can"), Path(&["result_maker_id"])],
    redacted: secrets::OF_PEOPLES_KEYS,
    compare: compare::MERGE_QUERIES,
    ..PLAIN
};

pub(super) const QUERIES: Kind = Kind {
    name: "queries",
    singular: "query",
    looker_type: "Query",
    about: "the queries of looks and of merge queries",
    group: Group::Content,
    list: List::Each(Each {
        operation: query_based("query", "/queries/{query_id}"),
        key: KeyIn::Path,
        parameters: &[],
        source: Source::References,
        answer: AnswerShape::Object,
        lists: None,
        refresh: Refresh::Never,
    }),
    cadence: Cadence::EveryRun,
    envelope: Envelope { id: &["id"], ..UNNAMED },
    natural_key: &["model", "view", "fields"],
    references: &[Reference { path: "model", kind: "lookml_models" }],
    writable: &[
        "model",
        "view",
        "fields",
        "pivots",
        "fill_fields",
        "filters",
        "filter_expression",
        "sorts",
        "limit",
        "column_limit",
        "total",
        "row_total",
        "subtotals",
        "vis_config",
        "filter_config",
        "visible_ui_sections",
        "dynamic_fields",
        "query_timezone",
    ],
    volatile: &[Anywhere("can"), Path(&["url"]), Path(&["share_url"]), Path(&["expanded_share_url"])],
    redacted: secrets::OF_PEOPLES_KEYS,
    compare: compare::QUERIES,
    ..PLAIN
};

pub(super) const FAVORITES: Kind = Kind {
    name: "content_favorites",
    singular: "content_favorite",
    looker_type: "",
    about: "what each user has marked as a favourite, one list a user",
    group: Group::Content,
    // Without `user_id` the list may hold only the caller's own.
    list: List::Each(Each {
        operation: administrative("search_content_favorites", "/content_favorite/search"),
        key: KeyIn::Parameter("user_id"),
        parameters: &[("limit", "1000"), ("sorts", "id")],
        source: Source::Objects("users"),
        answer: AnswerShape::List { limit: Some(1000) },
        lists: Some("user_id"),
        refresh: Refresh::ByAge,
    }),
    restore: Restore::Full,
    envelope: UNNAMED,
    natural_key: &[],
    references: &[
        Reference { path: "user_id", kind: "users" },
        Reference { path: "dashboard_id", kind: "dashboards" },
        Reference { path: "look_id", kind: "looks" },
        Reference { path: "board_id", kind: "boards" },
        Reference { path: "lookml_dashboard_id", kind: "lookml_dashboards" },
    ],
    volatile: &[
        Anywhere("can"),
        Anywhere("view_count"),
        Anywhere("favorite_count"),
        Anywhere("usage_count"),
        Anywhere("last_viewed_at"),
        Anywhere("last_accessed_at"),
        // Copies of what is kept as an object of its own.
        Path(&["look"]),
        Path(&["dashboard"]),
        Path(&["lookml_dashboard"]),
    ],
    redacted: secrets::OF_PEOPLES_KEYS,
    compare: compare::FAVORITES,
    ..PLAIN
};
