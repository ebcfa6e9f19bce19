//! People who hold cards. What they are called stands in the vault, as a [`PersonRecord`].

mod customer;
mod erase;
mod events;
mod forget;
mod person;
mod register;
mod update;

pub use customer::Customer;
pub use erase::Erase;
pub use events::{CustomerErased, CustomerRegistered, CustomerUpdated, ErasedRecord, RecordsErased};
pub use forget::{FORGOTTEN_MAX, Forget, Keeping, Span, superseded};
pub use person::{PersonField, PersonRecord};
pub use register::Register;
pub use update::{UpdateCustomer, replacing};
