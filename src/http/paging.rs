//! Pages of a list: which one is asked for, and what the answer says about it.

use crate::queries::Window;
use serde::Serialize;
use utoipa::ToSchema;

/// Which page, of what size. Both are within their bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paging {
    pub(crate) page: i64,
    pub(crate) size: i64,
}

/// What a list says about its page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Pagination {
    current_page: i64,
    per_page: i64,
    total: i64,
    total_pages: i64,
    last_page: i64,
    has_next: bool,
    has_prev: bool,
}

/// What a list under `/{locale}/shop` says about its page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PageMeta)]
pub(crate) struct Meta {
    #[serde(flatten)]
    pagination: Pagination,
    /// The place of the first and of the last row of the page in the whole list, from 1; null on an empty page.
    from: Option<i64>,
    to: Option<i64>,
}

impl Paging {
    pub(crate) fn window(self) -> Window {
        Window { offset: (self.page - 1).saturating_mul(self.size), limit: self.size }
    }

    /// An empty list has one page, which is empty; a page past the end is empty too.
    pub(crate) fn of(self, total: i64) -> Pagination {
        let pages = (total / self.size + i64::from(total % self.size != 0)).max(1);
        Pagination {
            current_page: self.page,
            per_page: self.size,
            total,
            total_pages: pages,
            last_page: pages,
            has_next: self.page < pages,
            has_prev: self.page > 1,
        }
    }

    pub(crate) fn meta(self, total: i64) -> Meta {
        let before = self.window().offset;
        let filled = before < total;
        Meta {
            pagination: self.of(total),
            from: filled.then(|| before + 1),
            to: filled.then(|| before.saturating_add(self.size).min(total)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_its_rows_stand_in_the_list() {
        let meta = |page, total| Paging { page, size: 20 }.meta(total);
        let place = |meta: Meta| (meta.from, meta.to);
        assert_eq!(place(meta(1, 150)), (Some(1), Some(20)));
        assert_eq!(place(meta(8, 150)), (Some(141), Some(150)));
        assert_eq!((place(meta(9, 150)), place(meta(1, 0))), ((None, None), (None, None)));
    }

    #[test]
    fn the_last_page_may_be_half_full_and_an_empty_list_has_one() {
        let page = |page, total| Paging { page, size: 20 }.of(total);
        assert_eq!(page(1, 150).total_pages, 8);
        assert!(page(7, 150).has_next && !page(8, 150).has_next);
        assert_eq!(page(1, 0).last_page, 1);
        assert!(!page(1, 0).has_next && !page(1, 0).has_prev);
        assert!(page(9, 150).has_prev && !page(9, 150).has_next);
    }
}
