use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::domain::{AccountId, ActionKind, Decision, Reason, Verdict};

fn metrics() -> Metrics {
    Metrics::new(&Catalogue {
        reasons: vec!["QUIET_HOURS".into(), "OPTED_OUT".into()],
        causes: vec!["OVERFLOW"],
        methods: vec!["Check"],
    })
}

fn decision(codes: &[&str], monitored: &[&str]) -> Decision {
    let reasons = |codes: &[&str]| {
        let reason = |code: &&str| Reason {
            code: (*code).into(),
            clause: 11,
            message: "".into(),
            detail: "".into(),
            retryable: false,
            rules: vec![],
        };
        codes.iter().map(reason).collect()
    };
    Decision {
        decision_id: uuid::Uuid::now_v7(),
        request_id: None,
        account_id: AccountId::parse("acc_1").unwrap(),
        action: ActionKind::SendSms,
        verdict: if codes.is_empty() { Verdict::Allow } else { Verdict::Deny },
        violations: reasons(codes),
        monitored: reasons(monitored),
        obligations: vec![],
        retry_after: None,
        bundle_revision: "b1".into(),
        bundle_digest: "00".into(),
        account_revision: None,
        evaluated_at: Timestamp::UNIX_EPOCH,
        dry_run: false,
    }
}

/// The lines of `family`, without help and type.
fn lines(page: &str, family: &str) -> Vec<String> {
    page.lines().filter(|line| line.starts_with(family)).map(str::to_owned).collect()
}

#[test]
fn decisions_are_counted_by_verdict_reason_and_action() {
    let metrics = metrics();
    let latency = Duration::from_micros(7);
    metrics.decided(&decision(&[], &["OPTED_OUT"]), latency);
    metrics.decided(&decision(&[], &[]), latency);
    metrics.decided(&decision(&["QUIET_HOURS", "OPTED_OUT"], &[]), latency);
    metrics.decided(&decision(&["NOT_IN_CATALOGUE"], &[]), Duration::from_secs(2));
    let page = metrics.render();
    assert_eq!(
        lines(&page, "aupd_decisions_total"),
        [
            r#"aupd_decisions_total{verdict="ALLOW",reason="OK",action="SEND_SMS"} 2"#,
            r#"aupd_decisions_total{verdict="DENY",reason="QUIET_HOURS",action="SEND_SMS"} 1"#,
            r#"aupd_decisions_total{verdict="DENY",reason="OTHER",action="SEND_SMS"} 1"#,
        ]
    );
    assert_eq!(lines(&page, "aupd_monitored_total"), [r#"aupd_monitored_total{reason="OPTED_OUT"} 1"#]);
    let bucket = |le: &str| format!(r#"aupd_decision_seconds_bucket{{le="{le}",action="SEND_SMS"}}"#);
    let buckets = lines(&page, "aupd_decision_seconds_bucket");
    for (le, count) in [("0.000005", 0), ("0.00001", 3), ("1.0", 3), ("+Inf", 4)] {
        assert!(buckets.contains(&format!("{} {count}", bucket(le))), "{le}: {buckets:#?}");
    }
    assert_eq!(
        lines(&page, "aupd_decision_seconds_count"),
        [r#"aupd_decision_seconds_count{action="SEND_SMS"} 4"#]
    );
    assert!(page.ends_with("# EOF\n"));
}

#[test]
fn a_bound_belongs_to_its_bucket() {
    let metrics = metrics();
    metrics.decided(&decision(&[], &[]), Duration::from_micros(5));
    let page = metrics.render();
    let first = lines(&page, "aupd_decision_seconds_bucket").remove(0);
    assert!(first.ends_with(" 1"), "{first}");
}

#[test]
fn no_value_from_outside_becomes_a_label() {
    let metrics = Arc::new(metrics());
    metrics.rule_failed("OVERFLOW");
    metrics.rule_failed("+14155550100");
    RequestGuard::new(metrics.clone(), "Nonsense").finish(Code::Unimplemented);
    let page = metrics.render();
    assert_eq!(
        lines(&page, "aupd_rule_errors_total"),
        [r#"aupd_rule_errors_total{cause="OVERFLOW"} 1"#, r#"aupd_rule_errors_total{cause="OTHER"} 1"#]
    );
    let refused = r#"aupd_requests_total{method="OTHER",code="UNIMPLEMENTED"} 1"#;
    assert_eq!(lines(&page, "aupd_requests_total"), [refused]);
}

#[test]
fn a_call_that_is_dropped_is_counted_as_cancelled() {
    let metrics = Arc::new(metrics());
    let (first, second) =
        (RequestGuard::new(metrics.clone(), "Check"), RequestGuard::new(metrics.clone(), "Check"));
    assert_eq!(lines(&metrics.render(), "aupd_in_flight"), ["aupd_in_flight 2"]);
    first.finish(Code::Ok);
    drop(second);
    let page = metrics.render();
    assert_eq!(lines(&page, "aupd_in_flight"), ["aupd_in_flight 0"]);
    assert_eq!(
        lines(&page, "aupd_requests_total"),
        [
            r#"aupd_requests_total{method="Check",code="OK"} 1"#,
            r#"aupd_requests_total{method="Check",code="CANCELLED"} 1"#,
        ]
    );
}

#[test]
fn codes_have_grpc_numbers() {
    for (number, code) in (0..).zip(Code::ALL) {
        assert_eq!(Code::from_number(number), *code);
    }
    assert_eq!(Code::from_number(99), Code::Unknown);
    assert_eq!(Code::from_number(16).as_str(), "UNAUTHENTICATED");
}

#[test]
fn figures_of_others_are_read_when_somebody_looks() {
    let metrics = metrics();
    assert!(lines(&metrics.render(), "aupd_a").is_empty());
    metrics.accounts_from(|| AccountCounts { entries: 3, hits: 5, ..AccountCounts::default() });
    metrics.audit_from(|| AuditCounts { depth: 2, dropped: 1, ..AuditCounts::default() });
    metrics.replay_from(|| ReplayCounts { repeated: 4, ..ReplayCounts::default() });
    metrics.set_bundle("b1".into(), "aa".into());
    metrics.set_bundle("b2".into(), "bb".into());
    let page = metrics.render();
    for line in [
        "aupd_accounts_entries 3",
        "aupd_accounts_hits_total 5",
        "aupd_audit_queue_depth 2",
        "aupd_audit_dropped_total 1",
        "aupd_audit_written_total 0",
        "aupd_replayed_total 4",
        r#"aupd_bundle_info{revision="b2",digest="bb"} 1"#,
    ] {
        assert!(page.lines().any(|found| found == line), "{line}: {page}");
    }
    assert_eq!(lines(&page, "aupd_bundle_info").len(), 1);
    assert_eq!(lines(&page, "aupd_build_info").len(), 1);
}

fn options() -> PageOptions {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    PageOptions { listen, max_connections: 2, header_timeout: Duration::from_millis(200) }
}

async fn get(address: SocketAddr, line: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{line} HTTP/1.1\r\nhost: aupd\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(5), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

#[tokio::test]
async fn the_page_shows_metrics_and_health() {
    let (ready, stop) = (Arc::new(AtomicBool::new(false)), CancellationToken::new());
    let (metrics, is_ready) = (metrics(), ready.clone());
    let page =
        serve(options(), move || metrics.render(), move || is_ready.load(Ordering::SeqCst), stop.clone());
    let page = page.await.unwrap();
    let address = page.local_addr();
    let metrics = get(address, "GET /metrics").await;
    assert!(
        metrics.starts_with("HTTP/1.1 200") && metrics.contains("application/openmetrics-text"),
        "{metrics}"
    );
    assert!(metrics.contains("aupd_build_info") && metrics.ends_with("# EOF\n"), "{metrics}");
    assert!(get(address, "GET /healthz").await.starts_with("HTTP/1.1 200"));
    assert!(get(address, "GET /readyz").await.starts_with("HTTP/1.1 503"));
    ready.store(true, Ordering::SeqCst);
    assert!(get(address, "GET /readyz").await.starts_with("HTTP/1.1 200"));
    assert!(get(address, "GET /other").await.starts_with("HTTP/1.1 404"));
    assert!(get(address, "POST /metrics").await.starts_with("HTTP/1.1 405"));
    stop.cancel();
    timeout(Duration::from_secs(5), page.stopped()).await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn silent_connections_are_closed_and_make_room() {
    let stop = CancellationToken::new();
    let page = serve(options(), String::new, || true, stop.clone()).await.unwrap();
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.push(TcpStream::connect(page.local_addr()).await.unwrap());
    }
    assert!(get(page.local_addr(), "GET /healthz").await.starts_with("HTTP/1.1 200"));
    let mut rest = Vec::new();
    timeout(Duration::from_secs(5), silent.remove(0).read_to_end(&mut rest)).await.unwrap().unwrap();
    stop.cancel();
    timeout(Duration::from_secs(5), page.stopped()).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let stop = CancellationToken::new();
    let page = serve(options(), String::new, || true, stop.clone()).await.unwrap();
    let taken = PageOptions { listen: page.local_addr(), ..options() };
    let error = serve(taken, String::new, || true, stop.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on `{}` for metrics", page.local_addr()));
}

#[test]
fn filters_are_checked() {
    check_filter("info").unwrap();
    check_filter("warn,aupd=debug").unwrap();
    assert_eq!(check_filter("aupd=loud").unwrap_err().to_string(), "`aupd=loud` is not a log filter");
}
