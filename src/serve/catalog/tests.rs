use std::collections::BTreeSet;

use prost::Message as _;

use super::*;
use crate::bundle::Snapshot;
use crate::proto::FILE_DESCRIPTOR_SET;

fn catalog() -> (Catalog, Arc<Bundle>) {
    let bundle = Arc::new(Bundle::embedded().unwrap());
    (Catalog::new(Arc::new(Policy::new(Snapshot::new(bundle.clone())))), bundle)
}

/// The names of the enum's values, without the prefix and without the two that are no catalogue code.
fn enum_codes() -> BTreeSet<String> {
    let descriptors = prost_types::FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let codes = descriptors.file.into_iter().flat_map(|file| file.enum_type);
    let values = codes.into_iter().find(|e| e.name() == "ReasonCode").unwrap().value;
    let names = values.iter().map(|value| value.name().strip_prefix("REASON_CODE_").unwrap().to_owned());
    names.filter(|name| name != "UNSPECIFIED" && name != "OK").collect()
}

#[tokio::test]
async fn every_code_has_a_number_and_every_number_a_code() {
    let (catalog, _) = catalog();
    let answer = catalog.list_reasons(Request::new(ListReasonsRequest {})).await.unwrap().into_inner();
    let unspecified = i32::from(ReasonCode::Unspecified);
    let nameless: Vec<_> = answer.reasons.iter().filter(|r| r.code == unspecified).map(|r| &r.name).collect();
    assert!(nameless.is_empty(), "the enum lacks {nameless:?}");
    let codes: BTreeSet<String> = answer.reasons.iter().map(|reason| reason.name.clone()).collect();
    assert_eq!(codes, enum_codes());
    assert_eq!(code("FROM_A_NEWER_BUNDLE"), ReasonCode::Unspecified);
}

#[tokio::test]
async fn reasons_come_in_rank_order_with_their_waits_and_masks() {
    let (catalog, bundle) = catalog();
    let answer = catalog.list_reasons(Request::new(ListReasonsRequest {})).await.unwrap().into_inner();
    assert_eq!(answer.bundle_revision, &*bundle.revision);
    assert_eq!(answer.obligations.len(), bundle.catalogue.obligations.len());
    for (rank, (sent, kept)) in answer.reasons.iter().zip(&bundle.catalogue.reasons).enumerate() {
        assert_eq!((sent.rank as usize, &*sent.name), (rank, &*kept.code));
        assert_eq!(sent.retry_after.is_some(), kept.retryable, "{}", sent.name);
        let masks: Vec<_> =
            kept.masks.iter().map(|r| bundle.catalogue.reasons[*r].code.to_string()).collect();
        assert_eq!(sent.masks, masks);
    }
    assert!(answer.reasons.iter().any(|reason| !reason.masks.is_empty()));
}

#[tokio::test]
async fn signals_come_by_path_and_the_bundle_with_its_counts() {
    let (catalog, bundle) = catalog();
    let signals =
        catalog.list_signals(Request::new(ListSignalsRequest {})).await.unwrap().into_inner().signals;
    assert!(signals.is_sorted_by(|a, b| a.path < b.path));
    assert_eq!(signals.len(), signals::all().count());
    let info = catalog.get_bundle_info(Request::new(GetBundleInfoRequest {})).await.unwrap().into_inner();
    assert_eq!((info.digest.as_str(), info.digest.len()), (&*bundle.digest, 64));
    assert_eq!(info.rules as usize, bundle.program.rules.len());
    assert_eq!(info.lists as usize, bundle.lists.iter().count());
}
