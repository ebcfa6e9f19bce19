//! What a contradiction between the source and the mirror is called. Pure: everything that was seen stands in [`Seen`].

use super::alarm::Kind;
use crate::note::Checkpoint;

/// The note that the source gave as its newest checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Note {
    /// It says that it has none.
    None,
    /// No key that is trusted signed it; why it is not believed.
    Distrusted(String),
    Signed(Checkpoint),
}

/// How the events that the source shows stand to the mirror's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// They are the same as far as the mirror goes.
    Same,
    /// They are the same as far as they go, which is less far.
    Fewer,
    /// One of them is another.
    Other,
}

/// Everything that a verdict rests on.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) note: Note,
    pub(super) shown: Shown,
    /// The size under which the mirror was verified; none before the first checkpoint.
    pub(super) covered: Option<u64>,
    /// Whether the note states another history than the one that the mirror holds; none where that could not be found out.
    pub(super) contradicts: Option<bool>,
}

/// The verdict; none where nothing contradicts.
pub(super) fn judge(seen: &Seen) -> Option<(Kind, String)> {
    let differs = match seen.shown {
        Shown::Same => None,
        Shown::Fewer => Some("it shows fewer events than before"),
        Shown::Other => Some("it shows another event than before"),
    };
    let along = |sentence: String| differs.map_or(sentence.clone(), |differs| format!("{sentence}; {differs}"));
    let checkpoint = match &seen.note {
        Note::Distrusted(why) => {
            let sentence = format!("the source's checkpoint is not signed by a key that is trusted: {why}");
            return Some((Kind::Key, along(sentence)));
        }
        Note::None => {
            let (Some(covered), _) = (seen.covered, differs) else {
                return differs.map(|differs| (kind_of(seen.shown), format!("{differs}, without any checkpoint")));
            };
            let sentence = format!("the source says that it has no checkpoint, after one of size {covered}");
            return Some((Kind::Rollback, along(sentence)));
        }
        Note::Signed(checkpoint) => checkpoint,
    };
    let size = checkpoint.size;
    if seen.contradicts == Some(true) {
        let sentence = match seen.covered {
            Some(covered) if size <= covered => format!(
                "the source has signed two histories: its checkpoint of size {size} states another root than the events that its \
                 checkpoint of size {covered} covers"
            ),
            Some(covered) => format!(
                "the source has signed two histories: its checkpoint of size {size} does not continue the one of size {covered}"
            ),
            None => format!("the source's checkpoint of size {size} states another root than the events that it shows"),
        };
        return Some((Kind::Fork, along(sentence)));
    }
    if let Some(covered) = seen.covered.filter(|covered| size < *covered) {
        let sentence = format!("the source's newest checkpoint is of size {size}, after one of size {covered}");
        return Some((Kind::Rollback, along(sentence)));
    }
    differs.map(|differs| (kind_of(seen.shown), format!("{differs}; its checkpoint of size {size} does not say so")))
}

const fn kind_of(shown: Shown) -> Kind {
    match shown {
        Shown::Fewer => Kind::Rollback,
        Shown::Same | Shown::Other => Kind::Rewrite,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(note: Note, shown: Shown, covered: Option<u64>, contradicts: Option<bool>) -> Option<Kind> {
        judge(&Seen { note, shown, covered, contradicts }).map(|(kind, _)| kind)
    }

    fn signed(size: u64) -> Note {
        Note::Signed(Checkpoint { origin: "log".to_owned(), size, root: [1; 32] })
    }

    #[test]
    fn what_fits_is_no_alarm() {
        for (size, covered) in [(5, None), (5, Some(5)), (9, Some(5))] {
            assert_eq!(kind(signed(size), Shown::Same, covered, Some(false)), None, "{size} after {covered:?}");
        }
        assert_eq!(kind(Note::None, Shown::Same, None, None), None, "a log before its first checkpoint");
    }

    #[test]
    fn two_signed_histories_are_a_fork_whatever_is_shown() {
        for shown in [Shown::Same, Shown::Fewer, Shown::Other] {
            for size in [3, 5, 9] {
                assert_eq!(kind(signed(size), shown, Some(5), Some(true)), Some(Kind::Fork), "{shown:?} {size}");
            }
            let stranger = Note::Distrusted("unsigned".to_owned());
            assert_eq!(kind(stranger, shown, Some(5), None), Some(Kind::Key), "{shown:?}");
        }
    }

    #[test]
    fn less_is_a_rollback_and_other_is_a_rewrite() {
        assert_eq!(kind(signed(3), Shown::Same, Some(5), Some(false)), Some(Kind::Rollback));
        assert_eq!(kind(signed(3), Shown::Fewer, Some(5), Some(false)), Some(Kind::Rollback));
        assert_eq!(
            kind(signed(3), Shown::Other, Some(5), Some(false)),
            Some(Kind::Rollback),
            "what it signed was true"
        );
        assert_eq!(
            kind(signed(5), Shown::Fewer, Some(5), Some(false)),
            Some(Kind::Rollback),
            "events under no checkpoint"
        );
        assert_eq!(kind(signed(9), Shown::Other, Some(5), Some(false)), Some(Kind::Rewrite));
        assert_eq!(kind(signed(9), Shown::Other, Some(5), None), Some(Kind::Rewrite), "a proof was not to be had");
        assert_eq!(kind(Note::None, Shown::Same, Some(5), None), Some(Kind::Rollback));
        assert_eq!(kind(Note::None, Shown::Fewer, None, None), Some(Kind::Rollback));
        assert_eq!(kind(Note::None, Shown::Other, None, None), Some(Kind::Rewrite));
    }
}
