//! The two hashes of the format: the chain's and the vault's. Over the stored bytes, never over a re-encoding.

use super::Event;

/// A BLAKE3 hash.
pub type Hash = [u8; 32];

/// What stands before the first event.
pub const GENESIS: Hash = [0; 32];

const NULL: u32 = 0xFFFF_FFFF;

/// Computes links of the chain. Keeps its buffer and its derived key from one event to the next.
#[derive(Debug)]
pub struct ChainHasher {
    hasher: blake3::Hasher,
    preimage: Vec<u8>,
}

impl Default for ChainHasher {
    fn default() -> Self {
        Self { hasher: blake3::Hasher::new_derive_key("counterfoil event v1"), preimage: Vec::with_capacity(1024) }
    }
}

impl ChainHasher {
    /// The hash that the event should have after an event with the hash `previous`.
    pub fn hash(&mut self, previous: &Hash, event: &Event<'_>) -> Hash {
        self.preimage.clear();
        self.preimage.extend_from_slice(previous);
        for number in [event.seq, event.command_seq, event.recorded_at, event.partner_id] {
            self.number(number);
        }
        self.bytes(event.stream.as_bytes());
        self.number(event.version);
        self.bytes(event.kind.as_bytes());
        self.number(event.schema);
        self.bytes(event.actor.as_bytes());
        self.optional(event.idempotency_key.map(str::as_bytes));
        self.optional(event.fingerprint);
        self.bytes(event.payload.as_bytes());
        self.hasher.reset();
        self.hasher.update(&self.preimage);
        *self.hasher.finalize().as_bytes()
    }

    fn number(&mut self, number: i64) {
        self.preimage.extend_from_slice(&number.to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.preimage.extend_from_slice(&length(bytes).to_be_bytes());
        self.preimage.extend_from_slice(bytes);
    }

    fn optional(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.preimage.extend_from_slice(&NULL.to_be_bytes()),
        }
    }
}

/// The commitment to a vault record.
#[must_use]
pub fn commitment(salt: &[u8], body: &str) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key("counterfoil vault v1");
    hasher.update(salt).update(&length(body.as_bytes()).to_be_bytes()).update(body.as_bytes());
    *hasher.finalize().as_bytes()
}

/// SQLite holds no value over 2 GB, so every length fits.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(NULL)
}
