//! What the checks found wrong: counted completely, listed up to a bound, so that a ruined file does not fill the memory.

use serde::Serialize;
use std::borrow::Cow;

/// How many problems one thread keeps for the list. The report lists fewer still.
const KEPT: usize = 1000;

/// The checks, in the order of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    Chain,
    Sequence,
    Commands,
    Time,
    Streams,
    Keys,
    Payloads,
    Programme,
    Cards,
    Points,
    Orders,
    Tiers,
    Conservation,
    Vault,
    Checkpoints,
    Seals,
    Guards,
    Projections,
}

impl Check {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Chain,
        Self::Sequence,
        Self::Commands,
        Self::Time,
        Self::Streams,
        Self::Keys,
        Self::Payloads,
        Self::Programme,
        Self::Cards,
        Self::Points,
        Self::Orders,
        Self::Tiers,
        Self::Conservation,
        Self::Vault,
        Self::Checkpoints,
        Self::Seals,
        Self::Guards,
        Self::Projections,
    ];

    /// The name in the JSON report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Sequence => "sequence",
            Self::Commands => "commands",
            Self::Time => "time",
            Self::Streams => "streams",
            Self::Keys => "keys",
            Self::Payloads => "payloads",
            Self::Programme => "programme",
            Self::Cards => "cards",
            Self::Points => "points",
            Self::Orders => "orders",
            Self::Tiers => "tiers",
            Self::Conservation => "conservation",
            Self::Vault => "vault",
            Self::Checkpoints => "checkpoints",
            Self::Seals => "seals",
            Self::Guards => "guards",
            Self::Projections => "projections",
        }
    }

    /// What holds when the check passes.
    #[must_use]
    pub const fn passed(self) -> &'static str {
        match self {
            Self::Chain => "every stored hash is the one that its row and the row before give",
            Self::Sequence => "seq is 1, 2, 3 … without gaps",
            Self::Commands => "the events of every command stand together",
            Self::Time => "recorded_at never goes back",
            Self::Streams => "the versions of every stream are 1, 2, 3 … without gaps",
            Self::Keys => "no idempotency key was claimed twice, and each says what its command did",
            Self::Payloads => "every payload has the layout of its kind",
            Self::Programme => {
                "partners, shops, templates, keys and customers exist before they are named, and cards are of templates in use"
            }
            Self::Cards => "cards exist before they are used, and blocked cards neither earn nor spend",
            Self::Points => {
                "every movement's balances, lots and order of taking are right, and within the rules in force"
            }
            Self::Orders => {
                "every purchase earned and bought what its terms give, and every refund took and gave back its share"
            }
            Self::Tiers => "a tier changes exactly where a threshold is crossed",
            Self::Conservation => {
                "for every partner, points given less points taken are the balances, and those are open lots less debt"
            }
            Self::Vault => "every sealed record is the one that its event committed to, or erased as the log says",
            Self::Checkpoints => {
                "every checkpoint is signed with the key in force and states the root of the events that it covers"
            }
            Self::Seals => "every month is sealed once, in order, and every seal holds the balances that the log gives",
            Self::Guards => "the triggers that refuse changes are in place",
            Self::Projections => "every table is what an independent fold of the log gives",
        }
    }
}

/// Where a problem is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Log,
    Event(i64),
    Row { table: &'static str, key: String, column: Option<&'static str> },
}

/// Something that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub check: Check,
    pub place: Place,
    pub sentence: Cow<'static, str>,
}

/// The problems that one thread has found.
#[derive(Debug, Default)]
pub struct Findings {
    kept: Vec<Problem>,
    counts: [u64; Check::ALL.len()],
}

impl Findings {
    /// Records a problem with an event.
    pub fn event(&mut self, check: Check, seq: i64, sentence: impl Into<Cow<'static, str>>) {
        self.add(Problem { check, place: Place::Event(seq), sentence: sentence.into() });
    }

    /// Records a problem with a row of another table.
    pub fn row(
        &mut self,
        check: Check,
        table: &'static str,
        key: impl ToString,
        column: Option<&'static str>,
        sentence: impl Into<Cow<'static, str>>,
    ) {
        self.add(Problem {
            check,
            place: Place::Row { table, key: key.to_string(), column },
            sentence: sentence.into(),
        });
    }

    /// Records a problem with the file as a whole.
    pub fn log(&mut self, check: Check, sentence: impl Into<Cow<'static, str>>) {
        self.add(Problem { check, place: Place::Log, sentence: sentence.into() });
    }

    fn add(&mut self, problem: Problem) {
        self.counts[Self::index(problem.check)] += 1;
        if self.kept.len() < KEPT {
            self.kept.push(problem);
        }
    }

    /// Takes over what another thread found.
    pub fn absorb(&mut self, other: Self) {
        self.kept.extend(other.kept);
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
    }

    /// How many problems a check found.
    #[must_use]
    pub fn count(&self, check: Check) -> u64 {
        self.counts[Self::index(check)]
    }

    /// How many problems there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The problems that were kept: events by seq first, then rows, then what concerns the file.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.kept;
        problems.sort_by_key(|problem| match &problem.place {
            Place::Event(seq) => (0, *seq, problem.check),
            Place::Log => (1, 0, problem.check),
            Place::Row { .. } => (2, 0, problem.check),
        });
        problems
    }

    fn index(check: Check) -> usize {
        Check::ALL.iter().position(|known| *known == check).unwrap_or(0)
    }
}
