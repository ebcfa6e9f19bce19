//! Export jobs: requests that are kept for a day, and the signatures of their download links.

use super::OpsError;
use super::credential::random_id;
use crate::domain::{KeyId, PartnerId, Seq, Timestamp};
use crate::storage::{DataDir, open_ops};
use blake3::Hash;
use parking_lot::Mutex;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::fmt;

/// How many unexpired jobs a partner may have.
pub const EXPORT_JOBS_MAX: i64 = 100;
/// How long a job can be downloaded.
const DAYS: u32 = 1;
/// How long after that it is still known, so that its link is told apart from one that never was.
const REMEMBERED_DAYS: u32 = 7;
const ID_CHARS: usize = 20;
const PURPOSE: &str = "export";

/// A saved request for an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportJob {
    pub id: String,
    pub partner: PartnerId,
    /// Who asked: a link ends with its key.
    pub key: KeyId,
    pub data_set: String,
    pub format: String,
    /// Names, separated by commas.
    pub columns: String,
    /// A JSON object.
    pub filters: String,
    pub as_of: Seq,
    /// The id of the last row.
    pub last: i64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl ExportJob {
    /// Whether it can no longer be downloaded.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }
}

/// What is asked for, before it has an id and an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewExportJob {
    pub partner: PartnerId,
    pub key: KeyId,
    pub data_set: String,
    pub format: String,
    pub columns: String,
    pub filters: String,
    pub as_of: Seq,
    pub last: i64,
}

/// What came of keeping a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    Job(ExportJob),
    /// The partner has [`EXPORT_JOBS_MAX`] of them, the oldest until then.
    Full {
        until: Timestamp,
    },
}

/// The jobs in ops.db.
pub struct ExportJobs {
    file: Mutex<Connection>,
    signing_key: [u8; 32],
}

impl ExportJobs {
    /// Opens ops.db, made where it is absent.
    ///
    /// # Errors
    /// When the file cannot be opened or read, or the system has no randomness to give.
    pub fn open(dir: &DataDir) -> Result<Self, OpsError> {
        let file = open_ops(dir)?;
        let signing_key = signing_key(&file)?;
        Ok(Self { file: Mutex::new(file), signing_key })
    }

    /// Keeps a job.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, new: NewExportJob, now: Timestamp) -> Result<Kept, OpsError> {
        let NewExportJob { partner, key, data_set, format, columns, filters, as_of, last } = new;
        let id = random_id(ID_CHARS)?;
        let (created_at, expires_at) = (now, now.plus_days(DAYS));
        let job =
            ExportJob { id, partner, key, data_set, format, columns, filters, as_of, last, created_at, expires_at };
        let file = self.file.lock();
        let transaction = file.unchecked_transaction()?;
        let remembered = Timestamp::from_micros(0).plus_days(REMEMBERED_DAYS).micros();
        let forgotten = now.micros().saturating_sub(remembered);
        transaction.execute("DELETE FROM export_jobs WHERE expires_at < ?1", [forgotten])?;
        let sql = "SELECT count(*), min(expires_at) FROM export_jobs WHERE partner = ?1 AND expires_at > ?2";
        let counted = transaction.query_row(sql, (partner.get(), now.micros()), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
        })?;
        if let (EXPORT_JOBS_MAX.., Some(until)) = counted {
            return Ok(Kept::Full { until: Timestamp::from_micros(until) });
        }
        insert(&transaction, &job)?;
        transaction.commit()?;
        Ok(Kept::Job(job))
    }

    /// The job of that id, whoever's it is.
    ///
    /// # Errors
    /// When ops.db cannot be read.
    pub fn get(&self, id: &str) -> Result<Option<ExportJob>, OpsError> {
        let file = self.file.lock();
        let mut statement = file.prepare_cached(&format!("SELECT {COLUMNS} FROM export_jobs WHERE id = ?1"))?;
        Ok(statement.query_row([id], job).optional()?)
    }

    /// A page of a partner's jobs, newest first, and how many there are.
    ///
    /// # Errors
    /// When ops.db cannot be read.
    pub fn list(&self, partner: PartnerId, offset: i64, limit: i64) -> Result<(Vec<ExportJob>, i64), OpsError> {
        let file = self.file.lock();
        let total = "SELECT count(*) FROM export_jobs WHERE partner = ?1";
        let total = file.prepare_cached(total)?.query_row([partner.get()], |row| row.get(0))?;
        let sql = format!(
            "SELECT {COLUMNS} FROM export_jobs WHERE partner = ?1 ORDER BY created_at DESC, id DESC LIMIT ?2 OFFSET ?3"
        );
        let mut statement = file.prepare_cached(&sql)?;
        let jobs = statement.query_map((partner.get(), limit, offset), job)?.collect::<Result<_, _>>()?;
        Ok((jobs, total))
    }

    /// What a link to the job's file carries: whoever has it may download until the job expires.
    #[must_use]
    pub fn token(&self, job: &ExportJob) -> String {
        self.signature(job).to_hex().to_string()
    }

    /// Whether a token is the job's. Takes the same time however much of it is right.
    #[must_use]
    pub fn verify(&self, job: &ExportJob, token: &str) -> bool {
        Hash::from_hex(token).is_ok_and(|given| given == self.signature(job))
    }

    fn signature(&self, job: &ExportJob) -> Hash {
        blake3::keyed_hash(&self.signing_key, format!("{}\n{}", job.id, job.expires_at.micros()).as_bytes())
    }
}

impl fmt::Debug for ExportJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportJobs").finish_non_exhaustive()
    }
}

const COLUMNS: &str = "id, partner, key, data_set, format, columns, filters, as_of, last_id, created_at, expires_at";

fn insert(file: &Connection, job: &ExportJob) -> Result<(), OpsError> {
    let sql = format!("INSERT INTO export_jobs ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
    let (partner, key) = (job.partner.get(), job.key.get());
    let (created_at, expires_at) = (job.created_at.micros(), job.expires_at.micros());
    let values = params![
        job.id,
        partner,
        key,
        job.data_set,
        job.format,
        job.columns,
        job.filters,
        job.as_of.get(),
        job.last,
        created_at,
        expires_at
    ];
    file.execute(&sql, values)?;
    Ok(())
}

fn job(row: &Row<'_>) -> rusqlite::Result<ExportJob> {
    Ok(ExportJob {
        id: row.get(0)?,
        partner: PartnerId::new(row.get(1)?),
        key: KeyId::new(row.get(2)?),
        data_set: row.get(3)?,
        format: row.get(4)?,
        columns: row.get(5)?,
        filters: row.get(6)?,
        as_of: Seq::new(row.get(7)?),
        last: row.get(8)?,
        created_at: Timestamp::from_micros(row.get(9)?),
        expires_at: Timestamp::from_micros(row.get(10)?),
    })
}

fn signing_key(file: &Connection) -> Result<[u8; 32], OpsError> {
    let mut bits = [0; 32];
    OsRng.try_fill_bytes(&mut bits)?;
    let insert = "INSERT INTO signing_keys (purpose, bits) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    file.execute(insert, (PURPOSE, bits.as_slice()))?;
    let kept: Vec<u8> =
        file.query_row("SELECT bits FROM signing_keys WHERE purpose = ?1", [PURPOSE], |row| row.get(0))?;
    <[u8; 32]>::try_from(kept).map_err(|_| OpsError::Torn(PURPOSE.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

    fn new(partner: i64) -> NewExportJob {
        NewExportJob {
            partner: PartnerId::new(partner),
            key: KeyId::new(3),
            data_set: "cards".to_owned(),
            format: "csv".to_owned(),
            columns: "id".to_owned(),
            filters: "{}".to_owned(),
            as_of: Seq::new(17),
            last: 9,
        }
    }

    fn kept(jobs: &ExportJobs, partner: i64, now: Timestamp) -> ExportJob {
        match jobs.add(new(partner), now).unwrap() {
            Kept::Job(job) => job,
            Kept::Full { until } => panic!("full until {until}"),
        }
    }

    #[test]
    fn a_job_and_its_link_outlive_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let open = || ExportJobs::open(&DataDir::new(dir.path())).unwrap();
        let job = kept(&open(), 1, NOW);
        let token = open().token(&job);
        let jobs = open();
        assert_eq!(jobs.get(&job.id).unwrap(), Some(job.clone()));
        assert!(jobs.verify(&job, &token));
        let other = kept(&jobs, 1, NOW);
        for wrong in [jobs.token(&other), token.replace(['0', '1'], "2"), String::new(), "x".to_owned()] {
            assert!(!jobs.verify(&job, &wrong), "{wrong}");
        }
        assert_eq!(jobs.get("unknown").unwrap(), None);
    }

    #[test]
    fn a_partner_keeps_so_many_jobs_and_may_ask_again_when_the_oldest_has_expired() {
        let dir = tempfile::tempdir().unwrap();
        let jobs = ExportJobs::open(&DataDir::new(dir.path())).unwrap();
        let first = kept(&jobs, 1, NOW);
        let later = Timestamp::from_micros(NOW.micros() + 1);
        for _ in 1..EXPORT_JOBS_MAX {
            kept(&jobs, 1, later);
        }
        assert_eq!(jobs.add(new(1), later).unwrap(), Kept::Full { until: first.expires_at });
        kept(&jobs, 2, later);
        kept(&jobs, 1, first.expires_at);
        let (page, total) = jobs.list(PartnerId::new(1), 0, 2).unwrap();
        assert_eq!((page.len(), total), (2, EXPORT_JOBS_MAX + 1));
        assert_eq!(page[0].created_at, first.expires_at, "the newest first");
        kept(&jobs, 2, NOW.plus_days(10));
        assert_eq!(jobs.list(PartnerId::new(1), 0, 2).unwrap(), (Vec::new(), 0), "forgotten in the end");
    }
}
