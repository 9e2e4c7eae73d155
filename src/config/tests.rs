use std::time::Duration;

use super::*;
use crate::audit::Overflow;

const EXAMPLE: &str = include_str!("../../config/aupd.example.toml");

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("aupd.toml"))
}

fn refusal(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

/// Takes the comment sign from the lines that begin with it and no space.
fn commented_in(sign: &str) -> String {
    let uncomment = |line: &str| match line.strip_prefix(sign) {
        Some(rest) if !rest.starts_with([' ', '#']) && !rest.is_empty() => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    EXAMPLE.lines().map(uncomment).collect()
}

#[test]
fn an_empty_file_is_the_default() {
    assert_eq!(parse("").unwrap(), Config::default());
    Config::default().validate().unwrap();
}

#[test]
fn the_example_states_every_default() {
    assert_eq!(parse(EXAMPLE).unwrap(), Config::default());
    let text = commented_in("#");
    assert_eq!(parse(&text).unwrap(), Config::default());
    let table: toml::Table = text.parse().unwrap();
    let stated: usize = table.values().filter_map(toml::Value::as_table).map(toml::Table::len).sum();
    assert_eq!(stated, 36, "a new key belongs into the example and into this count");
}

#[test]
fn the_example_names_no_key_that_does_not_exist() {
    let text = commented_in("##").replace("##token_env", "#token_env").replace("token_env = ", "# ");
    let config = parse(&text).unwrap();
    assert_eq!(config.bundle, Bundle::Dir("policies".into()));
    assert_eq!(config.audit.join_secret, JoinSecret::File("join.secret".into()));
    let tls = |ca: &str| Tls::On {
        cert: "server.pem".into(),
        key: "server.key".into(),
        clients: ClientAuth::SignedBy(ca.into()),
    };
    assert_eq!(config.serve.tls, tls("clients.pem"));
    let auth = AdminAuth::TokenAndCertificate(TokenSource::File("admin.token".into()));
    let listen = "127.0.0.1:7602".parse().unwrap();
    assert_eq!(config.admin, Admin::On { listen, auth, tls: tls("admins.pem") });
}

#[test]
fn what_will_not_do_is_refused_by_name_with_file_and_line() {
    for (text, line, says) in [
        ("[serve]\n\nlisen = 1\n", 3, "unknown field `lisen`"),
        ("[log]\nlevel = \"info\"\n[logs]\n", 3, "unknown field `logs`"),
        ("[serve]\nlisten = \"here\"\n", 2, "invalid socket address"),
        (
            "[serve]\nmax_batch_items = 1001\n",
            2,
            "`1001` is out of bounds: expected a whole number from 1 to 1000",
        ),
        ("[serve]\nruntime = \"fast\"\n", 2, "unknown variant `fast`, expected `per-core` or `multi-thread`"),
        ("[serve]\ncores = 257\n", 2, "`257` is out of bounds: expected a whole number from 0 to 256"),
        ("[serve]\nmax_connections = 0\n", 2, "a whole number from 1 to 1000000"),
        ("[serve]\nclock_back_s = -1\n", 2, "`-1` is out of bounds"),
        ("[serve]\nmax_concurrent_requests = \"many\"\n", 2, "a whole number from 1 to 1000000"),
        ("[serve.tls]\ncert = \"c\"\n", 1, "missing field `key`"),
        ("[serve.tls]\ncert = \"c\"\nkey = \"k\"\nca = \"x\"\n", 4, "unknown field `ca`"),
        ("\n[admin]\nlisten = \"127.0.0.1:1\"\n", 2, "needs `token_file`, `token_env` or `tls.client_ca`"),
        ("[admin]\ntoken_env = \"T\"\n", 1, "needs `listen`"),
        ("[admin]\nlisten = \"127.0.0.1:1\"\ntoken_env = \"T\"\ntoken_file = \"t\"\n", 1, "give one"),
        (
            "[admin]\nlisten = \"127.0.0.1:1\"\ntls = { cert = \"c\", key = \"k\" }\n",
            1,
            "needs `token_file`, `token_env` or `tls.client_ca`",
        ),
        ("[admin]\nlisten = \"127.0.0.1:1\"\ntoken = \"secret\"\n", 3, "unknown field `token`"),
        ("[metrics]\nlisten = \"no\"\n", 2, "or `off`"),
        ("[audit]\nsink = \"off\"\n", 2, "unknown variant `off`"),
        ("[audit]\nsink = \"file\"\npath = \"/\"\n", 3, "`audit.path` must name a file"),
        (
            "[accounts]\nsoft_age_s = 9\nhard_age_s = 9\n",
            3,
            "`accounts.hard_age_s` must be more than `accounts.soft_age_s`",
        ),
        ("[accounts]\nsoft_age_s = 301\n", 1, "`accounts.hard_age_s` must be more"),
        ("[log]\nlevel = \"aupd=loud\"\n", 2, "`log.level` must be a level"),
        ("[log]\nformat = \"xml\"\n", 2, "unknown variant `xml`"),
        ("[serve\n", 1, ""),
    ] {
        let refusal = refusal(text);
        assert!(refusal.starts_with(&format!("aupd.toml:{line}: ")), "{text}: {refusal}");
        assert!(refusal.contains(says), "{text}: {refusal}");
    }
}

#[test]
fn a_refusal_does_not_quote_the_file() {
    assert!(!refusal("[admin]\ntoken = \"hunter2hunter2\"\n").contains("hunter2"));
}

#[test]
fn a_file_that_is_not_there_is_said_to_be() {
    let error = Config::load(Path::new("no/such/file.toml")).unwrap_err();
    assert_eq!(error.to_string(), "cannot read `no/such/file.toml`");
}

#[test]
fn sections_become_what_their_modules_take() {
    let config = parse("[audit]\noverflow = \"drop\"\nqueue = 7\n[metrics]\nlisten = \"off\"\n").unwrap();
    let options = config.audit.recorder().unwrap();
    assert_eq!((options.queue, options.overflow), (7, Overflow::Drop));
    assert_eq!(config.metrics.page(), None);
    let default = Config::default();
    let wait = Duration::from_millis(20);
    assert_eq!(default.audit.recorder().unwrap().overflow, Overflow::Block { wait });
    assert_eq!(default.metrics.page().map(|page| page.listen), Some("127.0.0.1:7601".parse().unwrap()));
}

#[test]
fn what_is_open_and_in_the_clear_is_warned_of() {
    assert!(Config::default().warnings().is_empty());
    let open = "[serve]\nlisten = \"0.0.0.0:1\"\n[admin]\nlisten = \"0.0.0.0:2\"\ntoken_env = \"T\"\n";
    assert_eq!(parse(open).unwrap().warnings().len(), 2);
}

#[test]
fn tokens_are_read_and_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    let read = |content: &str| {
        let path = dir.path().join("token");
        std::fs::write(&path, content).unwrap();
        TokenSource::File(path).read()
    };
    let token = read("  0123456789abcdef\n").unwrap();
    assert_eq!(token.as_bytes(), b"0123456789abcdef");
    assert_eq!(format!("{token:?}"), "Token { .. }");
    assert!(matches!(read("short"), Err(TokenError::TooShort)));
    assert!(matches!(read("0123456789abcdef with space"), Err(TokenError::Character)));
    assert!(matches!(TokenSource::File(dir.path().join("none")).read(), Err(TokenError::Unreadable(..))));
    assert!(matches!(TokenSource::Env("AUPD_NO_SUCH_TOKEN".into()).read(), Err(TokenError::Unset(_))));
}
