use super::*;

#[test]
fn an_address_for_all_is_reached_on_this_machine() {
    for (listening, reached) in
        [("0.0.0.0:7600", "127.0.0.1:7600"), ("[::]:7600", "[::1]:7600"), ("192.0.2.1:80", "192.0.2.1:80")]
    {
        assert_eq!(reachable(listening.parse().unwrap()).to_string(), reached);
    }
}
