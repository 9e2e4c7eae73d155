//! What `aupd serve --demo` says to try next: commands that work as they are printed, from any folder.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

/// An emergency call, denied in every country, whoever asks.
const EMERGENCY: &str = r#"{"action": "PLACE_CALL", "account_id": "acc_us_clinic", "from": {"value": "+14155550100"}, "dialed": "911", "category": "CONVERSATIONAL"}"#;

/// A text in the form of the proto.
const TEXT: &str = r#"{"account_id": "acc_us_clinic", "actor": {"api_key_id": "key_1", "ip": "203.0.113.10", "ip_country": "US"}, "send_sms": {"from": {"type": "SENDER_KIND_LONG_CODE", "value": "+14155550100"}, "to": "+12125550123", "body": "Northwind: see you on Thursday at 10.", "category": "CATEGORY_SERVICE", "automated": true}}"#;

/// The commands, for a service without TLS at those addresses.
pub(super) fn steps(decisions: SocketAddr, metrics: Option<SocketAddr>) -> String {
    let (aupd, decisions) = (program(), reachable(decisions));
    let mut text = format!(
        "\nThe example accounts are in the store. From another terminal:\n\n\
         # a text that may go out\n\
         {aupd} check --example SEND_SMS | {aupd} check --server http://{decisions} -\n\n\
         # an emergency call that may not, with every rule that was asked\n\
         echo '{EMERGENCY}' | {aupd} check --server http://{decisions} --explain -\n\n\
         # the same service by grpcurl\n\
         grpcurl -plaintext -d '{TEXT}' {decisions} aup.v1.DecisionService/Check\n\n\
         # all 16 actions\n\
         {aupd} check --help\n"
    );
    if let Some(metrics) = metrics {
        let _ = write!(text, "\n# what it counts\ncurl -s http://{}/metrics\n", reachable(metrics));
    }
    text
}

/// An address that listens everywhere, as somebody on this machine reaches it.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// This program, for a shell.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("aupd")).display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests;
