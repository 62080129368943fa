//! What the name servers' answers mean for the record.

use std::net::{Ipv4Addr, UdpSocket};

use hickory_resolver::{
    net::{DnsError, NetError, NoRecords},
    proto::op::ResponseCode,
};
use messages::FailureReason;

use crate::probe::failure::{self, Reason};

pub(super) fn of_dns(error: &NetError) -> Reason {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(NoRecords { response_code, .. })) => {
            of_empty_answer(*response_code)
        }
        NetError::Dns(DnsError::ResponseCode(code)) => server_failure(*code),
        NetError::Timeout => (
            FailureReason::DnsTimeout,
            "the name servers did not answer".into(),
        ),
        NetError::Io(error) if failure::is_own_fault(error) => {
            let detail = format!("asking the name servers: {error}");
            (FailureReason::ProberFailed, detail)
        }
        NetError::Busy => (FailureReason::ProberFailed, error.to_string()),
        // The name itself was found to be one before it was asked for.
        NetError::Proto(_) => {
            let detail = format!("what the name servers answered cannot be read: {error}");
            (FailureReason::DnsServerFailure, detail)
        }
        // The library forgets why it could not ask: it may have been us.
        _ => match UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)) {
            Err(own) if failure::is_own_fault(&own) => {
                let detail = format!("asking the name servers: {own}");
                (FailureReason::ProberFailed, detail)
            }
            _ => {
                let detail = format!("asking the name servers: {error}");
                (FailureReason::DnsServerFailure, detail)
            }
        },
    }
}

fn of_empty_answer(code: ResponseCode) -> Reason {
    match code {
        ResponseCode::NXDomain => (FailureReason::DnsNotFound, "there is no such name".into()),
        ResponseCode::NoError => (FailureReason::DnsNotFound, "the name has no address".into()),
        code => server_failure(code),
    }
}

fn server_failure(code: ResponseCode) -> Reason {
    let detail = format!("the name servers answered: {code}");
    (FailureReason::DnsServerFailure, detail)
}

/// Which of the two families' failures says most: that a name has no IPv6 address says little when
/// the question for IPv4 failed.
pub(super) fn telling(reason: FailureReason) -> u8 {
    match reason {
        FailureReason::ProberFailed => 3,
        FailureReason::DnsTimeout => 2,
        FailureReason::DnsServerFailure => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use hickory_resolver::proto::{
        op::Query,
        rr::{Name, RecordType},
    };
    use rustix::io::Errno;

    use super::*;

    fn no_records(code: ResponseCode) -> NetError {
        let query = Query::query(Name::root(), RecordType::A);
        DnsError::NoRecordsFound(NoRecords::new(query, code)).into()
    }

    #[test]
    fn what_name_servers_say_is_told_apart() {
        let out_of_files = io::Error::from(Errno::MFILE);
        let refused = io::Error::from(Errno::CONNREFUSED);
        let table = [
            (
                no_records(ResponseCode::NXDomain),
                FailureReason::DnsNotFound,
            ),
            (
                no_records(ResponseCode::NoError),
                FailureReason::DnsNotFound,
            ),
            (
                no_records(ResponseCode::ServFail),
                FailureReason::DnsServerFailure,
            ),
            (
                DnsError::ResponseCode(ResponseCode::Refused).into(),
                FailureReason::DnsServerFailure,
            ),
            (NetError::Timeout, FailureReason::DnsTimeout),
            (NetError::NoConnections, FailureReason::DnsServerFailure),
            (refused.into(), FailureReason::DnsServerFailure),
            (out_of_files.into(), FailureReason::ProberFailed),
            (NetError::Busy, FailureReason::ProberFailed),
        ];
        for (error, reason) in table {
            assert_eq!(of_dns(&error).0, reason, "{error}");
        }
    }

    #[test]
    fn of_two_families_the_failure_that_says_more_is_reported() {
        let order = [
            FailureReason::ProberFailed,
            FailureReason::DnsTimeout,
            FailureReason::DnsServerFailure,
            FailureReason::DnsNotFound,
        ];
        assert!(order.is_sorted_by(|a, b| telling(*a) > telling(*b)));
    }
}
