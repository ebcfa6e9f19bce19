//! Tiles: which there are, how they are named, and where whoever proves something gets them from.

use super::NodeHash;

/// How many levels of the tree one level of tiles spans.
pub const TILE_HEIGHT: u32 = 8;
/// How many hashes a full tile holds.
pub const TILE_WIDTH: usize = 1 << TILE_HEIGHT;
/// The last level that a tree of 2^63 leaves has.
const LEVEL_MAX: u8 = 7;

/// Where tiles come from.
pub trait Tiles {
    /// Why a tile cannot be had.
    type Error;

    /// The first `width` hashes of a tile, 1 to [`TILE_WIDTH`] of them.
    ///
    /// # Errors
    /// When they cannot be read.
    fn tile(&mut self, level: u8, index: u64, width: usize) -> Result<Vec<NodeHash>, Self::Error>;
}

/// How many hashes of a tile exist in a tree of `size` leaves: 0 to [`TILE_WIDTH`].
#[must_use]
pub fn width_of(size: u64, level: u8, index: u64) -> usize {
    let shift = u32::from(level) * TILE_HEIGHT;
    let entries = size.checked_shr(shift).unwrap_or(0);
    let before = index.saturating_mul(TILE_WIDTH as u64);
    usize::try_from(entries.saturating_sub(before)).unwrap_or(usize::MAX).min(TILE_WIDTH)
}

/// A tile as a mirror names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileId {
    pub level: u8,
    pub index: u64,
    pub width: usize,
}

impl TileId {
    /// Reads `<level>/<index>[.p/<width>]` as C2SP `tlog-tiles` writes it: the index in groups of three digits, all but the last
    /// with an `x` before them (`0/x001/x234/067.p/8`).
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.split_once('/')?;
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, plain(width)?),
            None => (rest, TILE_WIDTH as u64),
        };
        let partial_ends = rest.contains(".p/") && width >= TILE_WIDTH as u64;
        let level = u8::try_from(plain(level)?).ok().filter(|level| *level <= LEVEL_MAX)?;
        let id = Self { level, index: groups(index)?, width: usize::try_from(width).ok()? };
        (!partial_ends && width > 0).then_some(id)
    }

    /// Reads `entries/<index>[.p/<width>]`: which entries the tile of level 0 covers.
    #[must_use]
    pub fn parse_entries(path: &str) -> Option<Self> {
        Self::parse(&format!("0/{}", path.strip_prefix("entries/")?))
    }
}

/// A decimal number without signs or needless zeros.
fn plain(digits: &str) -> Option<u64> {
    let well_formed = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if well_formed { digits.parse().ok() } else { None }
}

/// An index in groups of three digits. Its first group is not `x000`, so that each index has one spelling.
fn groups(text: &str) -> Option<u64> {
    if text.starts_with("x000/") {
        return None;
    }
    let mut groups = text.split('/').peekable();
    let mut index = 0_u64;
    while let Some(group) = groups.next() {
        let last = groups.peek().is_none();
        let digits = if last { group } else { group.strip_prefix('x')? };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
    }
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_is_named_as_the_specification_writes_it() {
        let tile = |level, index, width| Some(TileId { level, index, width });
        assert_eq!(TileId::parse("0/x001/x234/067"), tile(0, 1_234_067, 256));
        assert_eq!(TileId::parse("1/017.p/8"), tile(1, 17, 8));
        assert_eq!(TileId::parse("7/000.p/255"), tile(7, 0, 255));
        assert_eq!(TileId::parse_entries("entries/x001/067.p/8"), tile(0, 1_067, 8));
        assert_eq!((TileId::parse_entries("0/067"), TileId::parse("entries/067")), (None, None));
        for wrong in [
            "",
            "0",
            "0/",
            "0/1",
            "0/01",
            "00/001",
            "8/000",
            "0/0001",
            "0/x001",
            "0/x001/",
            "0/001/002",
            "0/x000/001",
            "0/001.p/0",
            "0/001.p/256",
            "0/001.p/08",
            "0/001.p/",
            "0/+01",
            "-1/001",
            "0/x99/001",
            "0/001.p/1/2",
            "0/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(TileId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_tree_of_seventy_thousand_has_the_tiles_of_the_specifications_example() {
        let widths = |level| (0..).map(move |index| width_of(70_000, level, index)).take_while(|width| *width > 0);
        assert_eq!((widths(0).filter(|width| *width == 256).count(), widths(0).last()), (273, Some(112)));
        assert_eq!(widths(1).collect::<Vec<_>>(), [256, 17]);
        assert_eq!(widths(2).collect::<Vec<_>>(), [1]);
        assert_eq!(widths(3).count(), 0);
        assert_eq!([width_of(256, 0, 0), width_of(256, 1, 0)], [256, 1]);
    }
}
