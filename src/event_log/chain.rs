//! The hash chain, exactly as schema/event-log.md states it.

/// A link of the chain.
pub type Hash = [u8; 32];

/// What stands before the first event.
pub const ZERO_HASH: Hash = [0; 32];

const CONTEXT: &str = "counterfoil event v1";
const NULL_LENGTH: u32 = u32::MAX;

/// One row of the table `events`, its hash aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    pub seq: i64,
    pub command_seq: i64,
    pub recorded_at: i64,
    pub partner_id: i64,
    pub stream: &'a str,
    pub version: i64,
    pub kind: &'a str,
    pub schema: i64,
    pub actor: &'a str,
    pub idempotency_key: Option<&'a str>,
    pub fingerprint: Option<&'a [u8]>,
    pub payload: &'a str,
}

impl Row<'_> {
    /// The row's hash after the row whose hash is `previous`. `scratch` is reused from row to row.
    #[must_use]
    pub fn hash(&self, previous: &Hash, scratch: &mut Vec<u8>) -> Hash {
        scratch.clear();
        scratch.extend_from_slice(previous);
        for number in [self.seq, self.command_seq, self.recorded_at, self.partner_id] {
            scratch.extend_from_slice(&number.to_be_bytes());
        }
        text(scratch, self.stream.as_bytes());
        scratch.extend_from_slice(&self.version.to_be_bytes());
        text(scratch, self.kind.as_bytes());
        scratch.extend_from_slice(&self.schema.to_be_bytes());
        text(scratch, self.actor.as_bytes());
        optional(scratch, self.idempotency_key.map(str::as_bytes));
        optional(scratch, self.fingerprint);
        text(scratch, self.payload.as_bytes());
        blake3::derive_key(CONTEXT, scratch)
    }
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    // Every text is bounded far below this by the limits on requests.
    let length = u32::try_from(bytes.len()).expect("a text of the log is shorter than 4 GiB");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

fn optional(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => text(out, bytes),
        None => out.extend_from_slice(&NULL_LENGTH.to_be_bytes()),
    }
}
