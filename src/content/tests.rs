use proptest::prelude::*;

use super::pattern::{InvalidPattern, Words};
use super::*;

fn schemes() -> CardSchemes {
    CardSchemes(vec![("4".into(), vec![13, 16, 19]), ("34".into(), vec![15]), ("51".into(), vec![16])])
}

fn text_of(text: &str) -> String {
    Normal::of(text).0.as_str().to_owned()
}

fn unmasked(text: &str) -> String {
    let (normal, _) = Normal::of(text);
    normal.unmasked().map_or_else(|| normal.as_str().to_owned(), |text| text.as_str().to_owned())
}

#[test]
fn texts_that_look_the_same_become_the_same() {
    for (text, same) in [
        ("FREE", "free"),
        ("ｆｒｅｅ", "free"),
        ("𝐅𝐫𝐞𝐞", "free"),
        ("fr\u{200b}ee", "free"),
        ("fr\u{202e}ee", "free"),
        ("frее", "free"),
        ("Café", "café"),
        ("cafe\u{301}", "café"),
        ("привет", "привет"),
        ("क्\u{200d}ष", "क्\u{200d}ष"),
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("plain\u{200d}word", "plainword"),
    ] {
        assert_eq!(text_of(text), same, "{text:?}");
    }
}

#[test]
fn masks_come_off_words_and_not_off_numbers() {
    for (text, read) in [
        ("v1agra", "viagra"),
        ("s.e.x now", "sex now"),
        ("s e x now", "sex now"),
        ("$ex ch@t", "sex chat"),
        ("10am on 2nd", "10am on 2nd"),
        ("a.b", "a.b"),
        ("e.g. this", "e.g. this"),
        ("order 4111", "order 4111"),
    ] {
        assert_eq!(unmasked(text), read, "{text:?}");
    }
}

#[test]
fn hiding_counts_only_where_it_hides() {
    for (text, hidden, mixed) in [
        ("c\u{200b}l\u{200b}a\u{200b}im", 3, false),
        ("Cl\u{430}im your prize", 0, true),
        ("क्\u{200d}षमा", 0, false),
        ("👨\u{200d}👩\u{200d}👧", 0, false),
        ("Москва and Paris", 0, false),
        ("a \u{200b}\u{200b}\u{200b} b", 0, false),
        ("plain", 0, false),
    ] {
        assert_eq!(Normal::of(text).1, Evasion { hidden, mixed }, "{text:?}");
    }
}

#[test]
fn links_with_and_without_a_scheme() {
    for (text, hosts) in [
        ("see https://Forms.Example.org/a?b=c.", vec!["forms.example.org"]),
        ("see forms.example.org/a, now", vec!["forms.example.org"]),
        ("(www.example.com)", vec!["www.example.com"]),
        ("Track:https://a.example.com/t", vec!["a.example.com"]),
        ("http://woodgrove.example.com@evil.test/x", vec!["evil.test"]),
        ("http://192.0.2.1:8080/x", vec!["192.0.2.1"]),
        ("write to dana@example.org", vec![]),
        ("version 1.2.3 at 10.30", vec![]),
        ("wооdgrove.test", vec!["wооdgrove.test"]),
        ("two a.test b.test", vec!["a.test", "b.test"]),
        ("end.Start", vec!["end.start"]),
        ("nothing here", vec![]),
    ] {
        let found: Vec<String> = links(text).into_iter().map(|link| link.host).collect();
        assert_eq!(found, hosts, "{text:?}");
    }
    assert!(links("see a.test/x").iter().all(|link| link.certain));
    assert!(links("see a.test").iter().all(|link| !link.certain));
}

#[test]
fn a_mail_is_what_its_reader_sees() {
    let html = Html::read(
        "<head><title>no</title></head><p>Our <b>winter</b> roast &amp; more.<br>Two</p><!-- <a href='x'> -->\
         <a class=c href=\"https://a.test/x\">www.<i>b</i>.test</a><style>p{}</style> end < 3",
    );
    assert_eq!(
        html.text.split_whitespace().collect::<Vec<_>>().join(" "),
        "Our winter roast & more. Two www.b.test end < 3"
    );
    assert_eq!(html.anchors, [Anchor { href: "https://a.test/x".into(), text: "www.b.test".into() }]);
}

#[test]
fn numbers_of_people() {
    for (text, card, grouped, aadhaar) in [
        ("card 4111 1111 1111 1111 was", true, false, false),
        ("4111-1111-1111-1111", true, false, false),
        ("4111111111111112", false, false, false),
        ("x4111111111111111", false, false, false),
        ("41111111111111110", false, false, false),
        ("4111 1111 1111 1111 12", true, false, false),
        ("IMEI 490154203237518", false, false, false),
        ("2341 2341 2346", false, true, true),
        ("234123412346", false, false, true),
        ("2341 2341 2347", false, false, false),
        ("2341 2341 2346 9999", false, false, true),
        ("ending 4242", false, false, false),
    ] {
        let found = Numbers::find(text, &schemes());
        let got = (!found.cards.is_empty(), !found.aadhaar_grouped.is_empty(), !found.aadhaar.is_empty());
        assert_eq!(got, (card, grouped, aadhaar), "{text:?}");
    }
}

#[test]
fn templates_of_the_indian_registry() {
    const SHIPPED: &str = "Dear {#alphanumeric#}, your order {#alphanumeric#} has shipped. Track: {#url#}";
    const CODE: &str = "{#numeric#} is your OTP. Do not share it.";
    let fits =
        |call_backs: &[&str]| Fit::Fits { call_backs: call_backs.iter().map(ToString::to_string).collect() };
    for (template, text, fit) in [
        (SHIPPED, "Dear Asha, your order DK10293 has shipped. Track: https://a.test/t/DK10293", fits(&[])),
        (SHIPPED, "dear Asha, your order DK1 has shipped. Track: https://a.test/t", Fit::Mismatch),
        (SHIPPED, "Dear  Asha Rao , your order: DK1, has shipped\nTrack https://a.test/", fits(&[])),
        (SHIPPED, "Dear Asha, your order DK1 has shipped. Track: here", Fit::WrongValue),
        (
            SHIPPED,
            "Dear Asha, your order https://b.test/x has shipped. Track: https://a.test/t",
            Fit::WrongValue,
        ),
        (SHIPPED, "Dear Asha, your parcel is late", Fit::Mismatch),
        (CODE, "482913 is your OTP. Do not share it.", fits(&[])),
        (CODE, "4829AB is your OTP. Do not share it.", Fit::WrongValue),
        (CODE, "482913 is your OTP. Do not share it. Buy now", Fit::Mismatch),
        ("Dear customer, {#alphanumeric#}", "Dear customer, all is well", fits(&[])),
        (
            "Dear customer, {#alphanumeric#}",
            "Dear customer, this is much more than what forty characters hold",
            Fit::WrongValue,
        ),
        ("Call {#cbn#} or write {#email#}", "Call 1800 123 4567 or write a@b.test", fits(&["1800 123 4567"])),
        ("Fixed only", "Fixed, only!", fits(&[])),
        ("Old {#var#} way", "Old 12 https://a.test way", fits(&[])),
    ] {
        assert_eq!(Template::parse(template).fit(text, 40), fit, "{template} <- {text}");
    }
}

#[test]
fn a_template_with_many_ways_to_read_it_takes_no_longer() {
    let template = Template::parse(&"{#alphanumeric#} a ".repeat(30));
    assert_eq!(template.fit(&"a ".repeat(30_000), 40), Fit::WrongValue);
    assert_eq!(template.fit(&"a ".repeat(400), 40), Fit::Fits { call_backs: vec![] });
}

fn lexicon(find: &str, yes: &str, no: &str) -> RawLexicon {
    let yaml = format!(
        "name: l\ndoc: d\nsource: s\ndate: d\nwords: {{w: [one, two three]}}\npatterns:\n  - lang: en\n    find: '{find}'\n    \
         unless: 'never'\n    yes: ['{yes}']\n    no: ['{no}']\n"
    );
    serde_saphyr::from_str(&yaml).expect("the lexicon is YAML")
}

#[test]
fn a_lexicon_must_hold_its_examples() {
    let built =
        |find, yes, no| Lexicons::new(&[lexicon(find, yes, no)]).map(drop).map_err(|problems| problems.len());
    assert_eq!(built("buy ... {w}", "Buy some two-three", "Buy four"), Ok(()));
    assert_eq!(built("buy {w}", "Sell one", "Buy four"), Err(1));
    assert_eq!(built("buy {w}", "Buy one", "buy two three"), Err(1));
    assert_eq!(built("buy {w}", "Buy one", "Never buy one"), Ok(()));
}

#[test]
fn patterns_that_no_text_deserves_are_refused() {
    let words = Words::new();
    assert_eq!(pattern::spelled("{none}", "en", &words), Err(InvalidPattern::Words("none".into())));
    assert_eq!(pattern::spelled("Buy", "en", &words), Err(InvalidPattern::Capitals));
    assert_eq!(pattern::literals(&[r"\w+ \w+"]), Err(InvalidPattern::NoLiteral));
    assert!(matches!(pattern::compiled("(?:a{1000}){1000}"), Err(InvalidPattern::Regex(_))));
    assert!(matches!(pattern::compiled("a("), Err(InvalidPattern::Regex(_))));
}

/// Every text of the bundle's examples and of the case files: which patterns are tried must not show.
#[test]
fn literals_hide_nothing_that_a_pattern_finds() {
    let bundle = crate::bundle::Bundle::embedded().expect("the default bundle loads");
    let files = crate::bundle::Files::embedded();
    let lexicons =
        files.0.iter().filter(|(name, _)| name.starts_with("lists/lexicons/")).map(|(_, text)| text);
    let cases = include_str!("../../tests/cases/content.jsonl");
    let lines = lexicons.flat_map(|text| text.lines()).chain(cases.lines());
    let mut found = 0;
    for line in lines {
        let (normal, _) = Normal::of(line);
        for text in [Some(normal.clone()), normal.unmasked()].into_iter().flatten() {
            let mut fast = std::collections::BTreeSet::new();
            bundle.lists.lexicons.find(&text, |id, _| _ = fast.insert(id));
            assert_eq!(fast, bundle.lists.lexicons.find_slowly(&text), "{}", text.as_str());
            found += fast.len();
        }
    }
    assert!(found > 500, "{found}");
}

/// As the whole text is read, word for word.
fn links_slowly(text: &str) -> Vec<Link> {
    let words = text.split(|c: char| c.is_whitespace() || "<>\"'()[]{},;|“”‘’".contains(c));
    words.filter(|word| word.contains(['.', ':', '。'])).flat_map(links).collect()
}

#[test]
fn links_are_those_of_each_word_alone() {
    for text in [
        "see a.example.com. Or: http://b.example/x, (c.example.org)! at 10:30. v1.2.3 d。example",
        "x:http://y.example.com:80/p?q=a:b. <www.e.example> ends.",
        ".. :: 。。 .a. :b: a.b,c.d;e.fg",
    ] {
        let hosts =
            |links: Vec<Link>| links.into_iter().map(|l| (l.host, l.tail, l.certain)).collect::<Vec<_>>();
        for link in links(text) {
            assert!(text.get(link.span.clone()).is_some_and(|part| part.to_lowercase().contains(&link.tail)));
        }
        assert_eq!(hosts(links(text)), hosts(links_slowly(text)), "{text}");
    }
}

#[test]
fn a_harmless_sentence_does_not_excuse_the_next() {
    let lexicons = Lexicons::new(&[lexicon("buy {w}", "buy one", "buy")]).expect("the lexicon is sound");
    let finds = |text: &str| {
        let mut found = Vec::new();
        lexicons.find(&Normal::of(text).0, |id, span| found.push((id, span)));
        found
    };
    assert_eq!(finds("Never buy one."), []);
    assert_eq!(finds("Never buy one. Buy  one now"), [(0, 15..23)]);
    assert_eq!(finds("ｂｕｙ one"), [(0, 0..13)]);
}

#[test]
fn words_of_an_address_are_no_words_of_the_text() {
    let lexicons = Lexicons::new(&[lexicon("buy {w}", "buy one", "buy")]).expect("the lexicon is sound");
    for (text, speaks) in [("see https://buy-one.test/buy-one", false), ("https://a.test/ buy one", true)] {
        let mut content = Content::default();
        content.read(text, &lexicons, &schemes());
        assert_eq!(content.speaks_of(0), speaks, "{text}");
        assert_eq!(content.links.len(), 1, "{text}");
    }
}

#[test]
fn large_texts_of_one_thing_take_linear_time() {
    let lexicons = Lexicons::new(&[lexicon("buy ... {w}", "buy one", "buy")]).expect("the lexicon is sound");
    for unit in [
        "a",
        "\u{301}",
        "а",
        "<",
        "&",
        ".",
        "1 ",
        "4111 ",
        "buy ",
        "a.b",
        "{",
        "://",
        "\u{200b}",
        "क्\u{200d}",
        "@a.b",
    ] {
        let text = unit.repeat((1 << 20) / unit.len());
        let mut content = Content::default();
        let start = std::time::Instant::now();
        content.read(&text, &lexicons, &schemes());
        drop(Html::read(&text));
        // A debug build needs well under 10 s for a pass; what is quadratic needs hours.
        assert!(start.elapsed().as_secs() < 60, "{unit:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn normalising_twice_changes_nothing(text in any::<String>()) {
        let once = text_of(&text);
        prop_assert_eq!(text_of(&once), once);
    }

    #[test]
    fn places_map_back_into_the_original(text in "[a-zA-Z0-9а-яÀ-ž０-９ﬁ\u{200b}\u{301} .@$-]{0,60}") {
        let (normal, _) = Normal::of(&text);
        for normal in std::iter::once(&normal).chain(normal.unmasked().as_ref()) {
            let mut before = 0;
            for (at, _) in normal.as_str().char_indices() {
                let origin = normal.origin(&(at..normal.as_str().len()));
                prop_assert!(text.is_char_boundary(origin.start) && origin.end == text.len());
                prop_assert!(before <= origin.start);
                before = origin.start;
            }
        }
    }

    #[test]
    fn nothing_panics_and_spans_lie_in_the_text(text in any::<String>(), tail in "[<>&;a-z0-9:/.@{}# -]{0,80}") {
        let text = format!("{text}{tail}");
        let mut content = Content::default();
        content.read(&text, &Lexicons::default(), &schemes());
        for link in &content.links {
            prop_assert!(text.get(link.span.clone()).is_some());
        }
        drop(Html::read(&text));
        drop(Template::parse(&text).fit(&text, 40));
        let numbers = Numbers::find(&text, &schemes());
        for span in numbers.cards.iter().chain(&numbers.aadhaar).chain(&numbers.callable) {
            prop_assert!(text.get(span.clone()).is_some());
        }
    }

    #[test]
    fn a_check_digit_is_missed_by_no_wrong_digit(digits in "[2-9][0-9]{10}", place in 0_usize..12, by in 1_u8..10) {
        let aadhaar = |text: &str| !Numbers::find(text, &schemes()).aadhaar.is_empty();
        let valid = (0..10).map(|check| format!("{digits}{check}")).filter(|text| aadhaar(text)).collect::<Vec<_>>();
        prop_assert_eq!(valid.len(), 1);
        let mut wrong = valid[0].clone().into_bytes();
        wrong[place] = b'0' + (wrong[place] - b'0' + by) % 10;
        prop_assert!(!aadhaar(&String::from_utf8(wrong).expect("digits")));
    }
}
