//! Where a request comes from, and how it reached this service: as the connection says, or as a proxy says that is trusted to.
//!
//! Of a list of addresses the client's is the last one that no trusted proxy has: whatever stands before it, a client may have made up.
//! Only the headers are read that the operator says the proxies set: the others may be the client's, passed on untouched. From anybody
//! but a trusted proxy all of them are ignored.

use super::addresses;
use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HOST, HeaderName};
use actix_web::http::uri::Authority;
use std::net::{IpAddr, SocketAddr};

/// A proxy that comes by the Unix socket.
pub const UNIX: &str = "unix";

/// The headers that the proxies set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProxyHeaders {
    /// `X-Forwarded-For`, `-Proto` and `-Host`.
    #[default]
    XForwarded,
    /// `Forwarded`, as RFC 7239 says.
    Forwarded,
}

/// The proxies that are trusted: addresses, blocks, or the word `unix`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies {
    trusted: Vec<String>,
    headers: ProxyHeaders,
}

/// What a proxy says of one hop.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hop {
    from: Option<IpAddr>,
    host: Option<String>,
    scheme: Option<String>,
}

impl Proxies {
    pub(crate) fn new(trusted: &[String], headers: ProxyHeaders) -> Self {
        Self { trusted: trusted.to_vec(), headers }
    }

    /// The client's address; none where it came by the Unix socket, or a trusted proxy says nothing that can be read.
    pub(crate) fn address(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        if !self.trusts(peer) { peer } else { self.client(request).map_or(peer, |hop| hop.from) }
    }

    /// The address that wrong credentials count against: the client's, or the proxy's where that says nothing that can be read.
    pub(crate) fn counted(&self, request: &HttpRequest) -> Option<IpAddr> {
        self.address(request).or_else(|| request.peer_addr().map(|peer| peer.ip()))
    }

    /// What clients put before a path, as in `https://loyalty.example.com`.
    pub(crate) fn base_url(&self, request: &HttpRequest) -> String {
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        let hop = if self.trusts(peer) { self.client(request).unwrap_or_default() } else { Hop::default() };
        let scheme = match hop.scheme.as_deref() {
            Some("https") => "https",
            Some("http") => "http",
            Some(_) | None if request.app_config().secure() => "https",
            Some(_) | None => "http",
        };
        let named = || {
            request
                .headers()
                .get(HOST)
                .and_then(|host| host.to_str().ok())
                .or(request.uri().authority().map(Authority::as_str))
        };
        let host = hop.host.or_else(|| named().map(str::to_owned)).filter(|host| is_host(host));
        let host = host.unwrap_or_else(|| request.app_config().host().to_owned());
        format!("{scheme}://{host}")
    }

    fn trusts(&self, peer: Option<IpAddr>) -> bool {
        match peer {
            _ if self.trusted.is_empty() => false,
            Some(_) => addresses::allowed(&self.trusted, peer),
            None => self.trusted.iter().any(|entry| entry == UNIX),
        }
    }

    // From the last hop back to the first one that is not trusted.
    fn client(&self, request: &HttpRequest) -> Option<Hop> {
        let hops = match self.headers {
            ProxyHeaders::XForwarded => x_forwarded(request),
            ProxyHeaders::Forwarded => forwarded(request),
        };
        let mut client = None;
        for hop in hops.into_iter().rev() {
            let goes_on = hop.from.is_some() && self.trusts(hop.from);
            client = Some(hop);
            if !goes_on {
                break;
            }
        }
        client
    }
}

/// The values of a header that is a list, which may stand in several lines.
fn listed(request: &HttpRequest, name: &HeaderName) -> Vec<String> {
    let lines = request.headers().get_all(name).filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(|value| value.trim().to_owned()).collect()
}

fn forwarded(request: &HttpRequest) -> Vec<Hop> {
    listed(request, &FORWARDED).iter().map(|element| hop(element)).collect()
}

fn hop(element: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in element.split(';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.from = address(value),
            "host" => hop.host = Some(value.to_owned()),
            "proto" => hop.scheme = Some(value.to_ascii_lowercase()),
            _ => {}
        }
    }
    hop
}

fn x_forwarded(request: &HttpRequest) -> Vec<Hop> {
    let of = |name| listed(request, &HeaderName::from_static(name));
    // A proxy that adds to the list of addresses sets these two, and the last value is what it has set.
    let (host, scheme) = (of("x-forwarded-host").pop(), of("x-forwarded-proto").pop());
    let hop = |from: &String| Hop {
        from: address(from),
        host: host.clone(),
        scheme: scheme.as_deref().map(str::to_ascii_lowercase),
    };
    let hops: Vec<Hop> = of("x-forwarded-for").iter().map(hop).collect();
    if hops.is_empty() && (host.is_some() || scheme.is_some()) { vec![hop(&String::new())] } else { hops }
}

/// An address with or without a port: `192.0.2.7`, `192.0.2.7:80`, `[2001:db8::1]:80`, `2001:db8::1`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse::<IpAddr>().ok().or_else(with_port).map(|address| address.to_canonical())
}

fn is_host(text: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    (1..=255).contains(&text.len()) && text.bytes().all(sound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn from(peer: &str, headers: &[(&'static str, &str)]) -> HttpRequest {
        let start = TestRequest::default().peer_addr(format!("{peer}:4000").parse().unwrap());
        headers.iter().fold(start, |request, header| request.append_header(*header)).to_http_request()
    }

    fn proxies(trusted: &[&str], headers: ProxyHeaders) -> Proxies {
        let trusted: Vec<_> = trusted.iter().map(|entry| (*entry).to_owned()).collect();
        Proxies::new(&trusted, headers)
    }

    fn address_of(trusted: &[&str], peer: &str, headers: &[(&'static str, &str)]) -> String {
        let proxies = proxies(trusted, ProxyHeaders::XForwarded);
        proxies.address(&from(peer, headers)).map(|found| found.to_string()).unwrap_or_default()
    }

    #[test]
    fn nobody_is_believed_but_a_trusted_proxy() {
        let header = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=6.6.6.6")];
        assert_eq!(address_of(&[], "10.0.0.1", &header), "10.0.0.1");
        assert_eq!(address_of(&["10.0.0.0/8"], "192.0.2.1", &header), "192.0.2.1");
        assert_eq!(address_of(&["10.0.0.0/8"], "10.0.0.1", &header), "203.0.113.9");
        assert_eq!(address_of(&["unix"], "10.0.0.1", &header), "10.0.0.1");
    }

    #[test]
    fn what_a_client_put_before_its_own_address_is_ignored() {
        for (header, expected) in [
            ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
            ("6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("203.0.113.9:555", "203.0.113.9"),
            ("203.0.113.9, nonsense", ""),
            ("", ""),
        ] {
            assert_eq!(address_of(&["10.0.0.0/8"], "10.0.0.1", &[("x-forwarded-for", header)]), expected, "{header}");
        }
        let lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(address_of(&["10.0.0.0/8"], "10.0.0.1", &lines), "203.0.113.9");
    }

    #[test]
    fn only_the_headers_are_read_that_the_proxy_sets() {
        let headers = [
            ("forwarded", "for=6.6.6.6, For=\"[2001:db8:cafe::17]:4711\";proto=https;host=shop.example"),
            ("x-forwarded-for", "7.7.7.7"),
            ("x-forwarded-host", "other.example"),
        ];
        let request = from("10.0.0.1", &headers);
        let standard = proxies(&["10.0.0.1"], ProxyHeaders::Forwarded);
        assert_eq!(standard.address(&request), "2001:db8:cafe::17".parse().ok());
        assert_eq!(standard.base_url(&request), "https://shop.example");
        let usual = proxies(&["10.0.0.1"], ProxyHeaders::XForwarded);
        assert_eq!(usual.address(&request), "7.7.7.7".parse().ok());
        assert_eq!(usual.base_url(&request), "http://other.example");
        let hidden = from("10.0.0.1", &[("forwarded", "for=_hidden")]);
        assert_eq!(standard.address(&hidden), None, "known to nobody, and allowed nowhere");
        assert_eq!(standard.counted(&hidden), "10.0.0.1".parse().ok(), "but counted");
    }

    #[test]
    fn a_link_names_the_host_that_the_proxy_says_or_the_request() {
        let proxies = proxies(&["10.0.0.1"], ProxyHeaders::XForwarded);
        let headers = [("host", "inside:80"), ("x-forwarded-host", "shop.example"), ("x-forwarded-proto", "https")];
        assert_eq!(proxies.base_url(&from("10.0.0.1", &headers)), "https://shop.example");
        assert_eq!(proxies.base_url(&from("10.0.0.2", &headers)), "http://inside:80");
        let evil = [("host", "inside"), ("x-forwarded-host", "a/b<c>"), ("x-forwarded-proto", "javascript")];
        assert_eq!(proxies.base_url(&from("10.0.0.1", &evil)), "http://localhost:8080");
    }
}
