//! Alarms: what kinds there are, the evidence that each leaves behind, and that none is passed over.

use super::files;
use serde_json::{Map, Value, json};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FORMAT: &str = "counterfoil alarm v1";
/// How long the program that is told of an alarm may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The source shows or has signed less than before.
    Rollback,
    /// The source has signed two histories.
    Fork,
    /// The source shows another event than before.
    Rewrite,
    /// A new event does not follow from those before it.
    Chain,
    /// The checkpoint is not signed by a key that is trusted.
    Key,
    /// The checkpoint was signed and does not stand in the log.
    Unrecorded,
    /// The source cannot prove that its tree continues the one before.
    Proof,
    /// An event breaks a rule of the format.
    Rules,
    /// The source is silent, or has long signed nothing although it grew.
    Stale,
    /// The mirror itself was changed.
    Mirror,
    /// An event without its content, from a source that showed everything.
    Hidden,
    /// Another key took the place of the one that was trusted.
    Rotation,
}

impl Kind {
    /// The name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rollback => "rollback",
            Self::Fork => "fork",
            Self::Rewrite => "rewrite",
            Self::Chain => "chain",
            Self::Key => "key",
            Self::Unrecorded => "unrecorded",
            Self::Proof => "proof",
            Self::Rules => "rules",
            Self::Stale => "stale",
            Self::Mirror => "mirror",
            Self::Hidden => "hidden",
            Self::Rotation => "rotation",
        }
    }
}

/// Something that must be looked at by a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    pub kind: Kind,
    /// The first event that it is about, where it is about one.
    pub seq: Option<i64>,
    pub sentence: String,
    /// What was seen, under names of their own.
    pub(super) evidence: Map<String, Value>,
}

impl Alarm {
    pub(super) fn new(kind: Kind, seq: impl Into<Option<i64>>, sentence: impl Into<String>) -> Self {
        Self { kind, seq: seq.into(), sentence: sentence.into(), evidence: Map::new() }
    }

    /// A text of the evidence.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.evidence.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.evidence.insert(name.to_owned(), value.into());
        self
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind.name())?;
        if let Some(seq) = self.seq {
            write!(f, " at event {seq}")?;
        }
        write!(f, ": {}", self.sentence)
    }
}

/// The alarms of a mirror.
#[derive(Debug)]
pub(super) struct Alarms(PathBuf);

impl Alarms {
    pub(super) fn of(mirror: &Path) -> Self {
        Self(mirror.join("alarms"))
    }

    /// What a person should know and nobody has to acknowledge.
    pub(super) fn notices(mirror: &Path) -> Self {
        Self(mirror.join("notices"))
    }

    /// Writes an alarm down; answers its file.
    pub(super) fn raise(&self, alarm: &Alarm, about: Map<String, Value>) -> io::Result<PathBuf> {
        std::fs::create_dir_all(&self.0)?;
        let number = self.names()?.iter().filter_map(|name| number(name)).max().unwrap_or(0) + 1;
        self.write(number, alarm, about)
    }

    /// Writes an alarm in the place of what was known of it at first sight; answers its file, which may have another name.
    pub(super) fn amend(&self, file: &Path, alarm: &Alarm, about: Map<String, Value>) -> io::Result<PathBuf> {
        let before = file.file_name().and_then(|name| name.to_str()).and_then(number);
        let Some(before) = before else { return self.raise(alarm, about) };
        let path = self.write(before, alarm, about)?;
        if path != file {
            std::fs::remove_file(file)?;
        }
        Ok(path)
    }

    fn write(&self, number: u64, alarm: &Alarm, about: Map<String, Value>) -> io::Result<PathBuf> {
        let mut object = json!({
            "format": FORMAT, "kind": alarm.kind.name(), "seq": alarm.seq, "sentence": alarm.sentence,
            "at": crate::instant::Instant::now().to_string(),
        });
        if let Some(object) = object.as_object_mut() {
            object.extend(about);
            object.extend(alarm.evidence.clone());
        }
        let path = self.0.join(format!("{number:04}-{}.json", alarm.kind.name()));
        files::replace(&path, format!("{object:#}\n").as_bytes())?;
        Ok(path)
    }

    /// Notes that a person has seen an alarm, named as its file is, with or without `.json`. False where there is none.
    pub(super) fn acknowledge(&self, name: &str) -> io::Result<bool> {
        let name = bare(name);
        if !self.names()?.iter().any(|known| known == name) {
            return Ok(false);
        }
        let at = crate::instant::Instant::now();
        files::replace(&self.0.join(format!("{name}.acknowledged")), format!("{at}\n").as_bytes())?;
        Ok(true)
    }

    /// What the file of an open alarm says; nothing where nobody has to acknowledge it any more, or there is no such file.
    pub(super) fn evidence(&self, name: &str) -> io::Result<Value> {
        let name = bare(name);
        if self.is_acknowledged(name) {
            return Ok(Value::Null);
        }
        let text = files::read(&self.file(name))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// The file of an alarm.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.json"))
    }

    /// Notes that an alarm was told to whoever hears of alarms.
    pub(super) fn note_told(&self, file: &Path) -> io::Result<()> {
        let at = crate::instant::Instant::now();
        files::replace(&file.with_extension("told"), format!("{at}\n").as_bytes())
    }

    /// Of these, the ones that nobody was told of.
    pub(super) fn untold(&self, names: &[String]) -> Vec<PathBuf> {
        names.iter().map(|name| self.file(name)).filter(|file| !file.with_extension("told").exists()).collect()
    }

    /// The alarms that nobody has acknowledged, the first one first.
    pub(super) fn open(&self) -> io::Result<Vec<String>> {
        let mut open = self.names()?;
        open.retain(|name| !self.is_acknowledged(name));
        Ok(open)
    }

    /// What the newest acknowledged alarm about broken rules listed: how many, and which.
    pub(super) fn known_problems(&self) -> io::Result<Option<(u64, Vec<Value>)>> {
        let suffix = format!("-{}", Kind::Rules.name());
        let names = self.names()?;
        let newest = names.iter().rev().find(|name| name.ends_with(&suffix) && self.is_acknowledged(name));
        let Some(name) = newest else { return Ok(None) };
        let text = std::fs::read_to_string(self.0.join(format!("{name}.json")))?;
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let problems = value["problems"].as_array().cloned().unwrap_or_default();
        Ok(value["problems_found"].as_u64().map(|found| (found, problems)))
    }

    fn is_acknowledged(&self, name: &str) -> bool {
        self.0.join(format!("{name}.acknowledged")).exists()
    }

    /// Without their endings, in order.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            names.extend(name.to_str().and_then(|name| name.strip_suffix(".json")).map(str::to_owned));
        }
        names.sort_unstable_by_key(|name| (number(name), name.clone()));
        Ok(names)
    }
}

/// An alarm's name, however it was typed.
fn bare(name: &str) -> &str {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.strip_suffix(".json").unwrap_or(name)
}

fn number(name: &str) -> Option<u64> {
    name.split('-').next()?.parse().ok()
}

/// Runs the program that is to be told, with the alarm's file as its argument. False if that fails, which is said on stderr.
pub(super) fn tell(program: &Path, file: &Path) -> bool {
    let said = match run(program, file) {
        Ok(None) => return true,
        Ok(Some(how)) => how,
        Err(error) => error.to_string(),
    };
    super::say(&format!("{}: {said}. It is run again at the next start", program.display()));
    false
}

fn run(program: &Path, file: &Path) -> io::Result<Option<String>> {
    // Where the alarm is can be read from any directory; the credential is not its business.
    let file = std::path::absolute(file)?;
    let mut command = Command::new(program);
    let mut child = command.arg(file).env_remove(super::TOKEN_VARIABLE).stdin(Stdio::null()).spawn()?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((!status.success()).then(|| format!("it ended with {status}")));
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(Some(format!("it was stopped after {} seconds", PATIENCE.as_secs())));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_are_numbered_and_stay_open_until_they_are_named() {
        let mirror = tempfile::tempdir().unwrap();
        let alarms = Alarms::of(mirror.path());
        assert!(alarms.open().unwrap().is_empty() && !alarms.acknowledge("0001-fork").unwrap());
        let fork = Alarm::new(Kind::Fork, 7, "two histories").with("shown", json!({"seq": 7}));
        let first = alarms.raise(&fork, Map::new()).unwrap();
        alarms.raise(&Alarm::new(Kind::Rollback, None, "less"), Map::new()).unwrap();
        assert!(first.ends_with("alarms/0001-fork.json"));
        let written: Value = serde_json::from_str(&std::fs::read_to_string(&first).unwrap()).unwrap();
        assert_eq!(
            (&written["kind"], &written["seq"], &written["shown"]["seq"]),
            (&json!("fork"), &json!(7), &json!(7))
        );
        assert_eq!(alarms.open().unwrap(), ["0001-fork", "0002-rollback"]);
        assert!(alarms.acknowledge("alarms/0001-fork.json").unwrap());
        assert_eq!(alarms.open().unwrap(), ["0002-rollback"]);
        assert!(!alarms.acknowledge("rollback").unwrap() && alarms.acknowledge("0002-rollback").unwrap());
        assert!(alarms.open().unwrap().is_empty() && first.exists(), "the evidence stays");
        assert!(alarms.raise(&fork, Map::new()).unwrap().ends_with("0003-fork.json"));
    }

    #[test]
    fn what_was_seen_at_first_sight_is_amended_in_its_place_whatever_it_is_called_then() {
        let mirror = tempfile::tempdir().unwrap();
        let alarms = Alarms::of(mirror.path());
        let raise = |kind, sentence: &str| alarms.raise(&Alarm::new(kind, None, sentence), Map::new()).unwrap();
        raise(Kind::Stale, "before");
        let at_first_sight = raise(Kind::Rewrite, "something");
        let same = alarms.amend(&at_first_sight, &Alarm::new(Kind::Rewrite, 4, "event 4"), Map::new()).unwrap();
        assert_eq!(same, at_first_sight);
        let other = alarms.amend(&same, &Alarm::new(Kind::Fork, 4, "two histories"), Map::new()).unwrap();
        assert_eq!(alarms.open().unwrap(), ["0001-stale", "0002-fork"]);
        assert_eq!(alarms.evidence("0002-fork").unwrap()["sentence"], "two histories");
        assert_eq!(alarms.evidence("0009-fork").unwrap(), Value::Null);
        assert!(alarms.acknowledge("0002-fork").unwrap());
        assert_eq!(alarms.evidence("0002-fork").unwrap(), Value::Null, "what was acknowledged once is not asked again");
        alarms.note_told(&other).unwrap();
        assert_eq!(alarms.untold(&alarms.names().unwrap()), [alarms.file("0001-stale")], "told is no alarm of its own");
    }

    #[test]
    fn broken_rules_that_were_acknowledged_are_known() {
        let mirror = tempfile::tempdir().unwrap();
        let alarms = Alarms::of(mirror.path());
        let rules =
            |seq: i64| Alarm::new(Kind::Rules, seq, "x").with("problems_found", 1).with("problems", json!([seq]));
        alarms.raise(&rules(3), Map::new()).unwrap();
        assert_eq!(alarms.known_problems().unwrap(), None, "not yet acknowledged");
        alarms.acknowledge("0001-rules").unwrap();
        assert_eq!(alarms.known_problems().unwrap(), Some((1, vec![json!(3)])));
    }
}
