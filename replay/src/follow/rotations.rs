//! That the log's key was rotated: a person should know, once and surely, and has to agree where the old key did not sign for the new.

use super::alarm::{Alarm, Alarms, Kind};
use super::follower::Follower;
use super::trust::{Successor, Told};
use super::{FollowError, Halt, say};

/// Under which name an alarm holds the key that is trusted once it is acknowledged.
const ACCEPTED: &str = "key_if_acknowledged";

/// What is to be told of a rotation.
struct Telling {
    alarm: Alarm,
    told: Told,
    /// The size and root that the old key signed; none where nothing is trusted of what it signed, if anything.
    signed: Option<(u64, [u8; 32])>,
}

impl Follower<'_> {
    /// Tells of every key that took the place of a trusted one and was not told of: on stderr, and to the program that hears of
    /// alarms. What was told is noted after it was, so that it is rather told twice than never. A key that the one before it did not
    /// sign for is an alarm, and is not trusted before that is acknowledged. An alarm is of one rotation, and noted as told when it
    /// stands among the alarms: the next one's turn is in the next step.
    pub(super) fn tell_of_rotations(&mut self) -> Result<(), Halt> {
        let untold: Vec<Telling> = self.mirror.untold().iter().map(telling).collect();
        for Telling { alarm, told, signed } in untold {
            let Some((size, root)) = signed else { return Err(alarm.into()) };
            if self.mirror.root_at(size)? != Some(root) {
                return Err(of_another_history(alarm, size).into());
            }
            if self.settings.rotation_alarm {
                return Err(alarm.into());
            }
            say(&alarm.sentence);
            let file = Alarms::notices(self.mirror.directory()).raise(&alarm, self.about());
            let file = file.map_err(|source| FollowError::File { path: "notices".to_owned(), source })?;
            self.tell_program(&file)?;
            self.mirror.tell(told)?;
        }
        Ok(())
    }

    /// Trusts the key of an alarm that a person has acknowledged, where it is about one.
    pub(super) fn accept_key_of(&mut self, name: &str) -> Result<(), FollowError> {
        let failed = |source| FollowError::File { path: format!("alarms/{name}"), source };
        let evidence = self.alarms.evidence(name).map_err(failed)?;
        match evidence[ACCEPTED].as_str() {
            Some(key) => Ok(self.mirror.tell(Told { key: key.to_owned(), seq: evidence["seq"].as_i64() })?),
            None => Ok(()),
        }
    }
}

fn telling(successor: &Successor<'_>) -> Telling {
    let (seq, key) = (successor.seq, successor.key.text());
    let note = successor.statement(|rotation, signature| rotation.note(signature));
    let signed = successor.statement(|rotation, _| (rotation.size, *rotation.root));
    let signed = signed.filter(|_| successor.is_placed());
    let alarm = if signed.is_some() {
        let sentence = format!(
            "the log's key was rotated: since event {seq} it is {key}, as the key before it has signed. Ask the operator whether that \
             is so"
        );
        Alarm::new(Kind::Rotation, seq, sentence).with("key", key.as_str()).with("handover", note)
    } else if let Some(handover) = successor.handover {
        let sentence = format!(
            "the log says that since event {seq} its key is {key}, and the key before it signed that after {} events: not between its \
             newest checkpoint and the rotation. That key is not trusted",
            handover.size
        );
        Alarm::new(Kind::Key, seq, sentence).with("key", key.as_str()).with("handover", note)
    } else {
        let sentence = format!(
            "the log says that since event {seq} its key is {key}, and the key before it has not signed that: whoever can answer as \
             the service can say so. Ask the operator on another way; once this is acknowledged, that key is trusted"
        );
        Alarm::new(Kind::Key, seq, sentence).with(ACCEPTED, key.as_str())
    };
    Telling { alarm, told: Told { key, seq: Some(seq) }, signed }
}

/// The old key vouches for the new one after a history that is not the mirror's: two histories, both signed.
fn of_another_history(alarm: Alarm, size: u64) -> Alarm {
    let sentence =
        format!("the old key has signed the rotation of the log's key over {size} events that are not the mirror's");
    Alarm { kind: Kind::Fork, sentence, ..alarm }
}
