//! That the log's key was rotated, which nothing but the log itself says: a person should know, once and surely.

use super::alarm::{self, Alarm, Alarms, Kind};
use super::follower::Follower;
use super::{FollowError, Halt, say};

impl Follower<'_> {
    /// Tells of every key that came to be trusted and was not told of: on stderr, and to the program that hears of alarms. What was
    /// told is noted after it was, so that it is rather told twice than never.
    pub(super) fn tell_of_rotations(&mut self) -> Result<(), Halt> {
        let rotations = self.mirror.untold();
        if rotations.is_empty() {
            return Ok(());
        }
        let alarm = |(seq, key): &(i64, String)| {
            let sentence = format!(
                "the log's key was rotated: since event {seq} it is {key}. Ask the operator whether that is so"
            );
            Alarm::new(Kind::Rotation, *seq, sentence).with("key", key.as_str())
        };
        let alarms: Vec<Alarm> = rotations.iter().map(alarm).collect();
        alarms.iter().for_each(|alarm| say(&alarm.sentence));
        if self.settings.rotation_alarm {
            // Noted as told when it stands among the alarms.
            return alarms.into_iter().next_back().map_or(Ok(()), |newest| Err(newest.into()));
        }
        let notices = Alarms::notices(self.mirror.directory());
        for alarm in &alarms {
            let file = notices.raise(alarm, self.about());
            let file = file.map_err(|source| FollowError::File { path: "notices".to_owned(), source })?;
            if let Some(program) = &self.settings.on_alarm {
                alarm::tell(program, &file);
            }
        }
        Ok(self.mirror.tell()?)
    }
}
