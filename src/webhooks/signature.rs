//! How a receiver can tell that a message is ours and whole: in the form of this API, and in that of Standard Webhooks.

use crate::domain::Timestamp;
use crate::domain::webhooks::Webhook;
use crate::ops::{SecretText, standard_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// What the headers of a message say of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatures {
    /// `X-Loyalty-Signature` and `X-Signature`: `sha256=` and hex digits, with the secret in force.
    pub body: String,
    /// `X-Loyalty-Signature-Previous`: the same with the secret before it, while that one is valid.
    pub previous: Option<String>,
    /// `webhook-signature`: one `v1,…` for each valid secret.
    pub standard: String,
    /// `webhook-timestamp` and `X-Loyalty-Timestamp`: seconds since 1970.
    pub timestamp: i64,
}

impl Signatures {
    /// Signs a body; `secrets` are the valid ones, the one in force first. None without any.
    #[must_use]
    pub fn of(id: &str, body: &[u8], secrets: &[SecretText], now: Timestamp) -> Option<Self> {
        let timestamp = now.micros().div_euclid(1_000_000);
        let of_body =
            |secret: &SecretText| format!("sha256={}", hex::encode(sign(secret.reveal().as_bytes(), &[body])));
        let standard = |secret: &SecretText| {
            let head = format!("{id}.{timestamp}.");
            format!("v1,{}", STANDARD.encode(sign(&standard_key(secret), &[head.as_bytes(), body])))
        };
        Some(Self {
            body: of_body(secrets.first()?),
            previous: secrets.get(1).map(of_body),
            standard: secrets.iter().map(standard).collect::<Vec<_>>().join(" "),
            timestamp,
        })
    }
}

/// The secrets that sign what a webhook sends: the one in force, and the one before it while that is valid. None where the one in
/// force is lost: with the other alone everything would look forged.
pub(super) fn signing<E>(
    webhook: &Webhook,
    now: Timestamp,
    mut find: impl FnMut(&str) -> Result<Option<SecretText>, E>,
) -> Result<Vec<SecretText>, E> {
    let mut secrets = Vec::new();
    for id in webhook.secret_ids(now) {
        match find(id)? {
            Some(secret) => secrets.push(secret),
            None if secrets.is_empty() => break,
            None => {}
        }
    }
    Ok(secrets)
}

fn sign(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretText {
        SecretText::from(text.to_owned())
    }

    // The example of the specification of Standard Webhooks, in its reference libraries' tests.
    #[test]
    fn the_published_example_is_signed_as_published() {
        let key = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let now = Timestamp::from_micros(1_614_265_330_000_000);
        let signed = Signatures::of("msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#, &[key], now).unwrap();
        assert_eq!(signed.standard, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!((signed.timestamp, signed.previous), (1_614_265_330, None));
    }

    // printf '%s' '{"a":1}' | openssl dgst -sha256 -hmac 'a secret of mine'
    #[test]
    fn the_body_alone_is_signed_with_the_text_of_the_secret() {
        let now = Timestamp::from_micros(0);
        let signed = Signatures::of("evt_1", br#"{"a":1}"#, &[secret("a secret of mine")], now).unwrap();
        assert_eq!(signed.body, SIGNED_BY_OPENSSL);
    }

    const SIGNED_BY_OPENSSL: &str = "sha256=af1a8fad8f640761755bb937c33e4fe129aa5ff389288c2810d6e22b79b997a5";

    #[test]
    fn two_valid_secrets_sign_both() {
        let now = Timestamp::from_micros(0);
        let (new, old) = (secret("the secret in force"), secret("the secret before"));
        let both = Signatures::of("evt_1", b"{}", &[new.clone(), old.clone()], now).unwrap();
        let one = |secret: SecretText| Signatures::of("evt_1", b"{}", &[secret], now).unwrap();
        assert_eq!(both.standard, format!("{} {}", one(new.clone()).standard, one(old.clone()).standard));
        assert_eq!((both.body, both.previous), (one(new).body, Some(one(old).body)));
        assert_eq!(Signatures::of("evt_1", b"{}", &[], now), None);
    }
}
