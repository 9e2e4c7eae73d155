//! Which instant is found among those at which something changes.

use std::cell::Cell;

use proptest::prelude::*;

use super::*;

proptest! {
    /// Where what passes once passes for good, the first is found, with few tries.
    #[test]
    fn the_first_is_found_where_nothing_comes_back(length in 0_i64..5_000, edge in 0_i64..5_500) {
        let (instants, tries): (Vec<i64>, _) = ((0..length).collect(), Cell::new(0));
        let passes = |at: i64| {
            tries.set(tries.get() + 1);
            at >= edge
        };
        let found = first(&instants, 0, passes);
        prop_assert_eq!(found, (edge < length).then_some(edge));
        prop_assert!(tries.get() <= 30, "{} tries", tries.get());
    }

    /// Whatever is found passes; the first ones are not missed.
    #[test]
    fn what_is_found_passes(passing in prop::collection::vec(any::<bool>(), 0..300), near in 0_usize..80) {
        let instants: Vec<i64> = (0..).take(passing.len()).collect();
        let passes = |at: i64| usize::try_from(at).ok().and_then(|at| passing.get(at)) == Some(&true);
        let found = first(&instants, near, passes);
        prop_assert!(found.is_none_or(passes));
        if let Some(first) = passing.iter().take(near).position(|passes| *passes) {
            prop_assert_eq!(found, i64::try_from(first).ok());
        }
    }
}
