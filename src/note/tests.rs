//! Published vectors: the key and note of Go's `golang.org/x/mod/sumdb/note` (`note_test.go`), and the examples of C2SP
//! `tlog-checkpoint` and `tlog-cosignature`. The specifications give no public keys for theirs, so those are read and written.

use super::*;

const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
/// What stands in `PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz` after its first byte.
const GO_SEED: [u8; 32] = [
    0x81, 0x0a, 0x14, 0x02, 0xd5, 0x14, 0x6c, 0x8d, 0x84, 0xf2, 0x44, 0x33, 0x30, 0xf5, 0x40, 0x80, 0xeb, 0xf9, 0x8e,
    0xe1, 0x7d, 0x9c, 0x74, 0xf6, 0x25, 0x2f, 0xc5, 0xd5, 0xc7, 0x28, 0x31, 0x73,
];
const GO_TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_LINE: &str =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

const C2SP_NOTE: &str = "example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
";

#[test]
fn gos_key_is_read_and_its_note_verifies() {
    let key = VerifierKey::parse(GO_KEY).unwrap();
    assert_eq!((key.to_string().as_str(), key.name(), key.algorithm()), (GO_KEY, "PeterNeumann", Algorithm::Ed25519));
    let line = SignatureLine::parse(GO_LINE).unwrap();
    assert_eq!((line.name.as_str(), line.id), (key.name(), key.id()));
    let signature = line.signature.as_slice().try_into().unwrap();
    assert!(key.verifies(GO_TEXT.as_bytes(), &signature));
    for bit in 0..512 {
        let mut changed = signature;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!key.verifies(GO_TEXT.as_bytes(), &changed), "bit {bit}");
    }
    assert!(!key.verifies(GO_TEXT.trim_end().as_bytes(), &signature));
}

#[test]
fn gos_seed_signs_the_note_byte_for_byte() {
    let signer = Signer::new("PeterNeumann", &GO_SEED).unwrap();
    assert_eq!(signer.verifier().to_string(), GO_KEY);
    let signature = signer.sign(GO_TEXT).to_vec();
    let line = SignatureLine { name: "PeterNeumann".to_owned(), id: signer.verifier().id(), signature };
    assert_eq!(line.to_string(), GO_LINE);
    assert!(!format!("{signer:?}").contains("129") && !format!("{signer:?}").contains("810a"), "a secret is not shown");
}

#[test]
fn a_key_that_was_mangled_is_refused() {
    // As Go's TestNewVerifier does: every part of it, and every character changed.
    for start in 0..GO_KEY.len() {
        for end in start + 1..=GO_KEY.len() {
            let part = &GO_KEY[start..end];
            assert_eq!(VerifierKey::parse(part).is_ok(), part == GO_KEY, "{part}");
        }
    }
    for place in 0..GO_KEY.len() {
        let mut bytes = GO_KEY.as_bytes().to_vec();
        bytes[place] += 1;
        assert!(VerifierKey::parse(std::str::from_utf8(&bytes).unwrap()).is_err(), "{place}");
    }
    for wrong in ["", "a b", "a+b", "a\tb", "a\u{a0}b", "a\nb"] {
        assert!(!name_is_well_formed(wrong), "{wrong:?}");
    }
    assert_eq!(VerifierKey::new("weak", Algorithm::Ed25519, &[0; 32]), Err(KeyError::Point));
}

#[test]
fn the_specifications_checkpoint_is_written_byte_for_byte() {
    let root = [
        0x0a, 0xc5, 0x18, 0x6a, 0x91, 0x86, 0x3e, 0x8e, 0x1d, 0x90, 0xc8, 0x08, 0x01, 0x4a, 0xa8, 0x9b, 0xf5, 0xda,
        0x8e, 0x3e, 0xe1, 0xd9, 0xf0, 0x76, 0x30, 0xf0, 0x37, 0x8f, 0x68, 0xf1, 0xab, 0x62,
    ];
    let checkpoint = Checkpoint { origin: "example.com/behind-the-sofa".to_owned(), size: 20_852_163, root };
    let (text, lines) = C2SP_NOTE.split_once("\n\n").unwrap();
    assert_eq!(checkpoint.text(), format!("{text}\n"));
    for line in lines.split_inclusive('\n') {
        assert_eq!(SignatureLine::parse(line).unwrap().to_string(), line);
    }
    let cosignature = SignatureLine::parse(lines.lines().nth(1).unwrap()).unwrap();
    assert_eq!(cosignature.name, "witness.example.com/w1");
    assert_eq!(cosignature.signature.len(), 72);
    assert_eq!(u64::from_be_bytes(cosignature.signature[..8].try_into().unwrap()), 1_679_315_147, "as the page has it");
}

#[test]
fn a_line_that_is_none_is_refused() {
    let body = GO_LINE.trim_end().strip_prefix("— PeterNeumann ").unwrap();
    for wrong in [
        "",
        "—",
        "— ",
        "- PeterNeumann x08g",
        "— Peter Neumann x08g",
        "— PeterNeumann ",
        "— PeterNeumann x08g",
        "— a+b x08goA==",
    ] {
        assert_eq!(SignatureLine::parse(wrong), Err(LineError), "{wrong}");
    }
    assert_eq!(SignatureLine::parse(&format!("—  {body}")), Err(LineError));
}

#[test]
fn a_cosignature_is_verified_over_its_time_and_the_checkpoint() {
    let checkpoint = Checkpoint { origin: "example.com/log".to_owned(), size: 7, root: [3; 32] };
    let public_key = Signer::public_key_of(&[5; 32]);
    let witness = VerifierKey::new("witness.example.com/w1", Algorithm::Cosignature, &public_key).unwrap();
    let message = format!("cosignature/v1\ntime 1679315147\n{}", checkpoint.text());
    let signature = Signer::new("any", &[5; 32]).unwrap().sign(&message);
    let good = Cosignature { witness: witness.clone(), timestamp: 1_679_315_147, signature };
    let line = good.line();
    assert_eq!(Cosignature::verify(&line, &witness, &checkpoint), Ok(good.clone()));
    assert_eq!(VerifierKey::parse(&witness.to_string()).unwrap(), witness);
    for (what, changed) in [
        ("size", Checkpoint { size: 8, ..checkpoint.clone() }),
        ("root", Checkpoint { root: [4; 32], ..checkpoint.clone() }),
        ("origin", Checkpoint { origin: "example.com/other".to_owned(), ..checkpoint.clone() }),
    ] {
        assert_eq!(Cosignature::verify(&line, &witness, &changed), Err(CosignatureError::Wrong), "{what}");
    }
    let mut later = line.clone();
    later.signature[7] ^= 1;
    assert_eq!(Cosignature::verify(&later, &witness, &checkpoint), Err(CosignatureError::Wrong), "another time");
    let log = VerifierKey::new("witness.example.com/w1", Algorithm::Ed25519, &public_key).unwrap();
    assert_ne!(log.id(), witness.id(), "the same key for another purpose has another id");
    assert_eq!(Cosignature::verify(&line, &log, &checkpoint), Err(CosignatureError::NotAWitness));
    let other = VerifierKey::new("witness.example.com/w2", Algorithm::Cosignature, &public_key).unwrap();
    assert_eq!(Cosignature::verify(&line, &other, &checkpoint), Err(CosignatureError::OtherKey));
    let short = SignatureLine { signature: line.signature[..71].to_vec(), ..line };
    assert_eq!(Cosignature::verify(&short, &witness, &checkpoint), Err(CosignatureError::Form));
    let key = VerifierKey::new("example.com/log", Algorithm::Ed25519, &public_key).unwrap();
    let note = checkpoint.note(&key, &signature, &[good]);
    assert_eq!(note.lines().count(), 6);
    assert!(note.starts_with("example.com/log\n7\nAwMD") && note.ends_with('\n'), "{note}");
}
