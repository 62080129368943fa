//! From an error to the reason in the record: one table, with a test for each branch.
//!
//! Which table counts, the phase decides; the error only says what happened in it.

mod certificate;

use std::{error::Error, io, iter, net::SocketAddr, time::Duration};

use messages::FailureReason;
use rustix::io::Errno;
use rustls::{AlertDescription, Error as TlsError};

pub(super) use self::certificate::AUTHORITY_AS_SITE;
use self::certificate::of_certificate;

/// Said where a browser might show the page all the same.
const STRICTER: &str = "; the answer breaks the rules of HTTP, and this monitor is stricter there \
                        than browsers, which may show the page";

/// What a site says that lets nobody in without a certificate, and what that is in words.
const CERTIFICATE_REQUIRED: TlsError =
    TlsError::AlertReceived(AlertDescription::CertificateRequired);
const CERTIFICATE_WANTED: &str =
    "the site wants a certificate of its visitors, and this monitor shows none";

/// A reason, and the words for a person.
pub(super) type Reason = (FailureReason, String);

type AnyError = dyn Error + 'static;

/// An error and everything within it. I/O errors do not show what they wrap as their source.
fn chain<'a>(error: &'a AnyError) -> impl Iterator<Item = &'a AnyError> {
    iter::successors(Some(error), |&error: &&'a AnyError| {
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        match wrapped {
            Some(wrapped) => Some(wrapped as &AnyError),
            None => error.source(),
        }
    })
}

/// The innermost of an error's type.
fn find<T: Error + 'static>(error: &AnyError) -> Option<&T> {
    chain(error).filter_map(|error| error.downcast_ref()).last()
}

/// What happened, in a few words and without the url, which may hold credentials.
pub(super) fn words(error: &AnyError) -> String {
    let mut words: Vec<_> = chain(error)
        .filter(|error| !is_of_client(*error))
        .map(ToString::to_string)
        .collect();
    // An error that wraps another one repeats it.
    words.dedup();
    words.join(": ")
}

/// Whether the error is only the client's word for where it was: the phase says that better.
fn is_of_client(error: &AnyError) -> bool {
    error.is::<reqwest::Error>() || error.is::<hyper_util::client::legacy::Error>()
}

/// Errors that say that this machine, or this process, is out of something. Never the site's fault.
pub(super) fn is_own_fault(error: &io::Error) -> bool {
    const OWN: [Errno; 5] = [
        Errno::MFILE,
        Errno::NFILE,
        Errno::ADDRNOTAVAIL,
        Errno::NOBUFS,
        Errno::NOMEM,
    ];
    errno(error).is_some_and(|errno| OWN.contains(&errno))
}

fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw_os_error)
}

/// Why no connection was made; without an error, because there was no answer.
pub(super) fn of_connect(address: SocketAddr, error: Option<&AnyError>, limit: Duration) -> Reason {
    let Some(error) = error else {
        let limit = limit.as_secs_f64();
        let detail = format!("{address} did not answer within {limit} s (CONNECT_TIMEOUT)");
        return (FailureReason::ConnectTimeout, detail);
    };
    let Some(error) = find::<io::Error>(error) else {
        let detail = format!("the request could not be made: {}", words(error));
        return (FailureReason::ProberFailed, detail);
    };
    let detail = format!("connecting to {address}: {}", words(error));
    let lacks_family = matches!(errno(error), Some(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL));
    let reason = match error.kind() {
        // A machine on which IPv6 is switched off says so in these words.
        _ if lacks_family && address.is_ipv6() => FailureReason::ConnectUnreachable,
        _ if is_own_fault(error) => FailureReason::ProberFailed,
        io::ErrorKind::ConnectionRefused => FailureReason::ConnectRefused,
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkDown => FailureReason::ConnectUnreachable,
        io::ErrorKind::TimedOut => FailureReason::ConnectTimeout,
        _ => FailureReason::ConnectFailed,
    };
    (reason, detail)
}

/// Which of several addresses' failures says most about the site.
pub(super) fn telling(reason: FailureReason) -> u8 {
    match reason {
        FailureReason::ProberFailed => 4,
        FailureReason::ConnectRefused => 3,
        FailureReason::ConnectFailed => 2,
        FailureReason::ConnectTimeout => 1,
        _ => 0,
    }
}

/// Why the TLS handshake failed. A certificate's date counts before its authority, and its
/// authority before its name: the order in which the verifier looks.
pub(super) fn of_handshake(error: &AnyError) -> Reason {
    if find::<io::Error>(error).is_some_and(is_own_fault) {
        return (FailureReason::ProberFailed, words(error));
    }
    match find::<TlsError>(error) {
        Some(TlsError::InvalidCertificate(error)) => of_certificate(error),
        Some(&CERTIFICATE_REQUIRED) => (FailureReason::TlsHandshake, CERTIFICATE_WANTED.into()),
        Some(TlsError::InvalidMessage(_)) => {
            (FailureReason::TlsHandshake, "what came is not TLS".into())
        }
        Some(error) => (FailureReason::TlsHandshake, error.to_string()),
        None => {
            let detail = format!("the connection ended in the handshake: {}", words(error));
            (FailureReason::TlsHandshake, detail)
        }
    }
}

/// Why there is no head of a response, or no more of its body. A handshake of TLS 1.3 is over for us before the
/// site has judged it: what it says of that comes in the answer's place.
pub(super) fn of_http(error: &AnyError) -> Reason {
    if let Some(&CERTIFICATE_REQUIRED) = find(error) {
        return (FailureReason::TlsHandshake, CERTIFICATE_WANTED.into());
    }
    let io = find::<io::Error>(error);
    let reason = match io {
        Some(error) if is_own_fault(error) => FailureReason::ProberFailed,
        Some(error) if is_closed(error.kind()) => FailureReason::ConnectionReset,
        _ if find::<TlsError>(error).is_some() => FailureReason::ProtocolError,
        _ if chain(error).any(is_cut_off) => FailureReason::ConnectionReset,
        _ => FailureReason::ProtocolError,
    };
    let mut detail = words(error);
    if reason == FailureReason::ProtocolError && chain(error).any(is_unreadable) {
        detail.push_str(STRICTER);
    }
    (reason, detail)
}

/// Whether HTTP/1's own rules are broken. The library knows only some of the ways in which browsers
/// overlook that.
fn is_unreadable(error: &AnyError) -> bool {
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return error.is_parse() && !error.is_parse_too_large();
    }
    // A chunk's size that is none.
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::InvalidInput)
}

fn is_closed(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::TimedOut
            | io::ErrorKind::UnexpectedEof
    )
}

/// Whether HTTP itself says that the connection ended too early.
fn is_cut_off(error: &AnyError) -> bool {
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return error.is_incomplete_message() || error.is_canceled() || error.is_closed();
    }
    error.downcast_ref::<h2::Error>().is_some_and(|error| {
        error.is_io() || error.is_remote() && (error.is_reset() || error.is_go_away())
    })
}

/// Whether HTTP/2 is what failed, so that the site may answer over HTTP/1.1: it says so itself, or
/// that it did not begin with the request, or leaves without it, or its head holds what only HTTP/1.1 allows, or it ended the
/// connection without an answer. In the last case it may have said so, too: the library forgets a
/// GOAWAY that takes in our request.
pub(super) fn wants_http1(error: &AnyError) -> bool {
    let ended_by_library = |error: &io::Error| {
        error.kind() == io::ErrorKind::BrokenPipe && error.raw_os_error().is_none()
    };
    if find::<io::Error>(error).is_some_and(ended_by_library) {
        return true;
    }
    find::<h2::Error>(error).is_some_and(|error| {
        let malformed = error.is_library() && error.reason() == Some(h2::Reason::PROTOCOL_ERROR);
        let asks_again = [h2::Reason::HTTP_1_1_REQUIRED, h2::Reason::REFUSED_STREAM];
        let leaves = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
        malformed || leaves || error.reason().is_some_and(|it| asks_again.contains(&it))
    })
}

/// Whether the connection just ended, without a word of farewell: no fault where no length was
/// promised.
pub(super) fn is_bare_end(error: &AnyError) -> bool {
    let mut errors = chain(error).filter_map(|error| error.downcast_ref::<io::Error>());
    errors.any(|error| error.kind() == io::ErrorKind::UnexpectedEof)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);

    #[test]
    fn faults_of_this_machine_are_its_own() {
        let address = "192.0.2.1:80".parse().unwrap();
        for errno in [
            Errno::MFILE,
            Errno::NFILE,
            Errno::ADDRNOTAVAIL,
            Errno::NOBUFS,
            Errno::NOMEM,
        ] {
            // As libraries wrap them.
            let error = io::Error::other(io::Error::from(errno));
            assert_eq!(
                of_connect(address, Some(&error), LIMIT).0,
                FailureReason::ProberFailed,
                "{errno:?}"
            );
            assert_eq!(
                of_handshake(&error).0,
                FailureReason::ProberFailed,
                "{error}"
            );
            assert_eq!(of_http(&error).0, FailureReason::ProberFailed, "{error}");
        }
    }

    #[test]
    fn connect_errors_are_told_apart() {
        let four = "192.0.2.1:80".parse().unwrap();
        let six = "[2001:db8::1]:80".parse().unwrap();
        let table = [
            (four, Errno::CONNREFUSED, FailureReason::ConnectRefused),
            (four, Errno::NETUNREACH, FailureReason::ConnectUnreachable),
            (four, Errno::HOSTUNREACH, FailureReason::ConnectUnreachable),
            (four, Errno::TIMEDOUT, FailureReason::ConnectTimeout),
            (four, Errno::ACCESS, FailureReason::ConnectFailed),
            (six, Errno::ADDRNOTAVAIL, FailureReason::ConnectUnreachable),
            (six, Errno::AFNOSUPPORT, FailureReason::ConnectUnreachable),
        ];
        for (address, errno, reason) in table {
            let error = io::Error::from(errno);
            assert_eq!(
                of_connect(address, Some(&error), LIMIT).0,
                reason,
                "{errno:?}"
            );
        }
        assert_eq!(
            of_connect(four, None, LIMIT).0,
            FailureReason::ConnectTimeout
        );
    }

    #[test]
    fn what_an_error_repeats_of_the_one_within_is_said_once() {
        let error = io::Error::other(io::Error::from(Errno::CONNREFUSED));
        assert_eq!(words(&error), "Connection refused (os error 111)");
    }

    #[test]
    fn http_1_is_asked_where_http_2_says_so_and_not_for_its_other_faults() {
        for (reason, is_asked) in [
            (h2::Reason::HTTP_1_1_REQUIRED, true),
            (h2::Reason::REFUSED_STREAM, true),
            // Neither found by the library nor said in leaving.
            (h2::Reason::PROTOCOL_ERROR, false),
            (h2::Reason::NO_ERROR, false),
            (h2::Reason::INTERNAL_ERROR, false),
        ] {
            assert_eq!(wants_http1(&h2::Error::from(reason)), is_asked, "{reason}");
        }
    }

    #[test]
    fn of_several_addresses_the_most_telling_failure_is_reported() {
        let order = [
            FailureReason::ProberFailed,
            FailureReason::ConnectRefused,
            FailureReason::ConnectFailed,
            FailureReason::ConnectTimeout,
            FailureReason::ConnectUnreachable,
        ];
        assert!(order.is_sorted_by(|a, b| telling(*a) > telling(*b)));
    }
}
