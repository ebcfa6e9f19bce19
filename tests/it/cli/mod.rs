//! The command line: the real binary on real directories.

mod backup;
mod checkpoints;
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
mod privacy;
mod program;
mod rebuild;
mod seals;
mod serve;
