//! What to simulate: the size of the instance, its manners, its speed.

use std::time::Duration;

use crate::churn::Churn;
use crate::faults::Faults;

/// Everything that can be chosen about a simulated instance.
///
/// The default is a pleasant demonstration: a hundred odd dashboards, no
/// latency, no faults. Override what a test is about:
///
/// ```
/// let config = looker_sim::SimConfig { dashboards: 500, ..Default::default() };
/// ```
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct SimConfig {
    /// Decides every piece of content and every drawn fault.
    pub seed: u64,
    /// TCP port on the loopback interface; 0 takes any free one.
    pub port: u16,
    /// Live user-defined dashboards.
    pub dashboards: u32,
    /// Live looks.
    pub looks: u32,
    /// Folders of shared content below the root `Shared`, nested several deep.
    /// The two roots, `lookml` and the personal folders come on top.
    pub folders: u32,
    /// Users; the first is the one the API key belongs to.
    pub users: u32,
    /// Groups, the built-in `All Users` included.
    pub groups: u32,
    /// Roles, the built-in `Admin` included.
    pub roles: u32,
    /// User attributes besides those every instance has.
    pub user_attributes: u32,
    /// Themes, the default included.
    pub themes: u32,
    /// Colour collections besides the standard ones.
    pub color_collections: u32,
    /// Connections.
    pub connections: u32,
    /// LookML projects.
    pub projects: u32,
    /// LookML models, at least the three that queries are on; System Activity
    /// comes on top.
    pub models: u32,
    /// Datagroups.
    pub datagroups: u32,
    /// Integrations, of two hubs.
    pub integrations: u32,
    /// Live conversational agents; one more is in the trash.
    pub agents: u32,
    /// Artifacts, in up to three namespaces.
    pub artifacts: u32,
    /// Boards, with sections and items; the first is the homepage.
    pub boards: u32,
    /// Enabled schedules, of all users, some on trashed dashboards.
    pub plans: u32,
    /// Disabled schedules, on top of the enabled ones.
    pub disabled_plans: u32,
    /// Alerts on tiles of live dashboards, of all users; every fifth is
    /// disabled.
    pub alerts: u32,
    /// Favourites of other users than the API key's, and its favourite boards.
    /// Its favourite dashboards come on top: one in twelve says so.
    pub favorites: u32,
    /// Dashboards in the first shared folders, one number a folder; those
    /// folders lie directly below `Shared` and have no children. What is left
    /// of `dashboards` is spread over the other folders. Empty: an uneven
    /// spread over all of them.
    pub folder_sizes: Vec<u32>,
    /// Trashed dashboards and looks, in percent of the live ones and on top of
    /// them.
    pub trash_percent: u32,
    /// Approximate JSON size of a dashboard in bytes; 0 is a realistic mix of
    /// small and large ones.
    pub dashboard_bytes: usize,
    /// How long an answer takes.
    pub latency: Latency,
    /// Requests worked on at the same time; others wait in line. A Looker node
    /// has a pool of 200 threads.
    pub served_at_once: usize,
    /// Requests a second before 429 is answered: a token bucket with a burst
    /// of one fifth of a second's worth, at least one.
    pub rate_limit: Option<f64>,
    /// Whether and how a 429 or 503 says when to come back.
    pub retry_after: RetryAfter,
    /// How long a token lives.
    pub token_ttl: Duration,
    /// The API key's public half.
    pub client_id: String,
    /// The API key's secret half.
    pub client_secret: String,
    /// The form a rejected login takes.
    pub rejected_login: RejectedLogin,
    /// Whether searches send `X-Total-Count` and a `last` link. `all_users`
    /// sends them in any case when a limit is given.
    pub totals: bool,
    /// Makes `X-Total-Count` lie, upwards and downwards in turn, and be sent
    /// by searches.
    pub wrong_totals: bool,
    /// Rows a paged answer never exceeds, whatever `limit` asks for, without
    /// saying so.
    pub page_cap: Option<u32>,
    /// Whether answers without `sorts` keep the order of ids. Off, the order
    /// differs between two requests, and ties of a sort are broken at random.
    pub stable_order: bool,
    /// Whether `id=1,2`, `user_id=1,2` and the like mean any of them. Off,
    /// such a value matches nothing.
    pub id_lists: bool,
    /// The same for `folder_id=1,2`.
    pub folder_id_lists: bool,
    /// What `search_content_favorites` makes of several values of `user_id`, of which the
    /// API document says that it takes them, whatever other searches do.
    pub favorite_lists: FavoriteLists,
    /// Whether `search_looks` answers `query` when `fields` names it. Off, the
    /// key is absent.
    pub looks_search_gives_query: bool,
    /// Whether `search_lookml_dashboards` answers an array of
    /// `DashboardLookml`, going by release 26.12 of the API document. Off, it
    /// answers `Dashboard`s, going by newer SDKs.
    pub lookml_search_gives_lookml: bool,
    /// Whether `search_scheduled_plans` finds disabled plans when it is asked
    /// by `all_states=true` or `enabled`, which SDKs after release 26.12 say
    /// takes the feature `modernize_schedule_management`, and whether the lists
    /// of plans on one content hold them. `all_scheduled_plans` never does
    /// (`looker-api-facts.md` §10).
    pub plan_searches_give_disabled: bool,
    /// Whether a `PATCH` of a dashboard or look changes its owner when it sends
    /// `user_id`. Off, `user_id` is passed over: sources contradict each other
    /// (`looker-api-facts.md` §13).
    pub owner_can_be_changed: bool,
    /// Whether a live look's title is unique in its folder. No refusal was
    /// ever recorded.
    pub look_titles_unique: bool,
    /// Whether a trashed dashboard blocks its title as well.
    pub trash_blocks_titles: bool,
    /// In which layout the component of a new tile appears.
    pub components: Components,
    /// Makes only what every instance has, whatever numbers are asked for: the
    /// root folders, the administrator whose API key it is, the role, sets,
    /// group, theme, colour collections and attributes that are built in, and
    /// the settings. To be filled by [`Sim::load`](crate::Sim::load).
    pub built_ins_only: bool,
    /// Whether the back door (`/_sim/...`), which asks for no token, is open. Off, it
    /// answers 404: for an instance that holds somebody's real content.
    pub back_door: bool,
    /// Whether a new alert needs `owner_id` and `field.filter`, as a client that
    /// copies alerts found. Off, it does not, as the API document says
    /// (`looker-api-facts.md` §11).
    pub new_alerts_need_owner: bool,
    /// Whether `search_content_favorites` without `user_id` answers those of
    /// everybody. Off, it answers the caller's.
    pub favorites_of_everybody: bool,
    /// The release the instance says it runs. One before 26.0 has neither
    /// agents nor artifacts: their operations answer 404 `Sinatra::NotFound`.
    pub release: String,
    /// Fields that this release has beyond those of the API document, by type and name
    /// (`("Dashboard", "mood")`): its own document declares them, and what dashboards,
    /// looks and tiles are given of them is kept.
    pub new_fields: Vec<(&'static str, &'static str)>,
    /// Fields that this release does not have, in the same form: its own document does
    /// not declare them, and writes pass them over. Content that was made with them
    /// still has them.
    pub missing_fields: Vec<(&'static str, &'static str)>,
    /// A text that every secret the API can give away in the clear then
    /// contains, so that a test can prove that none reached a disk or a
    /// terminal:
    ///
    /// - `access_token` of a login;
    /// - `credentials_email.password_reset_url` and `account_setup_url` of
    ///   users, behind [`PLANTED_SECRET`](crate::PLANTED_SECRET);
    /// - `params[].value` of integrations, except those that are `sensitive`,
    ///   which are null;
    /// - `url` of integration hubs that are not Looker's own;
    /// - `scheduled_plan_destination[].address` of schedules that go to a
    ///   webhook, behind [`PLANTED_WEBHOOK_KEY`](crate::PLANTED_WEBHOOK_KEY).
    ///
    /// With a marker the instance is also careless in ways that are possible,
    /// though not documented. These members are absent or harmless without:
    ///
    /// - what the API document calls write-only: `authorization_token` of
    ///   integration hubs, `client_secret` of external OAuth applications,
    ///   `git_password` and `deploy_secret` of projects, `auth_password` and
    ///   `test_ldap_password` of `ldap_config`, `secret` of `oidc_config`,
    ///   `custom_s3_key` and `custom_s3_secret` of the cloud storage, `password`
    ///   and `certificate` of connections, `secret_parameters` of schedules;
    /// - `credentials_api3[].client_secret` of users;
    /// - `embed_config.x_embed_secrets[].secret` of the settings;
    /// - secrets that people put into addresses: `git_remote_url` of projects,
    ///   `jdbc_additional_params` and `after_connect_statements` of connections,
    ///   `parameters` of schedules, `action_hub_form_params_json` of alerts;
    /// - a cookie with every answer.
    ///
    /// SAML's certificates are public.
    pub secret_marker: Option<String>,
    /// Ids of operations this release does not have yet (`search_dashboards`);
    /// they answer 404 `Sinatra::NotFound`.
    pub missing_endpoints: Vec<String>,
    /// Ids of operations the API key's user has no permission for.
    pub denied: Vec<String>,
    /// What is answered to who lacks a permission.
    pub denied_as: DeniedAs,
    /// Scheme, host and port written into `Link` headers; `None` writes what
    /// the client asked for.
    pub public_url: Option<String>,
    /// What the API key's user may see.
    pub account: Account,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// What other people change meanwhile.
    pub churn: Churn,
}

impl Default for SimConfig {
    fn default() -> Self {
        SimConfig {
            seed: 1,
            port: 0,
            dashboards: 120,
            looks: 60,
            folders: 24,
            users: 25,
            groups: 8,
            roles: 6,
            user_attributes: 8,
            themes: 4,
            color_collections: 2,
            connections: 3,
            projects: 2,
            models: 3,
            datagroups: 4,
            integrations: 5,
            agents: 4,
            artifacts: 10,
            boards: 6,
            plans: 24,
            disabled_plans: 6,
            alerts: 12,
            favorites: 16,
            folder_sizes: Vec::new(),
            trash_percent: 5,
            dashboard_bytes: 0,
            latency: Latency::default(),
            served_at_once: 200,
            rate_limit: None,
            retry_after: RetryAfter::None,
            token_ttl: Duration::from_secs(3600),
            client_id: "demo0client0id000000".to_owned(),
            client_secret: "demo0client0secret000000".to_owned(),
            rejected_login: RejectedLogin::Json404,
            totals: false,
            wrong_totals: false,
            page_cap: None,
            stable_order: false,
            id_lists: true,
            folder_id_lists: true,
            favorite_lists: FavoriteLists::default(),
            looks_search_gives_query: false,
            lookml_search_gives_lookml: false,
            plan_searches_give_disabled: false,
            owner_can_be_changed: true,
            look_titles_unique: false,
            trash_blocks_titles: false,
            components: Components::default(),
            built_ins_only: false,
            back_door: true,
            new_alerts_need_owner: false,
            favorites_of_everybody: false,
            release: "26.12.33".to_owned(),
            new_fields: Vec::new(),
            missing_fields: Vec::new(),
            secret_marker: None,
            missing_endpoints: Vec::new(),
            denied: Vec::new(),
            denied_as: DeniedAs::default(),
            public_url: None,
            account: Account::Admin,
            faults: Faults::default(),
            churn: Churn::default(),
        }
    }
}

/// How long an answer takes: `base` plus the rows it holds. All zero by
/// default.
///
/// A full row is a dashboard or look sent with its parts; every other row is a
/// light one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Latency {
    /// Cost of a request by itself.
    pub base: Duration,
    /// Cost of a dashboard or look sent whole.
    pub per_full_row: Duration,
    /// Cost of any other row.
    pub per_light_row: Duration,
}

impl Latency {
    /// Latency with the usual 50 microseconds for a light row.
    pub fn new(base: Duration, per_full_row: Duration) -> Self {
        Latency { base, per_full_row, per_light_row: Duration::from_micros(50) }
    }

    /// The time an answer with these rows takes on a free server.
    pub(crate) fn of(&self, full_rows: u32, light_rows: u32) -> Duration {
        self.base + self.per_full_row * full_rows + self.per_light_row * light_rows
    }
}

/// What a search for favourites makes of a list of users.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FavoriteLists {
    /// It answers those of any of them, as the API document says.
    #[default]
    Taken,
    /// It answers 422.
    Refused,
    /// It answers those of the first one.
    First,
}

/// In which layout the component of a new tile appears, which changed when
/// dashboards got tabs (`looker-api-facts.md` §16).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Components {
    /// In the one that the tile's `dashboard_layout_id` names, else in the
    /// active one; a new layout is empty.
    #[default]
    Tabs,
    /// In the active one: `dashboard_layout_id` is passed over.
    Active,
    /// In every layout, as before tabs: a new layout has one for every tile,
    /// and `dashboard_layout_id` is passed over.
    Everywhere,
}

/// The form of the `Retry-After` header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RetryAfter {
    /// No header, as most real instances.
    #[default]
    None,
    /// Whole seconds, rounded up.
    Seconds,
    /// A date in the form of RFC 9110.
    HttpDate,
}

/// What a wrong client id or secret is answered with. Both are 404, and both
/// were seen on real instances (`looker-api-facts.md` §1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RejectedLogin {
    /// `{"message":"Not found", ...}`.
    #[default]
    Json404,
    /// The page `Looker Not Found (404)`, with a content type of `*/*`.
    Html404,
}

/// What is answered to who lacks a permission. Real instances do both
/// (`looker-api-facts.md` §1 and §11).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeniedAs {
    /// 403 `Permission Denied`.
    #[default]
    Forbidden,
    /// 404 `Not found`, as if there were nothing.
    NotFound,
}

/// What the API key's user may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Account {
    /// Everything.
    #[default]
    Admin,
    /// The content of some folders and of what lies below them; their
    /// ancestors as bare folders; of people only itself; nothing may be
    /// written.
    Limited {
        /// Ids of the visible folders.
        sees_folders: Vec<String>,
    },
    /// All content, and otherwise what these permissions allow; `administer`
    /// allows everything. What needs a permission that is missing answers 404,
    /// as real instances mostly do (`looker-api-facts.md` §1), or 403. Without
    /// `see_users` it sees itself as the only user, and no groups, roles and
    /// sets. Of schedules, alerts and favourites it sees its own.
    Permitted {
        /// Names of permissions: `see_users`, `see_datagroups`, ...
        permissions: Vec<String>,
    },
}
