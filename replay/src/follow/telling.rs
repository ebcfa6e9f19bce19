//! Telling whoever hears of alarms: at once, and again at the next start where that failed or the process died before.

use super::alarm::{self, Alarm, Alarms, Kind};
use super::follower::Follower;
use super::trust::Told;
use super::{FollowError, Outcome, say};
use std::io;
use std::path::Path;

impl Follower<'_> {
    /// Writes an alarm down, in the place of what was known of it at first sight, and tells of it.
    pub(super) fn raise(&mut self, alarm: &Alarm) -> Result<Outcome, FollowError> {
        let written = match self.at_first_sight.take() {
            Some(file) => self.alarms.amend(&file, alarm, self.about()),
            None => self.alarms.raise(alarm, self.about()),
        };
        let path = written.map_err(|source| FollowError::File { path: "alarms".to_owned(), source })?;
        say(&format!("ALARM: {alarm}\nThe evidence is in {}. The mirror keeps what it had verified.", path.display()));
        self.tell_program(&path)?;
        if alarm.kind == Kind::Rotation
            && let Some(key) = alarm.text("key")
        {
            self.mirror.tell(Told { key, seq: alarm.seq })?;
        }
        Ok(Outcome::Alarmed)
    }

    /// Writes down what is seen before anything more is asked: whoever answers could keep the follower waiting for long.
    pub(super) fn raise_at_first_sight(&mut self, alarm: &Alarm) -> Result<(), FollowError> {
        let written = self.alarms.raise(alarm, self.about());
        let path = written.map_err(|source| FollowError::File { path: "alarms".to_owned(), source })?;
        say(&format!("ALARM: {alarm}. More of it is asked for; what was seen is in {}", path.display()));
        self.at_first_sight = Some(path);
        Ok(())
    }

    /// Runs the program that hears of alarms, and notes that it was told. Without one, whoever names one later is told then.
    pub(super) fn tell_program(&self, file: &Path) -> Result<(), FollowError> {
        let Some(program) = &self.settings.on_alarm else { return Ok(()) };
        if alarm::tell(program, file) {
            let noted = self.alarms.note_told(file);
            noted.map_err(|source| FollowError::File { path: file.display().to_string(), source })?;
        }
        Ok(())
    }

    /// Tells of what was written down and never told: of alarms that nobody has acknowledged, and of notices.
    pub(super) fn tell_again(&self, open: &[String]) -> io::Result<()> {
        let Some(program) = &self.settings.on_alarm else { return Ok(()) };
        let notices = Alarms::notices(self.mirror.directory());
        for file in self.alarms.untold(open).into_iter().chain(notices.untold(&notices.names()?)) {
            if alarm::tell(program, &file) {
                self.alarms.note_told(&file)?;
            }
        }
        Ok(())
    }
}
