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
        let (short, meaning, remedy) = self.words();
        Advice {
            short,
            meaning,
            remedy,
        }
    }

    #[rustfmt::skip]
    #[expect(clippy::too_many_lines, reason = "a table: four lines a reason")]
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::DnsNotFound => (
                "name does not resolve",
                "The name servers answered that this name does not exist, or has no address.",
                "Look for a typing error in the name; look at the domain's records and whether its registration has run out."),
            Self::DnsServerFailure => (
                "name servers failed",
                "The name servers answered with a failure: whether the name exists is not known.",
                "Ask the domain's own name servers (dig +trace NAME); look at DNSSEC, and at the resolver of this machine (/etc/resolv.conf)."),
            Self::DnsTimeout => (
                "name servers did not answer",
                "No name server answered within DNS_TIMEOUT.",
                "Look whether other names resolve here; if they do not, it is this machine's resolver or network. Else ask the domain's own name servers."),
            Self::ConnectTimeout => (
                "connect timed out",
                "Nothing came back from any of the site's addresses: neither yes nor no.",
                "Look whether the host runs, and whether a firewall in between drops the packets."),
            Self::ConnectRefused => (
                "connection refused",
                "The host is there, and nothing listens on this port.",
                "Look whether the web server runs, and whether the port in the url is the right one."),
            Self::ConnectUnreachable => (
                "no route to the address",
                "No way leads from here to the site's address.",
                "Look at the routes of this machine; where the address is IPv6, whether this machine has IPv6 at all."),
            Self::ConnectFailed => (
                "connect failed",
                "The connection could not be made, in a way that is none of the usual ones.",
                "The detail says what the operating system said; look for firewalls and limits on both sides."),
            Self::AddressForbidden => (
                "address is never probed",
                "The name leads to an address that is no website's, and the monitor never asks it.",
                "Look at the domain's records: an address such as 0.0.0.0 is often a placeholder or a blocklist's answer."),
            Self::TlsExpired => (
                "certificate expired or not yet valid",
                "Today is not within the certificate's validity: browsers warn of the site.",
                "Renew the certificate, and let the web server load it; look at why the renewal did not happen by itself."),
            Self::TlsUntrusted => (
                "certificate not trusted",
                "The certificate was not signed by an authority that is trusted here.",
                "Let the server send its intermediate certificates too; for an authority of your own, name its file in SSL_CERT_FILE."),
            Self::TlsWrongHost => (
                "certificate is for another name",
                "The certificate is valid, and not for the name in the url.",
                "Get a certificate that has this name, or correct the url; look whether the server has a certificate for each of its names."),
            Self::TlsHandshake => (
                "TLS handshake failed",
                "The two sides could not agree on encryption, or the site fell silent in the middle of it.",
                "Look whether the port speaks TLS (https) at all, and TLS 1.2 or later."),
            Self::FirstByteTimeout => (
                "no answer in time",
                "The connection was made and the request sent; no answer came in time.",
                "Look whether the web server or what stands behind it is overloaded; a slow site may need a longer timeout."),
            Self::BodyTimeout => (
                "page did not come in time",
                "The answer began, and its page was not whole in time.",
                "Look whether the page is generated slowly or is very large; a slow site may need a longer timeout."),
            Self::ConnectionReset => (
                "connection broke off",
                "The site closed the connection before its answer was whole.",
                "Look into the web server's log for a crash or a restart; a proxy in front of it may have given up, too."),
            Self::ProtocolError => (
                "answer is no proper HTTP",
                "Something answered, and not by the rules of HTTP.",
                "Look whether the port is a web server's, and whether https is asked where only http is spoken, or the other way."),
            Self::TooManyRedirects => (
                "too many redirects",
                "The site sent on from page to page, further than may be followed.",
                "Look for redirects that lead in a circle (between http and https, with and without www); else allow more (redirects)."),
            Self::BadRedirect => (
                "redirect leads nowhere",
                "The site sent on, and not to anywhere that can be asked.",
                "Look at the Location that the site sends: it must be a whole http or https url, or a path."),
            Self::ProberFailed => (
                "the monitor could not look",
                "It is the monitor that failed, or this machine: nothing is said of the site.",
                "Look at the detail, this machine's clock, limits and load, and the monitor's log."),
            Self::StatusUnexpected => (
                "status not expected",
                "The site answered, with a status that does not count as up.",
                "From 500 on look into the site's log; from 400 on look at the url and at permissions. Where the status is right, name it in expected_status."),
            Self::PatternNotFound => (
                "required text not found",
                "The page came, and lacks the text that must_match demands.",
                "Look at the page: is it an error page or a login in disguise? Has the wording changed? Does BODY_BYTES_MAX cut it off?"),
            Self::PatternFound => (
                "forbidden text found",
                "The page came, and holds the text that must_not_match forbids.",
                "Look at the page around that text; if it belongs there, change must_not_match."),
            Self::TargetRemoved => (
                "target left the list",
                "The target stands no longer in the targets file, or is switched off.",
                "Nothing, where that is meant; else put its row back, or look at why it is bad (monitor targets)."),
            Self::RobotsDisallowed => (
                "robots.txt asks not to look",
                "The site's robots.txt asks programs not to look at this page.",
                "Choose a page that may be looked at, or change the site's robots.txt."),
        }
    }
}

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
