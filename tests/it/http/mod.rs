//! The HTTP surface, from outside: a real server on a real directory, and nothing but requests.

mod audit;
mod authentication;
mod bulk;
mod cards;
mod connections;
mod customers;
mod envelopes;
mod erasure;
mod exactly_once;
mod health;
mod history;
mod isolation;
mod lists;
mod locales;
mod operations;
mod partners;
mod points;
mod proxies;
mod qr_codes;
mod query_plans;
mod rate_limits;
mod shop_access;
mod shop_bookings;
mod shop_lists;
mod validation;
