//! Where the service listens: an address and port, or a Unix socket.

use super::Failure;
use std::fmt;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use crate::http::{Identity, Listener};

/// What `--listen` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Listen {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some("") => Err("a path after unix:".to_owned()),
            Some(path) => Ok(Self::Unix(PathBuf::from(path))),
            None => {
                let wrong = |_| "an address with a port, such as 127.0.0.1:8787, or unix: and a path".to_owned();
                text.parse().map(Self::Tcp).map_err(wrong)
            }
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Listen {
    /// Begins to listen, and answers where: a port that was left open is known then. A Unix socket gets that mode, a port TLS where
    /// there is an identity.
    pub(super) fn bind(&self, mode: u32, identity: Option<Arc<Identity>>) -> Result<(Listener, Self), Failure> {
        let bound = match self {
            Self::Tcp(address) => TcpListener::bind(address).and_then(|listener| {
                let address = listener.local_addr()?;
                let listener = match identity {
                    Some(identity) => Listener::Tls(listener, identity),
                    None => Listener::Tcp(listener),
                };
                Ok((listener, Self::Tcp(address)))
            }),
            Self::Unix(path) => bind_unix(path, mode).map(|listener| (Listener::Unix(listener), self.clone())),
        };
        bound.map_err(|source| Failure::Listen { address: self.to_string(), source })
    }

    /// Takes the socket's file away; a port needs nothing.
    pub(super) fn remove(&self) {
        if let Self::Unix(path) = self
            && let Err(error) = fs::remove_file(path)
        {
            tracing::warn!(%error, "the socket could not be removed");
        }
    }
}

fn bind_unix(path: &Path, mode: u32) -> io::Result<UnixListener> {
    // A socket that nobody answers was left by a service that was killed. Anything else is not touched.
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if is_socket && UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    Ok(listener)
}

/// Reads the mode of a socket's file: `660`.
pub(super) fn mode(text: &str) -> Result<u32, String> {
    let digits = text.len() == 3 && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    u32::from_str_radix(text, 8).ok().filter(|_| digits).ok_or_else(|| "three octal digits, such as 660".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_it_is_read() {
        for text in ["127.0.0.1:8787", "[::1]:0", "unix:/run/counterfoil.sock"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        for wrong in ["", "8787", "localhost", "unix:", "/run/x"] {
            assert!(wrong.parse::<Listen>().is_err(), "{wrong}");
        }
        assert_eq!(mode("660"), Ok(0o660));
        for wrong in ["", "9", "0660", "668", "+66"] {
            assert!(mode(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_socket_that_was_left_is_taken_over_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("http.sock");
        let listen = Listen::Unix(path.clone());
        drop(UnixListener::bind(&path).unwrap());
        let (listener, _) = listen.bind(0o600, None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(listen.bind(0o600, None), Err(Failure::Listen { .. })), "somebody listens");
        drop(listener);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "a file").unwrap();
        assert!(matches!(listen.bind(0o600, None), Err(Failure::Listen { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "a file");
    }
}
