//! All operations, in the order of the document.

use super::handlers::{Arguments, Output};
use super::operation::Operation;
use super::schemas::Schemas;
use actix_web::Handler;

/// The operations so far, and the schemas of what they answer.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) operations: Vec<Operation>,
    pub(super) schemas: Schemas,
}

/// A part of the table: operations that belong together.
#[derive(Debug)]
pub(super) struct Section<'a> {
    pub(super) table: &'a mut Table,
    bases: &'static [&'static str],
    tag: &'static str,
}

impl Table {
    /// Operations under some bases, each of which has all of them.
    pub(super) const fn section(&mut self, bases: &'static [&'static str], tag: &'static str) -> Section<'_> {
        Section { table: self, bases, tag }
    }
}

impl Section<'_> {
    pub(super) fn get<F, A>(&mut self, path: &'static str, handler: F, summary: &'static str) -> &mut Operation
    where
        F: Handler<A, Output: Output>,
        A: Arguments,
    {
        self.add(("get", path), &handler, summary)
    }

    pub(super) fn post<F, A>(&mut self, path: &'static str, handler: F, summary: &'static str) -> &mut Operation
    where
        F: Handler<A, Output: Output>,
        A: Arguments,
    {
        self.add(("post", path), &handler, summary)
    }

    pub(super) fn put<F, A>(&mut self, path: &'static str, handler: F, summary: &'static str) -> &mut Operation
    where
        F: Handler<A, Output: Output>,
        A: Arguments,
    {
        self.add(("put", path), &handler, summary)
    }

    pub(super) fn patch<F, A>(&mut self, path: &'static str, handler: F, summary: &'static str) -> &mut Operation
    where
        F: Handler<A, Output: Output>,
        A: Arguments,
    {
        self.add(("patch", path), &handler, summary)
    }

    pub(super) fn delete<F, A>(&mut self, path: &'static str, handler: F, summary: &'static str) -> &mut Operation
    where
        F: Handler<A, Output: Output>,
        A: Arguments,
    {
        self.add(("delete", path), &handler, summary)
    }

    // The handler itself is not kept: its type is what says what it reads and answers.
    fn add<F, A>(&mut self, at: (&'static str, &'static str), _handler: &F, summary: &'static str) -> &mut Operation
    where
        F: Handler<A, Output: Output>,
        A: Arguments,
    {
        let data = F::Output::data(&mut self.table.schemas);
        let operation = Operation::new(at, (self.bases, self.tag), summary, (A::reads(), data));
        self.table.operations.push(operation);
        self.table.operations.last_mut().expect("it was just added")
    }
}
