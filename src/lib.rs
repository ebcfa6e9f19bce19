//! Counterfoil: an append-only, event-sourced loyalty ledger.
//!
//! Cards and points are kept the way a bank keeps books. Every change is an event in a hash-chained log; every balance follows
//! from the events; an auditor's tool that shares no code with this crate (`replay/`) recomputes both from the file alone.
//! What both may use is a printer of finished tables (`replay/statements/`): it reads no log, folds no event and checks nothing.
//!
//! # Four kinds of state, and never a fifth
//!
//! | kind | what | file | rule |
//! |---|---|---|---|
//! | log | every change, as an event | `ledger.db` | append only, chained; no personal data, no free text |
//! | vault | names, emails, phones, what people typed, and the secrets of seals | `ledger.db` | erasable; the log holds a salted commitment to each record |
//! | projections | balances, lots, lists, history | `views.db` | a pure function of log and vault: deleted, they come back row for row |
//! | operations | hashes of the keys' secrets, jobs | `ops.db` | neither history nor derivable; losing it loses no points |
//!
//! # Which folder owns what, and whom it may know
//!
//! `tests/it/architecture` holds this table against the imports that stand in the code.
//!
//! | module | owns | may know |
//! |---|---|---|
//! | [`domain`] | the rules: commands, events, states, `decide` and `evolve`; pure | nobody |
//! | [`clock`] | what time it is: the system's, or a test's | domain |
//! | [`metrics`] | counters and histograms that cost an atomic addition | nobody |
//! | [`priority`] | letting those threads go first that somebody waits for | nobody |
//! | [`storage`] | the data directory, its lock, how each SQLite file is opened and migrated, whether views.db can be trusted | nobody |
//! | [`event_log`] | the table `events`: appending, reading, the chain, idempotency keys | domain |
//! | [`vault`] | the table `sealed_records`: sealing, commitments, erasing | domain |
//! | [`tree`] | the Merkle tree over the log: tiles, roots, proofs; pure | nobody |
//! | [`note`] | signed notes, checkpoints, cosignatures; pure | nobody |
//! | [`books`] | what the log comes to, in sums by span, and the report of a period made of them; pure | domain |
//! | [`live`] | what is committed and in memory, for every reader | domain |
//! | [`projections`] | views.db: one file for each read model, the projector, the rebuild | domain, event_log, vault, storage, tree, books |
//! | [`writer`] | the queue, batches, working memory, the commit; the only writer of ledger.db | domain, event_log, vault, projections, live, clock, storage, metrics |
//! | [`queries`] | read connections, the read barrier, typed views, bounded pages, the past | domain, projections, vault, live, storage, tree, books |
//! | [`exports`] | columns, and rows as CSV, JSON or a workbook, a page at a time; the forms of the books | domain, queries |
//! | [`ops`] | ops.db: drawing credentials, verifying secrets, export jobs, the seeds that sign, webhooks' secrets and deliveries | domain, storage |
//! | [`notary`] | checkpoints: signing the head of the tree and having it recorded | domain, note, ops, queries, writer, clock |
//! | [`sealing`] | seals: hashing all balances at a month's end, having the root recorded, proving one balance | domain, tree, queries, notary, writer, clock |
//! | [`webhooks`] | telling receivers: messages, signatures, deliveries, retries | domain, event_log, vault, projections, live, ops, writer, clock, storage, metrics, priority |
//! | [`backup`] | copies of the books: making and verifying them, keeping them, holding them against what they are to replace | domain, event_log, storage, tree, note |
//! | [`jobs`] | what the clock asks for: expiry, checkpoints, seals, retention, backups | domain, projections, writer, notary, sealing, backup, metrics, priority, clock, storage |
//! | [`app`] | the engine: wires writer, projector and memory, and owns the order of start and stop | domain, event_log, vault, projections, live, writer, clock, storage, metrics, priority |
//! | [`control`] | what an operator may ask for, over a socket or under the lock; the rows of an import | domain, writer, ops, app, notary, sealing, queries, webhooks, clock, storage |
//! | [`http`] | the HTTP surface: credentials, fields, envelopes, errors; no rules, no SQL | domain, queries, exports, webhooks, writer, ops, notary, note, tree, sealing, clock, live, metrics |
//! | [`cli`] | the subcommands | all but vault |
//!
//! Beside them: `schema/` holds the log's format, the SQL, a JSON Schema of each event and worked examples; `docs/api.md` is the API reference.
//!
//! # The way of a command
//!
//! ```text
//! HTTP handler ── parse, authenticate ──► Command ──► bounded queue ──► the writer: one thread, one connection
//!   for each command of the batch:
//!     look up its idempotency key ── seen: the original answer again, or a conflict
//!     load the state it needs     ── the batch, else memory, else views.db by its number
//!     decide(state, command, now) ── events, or a rejection                     pure, no I/O
//!     seal, append, evolve        ── vault record, seq, chain; then the state in memory
//!   COMMIT: one fsync for the batch, and only then every caller is answered
//! the projector, one thread ── follows the log ──► views.db, row for row what a rebuild gives
//! ```
//!
//! A rejected command writes nothing and claims no key. What a batch changes in memory is a layer of its own until the commit: when
//! that fails, every caller in the batch is told so, the layer is dropped, and the writer looks at the end of the log on a fresh
//! connection before it takes another command.
//!
//! The command line goes the same way: [`control`] hands its commands to the running service, or starts the engine itself. An import
//! sends its rows there by the hundred; what they say happened long ago is decided as of then ([`domain::points::Past`]).
//!
//! # The way of a query
//!
//! Handler → [`queries`] → the committed card in [`live`], or a read-only connection on a snapshot of views.db → a typed view →
//! JSON. A start reads the cards into memory in the background. Reads never block the writer. They see everything that was acknowledged before they arrived: a read of views.db
//! first waits until the projector has passed the head of the log at its arrival.
//!
//! # The way of an event to the outside
//!
//! A webhook is a cursor over the log: nothing is written for it when something happens. One thread of the lowest priority
//! ([`webhooks`]) reads, signs, sends, and notes in ops.db what came of it, many outcomes at a time. A cursor moves in the transaction
//! that notes the answer; what was sent and not noted is sent again after a kill.
//!
//! A question about the past of one card goes the same way: what happened to its holder's cards and to the programme until then is
//! folded from the log into a views.db in memory, and the same handlers and queries answer from that.
//!
//! # What is on the disk when
//!
//! An answer to a command means that ledger.db is synced. views.db is never waited for while the service runs: a kill loses none
//! of it, because the system writes on; when the machine itself went down, the next start makes it anew ([`storage`] holds the
//! mark that tells one from the other).
//!
//! # Copies, and a log that was put back
//!
//! A backup is made beside the service, verified, and only then has its name ([`backup`]). Restoring makes the new files in a folder and
//! renames that folder: whoever takes the directory's lock next finishes what was decided ([`storage`]), so a kill leaves the one ledger
//! or the other. What an older copy lacks is given up only by its exact number, and the log says that it was put back where the key
//! that signs it ends: no key signs two histories. A log behind what ops.db or a file outside knows to have been signed is not
//! continued ([`notary`]).
//!
//! # What must always be true
//!
//! 1. For every card, the sum of its movements is its balance, which is the sum of its open lots less its debt.
//! 2. Over a partner, what was awarded, corrected upwards and given back, less what was redeemed, expired, refunded and corrected
//!    downwards, is the sum of all balances.
//! 3. No lot's remainder is below zero or above what the lot opened with.
//! 4. Projections equal a rebuild from the log, row for row.
//! 5. The balance as of any past event is the balance that was answered then.
//! 6. An order id is awarded at most once, and an acknowledged award is never lost.
//!
//! `tests/it/ledger/invariants.rs` tries them on random histories; `counterfoil-replay verify` checks them on any file.
//!
//! # Deliberately absent
//!
//! No ORM, no message broker, no cache that can be stale, no second writer of the log, no thread that writes to it on its own, no
//! HTTP types in the domain, no binary fraction for money or points, no time but the clock's, no personal data in the
//! log or in the program's own log lines.

pub mod app;
pub mod backup;
pub mod books;
pub mod cli;
pub mod clock;
pub mod control;
pub mod domain;
pub mod event_log;
pub mod exports;
pub mod http;
pub mod jobs;
pub mod live;
pub mod metrics;
pub mod notary;
pub mod note;
pub mod ops;
pub mod priority;
pub mod projections;
pub mod queries;
pub mod sealing;
pub mod storage;
pub mod tree;
pub mod vault;
pub mod webhooks;
pub mod writer;
