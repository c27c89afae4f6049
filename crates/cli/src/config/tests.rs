use std::fs;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::*;

/// A working directory with files, and an environment.
struct World {
    folder: TempDir,
    env: Vec<(String, String)>,
}

const PROD: &str = r#"
default_instance = "prod"
[instances.prod]
base_url = "https://prod.example.com/api/4.0"
client_id = "file-id"
client_secret = "file-secret"
workers = 4
[instances.staging]
base_url = "https://staging.example.com:19999"
client_id = "staging-id"
client_secret_command = "printf staging-secret"
[extract]
workers = 16
patience = "5m"
"#;

impl World {
    fn new(files: &[(&str, &str)], env: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            private(&path);
        }
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { folder, env }
    }

    fn load(&self, flags: &Flags) -> Result<Config, ConfigError> {
        let env = Environment::from_pairs(self.env.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        Config::load(flags, &env, self.folder.path())
    }

    fn instance(&self, name: Option<&str>) -> Result<Instance, ConfigError> {
        self.load(&Flags { instance: name.map(Into::into), ..Flags::default() })?.instance()
    }
}

fn private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

const SDK_ENV: &[(&str, &str)] = &[
    ("LOOKERSDK_BASE_URL", "https://env.example.com:19999/"),
    ("LOOKERSDK_CLIENT_ID", "env-id"),
    ("LOOKERSDK_CLIENT_SECRET", "env-secret"),
];

#[test]
fn nothing_set_gives_defaults() {
    let world = World::new(&[], &[]);
    let config = world.load(&Flags::default()).unwrap();
    assert_eq!(config.vault, Setting::default_value(DEFAULT_VAULT.into()));
    let error = config.instance().unwrap_err();
    assert_eq!(error.message, "the instance has no base_url");
    assert!(error.hint.unwrap().contains("LOOKERSDK_BASE_URL"));
}

#[test]
fn the_sdks_variables_suffice() {
    let instance = World::new(&[], SDK_ENV).instance(None).unwrap();
    assert_eq!(instance.name, "env.example.com:19999");
    assert_eq!(instance.base_url.value.to_string(), "https://env.example.com:19999");
    assert_eq!(instance.client_id.origin, Origin::Env { name: "LOOKERSDK_CLIENT_ID" });
    assert_eq!(instance.secret().unwrap().expose_secret(), "env-secret");
    assert!(instance.verify_ssl.value && instance.warnings.is_empty());
}

#[test]
fn our_variables_outweigh_the_sdks() {
    let mut world = World::new(&[], SDK_ENV);
    world.env.push(("LOOKERVAULT_API_URL".into(), "https://ours.example.com/api/4.0".into()));
    let instance = world.instance(None).unwrap();
    assert_eq!(instance.base_url.value.to_string(), "https://ours.example.com");
}

#[test]
fn the_vault_path_comes_from_the_weightiest_source() {
    let file = ("lookervault.toml", "vault = \"of-file.db\"");
    let flags = Flags { vault: Some("of-flag.db".into()), ..Flags::default() };
    let env = [("LOOKERVAULT_VAULT", "of-env.db"), ("LOOKERVAULT_DB_PATH", "of-python.db")];
    let vault = |files: &[(&str, &str)], env: &[(&str, &str)], flags: &Flags| {
        let vault = World::new(files, env).load(flags).unwrap().vault;
        format!("{} by {}", vault.value.display(), vault.origin)
    };
    assert_eq!(vault(&[file], &env, &flags), "of-flag.db by flag --vault");
    assert_eq!(
        vault(&[file], &env, &Flags::default()),
        "of-env.db by environment variable LOOKERVAULT_VAULT"
    );
    assert_eq!(
        vault(&[file], &env[1..], &Flags::default()),
        "of-python.db by environment variable LOOKERVAULT_DB_PATH"
    );
    assert_eq!(vault(&[file], &[], &Flags::default()), "of-file.db by lookervault.toml:1 (vault)");
}

#[test]
fn paths_in_a_file_are_relative_to_it() {
    let world = World::new(
        &[
            (
                "etc/mine.toml",
                "vault = \"data/v.db\"\n[instances.a]\nbase_url=\"https://a.example.com\"\nclient_id=\"i\"\nclient_secret_file=\"s.txt\"\nca_bundle=\"~/ca.pem\"",
            ),
            ("etc/s.txt", "from-file\n"),
        ],
        &[("HOME", "/home/me"), ("LOOKERVAULT_CONFIG", "etc/mine.toml")],
    );
    let config = world.load(&Flags::default()).unwrap();
    assert_eq!(config.vault.value, Path::new("etc/data/v.db"));
    let instance = config.instance().unwrap();
    assert_eq!(instance.ca_bundle.unwrap().value, Path::new("/home/me/ca.pem"));
    let SecretSource::File(path) = instance.client_secret.value else { panic!("a file") };
    assert_eq!(path, Path::new("etc/s.txt"));
}

#[test]
fn the_file_is_found_in_order() {
    let here = ("lookervault.toml", "vault = \"here.db\"");
    let user = ("xdg/lookervault/config.toml", "vault = \"user.db\"");
    let find = |files: &[(&str, &str)], config: Option<&str>| {
        let mut world = World::new(files, &[]);
        let xdg = world.folder.path().join("xdg").display().to_string();
        world.env.push(("XDG_CONFIG_HOME".into(), xdg));
        let config = world.load(&Flags { config: config.map(Into::into), ..Flags::default() })?;
        Ok::<_, ConfigError>(config.vault.value.file_name().unwrap().to_owned())
    };
    assert_eq!(find(&[here, user], None).unwrap(), "here.db");
    assert_eq!(find(&[user], None).unwrap(), "user.db");
    assert_eq!(find(&[here, user], Some("xdg/lookervault/config.toml")).unwrap(), "user.db");
    let error = find(&[here], Some("absent.toml")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreadable);
}

#[test]
fn the_environment_outweighs_the_file_for_the_same_address() {
    let env = [
        ("LOOKERSDK_CLIENT_SECRET", "env-secret"),
        ("LOOKERSDK_TIMEOUT", "30"),
        ("LOOKERSDK_VERIFY_SSL", "false"),
    ];
    let instance = World::new(&[("lookervault.toml", PROD)], &env).instance(None).unwrap();
    assert_eq!(instance.name, "prod");
    assert_eq!(instance.client_id.value, "file-id");
    assert_eq!(instance.secret().unwrap().expose_secret(), "env-secret");
    assert_eq!(instance.timeout.value, Duration::from_secs(30));
    assert!(!instance.verify_ssl.value);
    assert_eq!(instance.warnings.len(), 1, "{:?}", instance.warnings);
}

#[test]
fn another_address_in_the_environment_does_not_take_the_name() {
    let world = World::new(&[("lookervault.toml", PROD)], &SDK_ENV[..1]);
    let instance = world.instance(None).unwrap();
    assert_eq!(instance.name, "env.example.com:19999");
    assert_eq!(instance.client_id.value, "file-id");
    assert!(instance.warnings[0].message.contains("is used for https://env.example.com:19999"));
}

#[test]
fn an_instance_named_on_purpose_is_not_mixed_with_the_environment() {
    let instance = World::new(&[("lookervault.toml", PROD)], SDK_ENV).instance(Some("staging")).unwrap();
    assert_eq!(instance.base_url.value.to_string(), "https://staging.example.com:19999");
    assert_eq!(instance.client_id.value, "staging-id");
    assert!(instance.warnings[0].message.contains("LOOKERSDK_BASE_URL"), "{:?}", instance.warnings);
    #[cfg(unix)]
    assert_eq!(instance.secret().unwrap().expose_secret(), "staging-secret");
}

#[test]
fn an_unknown_instance_is_named_with_a_suggestion() {
    let world = World::new(&[("lookervault.toml", PROD)], &[]);
    let error = world.instance(Some("stagin")).unwrap_err();
    assert_eq!(error.place.as_deref(), Some("flag --instance"));
    assert_eq!(error.hint.as_deref(), Some("did you mean `staging`?"));
    let world = World::new(&[("lookervault.toml", &PROD.replace("default_instance = \"prod\"", ""))], &[]);
    assert_eq!(world.instance(None).unwrap_err().kind, ErrorKind::UnknownInstance);
}

#[test]
fn looker_ini_sections_are_instances() {
    let ini = "[Looker]\nbase_url=https://ini.example.com:19999\nclient_id=ini-id\nclient_secret=ini-secret\nverify_ssl=no\n\
               [Other]\nbase_url=https://other.example.com\nclient_id=o\nclient_secret=o\n";
    let world = World::new(&[("looker.ini", ini)], &[]);
    let instance = world.instance(None).unwrap();
    assert_eq!((instance.name.as_str(), instance.client_id.value.as_str()), ("Looker", "ini-id"));
    assert_eq!(instance.client_id.origin.to_string(), "looker.ini:3 [Looker]");
    assert!(!instance.verify_ssl.value);
    assert_eq!(world.instance(Some("Other")).unwrap().base_url.value.host(), "other.example.com");

    let elsewhere =
        World::new(&[("sdk/my.ini", ini)], &[("LOOKERSDK_INI", "sdk/my.ini"), ("LOOKERSDK_CLIENT_ID", "e")]);
    let instance = elsewhere.instance(None).unwrap();
    assert_eq!(instance.client_id.value, "e");
    assert_eq!(instance.secret().unwrap().expose_secret(), "ini-secret");
    let missing = World::new(&[], &[("LOOKERSDK_INI", "absent.ini")]);
    assert_eq!(missing.instance(None).unwrap_err().kind, ErrorKind::Unreadable);
}

#[test]
fn extract_settings_rise_from_file_to_instance_to_environment_to_flags() {
    let mut world = World::new(&[("lookervault.toml", PROD)], &[]);
    let workers = |world: &World, instance: &str, flags: &Layer| {
        let config = world.load(&Flags { instance: Some(instance.into()), ..Flags::default() }).unwrap();
        let settings = config.extract(flags, &config.instance().unwrap()).unwrap();
        assert_eq!(settings.patience.value, Duration::from_secs(300));
        (settings.workers.value.get(), settings.workers.origin.to_string())
    };
    let none = Layer::default();
    assert_eq!(workers(&world, "staging", &none).0, 16);
    assert_eq!(workers(&world, "prod", &none), (4, "lookervault.toml:7 (instances.prod.workers)".into()));
    world.env.push(("LOOKERVAULT_WORKERS".into(), "32".into()));
    assert_eq!(workers(&world, "prod", &none).0, 32);
    let mut flags = Layer::default();
    flags.flag("workers", "--workers", Some(Value::Number(64)));
    assert_eq!(workers(&world, "prod", &flags), (64, "flag --workers".into()));
}

#[test]
fn a_value_out_of_range_names_its_place() {
    let world = World::new(&[("lookervault.toml", PROD)], &[("LOOKERVAULT_WORKERS", "900")]);
    let config = world.load(&Flags::default()).unwrap();
    let error = config.extract(&Layer::default(), &config.instance().unwrap()).unwrap_err();
    assert_eq!(error.message, "`workers` must be a whole number from 1 to 64, not `900`");
    assert_eq!(error.place.as_deref(), Some("environment variable LOOKERVAULT_WORKERS"));
}

#[test]
fn unencrypted_addresses_are_for_this_machine_only() {
    let with_url = |url: &str, extra: &[(&str, &str)]| {
        let mut world = World::new(&[], SDK_ENV);
        world.env[0].1 = url.into();
        world.env.extend(extra.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        world.instance(None)
    };
    assert!(with_url("http://127.0.0.1:19999", &[]).is_ok());
    let error = with_url("http://looker.internal", &[]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::BaseUrl);
    assert!(with_url("http://looker.internal", &[("LOOKERVAULT_ALLOW_HTTP", "yes")]).is_ok());
    assert_eq!(
        with_url("looker.internal", &[]).unwrap_err().hint.as_deref(),
        Some("write https://looker.internal")
    );
}

#[test]
fn two_secret_sources_in_one_place_are_refused() {
    let file =
        PROD.replace("client_secret = \"file-secret\"", "client_secret = \"a\"\nclient_secret_file = \"b\"");
    let error = World::new(&[("lookervault.toml", &file)], &[]).instance(None).unwrap_err();
    assert_eq!(error.message, "both `client_secret` and `client_secret_file` are given");
    assert_eq!(error.place.as_deref(), Some("lookervault.toml:7 (instances.prod.client_secret_file)"));
}

#[cfg(unix)]
#[test]
fn a_secret_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new(&[("lookervault.toml", PROD)], &[]);
    let path = world.folder.path().join("lookervault.toml");
    let warnings = |mode| {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        world.instance(None).unwrap().warnings
    };
    assert_eq!(warnings(0o600), []);
    assert!(warnings(0o644)[0].message.contains("can be read by other users"));
    // The staging secret comes from a program; the file holds none for it.
    assert_eq!(world.instance(Some("staging")).unwrap().warnings, []);
}

#[test]
fn no_secret_is_ever_shown() {
    let world = World::new(&[("lookervault.toml", PROD)], SDK_ENV);
    let config = world.load(&Flags::default()).unwrap();
    let instance = config.instance().unwrap();
    let shown = format!("{config:?} {instance:?} {}", serde_json::to_string(&instance).unwrap());
    for secret in ["file-secret", "env-secret"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
