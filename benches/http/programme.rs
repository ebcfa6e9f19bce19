//! A ledger with many cards, made through the same writer that the service runs.

use counterfoil::app::{Engine, EngineConfig};
use counterfoil::domain::cards::Issue;
use counterfoil::domain::customers::PersonRecord;
use counterfoil::domain::{Metadata, PartnerId};
use counterfoil::storage::DataDir;
use counterfoil::writer::{Actor, BULK_MAX, Command, Request};
use serde::Deserialize;
use std::path::Path;
use std::process::Command as Process;
use std::sync::Arc;

/// What the load generator needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Programme {
    pub(crate) directory: Arc<tempfile::TempDir>,
    pub(crate) api_key: String,
    pub(crate) api_secret: String,
    pub(crate) seed: u64,
    first_card: i64,
    cards: i64,
}

#[derive(Debug, Deserialize)]
struct Founded {
    partner_id: i64,
    template_id: i64,
    api_key: String,
    api_secret: String,
}

impl Programme {
    /// Founds a ledger with the binary's `init` and issues cards in bulk.
    pub(crate) fn prepare(cards: i64) -> anyhow::Result<Self> {
        let directory = Arc::new(tempfile::tempdir()?);
        let data = directory.path().join("books");
        let founded =
            Process::new(env!("CARGO_BIN_EXE_counterfoil")).args(["init", "--json", "--data"]).arg(&data).output()?;
        anyhow::ensure!(founded.status.success(), "init failed: {}", String::from_utf8_lossy(&founded.stderr));
        let founded: Founded = serde_json::from_slice(&founded.stdout)?;
        issue(&data, PartnerId::new(founded.partner_id), cards)?;
        let seed = u64::from(std::process::id()) << 32;
        // Templates and cards share one sequence: the cards follow the one template.
        let first_card = founded.template_id + 1;
        let Founded { api_key, api_secret, .. } = founded;
        Ok(Self { directory, api_key, api_secret, seed, first_card, cards })
    }

    /// A card, chosen by a random number.
    pub(crate) fn card(&self, random: u64) -> i64 {
        let spread = i64::try_from((random >> 11) % u64::try_from(self.cards).unwrap_or(1)).unwrap_or(0);
        self.first_card + spread
    }

    /// Where the ledger lives.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.directory.path().join("books")
    }
}

fn issue(data: &Path, partner: PartnerId, cards: i64) -> anyhow::Result<()> {
    let engine = Engine::start(EngineConfig::new(DataDir::new(data)))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let numbers: Vec<i64> = (0..cards).collect();
    for chunk in numbers.chunks(BULK_MAX) {
        let requests = chunk.iter().map(|number| request(partner, *number)).collect();
        for answer in runtime.block_on(engine.writer().submit_all(requests))? {
            answer?;
        }
    }
    engine.stop();
    Ok(())
}

fn request(partner: PartnerId, number: i64) -> Request {
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
    });
    Request { partner, actor: Actor::CommandLine, idempotency_key: None, command }
}
