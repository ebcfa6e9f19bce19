//! The operations of each surface, with what their handlers' types do not say.

mod audit;
mod cards;
mod customers;
mod exports;
mod movements;
mod partner_bodies;
mod partners;
mod points;
mod rest;
mod shop;
mod webhooks;

use super::table::Table;

/// The bases of the shop's surface: the PHP client joins a base that ends in `/shop` with paths that begin with it.
const SHOP: &[&str] = &["/{locale}/shop", "/{locale}/shop/shop"];
const PARTNERS: &[&str] = &["/{locale}/partners", "/api/partners"];

/// All of them. Literal paths stand before those that they fit too.
pub(super) fn table() -> Table {
    let mut table = Table::default();
    points::describe(&mut table);
    cards::describe(&mut table);
    customers::describe(&mut table);
    shop::describe(&mut table);
    partners::describe(&mut table);
    exports::describe(&mut table);
    webhooks::describe(&mut table);
    audit::describe(&mut table);
    rest::describe(&mut table);
    table
}
