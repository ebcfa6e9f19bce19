//! Proving one card's balance against a seal: the card's leaf and its audit path. Of all other cards the 256 of the same tile are
//! hashed anew, and those of the last tile where it is not full; whatever is above stands in the vault's record of the seal.

use super::SealingError;
use super::leaf::{Salt, Salts, leaf};
use crate::domain::CardId;
use crate::domain::seals::SealRecord;
use crate::queries::{Closing, MonthEnd, Queries, QueryError, SealView};
use crate::tree::{NodeHash, TILE_WIDTH, Tiles, inclusion, node_hash};

/// What a card had at a month's end, and that it stands in the seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceProof {
    pub closing: Closing,
    pub salt: Salt,
    /// The card's place among the partner's cards of then, from 0.
    pub index: u64,
    /// The audit path.
    pub hashes: Vec<NodeHash>,
}

/// Proves a card's balance; none where the card was issued later, or the seal's secret is gone.
///
/// # Errors
/// When something cannot be read, or the books no longer give what was sealed.
pub fn prove(queries: &Queries, seal: &SealView, card: CardId) -> Result<Option<BalanceProof>, SealingError> {
    let Some(record) = queries.seal_record(seal.record)? else { return Ok(None) };
    let mut leaves = Leaves { queries, seal, salts: Salts::new(&record.secret.0), record, own: (0, Vec::new()) };
    let tile = leaves.record.firsts.partition_point(|first| *first <= card);
    let Some(tile) = tile.checked_sub(1) else { return Ok(None) };
    let page = leaves.page(tile, TILE_WIDTH)?;
    leaves.own = (tile, page.iter().map(|closing| leaves.salts.leaf(closing)).collect());
    let Ok(place) = page.binary_search_by_key(&card, |closing| closing.card) else { return Ok(None) };
    let Some(closing) = page.into_iter().nth(place) else { return Ok(None) };
    let (index, size) = ((tile * TILE_WIDTH + place) as u64, u64::try_from(seal.cards).unwrap_or(0));
    let hashes = inclusion(&mut leaves, index, size)?;
    let salt = leaves.salts.of(card);
    // Nothing leaves the house that does not hold.
    if root_over(leaf(&salt, &closing), index, size, &hashes) != seal.root.0 {
        return Err(SealingError::Contradicted);
    }
    Ok(Some(BalanceProof { closing, salt, index, hashes }))
}

/// The tree of a seal: leaves from the books, what is above from the record.
struct Leaves<'a> {
    queries: &'a Queries,
    seal: &'a SealView,
    salts: Salts,
    record: SealRecord,
    /// The card's own tile of leaves, which is read to find the card.
    own: (usize, Vec<NodeHash>),
}

impl Leaves<'_> {
    fn page(&self, tile: usize, width: usize) -> Result<Vec<Closing>, QueryError> {
        let Some(first) = self.record.firsts.get(tile) else { return Ok(Vec::new()) };
        let (after, limit) = (CardId::new(first.get() - 1), i64::try_from(width).unwrap_or(i64::MAX));
        let end = MonthEnd { as_of: self.seal.as_of, period: self.seal.period };
        self.queries.closings(self.seal.partner, after, limit, end)
    }
}

impl Tiles for Leaves<'_> {
    type Error = QueryError;

    fn tile(&mut self, level: u8, index: u64, width: usize) -> Result<Vec<NodeHash>, QueryError> {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        if let Some(level) = usize::from(level).checked_sub(1) {
            // 64 digits a hash. What is missing is told by whoever asked for it.
            let from = index.saturating_mul(64 * TILE_WIDTH);
            let digits =
                self.record.levels.get(level).and_then(|digits| digits.get(from..from.saturating_add(64 * width)));
            let bytes = hex::decode(digits.unwrap_or_default()).unwrap_or_default();
            return Ok(bytes.as_chunks::<32>().0.to_vec());
        }
        if index == self.own.0 {
            return Ok(self.own.1.iter().take(width).copied().collect());
        }
        Ok(self.page(index, width)?.iter().map(|closing| self.salts.leaf(closing)).collect())
    }
}

/// The root that an audit path gives, from the leaf up (RFC 9162, 2.1.3.2).
fn root_over(leaf: NodeHash, index: u64, size: u64, path: &[NodeHash]) -> NodeHash {
    let (mut place, mut last, mut hash) = (index, size.saturating_sub(1), leaf);
    for beside in path {
        if place % 2 == 1 || place == last {
            hash = node_hash(beside, &hash);
            while place % 2 == 0 && place != 0 {
                place /= 2;
                last /= 2;
            }
        } else {
            hash = node_hash(&hash, beside);
        }
        place /= 2;
        last /= 2;
    }
    hash
}
