//! The data directory and its SQLite files: their names, how each is opened, and the lock that keeps a second process out.
//!
//! Knows nothing of what stands in the tables.

mod data_dir;
mod exchange;
mod open;
mod unsynced;

pub use data_dir::{BACKUP_LABEL, DataDir, DataDirError, Lock};
pub use exchange::{KEPT, Replaced, fold_wal, sync_file};
pub use open::{
    BUSY, StorageError, open_beside, open_ledger, open_ops, open_past, open_reader, open_views, refuse_newer,
};
pub use unsynced::{mark_views_unsynced, sync_views, views_are_whole};
