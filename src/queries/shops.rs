//! The shops of a partner, with what people typed about them: by name, by kind, or around a point.

use super::{Page, Queries, QueryError, Window, bodies};
use crate::domain::programme::{Coordinates, Shop, ShopRecord};
use crate::domain::{PartnerId, ShopId};
use rusqlite::Connection;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

/// Kilometres.
const EARTH_RADIUS: f64 = 6_371.008_8;

/// Which shops are listed. What is given must all match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShopFilter {
    /// Part of the name, the address or the city, in any case.
    pub search: Option<String>,
    pub is_active: Option<bool>,
    pub is_virtual: Option<bool>,
    pub around: Option<Around>,
}

/// A point, and how far around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    pub centre: Coordinates,
    /// Kilometres.
    pub radius: Decimal,
}

/// What a list of shops is sorted by. Equals are sorted by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShopSort {
    Id,
    Name,
    Created,
    /// From the point that is searched around.
    Distance,
}

/// A shop with everything that is shown of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShopView {
    pub shop: Shop,
    pub record: ShopRecord,
    /// Metres from the point that was searched around, rounded.
    pub metres: Option<i64>,
}

impl ShopView {
    /// Whether it is open for business.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.shop.is_open()
    }
}

impl Queries {
    /// A page of a partner's shops.
    ///
    /// The programme is in memory whole, and so is the list of shops; what they are called is read from the vault.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub async fn shops(
        &self,
        partner: PartnerId,
        filter: ShopFilter,
        (sort, down): (ShopSort, bool),
        window: Window,
    ) -> Result<Page<ShopView>, QueryError> {
        let directory = self.live().directory();
        self.aside(move |connection| {
            let mut views = Vec::new();
            for shop in directory.shops.values().filter(|shop| shop.partner == partner) {
                let view = view(connection, shop, filter.around)?;
                if filter.matches(&view) {
                    views.push(view);
                }
            }
            views.sort_by_cached_key(|view| key(view, sort));
            if down {
                views.reverse();
            }
            Ok(window.of(views))
        })
        .await
    }

    /// A shop of a partner.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn shop(&self, partner: PartnerId, shop: ShopId) -> Result<Option<ShopView>, QueryError> {
        let directory = self.live().directory();
        let Some(shop) = directory.shop_of(partner, shop) else { return Ok(None) };
        self.here(|connection| view(connection, shop, None)).map(Some)
    }
}

impl ShopFilter {
    fn matches(&self, view: &ShopView) -> bool {
        let near = self.around.is_none_or(|around| {
            view.metres.is_some_and(|metres| Decimal::from(metres) <= around.radius * Decimal::ONE_THOUSAND)
        });
        near && self.is_active.is_none_or(|wanted| wanted == view.is_active())
            && self.is_virtual.is_none_or(|wanted| wanted == view.shop.facts.is_virtual)
            && self.search.as_ref().is_none_or(|search| says(&view.record, &search.to_lowercase()))
    }
}

fn says(record: &ShopRecord, search: &str) -> bool {
    let texts = [Some(&record.name), record.address.as_ref(), record.city.as_ref()];
    texts.into_iter().flatten().any(|text| text.to_lowercase().contains(search))
}

fn view(connection: &Connection, shop: &Shop, around: Option<Around>) -> Result<ShopView, QueryError> {
    let record = bodies::record::<ShopRecord>(connection, shop.record)?.unwrap_or_default();
    let metres = around.zip(shop.facts.coordinates).and_then(|(around, place)| metres(around.centre, place));
    Ok(ShopView { shop: shop.clone(), record, metres })
}

fn key(view: &ShopView, sort: ShopSort) -> (i64, String, ShopId) {
    let (number, text) = match sort {
        ShopSort::Id => (0, String::new()),
        ShopSort::Name => (0, view.record.name.to_lowercase()),
        ShopSort::Created => (view.shop.created_at.micros(), String::new()),
        ShopSort::Distance => (view.metres.unwrap_or(i64::MAX), String::new()),
    };
    (number, text, view.shop.id)
}

/// The haversine formula: on a sphere, within half a percent of the earth.
#[expect(clippy::float_arithmetic, reason = "distances are no money, and decimals know no sines")]
fn metres(from: Coordinates, to: Coordinates) -> Option<i64> {
    let radians = |degrees: Decimal| degrees.to_f64().map(f64::to_radians);
    let (from_latitude, to_latitude) = (radians(from.latitude)?, radians(to.latitude)?);
    let half = |difference: f64| (difference / 2.0).sin().powi(2);
    let longitudes = half(radians(to.longitude)? - radians(from.longitude)?);
    let chord = half(to_latitude - from_latitude) + from_latitude.cos() * to_latitude.cos() * longitudes;
    let kilometres = 2.0 * EARTH_RADIUS * chord.clamp(0.0, 1.0).sqrt().asin();
    (kilometres * 1_000.0).round().to_i64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: &str, longitude: &str) -> Coordinates {
        Coordinates { latitude: latitude.parse().unwrap(), longitude: longitude.parse().unwrap() }
    }

    #[test]
    fn distances_are_those_of_the_map() {
        let vilnius = at("54.6872", "25.2797");
        assert_eq!(metres(vilnius, vilnius), Some(0));
        // Vilnius to Kaunas: 92 km as the crow flies.
        assert_eq!(metres(vilnius, at("54.8985", "23.9036")).map(|metres| metres / 1_000), Some(91));
        // Over the line where the dates change, and to the other end of the earth.
        assert_eq!(metres(at("0", "179.5"), at("0", "-179.5")).map(|metres| metres / 1_000), Some(111));
        assert_eq!(metres(at("90", "0"), at("-90", "0")).map(|metres| metres / 1_000), Some(20_015));
    }
}
