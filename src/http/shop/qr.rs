//! `/qr`: QR codes as pictures, for anyone who has the address.

use super::State;
use crate::http::HttpState;
use crate::http::api::submitting::PathId;
use crate::http::edge::RequestContext;
use crate::http::errors::ApiError;
use crate::http::fields::Problem;
use crate::http::ids::CardRef;
use crate::http::limits;
use crate::http::locales::Message;
use crate::http::params::Params;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use png::{BitDepth, ColorType, Encoder};
use qrcode::{Color, EcLevel, QrCode};

/// The light border that a reader needs, in modules.
const BORDER: usize = 4;

/// Counts the request, and notes what its headers say.
fn counted(state: &HttpState, request: &HttpRequest) -> Result<(), ApiError> {
    let verdict = state.rate_limits.count_picture(request);
    if let Some(context) = RequestContext::of(request) {
        context.stands(verdict.standing);
    }
    verdict.outcome
}

pub(crate) async fn text(state: State, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    counted(&state, &request)?;
    let mut params = Params::of(&request);
    let data = params.value("data");
    match &data {
        None => params.problem(Problem::required("data")),
        Some(data) if data.len() > limits::QR_BYTES => {
            params.problem(Problem::range("data", Message::TooManyBytes { most: limits::QR_BYTES }));
        }
        Some(_) => {}
    }
    let size = size(&mut params);
    let (data, size) = params.finish((data, size))?;
    picture(&data.unwrap_or_default(), size)
}

pub(crate) async fn card(state: State, id: PathId, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    counted(&state, &request)?;
    let mut params = Params::of(&request);
    let size = size(&mut params);
    let size = params.finish(size)?;
    let said = said_of(&state, &id.0).await?;
    picture(&said, size)
}

/// What the code of a card says. A number says itself, whether or not a card has it: the picture tells nothing that the
/// address did not.
async fn said_of(state: &HttpState, text: &str) -> Result<String, ApiError> {
    let unknown = || ApiError::CardNotFound { card: text.to_owned() };
    let number = match CardRef::parse(text).ok_or_else(unknown)? {
        CardRef::Number(number) => number,
        CardRef::Id(card) => state.queries.card_number(card).await?.ok_or_else(unknown)?,
    };
    Ok(format!("loyalty:card:{number}"))
}

fn size(params: &mut Params) -> usize {
    let size = params.number(&["size"], 1..=limits::QR_PIXELS_MAX).unwrap_or(limits::QR_PIXELS);
    usize::try_from(size).unwrap_or_default()
}

/// A picture of exactly that width: modules of as many whole pixels as fit, in the middle of a light square.
fn picture(data: &str, size: usize) -> Result<HttpResponse, ApiError> {
    let code = QrCode::with_error_correction_level(data, EcLevel::M).map_err(|_| ApiError::Internal)?;
    let width = code.width() + 2 * BORDER;
    let pixels = size / width;
    if pixels == 0 {
        let least = i64::try_from(width).unwrap_or(limits::QR_PIXELS_MAX);
        let message = Message::NumberBetween { least, most: limits::QR_PIXELS_MAX };
        return Err(ApiError::invalid(Problem::range("size", message)));
    }
    let png = encoded(&code, size, pixels).map_err(|error| {
        tracing::error!(%error, "a QR code could not be drawn");
        ApiError::Internal
    })?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("image/png")));
    // The same address always has the same picture.
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400")));
    Ok(response.body(png))
}

fn encoded(code: &QrCode, size: usize, pixels: usize) -> Result<Vec<u8>, png::EncodingError> {
    let modules = code.width();
    let margin = (size - modules * pixels) / 2;
    // One bit for each pixel, 1 where it is light, each row filled up to whole bytes.
    let row_bytes = size.div_ceil(8);
    let mut rows = vec![0xFF; row_bytes * size];
    for y in 0..modules * pixels {
        for x in 0..modules * pixels {
            if code[(x / pixels, y / pixels)] == Color::Dark {
                let column = margin + x;
                rows[(margin + y) * row_bytes + column / 8] &= !(0x80 >> (column % 8));
            }
        }
    }
    let mut png = Vec::new();
    let side = u32::try_from(size).unwrap_or(u32::MAX);
    let mut encoder = Encoder::new(&mut png, side, side);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&rows)?;
    writer.finish()?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_text_fits_into_a_picture_of_the_usual_width() {
        let longest = "x".repeat(limits::QR_BYTES);
        let usual = usize::try_from(limits::QR_PIXELS).unwrap();
        assert_eq!(picture(&longest, usual).unwrap().status(), 200);
    }

    #[test]
    fn a_picture_too_small_for_its_modules_is_refused_with_the_least_width() {
        // 21 modules and a border of 4 on each side.
        assert!(picture("x", 29).is_ok());
        let ApiError::Invalid(problems) = picture("x", 28).unwrap_err() else { panic!("a field is wrong") };
        let told = problems.iter().next().unwrap().message.clone();
        assert_eq!(told, Message::NumberBetween { least: 29, most: limits::QR_PIXELS_MAX });
    }

    #[test]
    fn modules_are_drawn_where_the_code_has_them() {
        let code = QrCode::with_error_correction_level("x", EcLevel::M).unwrap();
        let png = encoded(&code, 64, 2).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut rows = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut rows).unwrap();
        let dark = |x: usize, y: usize| rows[y * 8 + x / 8] & (0x80 >> (x % 8)) == 0;
        let margin = (64 - 21 * 2) / 2;
        for y in 0..64 {
            for x in 0..64 {
                let module =
                    |place: usize| place.checked_sub(margin).map(|place| place / 2).filter(|place| *place < 21);
                let expected = module(x).zip(module(y)).is_some_and(|place| code[place] == Color::Dark);
                assert_eq!(dark(x, y), expected, "{x} {y}");
            }
        }
    }
}
