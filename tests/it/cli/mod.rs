//! The command line: the real binary on real directories.

mod backup;
mod backups;
mod checkpoints;
mod config;
mod demo;
mod drain;
mod drill;
mod erase;
mod export;
mod follow;
mod help;
mod import;
mod init;
mod keys;
mod litestream;
mod log_lines;
mod operation;
mod privacy;
mod program;
mod rebuild;
mod reset;
mod restore;
mod seals;
mod serve;
mod tls;
mod webhooks;
