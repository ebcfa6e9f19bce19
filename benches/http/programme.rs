//! A ledger with many cards, made through the same writer that the service runs.

use crate::mixed;
use counterfoil::app::{Engine, EngineConfig};
use counterfoil::domain::cards::Issue;
use counterfoil::domain::customers::PersonRecord;
use counterfoil::domain::points::{Award, Note, Order, Particulars, Points};
use counterfoil::domain::{CardId, Metadata, PartnerId};
use counterfoil::storage::DataDir;
use counterfoil::writer::{Actor, BULK_MAX, Command, Request};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::Arc;
use std::time::Duration;

/// What stands in the books before the runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct History {
    pub(crate) movements: i64,
    /// Of every kind and in several shops; else awards alone, in none.
    pub(crate) mixed: bool,
}

/// What the load generator needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Programme {
    data: PathBuf,
    // Removed with the programme.
    _scratch: Option<Arc<tempfile::TempDir>>,
    founded: Arc<Founded>,
    pub(crate) api_key: String,
    pub(crate) api_secret: String,
    pub(crate) seed: u64,
    first_card: i64,
    cards: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Founded {
    partner_id: i64,
    template_id: i64,
    api_key: String,
    api_secret: String,
}

impl Programme {
    /// Founds a ledger with the binary's `init` and issues cards in bulk, in a directory of its own.
    pub(crate) fn prepare(cards: i64, history: History) -> anyhow::Result<Self> {
        let scratch = Arc::new(tempfile::tempdir()?);
        let programme = Self::found(&scratch.path().join("books"), cards, history)?;
        Ok(Self { _scratch: Some(scratch), ..programme })
    }

    /// The ledger that was founded and left in `kept`, else founds it there.
    pub(crate) fn reuse(kept: &Path, cards: i64, history: History) -> anyhow::Result<Self> {
        let (data, note) = (kept.join("books"), kept.join("founded.json"));
        if note.exists() {
            let founded: Founded = serde_json::from_slice(&std::fs::read(note)?)?;
            return Ok(Self::of(founded, data, cards));
        }
        std::fs::create_dir_all(kept)?;
        let programme = Self::found(&data, cards, history)?;
        std::fs::write(note, serde_json::to_vec(&*programme.founded)?)?;
        Ok(programme)
    }

    fn found(data: &Path, cards: i64, history: History) -> anyhow::Result<Self> {
        let founded =
            Process::new(env!("CARGO_BIN_EXE_counterfoil")).args(["init", "--json", "--data"]).arg(data).output()?;
        anyhow::ensure!(founded.status.success(), "init failed: {}", String::from_utf8_lossy(&founded.stderr));
        let founded: Founded = serde_json::from_slice(&founded.stdout)?;
        let partner = PartnerId::new(founded.partner_id);
        let programme = Self::of(founded, data.to_owned(), cards);
        let engine = Engine::start(EngineConfig::new(DataDir::new(data)))?;
        submit(&engine, (0..cards).map(|number| card(partner, number)))?;
        if history.mixed {
            submit(&engine, mixed::shops(partner))?;
            let card = |number| CardId::new(programme.card(spread(number)));
            submit(&engine, (0..history.movements).map(|number| mixed::movement(partner, card, number)))?;
        } else {
            submit(&engine, (0..history.movements).map(|number| programme.award(partner, number)))?;
        }
        engine.stop();
        Ok(programme)
    }

    fn of(founded: Founded, data: PathBuf, cards: i64) -> Self {
        let seed = u64::from(std::process::id()) << 32;
        // Templates and cards share one sequence: the cards follow the one template.
        let first_card = founded.template_id + 1;
        let (api_key, api_secret) = (founded.api_key.clone(), founded.api_secret.clone());
        Self { data, _scratch: None, founded: Arc::new(founded), api_key, api_secret, seed, first_card, cards }
    }

    fn award(&self, partner: PartnerId, number: i64) -> Request {
        let particulars = Particulars {
            shop: None,
            name: Some(Order::Id(format!("before-{number}"))),
            note: Note { reason: Some("Purchase reward".to_owned()), ..Note::default() },
            past: None,
        };
        let card = CardId::new(self.card(spread(number)));
        let command = Command::Award(Award { card, points: Points::new(5), expires_at: None, particulars });
        Request { partner, actor: Actor::CommandLine, idempotency_key: None, command }
    }

    /// A card, chosen by a random number.
    pub(crate) fn card(&self, random: u64) -> i64 {
        let spread = i64::try_from((random >> 11) % u64::try_from(self.cards).unwrap_or(1)).unwrap_or(0);
        self.first_card + spread
    }

    /// Where the ledger lives.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }
}

fn spread(number: i64) -> u64 {
    number.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn submit(engine: &Engine, requests: impl Iterator<Item = Request>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut requests = requests.peekable();
    while requests.peek().is_some() {
        let chunk: Vec<Request> = requests.by_ref().take(BULK_MAX).collect();
        // Faster than the projector in the long run: what is refused until it has caught up is sent again.
        while runtime.block_on(engine.writer().submit_all(chunk.clone()))?.into_iter().any(|answer| answer.is_err()) {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(())
}

fn card(partner: PartnerId, number: i64) -> Request {
    let person = PersonRecord {
        email: format!("customer{number}@example.com"),
        name: Some(format!("Customer {number}")),
        ..PersonRecord::default()
    };
    let command = Command::Issue(Issue {
        person,
        initial_points: None,
        design: "default".to_owned(),
        activate: true,
        metadata: Metadata::new(),
        shop: None,
        happened_at: None,
    });
    Request { partner, actor: Actor::CommandLine, idempotency_key: None, command }
}
