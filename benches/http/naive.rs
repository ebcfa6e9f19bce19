//! What naive code does: each request in a transaction of its own, which inserts the event under a unique key and updates the card.
//! As durable as the real thing, and nothing else of it: no chain, no vault, no lots, no authentication.

use actix_web::{App, HttpResponse, HttpServer, web};
use parking_lot::Mutex;
use rusqlite::Connection;
use serde::Deserialize;
use std::io::Write as _;
use std::path::Path;

#[derive(Debug, Deserialize)]
struct Award {
    card_id: String,
    points: i64,
    reason: String,
    order_id: String,
}

/// Serves until killed. Prints its address.
pub(crate) fn serve(directory: &Path, cards: i64) -> anyhow::Result<()> {
    let connection = Connection::open(directory.join("naive.db"))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE cards (card INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
         CREATE TABLE events (seq INTEGER PRIMARY KEY, card INTEGER, points INTEGER, reason TEXT, order_id TEXT UNIQUE);",
    )?;
    let all = "INSERT INTO cards SELECT value, 0 FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < ?1) SELECT value FROM n)";
    connection.execute(all, [cards + 10])?;
    let shared = web::Data::new(Mutex::new(connection));
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            App::new().app_data(shared.clone()).route("/api/points/award", web::post().to(award))
        });
        let server = server.workers(1).bind(("127.0.0.1", 0))?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "naive baseline on http://{}", server.addrs()[0])?;
        out.flush()?;
        drop(out);
        server.run().await
    })?;
    Ok(())
}

async fn award(store: web::Data<Mutex<Connection>>, body: web::Json<Award>) -> HttpResponse {
    let mut connection = store.lock();
    match commit(&mut connection, &body) {
        Ok(balance) => HttpResponse::Created().json(serde_json::json!({ "new_balance": balance })),
        Err(_) => HttpResponse::Conflict().finish(),
    }
}

fn commit(connection: &mut Connection, award: &Award) -> rusqlite::Result<i64> {
    let card: i64 = award.card_id.trim_start_matches("card_").parse().unwrap_or_default();
    let transaction = connection.transaction()?;
    transaction
        .prepare_cached("INSERT INTO events (card, points, reason, order_id) VALUES (?1, ?2, ?3, ?4)")?
        .execute((card, award.points, &award.reason, &award.order_id))?;
    let balance = transaction
        .prepare_cached("UPDATE cards SET balance = balance + ?2 WHERE card = ?1 RETURNING balance")?
        .query_row((card, award.points), |row| row.get(0))?;
    transaction.commit()?;
    Ok(balance)
}
