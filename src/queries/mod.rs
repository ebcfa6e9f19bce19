//! The read side: typed views of what the projections and the vault hold, in bounded pages.
//!
//! Never writes and decides nothing. A read sees everything that was acknowledged before it arrived: single cards come from the
//! committed state in memory, everything else from views.db once the projector has passed the head seen at arrival.

mod bodies;
mod books;
mod card_list;
mod card_sheets;
mod card_views;
mod checkpoints;
mod connections;
mod counts;
mod customer_data;
mod customer_list;
mod customer_sheets;
mod customer_views;
mod customer_walk;
mod expiring;
mod exports;
mod history;
mod log_rows;
mod lookups;
mod past;
mod programme;
mod proofs;
mod seals;
mod shops;
mod templates;
mod transaction_words;
mod transactions;

pub use books::{BooksQuestion, books_of};
pub use card_list::{CardFilter, CardListItem, CardSort, SortKey};
pub use card_sheets::{CardNames, CardSheet};
pub use card_views::{BlockedCard, CardView};
pub use checkpoints::{CheckpointView, CosignatureView, WhichCheckpoint};
pub use connections::{Queries, QueryError};
pub use customer_data::{CUSTOMER_DATA_PAGE, CustomerData, DataCard, DataEvent, DataEvents};
pub use customer_list::{CustomerFilter, CustomerPage, PHONE_MAX, SEARCH_WALK_MAX};
pub use customer_sheets::{CustomerFigures, CustomerSheet};
pub use customer_views::{CustomerCard, CustomerView};
pub use customer_walk::{CustomerSearch, CustomerSort};
pub use expiring::{EXPIRING_WALK_MAX, ExpiringLot, ExpiringPage};
pub use exports::{
    CardRow, CustomerRow, CustomersCard, DataSet, EXPORT_PAGE, ExportFilter, ExportPage, ExportPosition,
    ExportQuestion, ExportReader, ExportRows, TransactionRow, Wanted,
};
pub use history::{HISTORY_WALK_MAX, HistoryFilter, HistoryPage, MovementView};
pub use log_rows::{LogRow, Sight, WholeRow};
pub use lookups::Lookups;
pub use past::{Moment, Past, Subject};
pub use proofs::{ConsistencyProof, InclusionProof, TreeHead};
pub use seals::{Closing, MonthEnd, SealView};
pub use shops::{Around, ShopFilter, ShopSort, ShopView};
pub use templates::{TemplateFilter, TemplateView};
pub use transaction_words::{TRANSACTION_WORDS, kinds_of, transaction_word};
pub use transactions::{TransactionFilter, TransactionPage, TransactionSort, TransactionView};

/// Which rows of a list: `limit` of them after `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub offset: i64,
    pub limit: i64,
}

impl Window {
    /// These rows of a whole list.
    fn of<T>(self, all: Vec<T>) -> Page<T> {
        let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
        let place = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        Page { rows: all.into_iter().skip(place(self.offset)).take(place(self.limit)).collect(), total }
    }
}

/// One page of a list, and how long the whole list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub total: i64,
}

impl<T> Page<T> {
    /// A page of an empty list.
    #[must_use]
    pub const fn empty() -> Self {
        Self { rows: Vec::new(), total: 0 }
    }
}

/// The statements of lists and history with the indexes they rely on, for the test that reads their query plans.
#[must_use]
pub fn statements() -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    all.extend(card_list::statements());
    all.extend(counts::statements());
    all.extend(history::statements());
    all.extend(customer_data::statements());
    all.extend(customer_list::statements());
    all.extend(customer_sheets::statements());
    all.extend(customer_walk::statements());
    all.extend(expiring::statements());
    all.extend(transactions::statements());
    all.extend(exports::statements());
    all.extend(seals::statements());
    all.extend(crate::projections::past_statements());
    all
}
