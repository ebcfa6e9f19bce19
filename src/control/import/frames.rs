//! How rows and answers cross the control socket: frames of a length and that many bytes. Both ends are the same program, so
//! the layout may change with any release.

use super::rows::{Answered, Rows};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// The longest frame: 512 rows whose texts are all as long as they may be stay below it.
const FRAME_MAX: u32 = 16 * 1024 * 1024;

/// What the command line sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ToSession {
    Rows(Rows),
    /// Nothing more comes now; `more_follows` keeps the expiry job resting for a later session.
    Finish {
        more_follows: bool,
    },
}

/// What it is answered. Rows are answered in the order in which they were sent, one answer for each message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum FromSession {
    Answered(Answered),
    /// Nothing of the last messages may have been written; sending the rows again is harmless.
    Broken {
        message: String,
    },
    Finished,
}

/// Writes a message.
pub(super) fn write(mut to: impl Write, message: &impl Serialize) -> io::Result<()> {
    let bytes = postcard::to_allocvec(message).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= FRAME_MAX);
    let length = length.ok_or_else(|| io::Error::other("a message is longer than a frame may be"))?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(&bytes)?;
    to.flush()
}

/// Reads the next message; none where the other end has gone.
pub(super) fn read<T: DeserializeOwned>(mut from: impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_be_bytes(length);
    if length > FRAME_MAX {
        return Err(io::Error::other("the other end is of another version"));
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    from.read_exact(&mut bytes)?;
    postcard::from_bytes(&bytes).map(Some).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::import::{Act, CustomerRow, Name, Opening, RowRefusal, TransactionRow, Who};
    use crate::domain::orders::Share;
    use crate::domain::points::Points;
    use crate::domain::{Money, ShopId, Timestamp};

    fn transaction(act: Act) -> TransactionRow {
        let (reason, staff_member) = (Some("Ąžuolas".to_owned()), None);
        let at = Timestamp::from_micros(1_700_000_000_123_456);
        TransactionRow { who: Who::Phone("+370".to_owned()), shop: Some(ShopId::new(2)), at, act, reason, staff_member }
    }

    #[test]
    fn every_message_survives_its_frame() {
        let total = "15.50".parse().ok().and_then(Money::new).unwrap();
        let purchase = Act::Purchase {
            order: "1001".to_owned(),
            total,
            currency: Some("EUR".to_owned()),
            earned: Points::new(155),
            redeemed: Points::ZERO,
            discount: Some(total),
            expires_at: Timestamp::parse("2030-01-01"),
        };
        let name = Name::Both { order: "1".to_owned(), reference: "2".to_owned() };
        let refund = Act::Refund { order: "1".to_owned(), refund: None, cancels: true, share: Share::Amount(total) };
        let acts = [purchase, Act::Redeem { name, points: Points::new(5) }, refund];
        let opening = Some(Opening { points: Points::new(7), at: None, expires_at: None });
        let customer = CustomerRow { email: "ona@example.com".to_owned(), opening, ..CustomerRow::default() };
        let mut wire = Vec::new();
        let sent = [
            ToSession::Rows(Rows::Transactions(acts.map(transaction).into())),
            ToSession::Rows(Rows::Customers(vec![customer])),
            ToSession::Finish { more_follows: true },
        ];
        sent.iter().for_each(|message| write(&mut wire, message).unwrap());
        let mut from = wire.as_slice();
        for message in sent {
            assert_eq!(read(&mut from).unwrap(), Some(message));
        }
        assert_eq!(read::<ToSession>(&mut from).unwrap(), None);
        let refusal = RowRefusal { code: "INVALID".to_owned(), field: None, message: "no".to_owned() };
        let answer = FromSession::Answered(Answered { written: 1, already: 2, refused: vec![(3, refusal)] });
        let mut wire = Vec::new();
        write(&mut wire, &answer).unwrap();
        assert_eq!(read(wire.as_slice()).unwrap(), Some(answer));
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_a_message_or_refused(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
            length in proptest::prelude::any::<u32>(),
        ) {
            // A length that nobody's message has is not believed: nothing is set aside for it.
            let framed = [&length.to_be_bytes()[..], &bytes].concat();
            let _read = read::<ToSession>(framed.as_slice());
            let framed = [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], &bytes].concat();
            let (_rows, _answer) = (read::<ToSession>(framed.as_slice()), read::<FromSession>(framed.as_slice()));
        }
    }

    #[test]
    fn a_frame_that_nobody_wrote_is_not_read() {
        assert!(read::<ToSession>(&b"{\"answer\":\"refused\"}\n"[..]).is_err());
    }
}
