//! What the black-box tests share: a real server on a free port and a real directory, a client, and a programme to talk about.

mod auditor;
mod client;
pub(crate) mod contract;
mod receiver;
mod server;
mod shop;

pub(crate) use auditor::{balance_at, movements_at, verify};
pub(crate) use client::{Client, Reply, is_time};
pub(crate) use receiver::{Reaction, Received, Receiver, wait_for, wait_until};
pub(crate) use server::{NewKey, Server};
pub(crate) use shop::{Shop, cards_of};
