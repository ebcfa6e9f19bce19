//! A real server in this process: its own directory, its own port, and a clock that stands still until it is set.

use counterfoil::app::{Engine, EngineConfig};
use counterfoil::clock::Clock;
use counterfoil::domain::programme::{
    CreateKey, CreatePartner, CreateTemplate, KeyForm, OpenShop, Scope, TemplateRules,
};
use counterfoil::domain::{Event, KeyId, PartnerId, ShopId, Timestamp};
use counterfoil::http::{Closing, HttpConfig, HttpState, Listener, server};
use counterfoil::notary::Notary;
use counterfoil::ops::{Credential, ExportJobs, Secrets};
use counterfoil::queries::Queries;
use counterfoil::sealing::Sealer;
use counterfoil::storage::DataDir;
use counterfoil::webhooks::{Office, Policy, Post};
use counterfoil::writer::{Actor, CardPace, Command, Outcome, Request};
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

/// 2026-01-01T00:00:00Z.
pub(crate) const START: i64 = 1_767_225_600_000_000;

/// A running service. Stops when dropped.
pub(crate) struct Server {
    pub(crate) base: String,
    pub(crate) clock: Clock,
    pub(crate) files: tempfile::TempDir,
    pages_max: Arc<AtomicU32>,
    secrets: Arc<Secrets>,
    engine: Option<Engine>,
    handle: Option<actix_web::dev::ServerHandle>,
    closing: Closing,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(config: &HttpConfig) -> Self {
        let files = tempfile::tempdir().expect("a temporary directory");
        Self::start_on(files, Clock::manual(Timestamp::from_micros(START)), Arc::default(), config)
    }

    /// On the system's clock.
    pub(crate) fn start_now(config: &HttpConfig) -> Self {
        let files = tempfile::tempdir().expect("a temporary directory");
        Self::start_on(files, Clock::System, Arc::default(), config)
    }

    /// The thread that tells the receivers of webhooks.
    pub(crate) fn post(&self, policy: Policy) -> Post {
        let (dir, engine) = (DataDir::new(self.files.path()), self.engine());
        let (live, writer) = (engine.live().clone(), engine.writer().clone());
        Post::start(&dir, live, writer, self.secrets.clone(), self.clock.clone(), policy, Arc::default())
            .expect("the post starts")
    }

    fn start_on(files: tempfile::TempDir, clock: Clock, pages_max: Arc<AtomicU32>, config: &HttpConfig) -> Self {
        let dir = DataDir::new(files.path());
        let ledger_pages_max = pages_max.clone();
        let engine = EngineConfig {
            clock: clock.clone(),
            card_pace: config.rate_limits.map(|_| CardPace::default()),
            ledger_pages_max,
            ..EngineConfig::new(dir.clone())
        };
        let engine = Engine::start(engine).expect("the engine starts");
        let secrets = Arc::new(Secrets::open(&dir).expect("ops.db opens"));
        let exports = Arc::new(ExportJobs::open(&dir).expect("ops.db opens"));
        let queries = Queries::new(dir.clone(), engine.live().clone());
        let policy = config.webhooks.clone();
        let office =
            Office::open(dir, engine.live().clone(), secrets.clone(), clock.clone(), policy).expect("ops.db opens");
        let ops = (secrets.clone(), exports, Arc::new(office));
        let state = HttpState::new(engine.writer().clone(), queries, ops, clock.clone(), config);
        let closing = state.closing();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let (tell, told) = mpsc::channel();
        let config = config.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = server(state, Listener::Tcp(listener), &config).expect("the server starts");
                tell.send(server.handle()).expect("the test waits");
                server.await.expect("the server ends well");
            });
        });
        let handle = told.recv().expect("the server started");
        Self {
            base,
            clock,
            files,
            pages_max,
            secrets,
            engine: Some(engine),
            handle: Some(handle),
            closing,
            thread: Some(thread),
        }
    }

    /// Stops and starts again on the same directory, at another port.
    pub(crate) fn restart(mut self, config: &HttpConfig) -> Self {
        self.stop();
        let files = std::mem::replace(&mut self.files, tempfile::tempdir().expect("a temporary directory"));
        Self::start_on(files, self.clock.clone(), self.pages_max.clone(), config)
    }

    /// The same after somebody deleted views.db meanwhile: it is made anew from the log.
    pub(crate) fn restart_without_views(mut self, config: &HttpConfig) -> Self {
        self.stop();
        for name in ["views.db", "views.db-wal", "views.db-shm"] {
            // The last connection takes the companions away.
            let gone = std::fs::remove_file(self.files.path().join(name));
            assert!(gone.is_ok() || name != "views.db", "{name}: {gone:?}");
        }
        self.restart(config)
    }

    /// The same after somebody put another ledger.db in place, and left ops.db as it was.
    pub(crate) fn restart_on(mut self, ledger: &Path, config: &HttpConfig) -> Self {
        self.stop();
        for name in ["ledger.db-wal", "ledger.db-shm"] {
            assert!(!self.files.path().join(name).exists(), "the last connection takes the companions away");
        }
        std::fs::copy(ledger, self.files.path().join("ledger.db")).expect("a copy");
        self.restart_without_views(config)
    }

    /// The disk has room for so many pages of ledger.db, or for all that are wanted where it is 0. Holds from the next start,
    /// or from the first write that fails.
    pub(crate) fn limit_pages(&self, pages: u32) {
        self.pages_max.store(pages, Ordering::SeqCst);
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("the engine runs")
    }

    pub(crate) fn advance_days(&self, days: u32) {
        self.clock.set(self.clock.now().plus_days(days));
    }

    pub(crate) fn advance_seconds(&self, seconds: i64) {
        self.clock.set(Timestamp::from_micros(self.clock.now().micros() + seconds * 1_000_000));
    }

    /// Seals every month that is over.
    pub(crate) fn seal(&self) {
        let (writer, clock) = (self.engine().writer().clone(), self.clock.clone());
        let queries = Queries::new(DataDir::new(self.files.path()), self.engine().live().clone());
        let notary = Notary::new(writer.clone(), queries.clone(), self.secrets.clone(), clock.clone());
        let sealed = Sealer::new(writer, queries, notary, clock).seal_due(100, Actor::SealJob, &|| true);
        assert!(!sealed.expect("seals").is_empty(), "a month was over");
    }

    pub(crate) fn command(&self, partner: PartnerId, command: Command) -> Outcome {
        let request = Request { partner, actor: Actor::CommandLine, idempotency_key: None, command };
        self.engine().writer().submit_blocking(request).expect("the command is accepted")
    }

    pub(crate) fn create_partner(&self, name: &str) -> PartnerId {
        let command = CreatePartner { name: name.to_owned(), currency: "EUR".to_owned() };
        let outcome = self.command(PartnerId::new(0), Command::CreatePartner(command));
        match &outcome.events[0].event {
            Event::PartnerCreated(event) => event.partner,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn open_shop(&self, partner: PartnerId) -> ShopId {
        let command = OpenShop::named("Old Town");
        match &self.command(partner, Command::OpenShop(command)).events[0].event {
            Event::ShopOpened(event) => event.shop,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn create_template(&self, partner: PartnerId, rules: TemplateRules) {
        self.command(partner, Command::CreateTemplate(CreateTemplate::titled([].into(), rules)));
    }

    pub(crate) fn create_key(&self, partner: PartnerId, key: NewKey) -> (KeyId, Credential) {
        let credential = Credential::draw(key.form).expect("randomness");
        let secret = credential.secret.reveal();
        self.secrets.add(&credential.public_id, secret, self.clock.now()).expect("ops.db takes it");
        let command = CreateKey {
            name: "Till".to_owned(),
            public_id: credential.public_id.clone(),
            form: key.form,
            shop: key.shop,
            scopes: key.scopes,
            allowed_ips: key.allowed_ips,
            expires_at: key.expires_at,
        };
        match &self.command(partner, Command::CreateKey(command)).events[0].event {
            Event::KeyCreated(event) => (event.key, credential),
            other => panic!("{other:?}"),
        }
    }

    fn stop(&mut self) {
        self.closing.close();
        if let Some(handle) = self.handle.take() {
            // The future need not be awaited: the message is sent by making it.
            drop(handle.stop(true));
        }
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server's thread ends well");
        }
        if let Some(engine) = self.engine.take() {
            engine.stop();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.stop();
    }
}

/// A credential to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewKey {
    pub(crate) form: KeyForm,
    pub(crate) shop: Option<ShopId>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) allowed_ips: Vec<String>,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Default for NewKey {
    fn default() -> Self {
        Self { form: KeyForm::Pair, shop: None, scopes: Vec::new(), allowed_ips: Vec::new(), expires_at: None }
    }
}
