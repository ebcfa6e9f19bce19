//! What columns are called: the names of this page, and those that exports of other systems use.

/// The columns of the customers' file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CustomerColumn {
    CustomerId,
    CardNumber,
    Email,
    Phone,
    Name,
    FirstName,
    LastName,
    RegisteredAt,
    Status,
    ShopId,
    Points,
    PointsAt,
    PointsExpireAt,
}

/// The columns of the transactions' file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransactionColumn {
    Id,
    OrderId,
    Type,
    HappenedAt,
    CardId,
    CardNumber,
    CustomerId,
    Email,
    Phone,
    Amount,
    Currency,
    Points,
    PointsEarned,
    PointsRedeemed,
    Discount,
    ExpiresAt,
    ShopId,
    Reason,
    StaffMember,
    Status,
}

/// A set of columns.
pub(super) trait Column: Copy + 'static {
    /// Each with its name and the other names that it goes by, in the order of their declaration.
    const ALL: &'static [(Self, &'static str, &'static [&'static str])];
    /// Known columns of exports that are not taken over: they follow from the history, or say what another column says.
    const IGNORED: &'static [&'static str];

    /// Its place in [`Column::ALL`].
    fn place(self) -> usize;

    /// Its name.
    fn name(self) -> &'static str {
        Self::ALL[self.place()].1
    }
}

/// What a name in a file means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The place of a column.
    Column(usize),
    Ignored,
    Unknown,
}

/// The meaning of a name: case, blanks and dashes aside.
pub(super) fn meaning<C: Column>(name: &str) -> Meaning {
    let name = name.trim().to_lowercase().replace([' ', '-', '.'], "_");
    let place =
        C::ALL.iter().position(|(_, canonical, aliases)| *canonical == name || aliases.contains(&name.as_str()));
    match place {
        Some(place) => Meaning::Column(place),
        None if C::IGNORED.contains(&name.as_str()) => Meaning::Ignored,
        None => Meaning::Unknown,
    }
}

impl Column for CustomerColumn {
    const ALL: &'static [(Self, &'static str, &'static [&'static str])] = &[
        (Self::CustomerId, "customer_id", &["id", "external_id", "member_id", "user_id"]),
        (Self::CardNumber, "card_number", &["card", "card_no", "number", "loyalty_card", "loyalty_number", "barcode"]),
        (Self::Email, "email", &["customer_email", "email_address", "e_mail"]),
        (Self::Phone, "phone", &["customer_phone", "phone_number", "mobile", "telephone"]),
        (Self::Name, "name", &["customer_name", "full_name", "display_name"]),
        (Self::FirstName, "first_name", &["firstname", "given_name"]),
        (Self::LastName, "last_name", &["lastname", "surname", "family_name"]),
        (
            Self::RegisteredAt,
            "registered_at",
            &["member_since", "registered", "created_at", "joined_at", "join_date", "issued_at", "signup_date"],
        ),
        (Self::Status, "status", &["card_status"]),
        (Self::ShopId, "shop_id", &["home_shop_id", "store_id"]),
        (
            Self::Points,
            "points",
            &["total_points", "initial_points", "points_balance", "current_balance", "balance", "available_points"],
        ),
        (Self::PointsAt, "points_at", &["balance_at", "exported_at"]),
        (Self::PointsExpireAt, "points_expire_at", &["points_expires_at", "expires_at", "expiry_date"]),
    ];
    const IGNORED: &'static [&'static str] = &[
        "tier",
        "loyalty_level",
        "total_purchases",
        "shops_visited",
        "lifetime_points",
        "points_lifetime",
        "total_spent",
        "last_activity",
        "last_visit",
        "updated_at",
    ];

    fn place(self) -> usize {
        self as usize
    }
}

impl Column for TransactionColumn {
    const ALL: &'static [(Self, &'static str, &'static [&'static str])] = &[
        (Self::Id, "id", &["transaction_id", "reference", "txn_id", "external_id", "refund_id"]),
        (Self::OrderId, "order_id", &["order", "order_number", "order_no", "invoice", "receipt", "receipt_number"]),
        (Self::Type, "type", &["transaction_type", "kind", "operation"]),
        (
            Self::HappenedAt,
            "happened_at",
            &["date", "created_at", "timestamp", "transaction_date", "occurred_at", "datetime", "time"],
        ),
        (Self::CardId, "card_id", &["loyalty_card_id"]),
        (Self::CardNumber, "card_number", &["card", "card_no", "loyalty_card", "loyalty_number", "barcode"]),
        (Self::CustomerId, "customer_id", &["member_id", "user_id"]),
        (Self::Email, "email", &["customer_email", "email_address", "e_mail"]),
        (Self::Phone, "phone", &["customer_phone", "phone_number", "mobile", "telephone"]),
        (
            Self::Amount,
            "amount",
            &["order_total", "total", "total_amount", "purchase_amount", "refund_amount", "order_amount"],
        ),
        (Self::Currency, "currency", &["currency_code"]),
        (Self::Points, "points", &["points_change", "points_delta"]),
        (Self::PointsEarned, "points_earned", &["points_awarded", "earned", "earned_points"]),
        (Self::PointsRedeemed, "points_redeemed", &["points_used", "points_spent", "redeemed", "redeemed_points"]),
        (Self::Discount, "discount", &["points_discount_amount", "discount_amount", "points_discount"]),
        (Self::ExpiresAt, "expires_at", &["expiry_date", "points_expire_at", "expiration_date"]),
        (Self::ShopId, "shop_id", &["store_id"]),
        (Self::Reason, "reason", &["description", "note", "comment"]),
        (Self::StaffMember, "staff_member", &["staff_name", "staff", "cashier"]),
        (Self::Status, "status", &["transaction_status"]),
    ];
    const IGNORED: &'static [&'static str] = &[
        "customer_name",
        "shop_name",
        "store_name",
        "staff_id",
        "balance",
        "balance_before",
        "balance_after",
        "recorded_at",
        "new_balance",
        "running_balance",
        "updated_at",
        "processed_at",
    ];

    fn place(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn every_name_means_one_column<C: Column>() {
        let mut names = BTreeSet::new();
        for (place, (column, canonical, aliases)) in C::ALL.iter().enumerate() {
            assert_eq!(column.place(), place, "{canonical}");
            for name in aliases.iter().chain([canonical]) {
                assert!(names.insert(*name), "{name} is said twice");
                assert_eq!(meaning::<C>(&name.to_uppercase().replace('_', " ")), Meaning::Column(place), "{name}");
            }
        }
        for name in C::IGNORED {
            assert!(names.insert(name), "{name} is said twice");
            assert_eq!(meaning::<C>(name), Meaning::Ignored);
        }
        assert_eq!(meaning::<C>("shoe size"), Meaning::Unknown);
    }

    #[test]
    fn every_name_of_a_column_means_one_column() {
        every_name_means_one_column::<CustomerColumn>();
        every_name_means_one_column::<TransactionColumn>();
    }
}
