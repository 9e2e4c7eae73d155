use proptest::prelude::*;

use super::*;

fn sender(kind: Option<SenderKind>, value: &str) -> Sender {
    Sender { kind, value: value.to_owned(), display_name: None }
}

/// The longest run of digits in `line` that also stands in `number`.
pub(crate) fn longest_shared_digits(line: &str, number: &str) -> usize {
    let number = digits(number);
    line.split(|c: char| !c.is_ascii_digit())
        .flat_map(|run| {
            (0..run.len()).flat_map(move |i| (i + 1..=run.len()).filter_map(move |j| run.get(i..j)))
        })
        .filter(|part| number.contains(part))
        .map(str::len)
        .max()
        .unwrap_or(0)
}

#[test]
fn numbers_keep_their_ends() {
    for (number, masked) in [
        ("+14155550100", "+1415•••0100"),
        ("+1 (415) 555-0100", "+1415•••0100"),
        ("447700900123", "4477•••0123"),
        ("+912212345", "+912•••45"),
        ("55123", "5•••3"),
        ("112", "112"),
        ("+", "•••"),
        ("", ""),
        ("call me", "•••"),
    ] {
        assert_eq!(mask_number(number), masked, "{number}");
    }
}

#[test]
fn mail_addresses_keep_their_domain() {
    for (mailbox, masked) in [
        ("jane.doe@example.com", "j•••@example.com"),
        ("j@example.com", "•••@example.com"),
        ("14155550100@gateway.example", "1•••@gateway.example"),
        ("a@14155550100.example", "•••@•••"),
        ("x y@bad domain", "x•••@•••"),
        ("nobody", "•••"),
    ] {
        assert_eq!(mask_mail(mailbox), masked, "{mailbox}");
    }
}

#[test]
fn addresses_keep_their_network() {
    assert_eq!(mask_ip("203.0.113.9"), "203.0.113.•");
    assert_eq!(mask_ip("2001:db8:85a3::8a2e:370:7334"), "2001:db8:85a3::•");
    assert_eq!(mask_ip("somewhere"), "•••");
}

#[test]
fn senders_are_masked_by_what_they_are_and_not_by_what_they_claim() {
    for (kind, value, masked) in [
        (Some(SenderKind::Alpha), "NORTHWIND", "NORTHWIND"),
        (Some(SenderKind::Alpha), "+14155550100", "+1415•••0100"),
        (Some(SenderKind::Alpha), "Dear customer, your code", "Dea•••"),
        (Some(SenderKind::Alpha), "Наташа", "•••"),
        (Some(SenderKind::LongCode), "14155550100", "1415•••0100"),
        (None, "billing@example.com", "b•••@example.com"),
    ] {
        assert_eq!(mask_sender(&sender(kind, value)), masked, "{value}");
    }
}

#[test]
fn the_join_key_is_hmac_sha_256() {
    // RFC 4231, test cases 2 and 6 (a key longer than a block).
    let mac = JoinKey::new(b"Jefe").mac(b"what do ya want for nothing?");
    assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    let mac = JoinKey::new(&[0xaa; 131]).mac(b"Test Using Larger Than Block-Size Key - Hash Key First");
    assert_eq!(mac[..4], [0x60, 0xe4, 0x31, 0x59]);
}

#[test]
fn join_keys_join_the_same_value_under_the_same_secret_only() {
    let key = JoinKey::new(b"secret");
    assert_eq!(key.key("+14155550100"), key.key("+1 (415) 555-0100"));
    assert_eq!(key.key("Jane@Example.com"), key.key("jane@example.com"));
    assert_ne!(key.key("+14155550100"), key.key("+14155550101"));
    assert_ne!(key.key("+14155550100"), JoinKey::new(b"other").key("+14155550100"));
    assert_ne!(JoinKey::random().key("1"), JoinKey::random().key("1"));
    assert_eq!(key.key("+14155550100").len(), 32);
}

proptest! {
    #[test]
    fn no_mask_shows_seven_digits_of_a_number(number in "\\+?[0-9 ()-]{0,24}", domain in "[a-z0-9.]{1,20}") {
        prop_assert!(longest_shared_digits(&mask_number(&number), &number) < 7);
        prop_assert!(longest_shared_digits(&mask_sender(&sender(Some(SenderKind::Alpha), &number)), &number) < 7);
        let mailbox = format!("{number}@{domain}");
        prop_assert!(longest_shared_digits(&mask_mail(&mailbox), &mailbox) < 7);
    }

    #[test]
    fn masks_take_any_text(text in "\\PC*") {
        let (number, mail, ip) = (mask_number(&text), mask_mail(&text), mask_ip(&text));
        prop_assert!(number.chars().filter(char::is_ascii_digit).count() <= 8);
        prop_assert!(mail.len() <= 260 && ip.len() <= 30);
        prop_assert!(mask_sender(&sender(None, &text)).chars().count() <= 260);
    }
}
