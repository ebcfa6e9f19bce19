//! Looking up the names of receivers. The system's way to do that blocks a thread for as long as a name server is silent; so each
//! name is looked up once at a time, however many wait for it, one that hangs keeps no other from being found, and nobody has so
//! many looked up that no thread is left for the names of others.

use super::address::{Unfit, is_public};
use crate::domain::PartnerId;
use hyper_util::client::legacy::connect::dns::Name;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::future::Future;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::watch;
use tower_service::Service;

/// How many names are looked up at once, at most.
pub(super) const LOOK_UPS_MAX: usize = 64;
/// How many of them for one partner. Whoever changes an address gives up no look-up of the one before.
const LOOK_UPS_OF_PARTNER_MAX: usize = 8;

/// What a look-up found, once it has.
type Found = Option<std::result::Result<Vec<SocketAddr>, (ErrorKind, String)>>;

/// Why a name was not even looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many names are being looked up")]
pub(super) struct Crowded;

/// A look-up that is under way, and for whom it was begun.
type LookUp = (PartnerId, watch::Receiver<Found>);

/// All of them, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct LookUps(Arc<Mutex<HashMap<String, LookUp>>>);

/// Resolves names to addresses that may be sent to. A name of several addresses loses those that may not.
#[derive(Debug, Clone)]
pub(super) struct Resolver {
    partner: PartnerId,
    allow_private: bool,
    look_ups: LookUps,
}

impl Resolver {
    pub(super) const fn new(partner: PartnerId, allow_private: bool, look_ups: LookUps) -> Self {
        Self { partner, allow_private, look_ups }
    }

    /// Joins the look-up of a name that is under way, or begins one. It goes on when nobody waits for it any more.
    fn look_up<L, A>(&self, name: &str, system: impl FnOnce(String) -> L) -> Result<watch::Receiver<Found>>
    where
        L: Future<Output = Result<A>> + Send + 'static,
        A: Iterator<Item = SocketAddr> + Send,
    {
        let mut under_way = self.look_ups.0.lock();
        if let Some((_, found)) = under_way.get(name) {
            return Ok(found.clone());
        }
        let own = under_way.values().filter(|(partner, _)| *partner == self.partner).count();
        if own >= LOOK_UPS_OF_PARTNER_MAX || under_way.len() >= LOOK_UPS_MAX {
            return Err(Error::other(Crowded));
        }
        let (tell, found) = watch::channel(None);
        under_way.insert(name.to_owned(), (self.partner, found.clone()));
        let (all, name, system) = (Arc::clone(&self.look_ups.0), name.to_owned(), system(name.to_owned()));
        tokio::spawn(async move {
            let looked_up = system.await.map(Iterator::collect).map_err(|error| (error.kind(), error.to_string()));
            all.lock().remove(&name);
            tell.send_replace(Some(looked_up));
        });
        Ok(found)
    }

    async fn addresses(mut found: watch::Receiver<Found>, allow_private: bool) -> Result<Vec<SocketAddr>> {
        let found = found.wait_for(Option::is_some).await.map_err(Error::other)?.clone();
        let found = found.unwrap_or_else(|| Ok(Vec::new()));
        reachable(found.map_err(|(kind, text)| Error::new(kind, text))?.into_iter(), allow_private)
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let system = |name: String| async move { tokio::net::lookup_host((name.as_str(), 0)).await.map(own) };
        let (found, allow_private) = (self.look_up(name.as_str(), system), self.allow_private);
        Box::pin(async move { Self::addresses(found?, allow_private).await.map(Vec::into_iter) })
    }
}

// What the system found borrows the name.
fn own(found: impl Iterator<Item = SocketAddr>) -> std::vec::IntoIter<SocketAddr> {
    found.collect::<Vec<_>>().into_iter()
}

/// Whether an error comes from a name that was not even looked up.
pub(super) fn is_crowded(error: &(dyn std::error::Error + 'static)) -> bool {
    let reasons = std::iter::successors(Some(error), |error| error.source());
    let mut inner = reasons.filter_map(|reason| reason.downcast_ref::<Error>()?.get_ref());
    inner.any(|reason| reason.is::<Crowded>())
}

fn reachable(found: impl Iterator<Item = SocketAddr>, allow_private: bool) -> Result<Vec<SocketAddr>> {
    let allowed: Vec<SocketAddr> = found.filter(|address| allow_private || is_public(address.ip())).collect();
    if allowed.is_empty() { Err(Error::other(Unfit::NotPublic.to_string())) } else { Ok(allowed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn of_the_addresses_of_a_name_only_the_public_ones_are_used() {
        let found =
            || ["10.0.0.1:0", "1.1.1.1:0", "[::1]:0"].map(|text| text.parse::<SocketAddr>().unwrap()).into_iter();
        assert_eq!(reachable(found(), false).unwrap(), ["1.1.1.1:0".parse().unwrap()]);
        assert_eq!(reachable(found(), true).unwrap().len(), 3);
        assert!(reachable(found().take(1), false).is_err());
    }

    fn resolver(partner: i64, allow_private: bool, look_ups: &LookUps) -> Resolver {
        Resolver::new(PartnerId::new(partner), allow_private, look_ups.clone())
    }

    fn hang(_: String) -> std::future::Pending<Result<std::vec::IntoIter<SocketAddr>>> {
        std::future::pending()
    }

    #[tokio::test]
    async fn names_that_hang_keep_nobody_elses_from_being_looked_up() {
        let look_ups = LookUps::default();
        let begin = |partner, name: &str| resolver(partner, true, &look_ups).look_up(name, hang);
        for place in 0..LOOK_UPS_OF_PARTNER_MAX {
            assert!(begin(1, &format!("{place}.example.com")).is_ok());
        }
        assert!(is_crowded(&begin(1, "one-more.example.com").unwrap_err()));
        assert!(begin(1, "0.example.com").is_ok(), "it joins one that is under way");
        let (other, address) = (resolver(2, true, &look_ups), "1.1.1.1:0".parse::<SocketAddr>().unwrap());
        let found = other.look_up("shop.example.com", |_| async move { Ok([address].into_iter()) }).unwrap();
        assert_eq!(Resolver::addresses(found, true).await.unwrap(), [address]);
        let rest = LOOK_UPS_MAX - LOOK_UPS_OF_PARTNER_MAX;
        for place in 0..rest {
            assert!(begin(10 + i64::try_from(place).unwrap(), &format!("{place}.example.org")).is_ok());
        }
        let full = begin(3, "full.example.com").unwrap_err();
        assert!(is_crowded(&full), "no more than there are threads");
        assert!(!is_crowded(&Error::other("another reason")));
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_followed() {
        let mut resolver = resolver(1, false, &LookUps::default());
        let name = "localhost".parse::<Name>().unwrap();
        assert_eq!(resolver.call(name).await.unwrap_err().to_string(), "not the address of a public host");
    }

    #[tokio::test]
    async fn a_name_is_looked_up_once_however_many_wait_and_another_is_found_meanwhile() {
        let (resolver, asked) = (resolver(1, true, &LookUps::default()), AtomicUsize::new(0));
        let (answer, answered) = tokio::sync::oneshot::channel::<()>();
        let address = || "1.1.1.1:0".parse::<SocketAddr>().unwrap();
        let slow = |_| {
            asked.fetch_add(1, Ordering::SeqCst);
            async move {
                let _answered = answered.await;
                Ok([address()].into_iter())
            }
        };
        let first = resolver.look_up("slow.example.com", slow).unwrap();
        let never = |_| -> std::future::Ready<Result<std::vec::IntoIter<SocketAddr>>> { unreachable!("it is asked") };
        let second = resolver.look_up("slow.example.com", never).unwrap();
        let quick = resolver.look_up("quick.example.com", |_| async move { Ok([address()].into_iter()) }).unwrap();
        assert_eq!(Resolver::addresses(quick, true).await.unwrap(), [address()]);
        answer.send(()).unwrap();
        for waiting in [first, second] {
            assert_eq!(Resolver::addresses(waiting, true).await.unwrap(), [address()]);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        let again =
            resolver.look_up("slow.example.com", |_| async { Err::<std::vec::IntoIter<_>, _>(Error::other("no")) });
        assert_eq!(Resolver::addresses(again.unwrap(), true).await.unwrap_err().to_string(), "no", "asked anew");
    }
}
