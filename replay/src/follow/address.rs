//! Whom to ask, and as whom: addresses and credentials, and which of them are refused before anything is sent.

use ureq::http::Uri;

/// Why a URL or a credential cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("{0}: not an address of the form https://host[:port][/path]")]
    Address(String),
    #[error(
        "{0}: plain http would show the credential to everybody on the way. Use https, or --allow-http where the way is safe"
    )]
    Plain(String),
    #[error(
        "a credential is a bearer token, or a key and its secret with a space between them (lty_… lts_…), in visible ASCII"
    )]
    Credential,
}

/// What proves to a service who asks.
#[derive(Clone)]
pub struct Credential(Vec<(&'static str, String)>);

impl Credential {
    /// Reads what `counterfoil keys create --audit-all` printed: a bearer token, or a key and its secret.
    ///
    /// # Errors
    /// [`Unusable::Credential`]
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.iter().any(|word| !word.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(Unusable::Credential);
        }
        match words.as_slice() {
            [token] => Ok(Self(vec![("Authorization", format!("Bearer {token}"))])),
            [key, secret] => Ok(Self(vec![("X-API-Key", (*key).to_owned()), ("X-API-Secret", (*secret).to_owned())])),
            _ => Err(Unusable::Credential),
        }
    }

    /// The headers of every request.
    pub(super) fn headers(&self) -> &[(&'static str, String)] {
        &self.0
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// Whether an address is on this machine.
///
/// # Errors
/// An address that is none, or plain http to another machine without leave.
pub(super) fn is_here(url: &str, allow_http: bool) -> Result<bool, Unusable> {
    let wrong = || Unusable::Address(url.to_owned());
    let address: Uri = url.parse().map_err(|_| wrong())?;
    let (Some(scheme), Some(host)) = (address.scheme_str(), address.host()) else { return Err(wrong()) };
    if address.query().is_some() || address.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(wrong());
    }
    let here = is_loopback(host);
    match scheme {
        "https" => Ok(here),
        "http" if here || allow_http => Ok(here),
        "http" => Err(Unusable::Plain(url.to_owned())),
        _ => Err(wrong()),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usable(url: &str, allow_http: bool) -> bool {
        is_here(url, allow_http).is_ok()
    }

    #[test]
    fn plain_http_goes_to_this_machine_or_where_it_is_allowed() {
        for (url, usable_so, allowed) in [
            ("https://books.example.com", true, true),
            ("https://books.example.com:8443/ledger/", true, true),
            ("http://127.0.0.1:8787", true, true),
            ("http://localhost:8787", true, true),
            ("http://[::1]:8787", true, true),
            ("http://books.example.com", false, true),
            ("http://127.0.0.1.example.com", false, true),
            ("http://10.0.0.1", false, true),
            ("ftp://books.example.com", false, false),
            ("https://auditor:secret@books.example.com", false, false),
            ("https://books.example.com/?a=b", false, false),
            ("books.example.com", false, false),
            ("", false, false),
        ] {
            assert_eq!((usable(url, false), usable(url, true)), (usable_so, allowed), "{url}");
        }
    }

    #[test]
    fn a_credential_is_one_word_or_two_and_is_never_shown() {
        let pair = Credential::parse(" lty_1 lts_2\n").unwrap();
        assert_eq!(pair.0.len(), 2);
        assert_eq!(Credential::parse("tok.en\n").unwrap().0[0].1, "Bearer tok.en");
        for wrong in ["", " \n", "a b c", "tok\u{e9}n"] {
            assert!(Credential::parse(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(format!("{pair:?}"), "Credential(…)");
    }
}
