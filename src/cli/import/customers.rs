//! A row of the customers' file.

use super::columns::CustomerColumn as C;
use super::fields::Fields;
use crate::control::{CustomerRow, Opening, RowRefusal};
use crate::domain::customers::PersonRecord;

const NAME_CHARS: usize = 200;

/// Reads a row. `openings` says whether balances are taken.
pub(super) fn read(mut fields: Fields<C>, openings: bool) -> Result<CustomerRow, RowRefusal> {
    let phone = fields.phone(C::Phone);
    let email = fields.email(C::Email).or_else(|| phone.as_deref().map(stand_in));
    if email.is_none() {
        fields.missing(C::Email, "an email, or else a phone number, names the customer");
    }
    let row = email.map(|email| CustomerRow {
        email,
        name: fields.text(C::Name, NAME_CHARS),
        first_name: fields.text(C::FirstName, NAME_CHARS),
        last_name: fields.text(C::LastName, NAME_CHARS),
        external_id: fields.key(C::CustomerId),
        number: fields.key(C::CardNumber),
        registered_at: fields.time(C::RegisteredAt),
        inactive: inactive(&mut fields),
        shop: fields.shop(C::ShopId),
        opening: if openings { opening(&mut fields) } else { None },
        phone,
    });
    fields.finish(row)
}

/// Who has no email is known by the phone: the address is of a domain that never exists (RFC 2606).
fn stand_in(phone: &str) -> String {
    format!("{}@phone.invalid", PersonRecord::phone_key(phone))
}

fn inactive(fields: &mut Fields<C>) -> bool {
    let Some(status) = fields.raw(C::Status) else { return false };
    match status.to_lowercase().as_str() {
        "active" | "enabled" => false,
        "inactive" | "disabled" | "pending" => true,
        "blocked" | "suspended" => {
            fields.wrong("NOT_SUPPORTED", C::Status, "import it as active, and block the card afterwards");
            false
        }
        _ => {
            fields.wrong("INVALID", C::Status, format!("{status:?} is not active or inactive"));
            false
        }
    }
}

fn opening(fields: &mut Fields<C>) -> Option<Opening> {
    let points = fields.count(C::Points)?;
    let (at, expires_at) = (fields.time(C::PointsAt), fields.time(C::PointsExpireAt));
    points.is_positive().then_some(Opening { points, at, expires_at })
}
