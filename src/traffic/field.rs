//! The fields of events, by the names that `counters.yaml` uses.

use serde::Serialize;

use crate::domain::vocabulary::text_enum;

text_enum! {
    /// A field of an event.
    Field {
        /// Account that did it.
        Account = "account",
        /// Id of the decision that allowed it, where that is not its own id.
        Decision = "decision",
        /// What was done.
        Action = "action",
        /// Number or mailbox that it went to.
        To = "to",
        /// Number or name that it came from.
        From = "from",
        /// `to` without its last digits.
        Prefix = "prefix",
        /// Country of `to`.
        Country = "country",
        /// Range of the rate deck that `to` is in; none for ordinary numbers.
        Range = "range",
        /// Whether `to` is in a range of the rate deck.
        HighCost = "high_cost",
        /// What the caller said it was for.
        Category = "category",
        /// Campaign of the US registry.
        Campaign = "campaign",
        /// Brand of the US registry, by tax id.
        BrandRegistration = "brand_registration",
        /// Brand that it was done for.
        Brand = "brand",
        /// Whether that brand is neither the account's own nor authorised.
        ForeignBrand = "foreign_brand",
        /// Hash of the text.
        BodyHash = "body_hash",
        /// What an operation of the API did.
        Operation = "operation",
        /// Network of the recipient.
        Carrier = "carrier",
        /// Address that an event of its own came from.
        Ip = "ip",
        /// Address of the person who asked for a code.
        EndUserIp = "end_user_ip",
        /// How it ended.
        Status = "status",
        /// Whether a code was verified.
        Verified = "verified",
        /// Length of a call, ms.
        DurationS = "duration_s",
        /// How long it rang, ms.
        RingS = "ring_s",
        /// What a minute of it costs by the rate deck, micro-USD.
        Rate = "rate",
        /// What a minute costs at the country's average, micro-USD.
        EvenRate = "even_rate",
        /// What its length cost by the rate deck: micro-USD a minute, times ms.
        RatedCost = "rated_cost",
        /// What they would cost at the country's average, in the same unit.
        EvenCost = "even_cost",
        /// What it cost, micro-USD.
        Cost = "cost",
        /// How many numbers were ordered.
        Quantity = "quantity",
        /// How long a number had been leased, ms.
        LeaseAgeS = "lease_age_s",
        /// Why it was refused.
        Reason = "reason",
        /// The day on which it was, UTC, counted from 1970.
        Day = "day",
        /// How long ago it was, ms.
        AgeS = "age_s",
    }
}

/// Milliseconds of a minute: what a rate a minute times a length in milliseconds is divided by.
const MINUTE_MS: i128 = 60_000;

// === impl Field ===

impl Field {
    /// Whether it says who somebody is: nothing but a hash of it is written anywhere.
    pub const fn is_private(self) -> bool {
        matches!(self, Self::To | Self::From | Self::Prefix | Self::Ip | Self::EndUserIp)
    }

    /// What stands for its name where events are written down: a hash of it, so that it is the same for as long
    /// as the name is.
    pub(super) const fn code(self) -> u16 {
        let name = self.as_str().as_bytes();
        let (mut hash, mut at) = (0x811c_9dc5_u32, 0);
        #[expect(clippy::indexing_slicing, reason = "the place is below the length")]
        while at < name.len() {
            hash = (hash ^ name[at] as u32).wrapping_mul(0x0100_0193);
            at += 1;
        }
        let [a, b, c, d] = hash.to_le_bytes();
        u16::from_le_bytes([a ^ c, b ^ d])
    }

    /// The field of that code.
    pub(super) fn of_code(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.code() == code)
    }

    /// What a sum of the field is divided by, once it is complete, so that nothing is rounded twice.
    pub const fn divisor(self) -> i128 {
        match self {
            Self::RatedCost | Self::EvenCost => MINUTE_MS,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_code_of_its_own() {
        for field in Field::ALL {
            assert_eq!(Field::of_code(field.code()), Some(*field));
        }
    }
}
