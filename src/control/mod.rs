//! What an operator at the machine may ask for, and the two ways to ask: through the socket of a running service, or by
//! starting the engine here when nothing runs. One implementation ([`Operator::execute`]) stands behind both, so the same
//! request leaves the same events.
//!
//! Decides nothing about points or people: it turns requests, and the rows of an import, into commands for the writer.

mod call;
mod chosen;
mod founding;
mod import;
mod message;
mod operator;
mod socket;
mod webhooks;

pub use call::{CallError, call, is_served, lock, start, start_whatever_was_signed};
pub use chosen::ChosenSecret;
pub use founding::{Founded, Founding, NewMember, found, issue_card, move_points};
pub use import::{
    Act, Answered, CustomerRow, Import, ImportError, ImportOptions, Name, Opening, RowRefusal, Rows, TransactionRow,
    Who,
};
pub use message::{
    AdminAnswer, AdminRequest, BackupStanding, CheckpointKeyView, KeyView, NewKey, Refused, RotationCause,
};
pub use operator::Operator;
pub use socket::{Control, SocketError, serve};
pub use webhooks::{NewWebhook, WebhookAnswer, WebhookChanges, WebhookRequest};
