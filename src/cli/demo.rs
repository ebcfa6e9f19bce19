//! `counterfoil demo`

use super::listen::Listen;
use super::logging::{self, LogFormat};
use super::output::Output;
use super::service::{self, Configuration};
use super::{Failure, programme};
use crate::app::EngineConfig;
use crate::control::{self, Founded, NewKey, NewMember, Operator, issue_card, move_points};
use crate::domain::CardId;
use crate::domain::points::{Adjust, Award, Note, Order, Particulars, Points, Redeem};
use crate::http::HttpConfig;
use crate::ops::Environment;
use crate::storage::DataDir;
use crate::writer::{CardPace, Command};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Beside the ledger: says that `demo` made it, and which card the printed line awards points to.
const MARKER: &str = "demo.json";

/// Make a small programme, print credentials and a line that awards points, and serve
///
/// The first start makes the directory: a partner, a shop, a template, and a customer with a card and a few movements. Later starts
/// continue with it. Each start makes a key of its own, because a secret is kept nowhere; earlier keys go on working.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  counterfoil demo --data /tmp/demo --listen 127.0.0.1:9000")]
pub(super) struct Demo {
    /// The data directory
    #[arg(long, value_name = "DIR", default_value = "counterfoil-demo")]
    data: PathBuf,
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
}

#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    card: CardId,
}

impl Demo {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        logging::start(LogFormat::Text);
        let dir = DataDir::new(&self.data);
        if !dir.holds_ledger() {
            create(&dir)?;
        }
        let marker = read_marker(&dir)?;
        let lock = control::lock(&dir)?;
        let configuration = Configuration {
            dir: dir.clone(),
            listen: Listen::Tcp(self.listen),
            socket_mode: 0o600,
            identity: None,
            metrics_listen: None,
            card_memory: EngineConfig::CARD_MEMORY,
            card_pace: Some(CardPace::default()),
            expiry_every: Duration::from_secs(60),
            checkpoint_every: Some(Duration::from_secs(600)),
            seal_balances: true,
            retention_every: Some(Duration::from_secs(3_600)),
            environment: None,
            checkpoint_copy: None,
            backups: None,
            dormant: false,
            http: HttpConfig::default(),
        };
        service::run(configuration, lock, output, |output, address, operator| {
            announce(output, &dir, address, &marker, operator)
        })
    }
}

fn create(dir: &DataDir) -> Result<(), Failure> {
    let founding = programme::founding("Demo Coffee", "Demo Coffee, Main Street", "EUR", None);
    programme::create(dir, (&founding, Environment::Staging), &[MARKER], |operator, founded, staging| {
        let card = issue_card(operator, founded, &NewMember { email: "ona@example.com", name: "Ona Example" })?;
        for command in history(founded, card) {
            move_points(operator, founded, command)?;
        }
        let text = serde_json::to_string(&Marker { card }).map_err(|error| file_error(staging, error.into()))?;
        fs::write(staging.path().join(MARKER), text).map_err(|source| file_error(staging, source))
    })?;
    Ok(())
}

// A first month: two orders, one coffee paid with points, and a correction.
fn history(founded: &Founded, card: CardId) -> [Command; 4] {
    let particulars = |name, reason: &str| Particulars {
        shop: Some(founded.shop),
        name: Some(name),
        note: Note { reason: Some(reason.to_owned()), ..Note::default() },
        past: None,
    };
    let order = |id: &str| Order::Id(id.to_owned());
    let award = |points, particulars| {
        Command::Award(Award { card, points: Points::new(points), expires_at: None, particulars })
    };
    [
        award(125, particulars(order("order-1001"), "Purchase of 12.50")),
        award(480, particulars(order("order-1002"), "Purchase of 48.00")),
        Command::Redeem(Redeem {
            card,
            points: Points::new(300),
            particulars: particulars(order("order-1003"), "A coffee paid with points"),
        }),
        Command::Adjust(Adjust {
            card,
            points: Points::new(20),
            particulars: particulars(Order::Reference("correction-1".to_owned()), "An order was counted too low"),
        }),
    ]
}

fn read_marker(dir: &DataDir) -> Result<Marker, Failure> {
    let text = match fs::read_to_string(dir.path().join(MARKER)) {
        Ok(text) => text,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
            let path = dir.path().display();
            let message =
                format!("{path} holds a ledger that `demo` did not make: `counterfoil serve --data {path}` serves it");
            return Err(Failure::WrongUse(message));
        }
        Err(source) => return Err(file_error(dir, source)),
    };
    serde_json::from_str(&text).map_err(|error| file_error(dir, error.into()))
}

fn file_error(dir: &DataDir, source: std::io::Error) -> Failure {
    Failure::File { path: dir.path().join(MARKER).display().to_string(), source }
}

fn announce(
    output: &mut Output,
    dir: &DataDir,
    address: &Listen,
    marker: &Marker,
    operator: &Operator,
) -> Result<(), Failure> {
    let (key, secret) = operator.new_key(&NewKey::unrestricted("demo"))?;
    let credentials = format!("-H 'X-API-Key: {}' -H 'X-API-Secret: {}'", key.public_id, secret.reveal());
    // The new key's event makes this number another at each start, so that the line awards points at each start.
    let order = format!("demo-order-{}", operator.head());
    let (card, data) = (marker.card, dir.path().display());
    output.line(format_args!(
        "\
Counterfoil demo: {data} holds a small programme, and card_{card} has a history.

  X-API-Key:    {}
  X-API-Secret: {}

Award 50 points (run it twice: an order counts once):

curl -sS http://{address}/api/points/award {credentials} -H 'Content-Type: application/json' -d '{{\"card_id\":\"card_{card}\",\"points\":50,\"reason\":\"A coffee\",\"order_id\":\"{order}\"}}'

See the balance:

curl -sS http://{address}/api/points/balance/card_{card} {credentials}

Verify the books, while this runs or later:

counterfoil-replay verify --data {data}

counterfoil serves on http://{address} (Ctrl-C stops it)",
        key.public_id,
        secret.reveal(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_that_the_demo_did_not_make_is_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(read_marker(&DataDir::new(dir.path())), Err(Failure::WrongUse(_))));
    }
}
