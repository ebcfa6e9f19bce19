//! Where may be sent to: by default https alone, and addresses that everybody can reach. A receiver's name is resolved for each
//! connection, and the connection goes to one of the addresses that were looked at: a name that answers otherwise the second
//! time gains nothing.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// The longest address, in bytes.
const URL_BYTES: usize = 2_000;

/// Why an address is not sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    NotAnAddress,
    NotHttps,
    /// User names and passwords do not belong into an address.
    NamesUser,
    NotPublic,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnAddress => "not an address of the web",
            Self::NotHttps => "not an https address",
            Self::NamesUser => "an address with a user name",
            Self::NotPublic => "not the address of a public host",
        })
    }
}

/// Reads an address, and refuses what can be told from its text to be none that may be sent to.
///
/// # Errors
/// Why it is not.
pub fn check_url(text: &str, allow_private: bool) -> Result<Url, Unfit> {
    let url = Some(text).filter(|text| text.len() <= URL_BYTES).and_then(|text| Url::parse(text).ok());
    let url = url.ok_or(Unfit::NotAnAddress)?;
    match (url.scheme(), allow_private) {
        ("https", _) | ("http", true) => {}
        ("http", false) => return Err(Unfit::NotHttps),
        _ => return Err(Unfit::NotAnAddress),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Unfit::NamesUser);
    }
    let public = match url.host() {
        None => return Err(Unfit::NotAnAddress),
        Some(Host::Ipv4(address)) => is_public(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_public(IpAddr::V6(address)),
        Some(Host::Domain(name)) => !is_local_name(name),
    };
    if public || allow_private { Ok(url) } else { Err(Unfit::NotPublic) }
}

/// Names that never lead out of a machine or a site, whatever they resolve to.
fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let local = ["localhost", "local", "internal", "home.arpa", "test", "invalid"];
    !name.contains('.') || local.iter().any(|end| name.ends_with(&format!(".{end}")))
}

/// Whether everybody can reach an address.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

// The registries of special-purpose addresses (RFC 6890 and what came after it).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network; private use; shared by carriers; loopback; link-local.
        (0 | 10 | 127, _, _) | (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocols; documentation; 6to4 relays; benchmarks.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast and reserved.
        (224.., _, _) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = embedded(address) {
        return is_public_v4(inner);
    }
    match address.segments() {
        // Teredo, benchmarks, ORCHID and their kin; documentation.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // What the registry gives out to the world.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

/// The address of the older kind to which one of the newer leads.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., y, z] = address.segments();
    let of = |high: u16, low: u16| {
        let ([one, two], [three, four]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(one, two, three, four)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(of(y, z)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_at_a_public_host() {
        let unfit = |text: &str| check_url(text, false).err();
        for right in ["https://shop.example.com/hook?t=1", "https://1.1.1.1:8443/x", "https://[2606:4700::1111]/"] {
            assert_eq!(unfit(right), None, "{right}");
        }
        for (wrong, why) in [
            ("http://shop.example.com/", Unfit::NotHttps),
            ("ftp://shop.example.com/", Unfit::NotAnAddress),
            ("shop.example.com", Unfit::NotAnAddress),
            ("", Unfit::NotAnAddress),
            ("https://user:pass@shop.example.com/", Unfit::NamesUser),
            ("https://localhost/", Unfit::NotPublic),
            ("https://LOCALHOST./", Unfit::NotPublic),
            ("https://db.internal/", Unfit::NotPublic),
            ("https://intranet/", Unfit::NotPublic),
            ("https://127.0.0.1/", Unfit::NotPublic),
            // Every spelling of an address is read as browsers read it.
            ("https://2130706433/", Unfit::NotPublic),
            ("https://0x7f.1/", Unfit::NotPublic),
            ("https://[::1]/", Unfit::NotPublic),
            ("https://[::ffff:10.0.0.1]/", Unfit::NotPublic),
        ] {
            assert_eq!(unfit(wrong), Some(why), "{wrong}");
        }
        assert_eq!(check_url("http://127.0.0.1:9/x", true).map(String::from), Ok("http://127.0.0.1:9/x".to_owned()));
        assert_eq!(check_url("ftp://127.0.0.1/", true), Err(Unfit::NotAnAddress), "not even then");
    }

    #[test]
    fn what_not_everybody_can_reach_is_not_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.8.9.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "100::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in
            ["1.1.1.1", "100.63.0.1", "172.32.0.1", "198.20.0.1", "2606:4700::1111", "2a00:1450::1", "64:ff9b::101:101"]
        {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
