use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::aws_lc_rs,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use service::certificates::{Judge, Judged};

use super::*;

/// Counts how often a chain is judged by its authorities.
#[derive(Clone, Debug)]
struct Counting {
    web: Arc<WebPkiServerVerifier>,
    verdicts: Arc<Verdicts>,
    judged: Arc<AtomicUsize>,
}

impl Judge for Counting {
    fn judge(&self, shown: &Shown<'_>) -> Result<(), Error> {
        self.verdicts.on(shown, || {
            self.judged.fetch_add(1, Ordering::Relaxed);
            shown.by_web(&self.web)
        })
    }
}

/// A site whose certificate is valid in January 2026, for two names.
struct Site {
    issuer: CertifiedIssuer<'static, KeyPair>,
    intermediate_key: String,
    chain: Vec<CertificateDer<'static>>,
    counting: Counting,
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2025, 12, 1);
    params.not_after = date_time_ymd(2026, 12, 1);
    params
}

/// On a day of January 2026, so many seconds after midnight.
fn at(day: u64, seconds: u64) -> UnixTime {
    let begin: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let begin = u64::try_from(begin.as_second()).unwrap();
    UnixTime::since_unix_epoch(Duration::from_secs(begin + (day - 1) * 86_400 + seconds))
}

impl Site {
    fn new() -> Self {
        let issuer = CertifiedIssuer::self_signed(authority("Root"), KeyPair::generate().unwrap());
        let issuer = issuer.unwrap();
        let key = KeyPair::generate().unwrap();
        let intermediate_key = key.serialize_pem();
        let intermediate = CertifiedIssuer::signed_by(authority("Middle"), key, &issuer).unwrap();
        let names = ["a.example", "b.example"].map(str::to_owned);
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 2, 1);
        let leaf = params.signed_by(&KeyPair::generate().unwrap(), &intermediate);
        let mut authorities = RootCertStore::empty();
        authorities.add(issuer.der().clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let web = WebPkiServerVerifier::builder_with_provider(Arc::new(authorities), provider);
        Self {
            chain: vec![leaf.unwrap().der().clone(), intermediate.der().clone()],
            issuer,
            intermediate_key,
            counting: Counting {
                web: web.build().unwrap(),
                verdicts: Arc::new(Verdicts::new()),
                judged: Arc::default(),
            },
        }
    }

    /// Another certificate of the same intermediate authority.
    fn intermediate(&self, change: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
        let mut params = authority("Middle");
        change(&mut params);
        let key = KeyPair::from_pem(&self.intermediate_key).unwrap();
        let other = CertifiedIssuer::signed_by(params, key, &self.issuer).unwrap();
        other.der().clone()
    }

    /// Whether it is good, and how often it was judged for that.
    fn shows(&self, chain: &[CertificateDer<'_>], name: &str, now: UnixTime) -> (bool, usize) {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let judged = Judged::by(self.counting.clone(), provider);
        let name = ServerName::try_from(name).unwrap();
        let verdict = judged.verify_server_cert(&chain[0], &chain[1..], &name, &[], now);
        let judged = self.counting.judged.swap(0, Ordering::Relaxed);
        (verdict.is_ok(), judged)
    }
}

const GOOD_ANEW: (bool, usize) = (true, 1);
const GOOD_AS_BEFORE: (bool, usize) = (true, 0);
const BAD_ANEW: (bool, usize) = (false, 1);

#[test]
fn the_same_chain_is_judged_once_an_hour() {
    let site = Site::new();
    let shows = |now| site.shows(&site.chain, "a.example", now);
    assert_eq!(shows(at(2, 0)), GOOD_ANEW);
    assert_eq!(shows(at(2, 1)), GOOD_AS_BEFORE);
    assert_eq!(shows(at(2, 3_600)), GOOD_AS_BEFORE);
    assert_eq!(shows(at(2, 3_601)), GOOD_ANEW);
    assert_eq!(shows(at(2, 3_602)), GOOD_AS_BEFORE);
}

#[test]
fn what_expires_meanwhile_is_bad_at_once() {
    let site = Site::new();
    let shows = |now| site.shows(&site.chain, "a.example", now);
    assert_eq!(shows(at(31, 86_390)), GOOD_ANEW);
    assert_eq!(shows(at(32, 0)), GOOD_AS_BEFORE);
    assert_eq!(shows(at(32, 1)), BAD_ANEW);
    // A clock that is set back makes it good again, and one that is set back too far does not.
    assert_eq!(shows(at(31, 86_395)), GOOD_AS_BEFORE);
    let last_year = UnixTime::since_unix_epoch(Duration::from_secs(at(1, 0).as_secs() - 1));
    assert_eq!(shows(last_year), BAD_ANEW);
}

#[test]
fn an_intermediate_that_expires_meanwhile_is_bad_at_once() {
    let site = Site::new();
    let intermediate = site.intermediate(|params| params.not_after = date_time_ymd(2026, 1, 10));
    let chain = [site.chain[0].clone(), intermediate];
    let shows = |now| site.shows(&chain, "a.example", now);
    assert_eq!(shows(at(9, 86_390)), GOOD_ANEW);
    assert_eq!(shows(at(9, 86_395)), GOOD_AS_BEFORE);
    assert_eq!(shows(at(10, 1)), BAD_ANEW);
}

#[test]
fn another_name_is_judged_for_itself() {
    let site = Site::new();
    let shows = |name| site.shows(&site.chain, name, at(2, 0));
    assert_eq!(shows("a.example"), GOOD_ANEW);
    assert_eq!(shows("b.example"), GOOD_ANEW);
    for _ in 0..2 {
        assert_eq!(shows("c.example"), BAD_ANEW);
        assert_eq!(shows("127.0.0.1"), BAD_ANEW);
    }
    assert_eq!(shows("a.example"), GOOD_AS_BEFORE);
}

#[test]
fn another_chain_is_judged_for_itself() {
    let site = Site::new();
    let shows = |chain: &[CertificateDer<'_>]| site.shows(chain, "a.example", at(2, 0));
    let [leaf, middle] = &site.chain[..] else {
        panic!("a chain of two")
    };
    assert_eq!(shows(&site.chain), GOOD_ANEW);
    let other = site.intermediate(|params| params.not_after = date_time_ymd(2026, 11, 1));
    assert_eq!(shows(&[leaf.clone(), other.clone()]), GOOD_ANEW);
    assert_eq!(shows(&[leaf.clone(), other, middle.clone()]), GOOD_ANEW);
    assert_eq!(shows(std::slice::from_ref(leaf)), BAD_ANEW);
    assert_eq!(shows(&site.chain), GOOD_AS_BEFORE);
}

#[test]
fn one_bit_makes_another_chain() {
    let site = Site::new();
    assert_eq!(site.shows(&site.chain, "a.example", at(2, 0)), GOOD_ANEW);
    for place in 0..site.chain.len() {
        for bit in 0..8 {
            let mut changed = site.chain[place].to_vec();
            // The signature's.
            *changed.last_mut().unwrap() ^= 1 << bit;
            let mut chain = site.chain.clone();
            chain[place] = changed.into();
            for _ in 0..2 {
                assert_eq!(site.shows(&chain, "a.example", at(2, 1)), BAD_ANEW);
            }
        }
    }
    assert_eq!(
        site.shows(&site.chain, "a.example", at(2, 2)),
        GOOD_AS_BEFORE
    );
}

#[test]
fn where_a_certificate_that_is_not_needed_is_over_no_verdict_is_kept() {
    let site = Site::new();
    let over = site.intermediate(|params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let chain = [site.chain[0].clone(), site.chain[1].clone(), over];
    for _ in 0..2 {
        assert_eq!(site.shows(&chain, "a.example", at(2, 0)), GOOD_ANEW);
    }
}
