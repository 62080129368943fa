use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::*;

/// Of each private IPv4 network one.
const FOUR: [[u8; 4]; 9] = [
    [127, 0, 0, 1],
    [10, 0, 0, 1],
    [10, 255, 3, 77],
    [169, 254, 169, 254],
    [172, 16, 5, 9],
    [172, 31, 255, 254],
    [192, 168, 0, 1],
    [100, 64, 0, 1],
    [0, 0, 0, 0],
];

/// All ways to spell an IPv4 address that end there: as a url's host, and in an IPv6 address.
fn spellings(octets: [u8; 4]) -> Vec<String> {
    let four = Ipv4Addr::from(octets);
    let [a, b, c, d] = octets;
    let (whole, last_two) = (u32::from(four), u32::from(c) << 8 | u32::from(d));
    let last_three = u32::from(b) << 16 | last_two;
    let (high, low) = (whole >> 16, whole & 0xffff);
    let wide = |text: String| -> String {
        let digits = ['０', '１', '２', '３', '４', '５', '６', '７', '８', '９'];
        let wide = |char: char| {
            char.to_digit(10)
                .map_or('。', |digit| digits[digit as usize])
        };
        text.chars().map(wide).collect()
    };
    let percent = |text: String| {
        let bytes = text.bytes();
        bytes.fold(String::new(), |spelt, byte| format!("{spelt}%{byte:02X}"))
    };
    vec![
        format!("{four}"),
        format!("{four}."),
        format!("{whole}"),
        format!("0x{whole:x}"),
        format!("0X{whole:08X}"),
        format!("0{whole:o}"),
        format!("{a}.{last_three}"),
        format!("{a}.{b}.{last_two}"),
        format!("0x{a:x}.0x{last_three:x}"),
        format!("0{a:o}.{b}.0x{last_two:x}"),
        format!("0x{a:02x}.0x{b:02x}.0x{c:02x}.0x{d:02x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("0000{a:o}.{b}.{c}.{d}"),
        format!("{a}.0x{b:X}.0{c:o}.{d}"),
        wide(format!("{four}")),
        percent(format!("{four}")),
        format!("[::ffff:{four}]"),
        format!("[::FFFF:{high:x}:{low:x}]"),
        format!("[0:0:0:0:0:ffff:{high:04x}:{low:04x}]"),
        format!("[::{four}]"),
        format!("[::ffff:0:{four}]"),
        format!("[64:ff9b::{four}]"),
        format!("[0064:FF9B:0:0:0:0:{high:X}:{low:X}]"),
        format!("[64:ff9b:1::{four}]"),
        format!(
            "[64:ff9b:1:{high:x}:{:x}:{:x}::]",
            low >> 8,
            (low & 0xff) << 8
        ),
        format!("[2002:{high:x}:{low:x}::1]"),
        format!("[2001:0:{high:x}:{low:x}:0:0:f7f7:f7f7]"),
        format!(
            "[2001:0:808:808:0:0:{:x}:{:x}]",
            high ^ 0xffff,
            low ^ 0xffff
        ),
        format!("[2001:4860::5efe:{four}]"),
        format!("[2001:4860::200:5efe:{four}]"),
    ]
}

/// IPv6 addresses that are not public by themselves.
const SIX: &[&str] = &[
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[FDFF:FFFF::]",
    "[fe80::1]",
    "[febf::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[5f00::1]",
];

/// The address to which a url with this host would be connected.
fn address(host: &str) -> IpAddr {
    let url = Url::parse(&format!("http://{host}:8080/")).unwrap_or_else(|error| {
        panic!("{host}: {error}");
    });
    match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        other => panic!("{host} is no address but {other:?}"),
    }
}

fn policy(text: &str) -> Policy {
    text.parse().unwrap()
}

#[test]
fn a_private_address_is_forbidden_under_every_spelling() {
    let private = policy("private");
    let spellings: Vec<_> = FOUR.into_iter().flat_map(spellings).collect();
    let six = SIX.iter().map(|text| (*text).to_owned());
    let spellings: Vec<_> = spellings.into_iter().chain(six).collect();
    assert!(spellings.len() >= 200, "{}", spellings.len());
    for host in spellings {
        let address = address(&host);
        assert!(private.objection(address).is_some(), "{host} is {address}");
    }
}

#[test]
fn a_public_address_is_allowed_under_every_spelling() {
    let private = policy("private, 8.8.4.0/24");
    for octets in [
        [8, 8, 8, 8],
        [172, 32, 0, 1],
        [100, 128, 0, 1],
        [11, 0, 0, 1],
    ] {
        for host in spellings(octets) {
            // Not public by its own prefix, wherever it leads.
            if host.starts_with("[64:ff9b:1:") {
                continue;
            }
            let objection = private.objection(address(&host));
            assert_eq!(objection, None, "{host}");
        }
    }
    for host in ["[2606:4700::1111]", "[2001:4860:4860::8888]", "[2a00::]"] {
        assert_eq!(private.objection(address(host)), None, "{host}");
    }
    assert!(private.objection(address("8.8.4.4")).is_some());
}

#[test]
fn a_single_network_is_forbidden_under_every_spelling_and_no_other() {
    for octets in FOUR {
        let [a, b, c, d] = octets;
        let four = Ipv4Addr::from(octets);
        let texts = [
            format!("{four}"),
            format!("{a}.{b}.{c}.{d}/31"),
            format!("::ffff:{four}"),
        ];
        for text in texts {
            let only = policy(&text);
            for host in spellings(octets) {
                assert!(only.objection(address(&host)).is_some(), "{host} by {text}");
            }
            assert_eq!(only.objection(address("93.184.216.34")), None, "{text}");
        }
    }
}

#[test]
fn unspecified_addresses_are_forbidden_without_a_policy() {
    let none = Policy::default();
    assert!(!none.is_set());
    let unspecified = IpAddr::from(Ipv6Addr::UNSPECIFIED);
    assert!(none.objection(unspecified).unwrap().contains("unspecified"));
    for host in spellings([0, 0, 0, 0]) {
        assert!(none.objection(address(&host)).is_some(), "{host}");
    }
    for host in [
        "127.0.0.1",
        "[::1]",
        "10.0.0.1",
        "[fe80::1]",
        "169.254.169.254",
    ] {
        assert_eq!(none.objection(address(host)), None, "{host}");
    }
}

#[test]
fn an_objection_says_which_rule_it_is_and_where_the_address_leads() {
    let private = policy("private");
    assert_eq!(
        private.objection(address("10.1.2.3")).unwrap(),
        "10.1.2.3 is forbidden (FORBIDDEN_ADDRESSES: private, 10.0.0.0/8)"
    );
    assert_eq!(
        policy("10.9.9.9/8")
            .objection(address("[64:ff9b::10.1.2.3]"))
            .unwrap(),
        "64:ff9b::a01:203 leads to 10.1.2.3, which is forbidden (FORBIDDEN_ADDRESSES: 10.0.0.0/8)"
    );
}

#[test]
fn a_wrong_rule_is_named() {
    for wrong in [
        "10.0.0.0/33",
        "fe80::1%eth0",
        "localhost",
        "10.0.0",
        "10.0.0.0/8;::1",
    ] {
        let error = format!("private,{wrong}").parse::<Policy>().unwrap_err();
        assert!(error.contains(wrong), "{error}");
    }
    assert!(!policy(" , ").is_set());
    assert!(policy("PRIVATE,\t10.0.0.1 ,").is_set());
}

#[test]
fn no_url_carries_a_zone() {
    for host in ["[fe80::1%25eth0]", "[fe80::1%eth0]"] {
        assert!(Url::parse(&format!("http://{host}/")).is_err(), "{host}");
    }
}
