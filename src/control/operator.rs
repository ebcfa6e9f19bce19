//! The administrative operations themselves, whichever way they were asked for.

use super::message::{
    AdminAnswer, AdminRequest, BackupStanding, CheckpointKeyView, KeyView, NewKey, Refused, RotationCause,
};
use crate::app::Engine;
use crate::clock::Clock;
use crate::domain::customers::Erase;
use crate::domain::programme::{CreateKey, Directory, Key, KeyForm, RevokeKey, Scope};
use crate::domain::{CustomerId, Event, KeyId, PartnerId, Rejection, Seq, ShopId, Timestamp};
use crate::notary::{CheckpointCopy, Notary};
use crate::ops::{Credential, OpsError, SecretText, Secrets};
use crate::queries::Queries;
use crate::sealing::Sealer;
use crate::storage::DataDir;
use crate::webhooks::{Office, Policy};
use crate::writer::{Actor, Command, Outcome, Refusal, Request, Writer};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long the projector may take to catch up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody at the machine, with the writer and the secrets at hand.
#[derive(Debug, Clone)]
pub struct Operator {
    writer: Writer,
    secrets: Arc<Secrets>,
    clock: Clock,
    dir: DataDir,
    notary: Notary,
    policy: Policy,
    sealer: Sealer,
    dormant: bool,
}

impl Operator {
    /// An operator of a running engine.
    #[must_use]
    pub fn new(engine: &Engine, secrets: Arc<Secrets>) -> Self {
        let (writer, clock, dir) = (engine.writer().clone(), engine.clock().clone(), engine.dir().clone());
        let queries = Queries::new(dir.clone(), Arc::clone(engine.live()));
        let notary = Notary::new(writer.clone(), queries.clone(), Arc::clone(&secrets), clock.clone());
        let sealer = Sealer::new(writer.clone(), queries, notary.clone(), clock.clone());
        Self { writer, secrets, clock, dir, notary, policy: Policy::default(), sealer, dormant: false }
    }

    /// The same, who tells receivers of webhooks as the service does.
    #[must_use]
    pub fn telling(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// The same, of a service that does nothing by itself.
    #[must_use]
    pub fn dormant(self, dormant: bool) -> Self {
        Self { dormant, ..self }
    }

    pub(super) fn office(&self) -> Result<Office, OpsError> {
        let (dir, live) = (self.dir.clone(), Arc::clone(self.writer.live()));
        Office::open(dir, live, Arc::clone(&self.secrets), self.clock.clone(), self.policy.clone())
    }

    pub(super) fn directory(&self) -> Arc<Directory> {
        self.writer.live().directory()
    }

    /// Does what is asked, or says why not. Blocks until it is committed.
    #[must_use]
    pub fn execute(&self, request: AdminRequest) -> AdminAnswer {
        let done = match request {
            AdminRequest::CreateKey(new) => self.create_key(&new),
            AdminRequest::ListKeys => Ok(self.list_keys()),
            AdminRequest::RevokeKey { key } => self.revoke_key(&key),
            AdminRequest::Erase { customer } => self.erase(customer),
            AdminRequest::Status => Ok(self.status()),
            AdminRequest::CatchUp => self.catch_up(),
            AdminRequest::Import(_) => Err(refused("an import needs the stream to itself".to_owned())),
            AdminRequest::Checkpoint => self.checkpoint(),
            AdminRequest::ListCheckpointKeys => self.checkpoint_keys(),
            AdminRequest::RotateCheckpointKey { why } => self.rotate_checkpoint_key(why),
            AdminRequest::Webhooks(request) => self.webhooks(request),
            AdminRequest::Seal => self.seal(),
        };
        done.unwrap_or_else(AdminAnswer::Refused)
    }

    /// Makes a credential; answers it with its secret, which is shown this once.
    ///
    /// # Errors
    /// When the request is wrong or it could not be written.
    pub fn new_key(&self, new: &NewKey) -> Result<(KeyView, SecretText), Refused> {
        let partner = self.partner(new.partner)?;
        self.check_key(new, partner)?;
        let credential = Credential::draw(new.form).map_err(|source| refused(source.to_string()))?;
        // The hash first: without its event it opens nothing, while an event without its hash would be a key that never works.
        let kept = self.secrets.add(&credential.public_id, credential.secret.reveal(), self.clock.now());
        kept.map_err(|source| refused(source.to_string()))?;
        self.submit(partner, Command::CreateKey(command(new, &credential))).map_err(|refusal| told(&refusal))?;
        let directory = self.writer.live().directory();
        let key = directory.keys.values().find(|key| key.public_id == credential.public_id);
        let key =
            key.ok_or_else(|| refused("the key was created but is not in the directory: list the keys".to_owned()))?;
        Ok((KeyView::from(key), credential.presented()))
    }

    /// Who signs for the log.
    #[must_use]
    pub fn notary(&self) -> &Notary {
        &self.notary
    }

    /// Who seals balances.
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    fn seal(&self) -> Result<AdminAnswer, Refused> {
        let sealed = self.sealer.seal_due(1, Actor::CommandLine, &|| true);
        let sealed = sealed.map_err(|error| refused(error.to_string()))?;
        Ok(sealed.first().map_or(AdminAnswer::NothingToSeal, |seal| AdminAnswer::Sealed {
            partner: seal.partner,
            period: seal.period,
            cards: seal.cards,
        }))
    }

    fn checkpoint(&self) -> Result<AdminAnswer, Refused> {
        let made = self.notary.checkpoint(Actor::CommandLine).map_err(|error| refused(error.to_string()))?;
        Ok(AdminAnswer::Checkpoint { size: made.size, note: made.note, fresh: made.fresh })
    }

    fn checkpoint_keys(&self) -> Result<AdminAnswer, Refused> {
        let keys = self.notary.keys().map_err(|error| refused(error.to_string()))?;
        let keys = keys.iter().map(|(key, verifier)| CheckpointKeyView {
            key: key.id,
            origin: key.origin.clone(),
            verifier_key: verifier.to_string(),
            created_at: key.created_at,
            retired_at: key.retired_at,
        });
        Ok(AdminAnswer::CheckpointKeys { keys: keys.collect() })
    }

    fn rotate_checkpoint_key(&self, why: RotationCause) -> Result<AdminAnswer, Refused> {
        let actor = Actor::CommandLine;
        let rotated = match why {
            RotationCause::Planned => self.notary.rotate_key(actor),
            RotationCause::KeyLost => self.notary.replace_lost_key(actor),
            RotationCause::LogRestored { signed, copy } => {
                self.notary.admit_loss(signed, copy.map(CheckpointCopy::new).as_ref(), actor)
            }
        };
        rotated.map_err(|error| refused(error.to_string()))?;
        self.checkpoint_keys()
    }

    /// The last event of the log.
    #[must_use]
    pub fn head(&self) -> Seq {
        self.writer.live().progress().head()
    }

    pub(super) fn writer(&self) -> &Writer {
        &self.writer
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn dir(&self) -> &DataDir {
        &self.dir
    }

    pub(super) fn queries(&self) -> Queries {
        Queries::new(self.dir.clone(), Arc::clone(self.writer.live()))
    }

    pub(super) fn submit(&self, partner: PartnerId, command: Command) -> Result<Outcome, Refusal> {
        let request = Request { partner, actor: Actor::CommandLine, idempotency_key: None, command };
        self.writer.submit_blocking(request)
    }

    fn create_key(&self, new: &NewKey) -> Result<AdminAnswer, Refused> {
        let (key, secret) = self.new_key(new)?;
        Ok(AdminAnswer::KeyCreated { key, secret })
    }

    fn list_keys(&self) -> AdminAnswer {
        let directory = self.writer.live().directory();
        AdminAnswer::Keys { keys: directory.keys.values().map(KeyView::from).collect() }
    }

    fn revoke_key(&self, named: &str) -> Result<AdminAnswer, Refused> {
        let directory = self.writer.live().directory();
        let key = find_key(&directory, named);
        let key = key.ok_or_else(|| refused(format!("there is no key {named}: `counterfoil keys list` shows them")))?;
        let command = Command::RevokeKey(RevokeKey { key: key.id });
        let outcome = self.submit(key.partner, command).map_err(|refusal| told(&refusal))?;
        let directory = self.writer.live().directory();
        let view = KeyView::from(directory.keys.get(&key.id).unwrap_or(key));
        Ok(AdminAnswer::KeyRevoked { key: view, already: outcome.events.is_empty() })
    }

    // A customer's number says nothing of the partner, so each is asked; a partner who does not know it writes nothing.
    fn erase(&self, customer: CustomerId) -> Result<AdminAnswer, Refused> {
        let directory = self.writer.live().directory();
        for partner in directory.partners.keys() {
            match self.submit(*partner, Command::Erase(Erase { customer })) {
                Ok(outcome) => return Ok(AdminAnswer::Erased { customer, records: erased_records(&outcome) }),
                Err(Refusal::Rejected(Rejection::CustomerNotFound { .. })) => {}
                Err(refusal) => return Err(told(&refusal)),
            }
        }
        Err(refused(format!("there is no customer {customer}")))
    }

    // The head is read before the wait: what is committed meanwhile need not be waited for.
    fn catch_up(&self) -> Result<AdminAnswer, Refused> {
        let before = self.status();
        if self.writer.live().progress().caught_up_blocking(PATIENCE) {
            Ok(before)
        } else {
            Err(refused("views.db is far behind the log: try again in a moment".to_owned()))
        }
    }

    fn backups(&self) -> Option<BackupStanding> {
        let figures = &self.writer.figures().backups;
        let at = figures.made_at.load(Ordering::Relaxed);
        let newest = (at > 0).then(|| (Timestamp::from_micros(at), Seq::new(figures.events.load(Ordering::Relaxed))));
        let failing = figures.failing.load(Ordering::Relaxed);
        figures.planned.load(Ordering::Relaxed).then_some(BackupStanding { newest, failing })
    }

    fn status(&self) -> AdminAnswer {
        let live = self.writer.live();
        AdminAnswer::Status {
            head: live.progress().head(),
            watermark: live.progress().watermark(),
            cards_held: live.cards_held(),
            failing: self.writer.failing(),
            environment: self.secrets.environment(),
            backups: self.backups(),
            dormant: self.dormant,
        }
    }

    pub(super) fn partner(&self, named: Option<PartnerId>) -> Result<PartnerId, Refused> {
        let directory = self.writer.live().directory();
        let mut partners = directory.partners.keys();
        match named {
            Some(PartnerId::DEPLOYMENT) => Ok(PartnerId::DEPLOYMENT),
            Some(partner) if directory.partners.contains_key(&partner) => Ok(partner),
            Some(partner) => Err(refused(format!("there is no partner {partner}"))),
            None => match (partners.next(), partners.next()) {
                (Some(only), None) => Ok(*only),
                (None, _) => Err(refused("the ledger has no partner".to_owned())),
                (Some(_), Some(_)) => {
                    Err(refused("the ledger has several partners: say which with --partner".to_owned()))
                }
            },
        }
    }

    pub(super) fn check_shop(&self, partner: PartnerId, shop: Option<ShopId>) -> Result<(), Refused> {
        match shop {
            Some(shop) if self.writer.live().directory().shop_of(partner, shop).is_none() => Err(no_shop(shop)),
            Some(_) | None => Ok(()),
        }
    }

    // Refused here, before a hash is kept for a key that the writer would reject.
    fn check_key(&self, new: &NewKey, partner: PartnerId) -> Result<(), Refused> {
        self.check_shop(partner, new.shop)?;
        if partner == PartnerId::DEPLOYMENT && new.scopes != [Scope::Audit] {
            return Err(refused("a key of the deployment may audit and nothing else".to_owned()));
        }
        if new.form == KeyForm::Bearer && new.shop.is_none() && partner != PartnerId::DEPLOYMENT {
            return Err(refused("a bearer token is bound to one shop: name it with --shop".to_owned()));
        }
        if new.expires_at.is_some_and(|time| time <= self.clock.now()) {
            return Err(refused("the key would have expired already: give a later --expires-at".to_owned()));
        }
        Ok(())
    }
}

/// A refusal with its reason.
pub(super) fn refused(message: String) -> Refused {
    Refused { message }
}

/// What an operator is told of the writer's refusal.
pub(super) fn told(refusal: &Refusal) -> Refused {
    refused(match refusal {
        Refusal::Rejected(Rejection::ShopNotFound { shop }) => return no_shop(*shop),
        Refusal::Rejected(rejection) => format!("refused: {rejection:?}"),
        Refusal::Conflict { .. } => "refused: the same name was used for another request".to_owned(),
        Refusal::TooOften { .. } => "points moved on the card too often: try again later".to_owned(),
        Refusal::Busy => "the service is busy and nothing was written: try again".to_owned(),
        Refusal::NotWritten => "the log could not be written, and nothing was: is the disk full?".to_owned(),
        Refusal::Stopping => {
            "the service is stopping and nothing was written: try again when it has stopped".to_owned()
        }
    })
}

fn no_shop(shop: ShopId) -> Refused {
    refused(format!("the partner has no shop {shop}"))
}

fn command(new: &NewKey, credential: &Credential) -> CreateKey {
    CreateKey {
        name: new.name.clone(),
        public_id: credential.public_id.clone(),
        form: new.form,
        shop: new.shop,
        scopes: new.scopes.clone(),
        allowed_ips: new.allowed_ips.clone(),
        expires_at: new.expires_at,
    }
}

fn find_key<'a>(directory: &'a Directory, named: &str) -> Option<&'a Key> {
    let number = named.strip_prefix("key_").unwrap_or(named).parse::<i64>();
    match number {
        Ok(number) => directory.keys.get(&KeyId::new(number)),
        Err(_) => directory.keys.values().find(|key| key.public_id == named),
    }
}

fn erased_records(outcome: &Outcome) -> i64 {
    let mut records = 0;
    for recorded in &outcome.events {
        if let Event::CustomerErased(erased) = &recorded.event {
            records += erased.records;
        }
    }
    records
}
