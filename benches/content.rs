//! What it costs to read one text with the default bundle's lexicons.
//!
//! `cargo bench --bench content -- --quick`.

#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]
#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::hint::black_box;

use aupd::bundle::Bundle;
use aupd::content::Content;
use criterion::{Criterion, criterion_group, criterion_main};

/// 120 characters with nothing to find, as `benches/decide.rs` has them; with something; and not of ASCII.
const TEXTS: [(&str, &str); 3] = [
    (
        "nothing found",
        "Reminder: your visit is on Friday at ten in the morning. Please come a few minutes early. \
         We look forward to seeing you.",
    ),
    (
        "something found",
        "Your account has been suspended. Verify your bank details at https://secure.example.test/login now \
         or call 0800 555 0199.",
    ),
    (
        "nothing found, Hindi",
        "याद दिलाना: आपकी मुलाक़ात शुक्रवार सुबह दस बजे है। कृपया कुछ मिनट पहले आएं। आपसे मिलने की प्रतीक्षा है।",
    ),
];

criterion_group!(benches, texts);
criterion_main!(benches);

fn texts(criterion: &mut Criterion) {
    let bundle = Bundle::embedded().expect("the default bundle loads");
    let schemes = bundle.lists.card_schemes().expect("the list is sound");
    for (name, text) in TEXTS {
        criterion.bench_function(&format!("content: {name}"), |bencher| {
            bencher.iter(|| {
                let mut content = Content::default();
                content.read(black_box(text), &bundle.lists.lexicons, schemes);
                content
            });
        });
    }
}
