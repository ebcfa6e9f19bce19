//! The command line: its words and nothing of what they do.

mod follow;

pub(crate) use follow::{Follow, Recheck};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What `verify` does and what it cannot do.
const VERIFIES: &str = "\
Check everything that can be checked, in one pass over the log:

  chain, sequence, commands, time, streams   no row was changed, added, dropped or moved
  keys          claimed once, and each says what its command did
  payloads      every event has the layout of its kind
  programme     partners, shops, templates, keys and customers exist before they are named; cards are given of templates in use
  cards         a blocked or inactive card neither earns nor spends
  points        balances, lots, debt, order of taking; bounds and ends of the template in force; whose points are spent where
  orders        what a purchase earns and what points buy, computed anew; a refund's share, its policy, and that none goes beyond its order
  tiers         a change of tier where a threshold is crossed, and nowhere else: by lifetime, twelve months or all cards of a customer
  conservation  nothing was gained or lost over all cards of a partner
  vault         every record is the one that its event committed to, or erased as the log says
  checkpoints   each is signed with the key in force and states the root of the events that it covers; cosignatures fit
  guards        the triggers that refuse changes are in place
  projections   every column of every row of every table of views.db, as of its watermark

Not checked, because the log does not say it: whether a clock was right, who held a key (revoked, expired, bound to an address or a scope), \
the points, the expiry and the bonus that a request stated itself, and fingerprints, which are made of requests. \
What is only in ops.db (the secrets' hashes, the seeds that sign) is no part of the books. Whether a witness is to be believed is yours to know. A file cut at its end is found by views.db, a backup, or a head hash or checkpoint kept elsewhere.";

/// What each part of `report` is.
const REPORTS: &str = "\
Write the books of a period, from the log alone, in one pass over it.

The period is from the first moment up to the second, which is no part of it, in UTC, by when events were recorded. All points are whole numbers, \
money is a decimal number in the partner's currency; nothing is rounded but where it says so.

  trial_balance by partner; by_shop by the shop that the movement names (none: it names none, as what expires when it is due; its rows add up \
to the partner's); by_template by the card's template; by_month by calendar month (those in which something moved)
    opening         what all movements before the period come to
    awarded         points.awarded, bonuses of new cards among them
    given_back      points.returned: what orders spent and refunds gave back
    redeemed        points.redeemed
    expired         points.expired, when due or on request
    refunded        points.refunded: what orders earned and refunds took back
    adjusted_up, adjusted_down   points.adjusted, by its sign
    closing         opening + awarded + given_back + adjusted_up - redeemed - expired - refunded - adjusted_down
    closes          the closing is what the cards hold, found in three ways (see checks), and so it was at the opening
    movements       how many; imported_movements, imported_in, imported_out: those of them that happened before they were recorded \
(happened_at), and the points that they brought and took. They are in the lines above, too
  liability, liability_by_template   at the end of the period; a lot that expires by then is due
    open            what remains in open lots: due and not yet written off, or available
    debt            what cards owe, which is no part of open; balance = open - debt
    value, due_value   available and due in money: points / points_per_currency_redemption x currency_amount_redemption by the template's rules in \
force at the end, rounded down to the smallest coin for each template
    redeemable      whether cards of the template may spend
  ageing            open lots by the month in which they expire, or never
  breakage          expired / (redeemed + expired) in the period: in lowest terms, and in percent to two places, halves rounded up
  rules             each version of settings and templates that was in force: since when, until when (none: still at the end), by whom, its terms
  rule_changes      changes of partners, shops and templates by actor
  adjustments       corrections by actor; refunds_without_orders: those of them downwards that name no order
  card_blocks       cards blocked and unblocked by actor
  orders_refunded   orders of which the period saw the first refund, and the last (completed); refunds and cancellations; points taken_back \
(of it debt), let_go and given_back; the amount, without that of refunds that state none (without_amount)
  gaps, time_back   events missing up to the end of the period, and events recorded before the one before them; at most 1000 of each are listed
  checks            what only a fold of every card can say, for each row of trial_balance, by_template and by_month; the one part of a report that \
a service does not state
    closing         as in that row
    balances        the sum of the cards' balances, folded card by card
    lots_less_debt  what remains in their open lots, less what they owe
    stated          the sum of the balances that their last events state
    cards_amiss     cards for which these three differ
    closes          all four are equal, no card is amiss, and so it was at the opening

Without a form, lines are printed. --json prints one document instead; --csv, --xlsx and --html write files, as many at once as are named. All hold the \
same tables; the same books are the same bytes. In a workbook a number of more than 15 digits is text, a table of more than 1,048,575 rows goes on in \
another sheet, and a text of more than 32,767 characters is cut.

Exit code 1 if the books do not close, or the log has gaps or goes back in time. That every rule was kept is for `verify` to say.";

/// The auditor's tool for Counterfoil ledgers.
///
/// It opens every file of a service for reading only, also while the service is writing it, and shares no code with the service but
/// what prints the tables of `report`, which neither reads a log nor checks one.
///
/// Exit codes: 0 all is well, 1 a check failed or two ledgers part, 2 wrong use or unreadable files, 3 `follow` has an alarm.
#[derive(Debug, Parser)]
#[command(name = "counterfoil-replay", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check everything that can be checked: chain, sequence, keys, every rule of every movement, the vault and the projections.
    #[command(
        long_about = VERIFIES,
        after_help = "Examples:\n  counterfoil-replay verify --data /var/lib/counterfoil\n  counterfoil-replay verify --ledger copy.db --json"
    )]
    Verify {
        #[command(flatten)]
        source: Source,
        /// Print one JSON object instead of lines
        #[arg(long)]
        json: bool,
    },
    /// Write views.db, as this tool's own fold gives it, to a new SQLite file.
    #[command(
        after_help = "Example:\n  counterfoil-replay rebuild --ledger ledger.db --out fold.db && sqlite3 fold.db 'SELECT sum(balance) FROM cards'"
    )]
    Rebuild {
        #[command(flatten)]
        source: Source,
        /// The file to write; it must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Find where two ledgers part.
    #[command(after_help = "Example:\n  counterfoil-replay diff yesterday/ledger.db /var/lib/counterfoil")]
    Diff {
        /// A ledger file or data directory
        a: PathBuf,
        /// Another
        b: PathBuf,
    },
    /// Say what a card held at any moment.
    #[command(
        after_help = "Examples:\n  counterfoil-replay balance --data DIR --card 17\n  counterfoil-replay balance --data DIR --card LC000000000018 --at 2026-01-31T12:00:00Z\n  counterfoil-replay balance --ledger ledger.db --card card_17 --at 4711"
    )]
    Balance {
        #[command(flatten)]
        card: CardAt,
    },
    /// List a card's events up to any moment, with the reasons that the vault still holds.
    #[command(after_help = "Example:\n  counterfoil-replay history --data DIR --card 17 --at 2026-02-01")]
    History {
        #[command(flatten)]
        card: CardAt,
    },
    /// Verify a receipt, or a statement of a balance, with nothing but the log's key.
    ///
    /// A receipt is what GET /audit/receipts/{transaction} of a service answers: an event, its proof, and a signed checkpoint. A
    /// statement is what GET /audit/balances/{period}/cards/{card} answers: a card's balance at a month's end, and its proof.
    /// Their QR codes say the same text.
    #[command(
        after_help = "Example:\n  counterfoil-replay receipt txn_204.json --key example.com/books+9f7b8ce9+AW66Qmz9616QnUqc7iQqlKIlc1HTJ6AkvzjgdfjVrqQS"
    )]
    Receipt {
        /// The receipt
        file: PathBuf,
        /// The log's key, as `counterfoil audit-key list` shows it
        #[arg(long, value_name = "KEY")]
        key: String,
    },
    /// Keep a verified copy of a running service's log, and alarm where it is rewritten, forked or rolled back.
    #[command(long_about = follow::FOLLOWS, after_help = follow::EXAMPLES)]
    Follow(Box<Follow>),
    /// Write the books of a period: trial balances, liability, breakage, rules in force, and who corrected, blocked and refunded.
    #[command(
        long_about = REPORTS,
        after_help = "Examples:\n  counterfoil-replay report --data DIR --from 2026-01-01 --to 2026-02-01\n  counterfoil-replay report --ledger ledger.db --from 2026-01-01 --to 2027-01-01 --partner 1 --csv books-2026 --xlsx books-2026.xlsx --html books-2026.html"
    )]
    Report {
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        span: Span,
        /// The books of this partner alone
        #[arg(long, value_name = "ID")]
        partner: Option<i64>,
        /// Print one JSON document instead of lines
        #[arg(long)]
        json: bool,
        /// Write each table as a CSV file of its own into this directory; none of them may exist
        #[arg(long, value_name = "DIR")]
        csv: Option<PathBuf>,
        /// Write an Excel workbook: a sheet for each table, and charts. The file must not exist
        #[arg(long, value_name = "FILE")]
        xlsx: Option<PathBuf>,
        /// Write a page to print, with charts and what every column means. The file must not exist
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
    /// Write the whole log as JSON Lines or CSV, complete enough to verify the chain from the export alone.
    #[command(after_help = "Example:\n  counterfoil-replay export --ledger ledger.db --format csv --out log.csv")]
    Export {
        #[command(flatten)]
        source: Source,
        /// The form of the export
        #[arg(long, value_enum, default_value = "jsonl")]
        format: Format,
        /// The file to write, which must not exist; standard output otherwise
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Which files to read.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Source {
    /// A service's data directory: ledger.db, and views.db if it is there
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// A ledger alone, without projections to compare
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
}

/// A period.
#[derive(Debug, Args)]
pub(crate) struct Span {
    /// The first moment of the period: a date (its first instant in UTC) or an RFC 3339 time
    #[arg(long, value_name = "DATE")]
    pub(crate) from: String,
    /// The moment with which the period has ended; the day after its last day
    #[arg(long, value_name = "DATE")]
    pub(crate) to: String,
}

/// A card at a moment.
#[derive(Debug, Args)]
pub(crate) struct CardAt {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The card: 17, card_17 or its number LC…
    #[arg(long, value_name = "ID")]
    pub(crate) card: String,
    /// The moment: a seq of the log, an RFC 3339 time, or a date (its first instant in UTC); now if absent
    #[arg(long, value_name = "SEQ|TIME")]
    pub(crate) at: Option<String>,
    /// Print JSON instead of lines
    #[arg(long)]
    pub(crate) json: bool,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Jsonl,
    Csv,
}
