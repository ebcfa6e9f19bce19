//! Cards as they lie in memory: packed into a third of the room that they take unpacked, so that a million of them fit.

use crate::domain::Seq;
use crate::domain::cards::Card;

/// What a card costs beside its own bytes: its place in the map, the box, and the allocator's rounding.
const OVERHEAD: usize = 72;

/// A packed card.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) as_of: Seq,
    bytes: Box<[u8]>,
}

impl Packed {
    pub(super) fn new(card: &Card) -> Self {
        // Almost every card fits, and is then copied once into a box of its size.
        let mut room = [0; 2_048];
        let bytes = match postcard::to_slice(card, &mut room) {
            Ok(bytes) => Box::from(&*bytes),
            Err(_) => postcard::to_allocvec(card).expect("a card is plain data").into(),
        };
        Self { as_of: card.as_of, bytes }
    }

    pub(super) fn unpack(&self) -> Card {
        postcard::from_bytes(&self.bytes).expect("this process packed it")
    }

    /// The memory that it takes, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.bytes.len() + OVERHEAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MovementType;
    use crate::domain::cards::{LastMovement, Status};
    use crate::domain::points::Points;
    use crate::domain::samples::{NOW, card, lot};
    use crate::domain::{RecordId, ShopId};

    #[test]
    fn a_card_is_unpacked_as_it_was() {
        let mut before = card(&[lot(2, 100, None), lot(7, 5, Some(3))]);
        assert_eq!(Packed::new(&before).unpack(), before);
        before.status = Status::Blocked;
        before.status_before_block = Some(Status::Inactive);
        before.blocked_at = Some(NOW);
        before.block_record = Some(RecordId::new(9));
        before.shop = Some(ShopId::new(2));
        before.debt = Points::new(8);
        before.adjusted = Points::new(-8);
        before.last = Some(LastMovement {
            seq: Seq::new(i64::MAX),
            movement: MovementType::Expire,
            points: Points::new(-5),
            at: NOW,
        });
        assert_eq!(Packed::new(&before).unpack(), before);
    }

    #[test]
    fn a_card_with_one_lot_takes_less_than_two_hundred_bytes() {
        let packed = Packed::new(&card(&[lot(2_000_000, 100, Some(3))]));
        assert!(packed.cost() < 200, "{}", packed.cost());
    }
}
