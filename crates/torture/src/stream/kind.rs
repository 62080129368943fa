//! Which record is what: fresh checks, records of known checks, the original's, poison.

use super::random::random;

/// Partitions that the topic begins with. A check's records always go to the same.
pub(crate) const PARTITIONS: u64 = 4;
/// How far away the check of a further record is, at most: near enough to share its batch now and
/// then, far enough not to.
const DISTANCE_MAX: u64 = 3000;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Not to be stored.
    Poison,
    /// As the Python original writes it.
    Original,
    /// Of a check whose row PostgreSQL is made to refuse now and then. It has no other record.
    Contested,
    /// Of the check that the record of this number is the first of.
    Check(u64, Variant),
}

/// Which one in so many records is of a website of which every due check is sent.
pub(super) const COMPLETE_ONE_IN: u64 = 5;

/// Whether the record of this number is the first of such a website's next check.
pub(super) fn is_complete(number: u64) -> bool {
    number.is_multiple_of(COMPLETE_ONE_IN)
}

/// Where the records of a check go. Records of the upper half of partitions may be removed, so that
/// nobody can store them: those of complete websites are not among them.
pub(super) fn partition_of(check: u64) -> i32 {
    let place = if is_complete(check) {
        (check / COMPLETE_ONE_IN) % (PARTITIONS / 2)
    } else {
        check % PARTITIONS
    };
    place as i32
}

/// Its place among these.
pub(super) fn complete_place(number: u64) -> u64 {
    number / COMPLETE_ONE_IN
}

/// How a record of a check differs from the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    First,
    /// In nothing.
    Repeat,
    /// In a value.
    Altered,
    /// It says that nobody looked.
    Missed,
}

/// What the record of this number is, of so many.
pub(super) fn kind_of(seed: u64, number: u64, records: u64) -> Kind {
    let first = Kind::Check(number, Variant::First);
    if is_complete(number) {
        return first;
    }
    let mut random = random(seed, number);
    let variant = match random.u32(0..1000) {
        0..60 => return Kind::Poison,
        60..160 => return Kind::Original,
        160..220 => Variant::Repeat,
        220..240 => Variant::Altered,
        240..280 => Variant::Missed,
        280..290 => return Kind::Contested,
        _ => return first,
    };
    let distance = random.u64(1..=DISTANCE_MAX.min(number.max(1)));
    // A missed record comes before its real result as often as after it.
    let check = if variant == Variant::Missed && random.bool() {
        number + distance
    } else {
        number.saturating_sub(distance)
    };
    if check < records && is_first(seed, check) {
        Kind::Check(check, variant)
    } else {
        first
    }
}

/// Whether the record of this number is the first of its check, however the dice fell for others.
fn is_first(seed: u64, number: u64) -> bool {
    is_complete(number) || random(seed, number).u32(0..1000) >= 290
}
