//! `status.json`: how far the mirror is, for programs that watch the follower.

use super::Halt;
use super::follower::Follower;
use crate::instant::Instant;
use crate::note::LogKey;
use serde_json::json;

impl Follower<'_> {
    /// Says how far the mirror is.
    pub(super) fn write_status(&self) -> Result<(), Halt> {
        let covered = self.mirror.covered.as_ref();
        let head = self.mirror.head.seq;
        let status = json!({
            "source": self.source.url,
            "origin": covered.map(|covered| covered.checkpoint.origin.as_str()),
            "key": self.mirror.keys.newest().map(LogKey::text),
            "key_named": self.mirror.state.named,
            "events": head,
            "head_hash": hex::encode(self.mirror.head.hash),
            "covered": self.covered(),
            "root": covered.map(|covered| hex::encode(covered.checkpoint.root)),
            "not_covered": head - i64::try_from(self.covered()).unwrap_or(head),
            "rules_hold_up_to": self.rules_hold,
            "rechecked_at": self.rechecked_at.map(|at| at.to_string()),
            "at": Instant::now().to_string(),
        });
        Ok(self.mirror.write("status.json", format!("{status:#}\n").as_bytes())?)
    }
}
