//! Where data comes from and what it means.

use super::FieldPattern::{Anywhere, Path};
use super::compare;
use super::kinds::{PLAIN, administrative, whole};
use super::{
    AnswerShape, Cadence, Each, Envelope, Field, Group, KeyIn, Kind, List, Only, Reference, Refresh, Restore,
    Source, secrets,
};

const NAMED: Envelope =
    Envelope { id: &["name"], title: "name", folder: None, updated_at: None, created_at: None };

pub(super) const CONNECTIONS: Kind = Kind {
    name: "connections",
    singular: "connection",
    looker_type: "DBConnection",
    about: "database connections",
    group: Group::Model,
    list: whole("all_connections", "/connections"),
    envelope: Envelope { created_at: Some("created_at"), ..NAMED },
    references: &[
        Reference { path: "user_id", kind: "users" },
        Reference { path: "tunnel_id", kind: "ssh_tunnels" },
        Reference { path: "oauth_application_id", kind: "external_oauth_applications" },
    ],
    volatile: &[
        Anywhere("can"),
        Path(&["last_regen_at"]),
        Path(&["last_reap_at"]),
        Path(&["example"]),
        Path(&["named_driver_version_actual"]),
    ],
    redacted: secrets::OF_CONNECTIONS,
    never_saved: &["passwords", "certificates", "addresses and statements with passwords in them"],
    ..PLAIN
};

pub(super) const SSH_SERVERS: Kind = Kind {
    name: "ssh_servers",
    singular: "ssh_server",
    looker_type: "SshServer",
    about: "servers that tunnels to databases go through, with the fingerprints of their keys",
    group: Group::Model,
    list: whole("all_ssh_servers", "/ssh_servers"),
    // A tunnel tells all of its server but the fingerprint of its key.
    cadence: Cadence::OnRequest,
    envelope: Envelope { id: &["ssh_server_id"], title: "ssh_server_name", ..NAMED },
    natural_key: &["ssh_server_name"],
    volatile: &[Anywhere("can"), Path(&["status"])],
    never_saved: &["private keys"],
    ..PLAIN
};

pub(super) const SSH_TUNNELS: Kind = Kind {
    name: "ssh_tunnels",
    singular: "ssh_tunnel",
    looker_type: "SshTunnel",
    about: "tunnels to databases, with the servers that they go through",
    group: Group::Model,
    list: whole("all_ssh_tunnels", "/ssh_tunnels"),
    envelope: Envelope { id: &["tunnel_id"], title: "database_host", ..NAMED },
    natural_key: &["ssh_server_id", "database_host", "database_port"],
    volatile: &[Anywhere("can"), Path(&["status"]), Path(&["last_attempt"])],
    ..PLAIN
};

pub(super) const EXTERNAL_OAUTH_APPLICATIONS: Kind = Kind {
    name: "external_oauth_applications",
    singular: "external_oauth_application",
    looker_type: "ExternalOauthApplication",
    about: "applications that connections sign in to databases by",
    group: Group::Model,
    list: whole("all_external_oauth_applications", "/external_oauth_applications"),
    envelope: Envelope { id: &["id"], created_at: Some("created_at"), ..NAMED },
    never_saved: &["client secrets"],
    ..PLAIN
};

pub(super) const PROJECTS: Kind = Kind {
    name: "projects",
    singular: "project",
    looker_type: "Project",
    about: "LookML projects and where their Git repository is",
    group: Group::Model,
    list: whole("all_projects", "/projects"),
    restore: Restore::No("a project is made with its repository, by a developer"),
    volatile: &[Anywhere("can"), Path(&["is_git_dev_locked"])],
    redacted: secrets::OF_PROJECTS,
    never_saved: &[
        "LookML files (they are in Git)",
        "Git passwords and addresses with one in them",
        "deploy keys and secrets",
    ],
    ..PLAIN
};

pub(super) const LOOKML_MODELS: Kind = Kind {
    name: "lookml_models",
    singular: "lookml_model",
    looker_type: "LookmlModel",
    about: "models with their project and connections, and the names of their explores",
    group: Group::Model,
    list: whole("all_lookml_models", "/lookml_models"),
    envelope: NAMED,
    references: &[
        Reference { path: "project_name", kind: "projects" },
        Reference { path: "allowed_db_connection_names", kind: "connections" },
    ],
    writable: &["allowed_db_connection_names", "name", "project_name", "unlimited_db_connections"],
    compare: compare::LOOKML_MODELS,
    ..PLAIN
};

pub(super) const EXPLORES: Kind = Kind {
    name: "explores",
    singular: "explore",
    looker_type: "LookmlModelExplore",
    about: "explores with all their fields",
    group: Group::Model,
    list: List::Each(Each {
        operation: administrative(
            "lookml_model_explore",
            "/lookml_models/{lookml_model_name}/explores/{explore_name}",
        ),
        key: KeyIn::Path,
        parameters: &[],
        source: Source::Fields(&[Field {
            kind: "lookml_models",
            paths: &["name", "explores.name"],
            only: Only::All,
        }]),
        answer: AnswerShape::Object,
        lists: None,
        refresh: Refresh::ByAge,
    }),
    cadence: Cadence::OnRequest,
    restore: Restore::No("explores come from the project's LookML files"),
    envelope: Envelope { id: &[], title: "title", folder: None, updated_at: None, created_at: None },
    natural_key: &["id"],
    references: &[
        Reference { path: "model_name", kind: "lookml_models" },
        Reference { path: "connection_name", kind: "connections" },
        Reference { path: "project_name", kind: "projects" },
    ],
    told: &[Reference { path: "self_service_explore_data.owner_id", kind: "users" }],
    volatile: &[
        Anywhere("can"),
        Path(&["can_total"]),
        Path(&["can_develop"]),
        Path(&["can_see_lookml"]),
        Path(&["can_save"]),
        Path(&["can_explain"]),
    ],
    redacted: secrets::OF_PEOPLES_KEYS,
    compare: compare::EXPLORES,
    ..PLAIN
};

pub(super) const DATAGROUPS: Kind = Kind {
    name: "datagroups",
    singular: "datagroup",
    looker_type: "Datagroup",
    about: "datagroups of models",
    group: Group::Model,
    list: whole("all_datagroups", "/datagroups"),
    restore: Restore::No("datagroups come from the project's LookML files"),
    envelope: Envelope { id: &["id"], title: "name", folder: None, updated_at: None, created_at: None },
    natural_key: &["model_name", "name"],
    references: &[Reference { path: "model_name", kind: "lookml_models" }],
    volatile: &[
        Anywhere("can"),
        Path(&["created_at"]),
        Path(&["trigger_check_at"]),
        Path(&["trigger_error"]),
        Path(&["trigger_value"]),
        Path(&["triggered_at"]),
        Path(&["stale_before"]),
    ],
    ..PLAIN
};
