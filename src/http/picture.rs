//! QR codes as pictures: PNGs of exactly the width that the request names.

use super::errors::ApiError;
use super::fields::Problem;
use super::limits;
use super::locales::Message;
use super::params::Params;
use png::{BitDepth, ColorType, Encoder};
use qrcode::{Color, EcLevel, QrCode};

/// The light border that a reader needs, in modules.
const BORDER: usize = 4;

/// The width that the request names, or this one.
pub(crate) fn size(params: &mut Params, usual: i64) -> usize {
    let size = params.number(&["size"], 1..=limits::QR_PIXELS_MAX).unwrap_or(usual);
    usize::try_from(size).unwrap_or_default()
}

/// A picture of exactly that width: modules of as many whole pixels as fit, in the middle of a light square.
///
/// # Errors
/// The field `size` where the modules do not fit. That `said` fits into a code is the caller's to see to.
pub(crate) fn png(said: &str, redundancy: EcLevel, size: usize) -> Result<Vec<u8>, ApiError> {
    let code = QrCode::with_error_correction_level(said, redundancy).map_err(|_| ApiError::Internal)?;
    let width = code.width() + 2 * BORDER;
    let pixels = size / width;
    if pixels == 0 {
        let least = i64::try_from(width).unwrap_or(limits::QR_PIXELS_MAX);
        let message = Message::NumberBetween { least, most: limits::QR_PIXELS_MAX };
        return Err(ApiError::invalid(Problem::range("size", message)));
    }
    encoded(&code, size, pixels).map_err(|error| {
        tracing::error!(%error, "a QR code could not be drawn");
        ApiError::Internal
    })
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
        assert!(png(&longest, EcLevel::M, usual).is_ok());
    }

    #[test]
    fn the_longest_receipt_fits_into_the_largest_code() {
        let longest = "x".repeat(limits::QR_RECEIPT_BYTES);
        // 177 modules and a border of 4 on each side.
        assert!(png(&longest, EcLevel::L, 185).is_ok());
        assert!(QrCode::with_error_correction_level(longest + "x", EcLevel::L).is_err());
    }

    #[test]
    fn a_picture_too_small_for_its_modules_is_refused_with_the_least_width() {
        // 21 modules and a border of 4 on each side.
        assert!(png("x", EcLevel::M, 29).is_ok());
        let ApiError::Invalid(problems) = png("x", EcLevel::M, 28).unwrap_err() else { panic!("a field is wrong") };
        let told = problems.iter().next().unwrap().message.clone();
        assert_eq!(told, Message::NumberBetween { least: 29, most: limits::QR_PIXELS_MAX });
    }

    #[test]
    fn modules_are_drawn_where_the_code_has_them() {
        let code = QrCode::with_error_correction_level("x", EcLevel::M).unwrap();
        let drawn = encoded(&code, 64, 2).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(drawn)).read_info().unwrap();
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
