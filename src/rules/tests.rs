use super::statements;

#[test]
fn statements_keep_their_lines() {
    let text = "// head\n@id(\"a;b\")\npermit (principal, action, resource);\n\n// next\nforbid (principal, action, resource)\nwhen { context.n > 12 };\n// end\n";
    let split = statements::split(text);
    let lines: Vec<usize> = split.iter().map(|statement| statement.line).collect();
    assert_eq!(lines, [2, 6]);
    assert_eq!(split[1].line_of_number(), 7);
    assert_eq!(split[1].line_of_word("context"), 7);
}

mod like {
    use super::super::like::Pattern;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text.chars().map(|c| if c == '*' { None } else { Some(c) }))
    }

    #[test]
    fn pieces_are_found_in_order_and_do_not_overlap() {
        for (text, wanted, matches) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("ab*ba", "aba", false),
            ("ab*ba", "abba", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("*ab*ab*", "abXab", true),
            ("*ab*ab*", "aab", false),
            ("ä**x", "äöx", true),
        ] {
            assert_eq!(pattern(text).matches(wanted), matches, "`{text}` and `{wanted}`");
        }
    }
}

mod order {
    use super::super::expr::{Binary, Expr};
    use super::super::order::{Cost, SlotTraits, cheapest_first};

    /// Slots below 10 are sure; the last digit is the cost.
    fn slots(slot: usize) -> SlotTraits {
        let cost = [Cost::Nothing, Cost::Cheap, Cost::Lookup, Cost::Costly];
        SlotTraits { cost: cost[slot % 10], sure: slot < 10 }
    }

    fn ordered(slots_in: &[usize]) -> String {
        let parts = slots_in.iter().map(|slot| Expr::Slot(*slot)).collect();
        format!("{:?}", cheapest_first(Expr::All(parts), &slots))
    }

    fn all(slots_in: &[usize]) -> String {
        format!("{:?}", Expr::All(slots_in.iter().map(|slot| Expr::Slot(*slot)).collect()))
    }

    #[test]
    fn what_cannot_fail_is_read_cheapest_first() {
        assert_eq!(ordered(&[3, 1, 2]), all(&[1, 2, 3]));
    }

    #[test]
    fn what_can_fail_stays_where_it_is() {
        assert_eq!(ordered(&[3, 11, 2, 1]), all(&[3, 11, 1, 2]));
        let sum = || Expr::Binary(Binary::Add, Box::new([Expr::Slot(1), Expr::Slot(1)]));
        let parts = vec![Expr::Slot(3), Expr::Negate(Box::new(sum())), Expr::Slot(1)];
        let kept = format!("{:?}", Expr::All(parts.into()));
        let parts = vec![Expr::Slot(3), Expr::Negate(Box::new(sum())), Expr::Slot(1)];
        assert_eq!(format!("{:?}", cheapest_first(Expr::All(parts.into()), &slots)), kept);
    }
}

mod extension {
    use super::super::extension::{Constructor, Ext};

    #[test]
    fn texts_are_read_as_cedar_reads_them() {
        let read = |constructor, text| Ext::parse(constructor, text);
        for (text, ms) in [
            ("1970-01-01", Some(0)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("2026-11-25T12:30:00+0530", Some(1_795_590_000_000)),
            ("2026-02-29", None),
            ("2026-11-25T24:00:00Z", None),
            ("2026-11-25T12:30:00", None),
            ("2026-11-25T12:30:00+2400", None),
            ("26-11-25", None),
        ] {
            assert_eq!(read(Constructor::Datetime, text), ms.map(Ext::Datetime), "{text}");
        }
        for (text, ms) in [
            ("5ms", Some(5)),
            ("1d2h3m4s5ms", Some(93_784_005)),
            ("-9223372036854775808ms", Some(i64::MIN)),
            ("9223372036854775808ms", None),
            ("1h1d", None),
            ("1", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(read(Constructor::Duration, text), ms.map(Ext::Duration), "{text}");
        }
        for (text, value) in [
            ("1.5", Some(15_000)),
            ("-0.0001", Some(-1)),
            ("922337203685477.5807", Some(i64::MAX)),
            ("-922337203685477.5808", Some(i64::MIN)),
            ("922337203685477.5808", None),
            ("1.00001", None),
            ("1.", None),
            ("1", None),
        ] {
            assert_eq!(read(Constructor::Decimal, text), value.map(Ext::Decimal), "{text}");
        }
    }
}
