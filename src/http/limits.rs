//! Every bound on what a request may hold, in one place. The API reference repeats them.

/// A name of a person, in characters.
pub(crate) const NAME_CHARS: usize = 200;
/// An email address, in bytes (RFC 5321 allows no more in a path).
pub(crate) const EMAIL_BYTES: usize = 254;
/// The reason of a movement or a block, in characters.
pub(crate) const REASON_CHARS: usize = 500;
/// A note for the staff, in characters.
pub(crate) const NOTE_CHARS: usize = 1_000;
/// A card design, in characters of `A-Z a-z 0-9 _ -`.
pub(crate) const DESIGN_CHARS: usize = 64;
/// An order id or a reference, in bytes: they stand in the log for ever.
pub(crate) const REFERENCE_BYTES: usize = 255;
/// A member of the staff, in characters.
pub(crate) const STAFF_CHARS: usize = 100;
/// Metadata, in bytes of its compact JSON.
pub(crate) const METADATA_BYTES: usize = 1_024;
/// The rows of one page of a list.
pub(crate) const PAGE_ROWS_MAX: i64 = 100;
/// The rows of one page where the request does not say.
pub(crate) const PAGE_ROWS: i64 = 20;
/// The rows of one page of a card's history where the request does not say.
pub(crate) const HISTORY_ROWS: i64 = 50;
/// What a search may look for, in characters.
pub(crate) const SEARCH_CHARS: usize = 200;
/// The farthest that "expiring" looks ahead, in days.
pub(crate) const EXPIRING_DAYS_MAX: u32 = 3_650;
/// How far ahead it looks where the request does not say, and what counts as "soon" on a balance.
pub(crate) const EXPIRING_DAYS: u32 = 30;
/// The `Idempotency-Key` header, in visible ASCII characters.
pub(crate) const IDEMPOTENCY_KEY_BYTES: usize = 255;
/// The body of a request.
pub(crate) const BODY_BYTES: usize = 64 * 1_024;
/// The body of a request that creates or changes a part of the programme.
pub(crate) const PROGRAMME_BODY_BYTES: usize = 256 * 1_024;
/// A picture of a card template, in bytes of its data URI.
pub(crate) const PICTURE_BYTES: usize = 100 * 1_024;
/// The title of a card template, in characters.
pub(crate) const TITLE_CHARS: usize = 255;
/// The names of events that one webhook asks for.
pub(crate) const WEBHOOK_EVENTS: usize = 50;
/// A secret that a receiver chose, in characters: least and most.
pub(crate) const WEBHOOK_SECRET_CHARS: (usize, usize) = crate::ops::CHOSEN_SECRET_CHARS;
/// How long after a webhook was made, or its secret rotated, a repeated request shows its whole secret, in seconds.
pub(crate) const WEBHOOK_SECRET_SHOWN_SECONDS: i64 = 3_600;
/// For how many hours the secret before signs too where a rotation does not say, and at most.
pub(crate) const WEBHOOK_OVERLAP_HOURS: i64 = 24;
pub(crate) const WEBHOOK_OVERLAP_HOURS_MAX: i64 = crate::domain::webhooks::OVERLAP_HOURS_MAX;
/// The description of a card template or a shop, in characters.
pub(crate) const DESCRIPTION_CHARS: usize = 2_000;
/// The terms of a card template, in characters.
pub(crate) const TERMS_CHARS: usize = 20_000;
/// The shops that one card template names.
pub(crate) const SHOPS_OF_TEMPLATE: usize = 1_000;
/// The address of a shop, in characters.
pub(crate) const ADDRESS_CHARS: usize = 500;
/// A postal code, in characters.
pub(crate) const POSTAL_CODE_CHARS: usize = 20;
/// A web address, in characters.
pub(crate) const URL_CHARS: usize = 2_000;
/// The pictures of one shop.
pub(crate) const IMAGES_OF_SHOP: usize = 20;
/// Decimal places of a degree: a tenth of a millimetre.
pub(crate) const DEGREE_PLACES: u32 = 9;
/// What a tier is called, in characters.
pub(crate) const TIER_NAME_CHARS: usize = 100;
/// One benefit of a tier, in characters.
pub(crate) const BENEFIT_CHARS: usize = 500;
/// The benefits of one tier.
pub(crate) const BENEFITS_OF_TIER: usize = 50;
/// Days for which a coupon may be valid.
pub(crate) const COUPON_DAYS_MAX: i64 = 3_650;
/// Days after which points may expire: a hundred years.
pub(crate) const EXPIRATION_DAYS_MAX: i64 = 36_500;
/// The body of a bulk request.
pub(crate) const BULK_BODY_BYTES: usize = 2 * 1_024 * 1_024;
/// Items in one bulk request.
pub(crate) const BULK_ITEMS: usize = crate::writer::BULK_MAX;
/// The body of a request of [`MANY_ROWS`].
pub(crate) const MANY_BODY_BYTES: usize = 4 * 1_024 * 1_024;
/// Rows in one bulk request under `/partners`.
pub(crate) const MANY_ROWS: usize = 10_000;
/// The newest transactions with which a customer is shown.
pub(crate) const LATEST_TRANSACTIONS: i64 = 20;
/// A number of days or a page may not be larger than what arithmetic on it can hold.
pub(crate) const PAGE_NUMBER_MAX: i64 = 1_000_000_000;
/// The rows of one page under `/{locale}/shop` where the request does not say.
pub(crate) const SHOP_ROWS: i64 = 15;
/// The rows of one page under `/{locale}/shop`; transactions have [`PAGE_ROWS_MAX`].
pub(crate) const SHOP_ROWS_MAX: i64 = 50;
/// What a QR code may say, in bytes.
pub(crate) const QR_BYTES: usize = 500;
/// The longest receipt that a QR code holds, in bytes: version 40, the least redundancy.
pub(crate) const QR_RECEIPT_BYTES: usize = 2_953;
/// The width of a QR code's picture, in pixels.
pub(crate) const QR_PIXELS_MAX: i64 = 1_000;
/// The width where the request does not say.
pub(crate) const QR_PIXELS: i64 = 250;
/// The farthest that a search around a point looks, in kilometres: half of the way around the earth.
pub(crate) const RADIUS_MAX: u32 = 20_038;
/// How far it looks where the request does not say.
pub(crate) const RADIUS: u32 = 10;
/// What was in a cart, in bytes of its compact JSON.
pub(crate) const CART_BYTES: usize = 16 * 1_024;
/// The rows of one page of the log.
pub(crate) const LOG_ROWS_MAX: i64 = 1_000;
/// The rows of one page of the log where the request does not say.
pub(crate) const LOG_ROWS: i64 = 100;
/// A signature line, in characters: a name, and the base64 of a cosignature.
pub(crate) const SIGNATURE_LINE_CHARS: usize = 512;
/// The word for a currency, in characters.
pub(crate) const CURRENCY_CHARS: usize = 3;
