//! The partner's management of its programme, under both forms of path.

mod access;
mod export_jobs;
mod exports;
