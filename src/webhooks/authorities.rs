//! Whose certificates receivers may show besides those of the public authorities: a shop's own, for example.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _};
use std::path::{Path, PathBuf};

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: pem::Error },
    #[error("{}: it holds no certificate", path.display())]
    Empty { path: PathBuf },
    #[error("{}: {source}", path.display())]
    Certificate { path: PathBuf, source: rustls::Error },
}

/// Reads the certificates of authorities from a file, as PEM.
///
/// # Errors
/// When the file cannot be read, or holds none or one that is of no use.
pub fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, AuthoritiesError> {
    let named = || path.to_owned();
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.map_err(|source| AuthoritiesError::File { path: named(), source })?;
    if read.is_empty() {
        return Err(AuthoritiesError::Empty { path: named() });
    }
    let mut roots = RootCertStore::empty();
    let known = read.iter().try_for_each(|certificate| roots.add(certificate.clone()));
    known.map_err(|source| AuthoritiesError::Certificate { path: named(), source })?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_of_no_use_and_says_so() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(authorities(file.path()), Err(AuthoritiesError::Empty { .. })));
        let wrong = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(file.path(), wrong).unwrap();
        assert!(matches!(authorities(file.path()), Err(AuthoritiesError::Certificate { .. })));
        let error = authorities(Path::new("/nowhere/ca.pem")).unwrap_err().to_string();
        assert!(error.starts_with("/nowhere/ca.pem: "), "{error}");
    }
}
