//! A connector that gives up. The client bounds an attempt; but a connection that is still being made when the attempt goes on over
//! another one is made to its end in the background, and nothing else bounds a TLS handshake: a receiver that leaves some of them
//! unanswered would take file handles without end.

use hyper::Uri;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

type Failed = Box<dyn Error + Send + Sync>;
type Made<C> = Result<<C as Service<Uri>>::Response, Failed>;

/// A connector whose connections are made, handshake included, within a time or not at all.
#[derive(Debug, Clone)]
pub(super) struct Bounded<C> {
    pub(super) inner: C,
    pub(super) within: Duration,
}

impl<C> Service<Uri> for Bounded<C>
where
    C: Service<Uri, Error = Failed>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Made<C>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, within) = (self.inner.call(uri), self.within);
        Box::pin(async move {
            let made = tokio::time::timeout(within, connecting).await;
            made.unwrap_or_else(|_| Err(format!("no connection within {} ms", within.as_millis()).into()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper_rustls::HttpsConnectorBuilder;
    use std::net::TcpListener;

    #[tokio::test]
    async fn a_handshake_that_is_never_answered_is_given_up() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/", silent.local_addr().unwrap());
        let inner = HttpsConnectorBuilder::new().with_webpki_roots().https_only().enable_http1().build();
        let mut bounded = Bounded { inner, within: Duration::from_millis(50) };
        let Err(why) = bounded.call(url.parse().unwrap()).await else { panic!("nobody answered") };
        assert_eq!(why.to_string(), "no connection within 50 ms");
    }
}
