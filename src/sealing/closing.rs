//! Going through a partner's cards at a month's end: one pass in the order of their ids, a page at a time.

use super::SealingError;
use super::leaf::Salts;
use crate::domain::points::Points;
use crate::domain::{CardId, PartnerId};
use crate::queries::{Closing, MonthEnd, Queries};
use crate::tree::{Edge, NodeHash, TILE_WIDTH};
use std::time::{Duration, Instant};

/// How many cards one look at views.db reads: each is a snapshot of its own, so that no reader stands long in the way of the WAL.
const PAGE: i64 = 1_024;
/// How long to rest after a page at most. It rests as long as the page took, so that awards have the other half of the time.
const REST: Duration = Duration::from_millis(50);

/// What a pass comes to.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) root: NodeHash,
    pub(super) cards: i64,
    pub(super) points: Points,
    pub(super) available: Points,
    /// The first card of each tile of leaves.
    pub(super) firsts: Vec<CardId>,
    /// The tiles above the leaves: of each level from 1 on, its hashes as hex digits.
    pub(super) levels: Vec<String>,
}

/// Hashes the balances of all cards. Holds 40 bytes for 256 cards, and never the cards themselves.
pub(super) fn seal(
    queries: &Queries,
    partner: PartnerId,
    end: MonthEnd,
    salts: &Salts,
    go_on: &dyn Fn() -> bool,
) -> Result<Sealed, SealingError> {
    let mut pass = Pass::default();
    let mut after = CardId::new(0);
    loop {
        if !go_on() {
            return Err(SealingError::Stopped);
        }
        let began = Instant::now();
        let page = queries.closings(partner, after, PAGE, end)?;
        let Some(last) = page.last() else { break };
        after = last.card;
        page.iter().for_each(|closing| pass.add(closing, salts));
        std::thread::sleep(began.elapsed().min(REST));
    }
    Ok(pass.finish())
}

#[derive(Debug, Default)]
struct Pass {
    edge: Edge,
    points: Points,
    available: Points,
    firsts: Vec<CardId>,
    levels: Vec<String>,
}

impl Pass {
    fn add(&mut self, closing: &Closing, salts: &Salts) {
        if self.edge.size().is_multiple_of(TILE_WIDTH as u64) {
            self.firsts.push(closing.card);
        }
        self.points = self.points.plus(closing.balance);
        self.available = self.available.plus(closing.available);
        let levels = &mut self.levels;
        self.edge.append(salts.leaf(closing), |full| enter(levels, full.level, &full.hashes));
    }

    fn finish(mut self) -> Sealed {
        for (level, _, hashes) in self.edge.partial_tiles() {
            enter(&mut self.levels, level, hashes);
        }
        Sealed {
            root: self.edge.root(),
            cards: i64::try_from(self.edge.size()).unwrap_or(i64::MAX),
            points: self.points,
            available: self.available,
            firsts: self.firsts,
            levels: self.levels,
        }
    }
}

fn enter(levels: &mut Vec<String>, level: u8, hashes: &[NodeHash]) {
    let place = usize::from(level) - 1;
    if levels.len() <= place {
        levels.resize_with(place + 1, String::new);
    }
    levels[place].push_str(&hex::encode(hashes.as_flattened()));
}
