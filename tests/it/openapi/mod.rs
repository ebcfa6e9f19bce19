//! The API described for machines: the document is current, whole, and true.

mod document;
mod examples;
mod readers;
