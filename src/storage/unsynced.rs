//! Whether views.db can be trusted after what happened to the machine.
//!
//! views.db is written without waiting for the disk: it can be made again from the log, and its syncs would hold up the
//! log's. What a process wrote outlives the process, but not a machine that goes down. So a mark, itself on the disk before
//! the first such write, names the machine's boot; it goes when everything has been synced after a clean stop.

use super::DataDir;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;

/// Changes at each boot of a Linux machine. Elsewhere there is none, and a mark is never trusted.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Whether nothing that was written to views.db can have been lost: it was synced, or the machine has been up since.
///
/// # Errors
/// When the mark is there and cannot be read.
pub fn views_are_whole(dir: &DataDir) -> io::Result<bool> {
    match fs::read_to_string(mark(dir)) {
        Ok(boot) => Ok(!boot.trim().is_empty() && this_boot() == boot.trim()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Notes, before the first write, that views.db is being written without waiting for the disk.
///
/// # Errors
/// When the mark cannot be written.
pub fn mark_views_unsynced(dir: &DataDir) -> io::Result<()> {
    let mut file = File::create(mark(dir))?;
    file.write_all(this_boot().as_bytes())?;
    file.sync_all()?;
    sync_folder(dir)
}

/// Brings views.db to the disk, after its last write, and takes the mark away.
///
/// # Errors
/// When a file cannot be synced. The mark stays.
pub fn sync_views(dir: &DataDir) -> io::Result<()> {
    let views = dir.views();
    let mut wal = views.clone().into_os_string();
    wal.push("-wal");
    for path in [views, wal.into()] {
        match File::open(path) {
            Ok(file) => file.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    match fs::remove_file(mark(dir)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => sync_folder(dir),
    }
}

fn mark(dir: &DataDir) -> PathBuf {
    dir.path().join("views.unsynced")
}

fn this_boot() -> String {
    fs::read_to_string(BOOT_ID).map(|boot| boot.trim().to_owned()).unwrap_or_default()
}

fn sync_folder(dir: &DataDir) -> io::Result<()> {
    File::open(dir.path())?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_that_were_not_synced_are_trusted_only_while_the_machine_is_up() {
        let files = tempfile::tempdir().unwrap();
        let dir = DataDir::new(files.path());
        assert!(views_are_whole(&dir).unwrap(), "nothing was written");
        mark_views_unsynced(&dir).unwrap();
        // Where the system does not say which boot it is, no mark is trusted.
        assert_eq!(views_are_whole(&dir).unwrap(), !this_boot().is_empty());
        for other_boot in ["", "5e0c4a1e-0000-0000-0000-000000000000\n"] {
            fs::write(mark(&dir), other_boot).unwrap();
            assert!(!views_are_whole(&dir).unwrap(), "{other_boot:?}");
        }
        sync_views(&dir).unwrap();
        assert!(views_are_whole(&dir).unwrap(), "and after a clean stop there is nothing to distrust");
    }
}
