//! Which addresses a credential may be used from: single ones, or blocks in CIDR notation, of IPv4 or IPv6.

use std::net::IpAddr;

/// Whether `address` is in the list. An empty list allows any; an entry that cannot be read allows none.
pub(crate) fn allowed(list: &[String], address: Option<IpAddr>) -> bool {
    list.is_empty() || address.is_some_and(|address| list.iter().any(|entry| covers(entry, address.to_canonical())))
}

fn covers(entry: &str, address: IpAddr) -> bool {
    let (base, bits) = match entry.split_once('/') {
        Some((base, bits)) => (base, bits.parse::<u32>().ok()),
        None => (entry, Some(128)),
    };
    let (Ok(base), Some(bits)) = (base.trim().parse::<IpAddr>(), bits) else { return false };
    match (base.to_canonical(), address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            same_prefix(base.to_bits().into(), address.to_bits().into(), 32, bits)
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => same_prefix(base.to_bits(), address.to_bits(), 128, bits),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

fn same_prefix(base: u128, address: u128, width: u32, bits: u32) -> bool {
    let ignored = width.saturating_sub(bits);
    (base ^ address).checked_shr(ignored).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_allowed_alone_or_by_its_block() {
        for (entry, address, expected) in [
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.8", false),
            ("10.0.0.0/24", "10.0.0.255", true),
            ("10.0.0.0/24", "10.0.1.0", false),
            ("10.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db8::1", true),
            ("192.168.1.1", "::ffff:192.168.1.1", true),
            ("10.0.0.0/x", "10.0.0.0", false),
            ("", "10.0.0.0", false),
        ] {
            assert_eq!(allowed(&[entry.to_owned()], address.parse().ok()), expected, "{entry} {address}");
        }
    }

    #[test]
    fn no_list_allows_any_and_a_list_allows_no_unknown_address() {
        assert!(allowed(&[], None));
        assert!(!allowed(&["10.0.0.0/8".to_owned()], None));
    }
}
