//! The columns of each data set, and which of them an export has in which order.

use super::cell::Cell;
use crate::domain::ShopId;
use crate::domain::customers::PersonRecord;
use crate::queries::{
    CardRow, CustomerRow, CustomersCard, DataSet, ExportRows, TransactionRow, Wanted, transaction_word,
};
use std::io;
use std::sync::LazyLock;

/// What of the vault a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    Nothing,
    Person,
    Note,
    ShopName,
}

#[derive(Debug)]
struct Column<R> {
    name: &'static str,
    shows: Shows,
    cell: for<'r> fn(&'r R) -> Cell<'r>,
}

const fn plain<R>(name: &'static str, cell: for<'r> fn(&'r R) -> Cell<'r>) -> Column<R> {
    Column { name, shows: Shows::Nothing, cell }
}

const fn of_vault<R>(name: &'static str, shows: Shows, cell: for<'r> fn(&'r R) -> Cell<'r>) -> Column<R> {
    Column { name, shows, cell }
}

const CUSTOMERS: &[Column<CustomerRow>] = &[
    plain("id", |row| Cell::Integer(row.customer.get())),
    of_vault("name", Shows::Person, |row| name(row.person.as_ref())),
    of_vault("email", Shows::Person, |row| email(row.person.as_ref())),
    of_vault("phone", Shows::Person, |row| phone(row.person.as_ref())),
    plain("status", |row| Cell::text(if row.erased_at.is_some() { "erased" } else { "active" })),
    plain("card_id", |row| of_card(row, |card| Cell::Integer(card.card.get()))),
    plain("card_number", |row| of_card(row, |card| Cell::text(card.number.as_str()))),
    plain("card_status", |row| of_card(row, |card| Cell::text(card.status.name()))),
    plain("tier", |row| of_card(row, |card| Cell::text(card.tier.name()))),
    plain("points_balance", |row| of_card(row, |card| Cell::Integer(card.balance.get()))),
    plain("lifetime_points", |row| of_card(row, |card| Cell::Integer(card.lifetime.get()))),
    plain("points_redeemed", |row| of_card(row, |card| Cell::Integer(card.redeemed.get()))),
    plain("created_at", |row| Cell::Time(row.registered_at)),
    plain("updated_at", |row| Cell::Time(row.updated_at)),
    plain("last_activity", |row| of_card(row, |card| Cell::Time(card.last_activity))),
    plain("erased_at", |row| Cell::maybe_time(row.erased_at)),
];

const CARDS: &[Column<CardRow>] = &[
    plain("id", |row| Cell::Integer(row.card.get())),
    plain("card_number", |row| Cell::text(row.number.as_str())),
    plain("status", |row| Cell::text(row.status.name())),
    plain("tier", |row| Cell::text(row.tier.name())),
    plain("points_balance", |row| Cell::Integer(row.balance.get())),
    plain("lifetime_points", |row| Cell::Integer(row.lifetime.get())),
    plain("points_redeemed", |row| Cell::Integer(row.redeemed.get())),
    plain("card_design", |row| Cell::text(row.design.as_str())),
    plain("template_id", |row| Cell::Integer(row.template.get())),
    plain("shop_id", |row| Cell::maybe_integer(row.shop.map(ShopId::get))),
    of_vault("shop_name", Shows::ShopName, |row| Cell::maybe_text(row.shop_name.as_deref())),
    plain("customer_id", |row| Cell::Integer(row.customer.get())),
    of_vault("customer_name", Shows::Person, |row| name(row.person.as_ref())),
    of_vault("customer_email", Shows::Person, |row| email(row.person.as_ref())),
    of_vault("customer_phone", Shows::Person, |row| phone(row.person.as_ref())),
    plain("created_at", |row| Cell::Time(row.issued_at)),
    plain("updated_at", |row| Cell::Time(row.updated_at)),
    plain("last_activity", |row| Cell::Time(row.last_activity)),
];

const TRANSACTIONS: &[Column<TransactionRow>] = &[
    plain("id", |row| Cell::Integer(row.seq.get())),
    plain("created_at", |row| Cell::Time(row.happened_at.unwrap_or(row.at))),
    plain("recorded_at", |row| Cell::Time(row.at)),
    plain("type", |row| Cell::text(transaction_word(row.kind))),
    plain("points", |row| Cell::Integer(row.points.get())),
    plain("balance_before", |row| Cell::Integer(row.balance_before.get())),
    plain("balance_after", |row| Cell::Integer(row.balance_after.get())),
    plain("order_total", |row| row.total.map_or(Cell::Empty, |total| Cell::money(total, &row.currency))),
    plain("currency", |row| Cell::text(&*row.currency)),
    plain("order_id", |row| Cell::maybe_text(row.order.as_deref())),
    plain("reference", |row| Cell::maybe_text(row.reference.as_deref())),
    plain("shop_id", |row| Cell::maybe_integer(row.shop.map(ShopId::get))),
    of_vault("shop_name", Shows::ShopName, |row| Cell::maybe_text(row.shop_name.as_deref())),
    plain("card_id", |row| Cell::Integer(row.card.get())),
    plain("card_number", |row| Cell::text(row.number.as_str())),
    plain("customer_id", |row| Cell::Integer(row.customer.get())),
    of_vault("customer_name", Shows::Person, |row| name(row.person.as_ref())),
    of_vault("customer_email", Shows::Person, |row| email(row.person.as_ref())),
    of_vault("customer_phone", Shows::Person, |row| phone(row.person.as_ref())),
    plain("expires_at", |row| Cell::maybe_time(row.expires_at)),
    of_vault("description", Shows::Note, |row| {
        Cell::maybe_text(row.note.as_ref().and_then(|note| note.reason.as_deref()))
    }),
    of_vault("staff_member", Shows::Note, |row| {
        Cell::maybe_text(row.note.as_ref().and_then(|note| note.staff_member.as_deref()))
    }),
];

fn name(person: Option<&PersonRecord>) -> Cell<'_> {
    person.map(PersonRecord::display_name).filter(|name| !name.is_empty()).map_or(Cell::Empty, Cell::text)
}

fn email(person: Option<&PersonRecord>) -> Cell<'_> {
    Cell::maybe_text(person.map(|person| person.email.as_str()))
}

fn phone(person: Option<&PersonRecord>) -> Cell<'_> {
    Cell::maybe_text(person.and_then(|person| person.phone.as_deref()))
}

fn of_card(row: &CustomerRow, cell: for<'r> fn(&'r CustomersCard) -> Cell<'r>) -> Cell<'_> {
    row.card.as_ref().map_or(Cell::Empty, cell)
}

/// Why columns cannot be chosen like that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    #[error("there is no column {name:?}; there are {known}")]
    Unknown { name: String, known: &'static str },
    #[error("the column {0:?} is named twice")]
    Twice(String),
    #[error("no column is named")]
    None,
}

/// A data set, and which of its columns an export has in which order.
#[derive(Debug, Clone)]
pub struct Selection(Chosen);

#[derive(Debug, Clone)]
enum Chosen {
    Customers(Vec<&'static Column<CustomerRow>>),
    Cards(Vec<&'static Column<CardRow>>),
    Transactions(Vec<&'static Column<TransactionRow>>),
}

impl Selection {
    /// All columns, in the order in which they are documented.
    #[must_use]
    pub fn all(set: DataSet) -> Self {
        Self(match set {
            DataSet::Customers => Chosen::Customers(CUSTOMERS.iter().collect()),
            DataSet::Cards => Chosen::Cards(CARDS.iter().collect()),
            DataSet::Transactions => Chosen::Transactions(TRANSACTIONS.iter().collect()),
        })
    }

    /// The columns that are named, in this order.
    ///
    /// # Errors
    /// When a name is unknown, stands twice, or there is none.
    pub fn of<N: AsRef<str>>(set: DataSet, names: &[N]) -> Result<Self, ColumnsError> {
        let known = known_names(set);
        Ok(Self(match set {
            DataSet::Customers => Chosen::Customers(chosen(CUSTOMERS, names, known)?),
            DataSet::Cards => Chosen::Cards(chosen(CARDS, names, known)?),
            DataSet::Transactions => Chosen::Transactions(chosen(TRANSACTIONS, names, known)?),
        }))
    }

    /// The names of the columns.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.columns().into_iter().map(|(name, _)| name).collect()
    }

    /// What has to be looked up for these columns.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let columns = self.columns();
        let any = |shown| columns.iter().any(|(_, shows)| *shows == shown);
        Wanted { person: any(Shows::Person), note: any(Shows::Note), shop: any(Shows::ShopName) }
    }

    fn columns(&self) -> Vec<(&'static str, Shows)> {
        fn of<R>(columns: &[&'static Column<R>]) -> Vec<(&'static str, Shows)> {
            columns.iter().map(|column| (column.name, column.shows)).collect()
        }
        match &self.0 {
            Chosen::Customers(columns) => of(columns),
            Chosen::Cards(columns) => of(columns),
            Chosen::Transactions(columns) => of(columns),
        }
    }

    /// Gives the cells of each row.
    pub(super) fn each_row(
        &self,
        rows: &ExportRows,
        write: impl FnMut(&[Cell<'_>]) -> io::Result<()>,
    ) -> io::Result<()> {
        match (&self.0, rows) {
            (Chosen::Customers(columns), ExportRows::Customers(rows)) => each(columns, rows, write),
            (Chosen::Cards(columns), ExportRows::Cards(rows)) => each(columns, rows, write),
            (Chosen::Transactions(columns), ExportRows::Transactions(rows)) => each(columns, rows, write),
            (chosen, _) => panic!("rows of another data set than {chosen:?}"),
        }
    }
}

fn each<R>(
    columns: &[&'static Column<R>],
    rows: &[R],
    mut write: impl FnMut(&[Cell<'_>]) -> io::Result<()>,
) -> io::Result<()> {
    for row in rows {
        let cells: Vec<_> = columns.iter().map(|column| (column.cell)(row)).collect();
        write(&cells)?;
    }
    Ok(())
}

fn known_names(set: DataSet) -> &'static str {
    static KNOWN: LazyLock<[String; 3]> =
        LazyLock::new(|| DataSet::ALL.map(|set| Selection::all(set).names().join(", ")));
    let [customers, cards, transactions] = &*KNOWN;
    match set {
        DataSet::Customers => customers,
        DataSet::Cards => cards,
        DataSet::Transactions => transactions,
    }
}

fn chosen<R, N: AsRef<str>>(
    table: &'static [Column<R>],
    names: &[N],
    known: &'static str,
) -> Result<Vec<&'static Column<R>>, ColumnsError> {
    let mut chosen: Vec<&'static Column<R>> = Vec::new();
    for name in names.iter().map(AsRef::as_ref) {
        let Some(column) = table.iter().find(|column| column.name == name) else {
            return Err(ColumnsError::Unknown { name: name.to_owned(), known });
        };
        if chosen.iter().any(|earlier| earlier.name == name) {
            return Err(ColumnsError::Twice(name.to_owned()));
        }
        chosen.push(column);
    }
    if chosen.is_empty() { Err(ColumnsError::None) } else { Ok(chosen) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_in_the_order_in_which_they_are_named() {
        let selection = Selection::of(DataSet::Cards, &["tier", "id"]).unwrap();
        assert_eq!(selection.names(), ["tier", "id"]);
        assert_eq!(selection.wanted(), Wanted::default(), "nothing of the vault is read for them");
        let everything = Selection::all(DataSet::Transactions).wanted();
        assert_eq!(everything, Wanted { person: true, note: true, shop: true });
    }

    #[test]
    fn a_column_that_there_is_not_is_refused_with_those_that_there_are() {
        let error = Selection::of(DataSet::Customers, &["id", "nmae"]).unwrap_err();
        assert!(error.to_string().contains("\"nmae\"; there are id, name, email"), "{error}");
        assert_eq!(Selection::of(DataSet::Cards, &["id", "id"]).unwrap_err(), ColumnsError::Twice("id".to_owned()));
        assert_eq!(Selection::of::<&str>(DataSet::Cards, &[]).unwrap_err(), ColumnsError::None);
    }

    #[test]
    fn every_column_of_a_data_set_has_a_name_of_its_own() {
        for set in DataSet::ALL {
            let names = Selection::all(set).names();
            assert_eq!(Selection::of(set, &names).unwrap().names(), names, "{set:?}");
        }
    }
}
