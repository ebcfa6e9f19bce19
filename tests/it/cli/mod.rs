//! The command line: the real binary on real directories.

mod backup;
mod checkpoints;
mod config;
mod demo;
mod drain;
mod erase;
mod export;
mod follow;
mod help;
mod import;
mod init;
mod keys;
mod log_lines;
mod operation;
mod privacy;
mod program;
mod rebuild;
mod seals;
mod serve;
mod tls;
mod webhooks;
