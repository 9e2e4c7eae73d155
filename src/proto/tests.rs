use prost::Message as _;
use prost_types::FileDescriptorSet;

use super::*;

fn descriptors() -> FileDescriptorSet {
    FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap()
}

#[test]
fn the_descriptors_hold_every_service() {
    let mut services: Vec<String> =
        descriptors().file.iter().flat_map(|f| f.service.clone()).map(|s| s.name().into()).collect();
    services.sort();
    let expected = [
        "AccountService",
        "BundleService",
        "CatalogService",
        "CooldownService",
        "DecisionService",
        "ListService",
    ];
    assert_eq!(services, expected);
}

#[test]
fn debug_of_a_request_prints_no_content() {
    let body = SendSms { body: "secret words".into(), to: "+14155550100".into(), ..Default::default() };
    let check =
        CheckRequest { action: Some(check_request::Action::SendSms(body.clone())), ..Default::default() };
    let batch = CheckBatchRequest { items: vec![check.clone()], freshness: None };
    for text in [format!("{body:?}"), format!("{check:?}"), format!("{batch:?}")] {
        assert!(!text.contains("secret") && !text.contains("0100"), "{text}");
    }
}

/// Names without the prefix are the codes of the catalogue, and their numbers the clauses.
#[test]
fn reason_codes_are_those_of_the_catalogue_in_the_blocks_of_their_clauses() {
    let bundle = crate::bundle::Bundle::embedded().unwrap();
    let mut count = 0;
    for entry in &bundle.catalogue.reasons {
        let code = ReasonCode::from_str_name(&format!("REASON_CODE_{}", entry.code));
        let number = code.unwrap_or_else(|| panic!("no number for `{}`", entry.code)) as i32;
        let system = entry.code.starts_with("SYSTEM_");
        assert_eq!(number / 100, if system { 90 } else { i32::from(entry.clause) }, "{}", entry.code);
        count += 1;
    }
    let values =
        descriptors().file.into_iter().flat_map(|f| f.enum_type).find(|e| e.name() == "ReasonCode").unwrap();
    assert_eq!(values.value.len(), count + 2, "the catalogue, UNSPECIFIED and OK");
}
