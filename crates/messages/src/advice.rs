//! What each reason for a failure means to a person: the one table of words, for whoever shows one.

use crate::failure::FailureReason;

/// A reason in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// A few words, for a line or a headline.
    pub short: &'static str,
    /// What it means: what was seen, and what was not.
    pub meaning: &'static str,
    /// What a person who wants the site to be up tries next.
    pub remedy: &'static str,
}

impl FailureReason {
    /// The reason in words.
    pub fn advice(self) -> Advice {
        match self {
            Self::DnsNotFound => DNS_NOT_FOUND,
            Self::DnsServerFailure => DNS_SERVER_FAILURE,
            Self::DnsTimeout => DNS_TIMEOUT,
            Self::ConnectTimeout => CONNECT_TIMEOUT,
            Self::ConnectRefused => CONNECT_REFUSED,
            Self::ConnectUnreachable => CONNECT_UNREACHABLE,
            Self::ConnectFailed => CONNECT_FAILED,
            Self::AddressForbidden => ADDRESS_FORBIDDEN,
            Self::TlsExpired => TLS_EXPIRED,
            Self::TlsUntrusted => TLS_UNTRUSTED,
            Self::TlsWrongHost => TLS_WRONG_HOST,
            Self::TlsHandshake => TLS_HANDSHAKE,
            Self::FirstByteTimeout => FIRST_BYTE_TIMEOUT,
            Self::BodyTimeout => BODY_TIMEOUT,
            Self::ConnectionReset => CONNECTION_RESET,
            Self::ProtocolError => PROTOCOL_ERROR,
            Self::TooManyRedirects => TOO_MANY_REDIRECTS,
            Self::BadRedirect => BAD_REDIRECT,
            Self::ProberFailed => PROBER_FAILED,
            Self::StatusUnexpected => STATUS_UNEXPECTED,
            Self::PatternNotFound => PATTERN_NOT_FOUND,
            Self::PatternFound => PATTERN_FOUND,
            Self::TargetRemoved => TARGET_REMOVED,
            Self::RobotsDisallowed => ROBOTS_DISALLOWED,
        }
    }
}

const DNS_NOT_FOUND: Advice = Advice {
    short: "name does not resolve",
    meaning: "The name servers answered that this name does not exist, or has no address.",
    remedy: "Look for a typing error in the name; look at the domain's records and whether its \
             registration has run out.",
};
const DNS_SERVER_FAILURE: Advice = Advice {
    short: "name servers failed",
    meaning: "The name servers answered with a failure: whether the name exists is not known.",
    remedy: "Ask the domain's own name servers (dig +trace NAME); look at DNSSEC, and at the \
             resolver of this machine (/etc/resolv.conf).",
};
const DNS_TIMEOUT: Advice = Advice {
    short: "name servers did not answer",
    meaning: "No name server answered within DNS_TIMEOUT.",
    remedy: "Look whether other names resolve here; if they do not, it is this machine's resolver \
             or network. Else ask the domain's own name servers.",
};
const CONNECT_TIMEOUT: Advice = Advice {
    short: "connect timed out",
    meaning: "Nothing came back from any of the site's addresses: neither yes nor no.",
    remedy: "Look whether the host runs, and whether a firewall in between drops the packets.",
};
const CONNECT_REFUSED: Advice = Advice {
    short: "connection refused",
    meaning: "The host is there, and nothing listens on this port.",
    remedy: "Look whether the web server runs, and whether the port in the url is the right one.",
};
const CONNECT_UNREACHABLE: Advice = Advice {
    short: "no route to the address",
    meaning: "No way leads from here to the site's address.",
    remedy: "Look at the routes of this machine; where the address is IPv6, whether this machine \
             has IPv6 at all.",
};
const CONNECT_FAILED: Advice = Advice {
    short: "connect failed",
    meaning: "The connection could not be made, in a way that is none of the usual ones.",
    remedy: "The detail says what the operating system said; look for firewalls and limits on \
             both sides.",
};
const ADDRESS_FORBIDDEN: Advice = Advice {
    short: "address is never probed",
    meaning: "The name leads to an address that is no website's, and the monitor never asks it.",
    remedy: "Look at the domain's records: an address such as 0.0.0.0 is often a placeholder or a \
             blocklist's answer.",
};
const TLS_EXPIRED: Advice = Advice {
    short: "certificate expired or not yet valid",
    meaning: "Today is not within the certificate's validity: browsers warn of the site.",
    remedy: "Renew the certificate, and let the web server load it; look at why the renewal did \
             not happen by itself.",
};
const TLS_UNTRUSTED: Advice = Advice {
    short: "certificate not trusted",
    meaning: "The certificate was not signed by an authority that is trusted here.",
    remedy: "Let the server send its intermediate certificates too; for an authority of your own, \
             name its file in SSL_CERT_FILE.",
};
const TLS_WRONG_HOST: Advice = Advice {
    short: "certificate is for another name",
    meaning: "The certificate is valid, and not for the name in the url.",
    remedy: "Get a certificate that has this name, or correct the url; look whether the server \
             has a certificate for each of its names.",
};
const TLS_HANDSHAKE: Advice = Advice {
    short: "TLS handshake failed",
    meaning: "The two sides could not agree on encryption, or the site fell silent in the middle \
             of it.",
    remedy: "Look whether the port speaks TLS (https) at all, and TLS 1.2 or later.",
};
const FIRST_BYTE_TIMEOUT: Advice = Advice {
    short: "no answer in time",
    meaning: "The connection was made and the request sent; no answer came in time.",
    remedy: "Look whether the web server or what stands behind it is overloaded; a slow site may \
             need a longer timeout.",
};
const BODY_TIMEOUT: Advice = Advice {
    short: "page did not come in time",
    meaning: "The answer began, and its page was not whole in time.",
    remedy: "Look whether the page is generated slowly or is very large; a slow site may need a \
             longer timeout.",
};
const CONNECTION_RESET: Advice = Advice {
    short: "connection broke off",
    meaning: "The site closed the connection before its answer was whole.",
    remedy: "Look into the web server's log for a crash or a restart; a proxy in front of it may \
             have given up, too.",
};
const PROTOCOL_ERROR: Advice = Advice {
    short: "answer is no proper HTTP",
    meaning: "Something answered, and not by the rules of HTTP.",
    remedy: "Look whether the port is a web server's, and whether https is asked where only http \
             is spoken, or the other way.",
};
const TOO_MANY_REDIRECTS: Advice = Advice {
    short: "too many redirects",
    meaning: "The site sent on from page to page, further than may be followed.",
    remedy: "Look for redirects that lead in a circle (between http and https, with and without \
             www); else allow more (redirects).",
};
const BAD_REDIRECT: Advice = Advice {
    short: "redirect leads nowhere",
    meaning: "The site sent on, and not to anywhere that can be asked.",
    remedy: "Look at the Location that the site sends: it must be a whole http or https url, or a \
             path.",
};
const PROBER_FAILED: Advice = Advice {
    short: "the monitor could not look",
    meaning: "It is the monitor that failed, or this machine: nothing is said of the site.",
    remedy: "Look at the detail, this machine's clock, limits and load, and the monitor's log.",
};
const STATUS_UNEXPECTED: Advice = Advice {
    short: "status not expected",
    meaning: "The site answered, with a status that does not count as up.",
    remedy: "From 500 on look into the site's log; from 400 on look at the url and at \
             permissions. Where the status is right, name it in expected_status.",
};
const PATTERN_NOT_FOUND: Advice = Advice {
    short: "required text not found",
    meaning: "The page came, and lacks the text that must_match demands.",
    remedy: "Look at the page: is it an error page or a login in disguise? Has the wording \
             changed? Does BODY_BYTES_MAX cut it off?",
};
const PATTERN_FOUND: Advice = Advice {
    short: "forbidden text found",
    meaning: "The page came, and holds the text that must_not_match forbids.",
    remedy: "Look at the page around that text; if it belongs there, change must_not_match.",
};
const TARGET_REMOVED: Advice = Advice {
    short: "target left the list",
    meaning: "The target stands no longer in the targets file, or is switched off.",
    remedy: "Nothing, where that is meant; else put its row back, or look at why it is bad \
             (monitor targets).",
};
const ROBOTS_DISALLOWED: Advice = Advice {
    short: "robots.txt asks not to look",
    meaning: "The site's robots.txt asks programs not to look at this page.",
    remedy: "Choose a page that may be looked at, or change the site's robots.txt.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_words_of_its_own_that_fit_a_terminal() {
        let mut seen = Vec::new();
        for reason in FailureReason::ALL {
            let Advice {
                short,
                meaning,
                remedy,
            } = reason.advice();
            assert!((5..=40).contains(&short.len()), "{short}");
            for sentence in [meaning, remedy] {
                assert!((20..=160).contains(&sentence.len()), "{sentence}");
                assert!(sentence.ends_with(['.', '?']), "{sentence}");
                assert!(sentence.is_ascii(), "{sentence}");
            }
            seen.extend([short, meaning, remedy]);
        }
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count, "two reasons say the same");
    }
}
