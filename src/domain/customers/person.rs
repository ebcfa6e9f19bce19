//! What the vault keeps of a person.

use crate::domain::Metadata;
use serde::{Deserialize, Serialize};

/// A person, as far as the shop says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonRecord {
    pub email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
}

/// A part of what is known of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonField {
    Email,
    /// Any of the names.
    Name,
    Phone,
    Metadata,
}

impl PersonRecord {
    /// What is otherwise than it was.
    #[must_use]
    pub fn changed_since(&self, before: &Self) -> Vec<PersonField> {
        let names = |person: &Self| (person.name.clone(), person.first_name.clone(), person.last_name.clone());
        let differs = [
            (PersonField::Email, self.email != before.email),
            (PersonField::Name, names(self) != names(before)),
            (PersonField::Phone, self.phone != before.phone),
            (PersonField::Metadata, self.metadata != before.metadata),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect()
    }

    /// The email as it is compared: two spellings that differ in case name one person.
    #[must_use]
    pub fn email_key(email: &str) -> String {
        email.trim().to_lowercase()
    }

    /// The phone as it is compared: digits alone.
    #[must_use]
    pub fn phone_key(phone: &str) -> String {
        phone.chars().filter(char::is_ascii_digit).collect()
    }

    /// Whether `email` is this person's.
    #[must_use]
    pub fn has_email(&self, email: &str) -> bool {
        Self::email_key(&self.email) == Self::email_key(email)
    }

    /// The name to show: as given, else made of first and last name, else empty.
    #[must_use]
    pub fn display_name(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => {
                let parts = [&self.first_name, &self.last_name];
                parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// This person with what `news` says; what `news` is silent about stays. The email stays.
    #[must_use]
    pub fn merged_with(mut self, news: &Self) -> Self {
        for (known, new) in [
            (&mut self.name, &news.name),
            (&mut self.first_name, &news.first_name),
            (&mut self.last_name, &news.last_name),
            (&mut self.phone, &news.phone),
        ] {
            if new.is_some() {
                known.clone_from(new);
            }
        }
        if !news.metadata.is_empty() {
            self.metadata.clone_from(&news.metadata);
        }
        self
    }
}
