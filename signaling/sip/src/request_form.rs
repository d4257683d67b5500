//! Whether a request is in the form that RFC 3261 demands, as far as what it means depends on it.

use std::net::Ipv6Addr;

use crate::refusal::{Refused, first_of};

/// Methods that are known (RFC 3261 and its extensions). Their names are in capitals and nothing else.
const METHODS: [&str; 14] = [
    "ACK",
    "BYE",
    "CANCEL",
    "INFO",
    "INVITE",
    "MESSAGE",
    "NOTIFY",
    "OPTIONS",
    "PRACK",
    "PUBLISH",
    "REFER",
    "REGISTER",
    "SUBSCRIBE",
    "UPDATE",
];
/// Numbers of requests are below this (RFC 3261 section 8.1.1.5).
const CSEQ_END: u64 = 1 << 31;

/// Headers that stand in a request once (and in the short form), and whether they must.
const ONCE: [(&str, &str, bool); 6] = [
    ("call-id", "i", true),
    ("cseq", "cseq", true),
    ("from", "f", true),
    ("to", "t", true),
    ("max-forwards", "max-forwards", false),
    ("content-type", "c", false),
];

/// The first line of a request; answers its method.
pub(crate) fn check_first(line: &str) -> Result<&str, Refused> {
    let mut words = line.split(' ');
    let (Some(method), Some(uri), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Refused::Form);
    };
    if version != "SIP/2.0" {
        let is_other = version.starts_with("SIP/");
        return Err(if is_other && !uri.is_empty() {
            Refused::Version
        } else {
            Refused::Form
        });
    }
    if !is_token(method) {
        return Err(Refused::Form);
    }
    if !METHODS.contains(&method) {
        return Err(Refused::Method);
    }
    check_uri(uri)?;
    Ok(method)
}

/// The address that a request is for.
fn check_uri(uri: &str) -> Result<(), Refused> {
    let (scheme, rest) = uri.split_once(':').ok_or(Refused::Form)?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let has_odd = uri
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '"'));
    if !is_scheme || has_odd || rest.is_empty() {
        return Err(Refused::Form);
    }
    match scheme.to_ascii_lowercase().as_str() {
        "tel" => return Ok(()),
        "sip" | "sips" => {}
        _ => return Err(Refused::Scheme),
    }
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    // Headers in it are for pages, not for requests (RFC 3261 section 19.1.1).
    let is_plain = !place.contains('?');
    let host = place.split(';').next().unwrap_or_default();
    (is_plain && is_host(host))
        .then_some(())
        .ok_or(Refused::Form)
}

/// A name or address with or without a port. IPv6 stands between brackets.
fn is_host(text: &str) -> bool {
    let Some(bracketed) = text.strip_prefix('[') else {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        return !name.is_empty() && parts.next().is_none_or(is_port) && parts.next().is_none();
    };
    let Some((address, behind)) = bracketed.split_once(']') else {
        return false;
    };
    address.parse::<Ipv6Addr>().is_ok()
        && (behind.is_empty() || behind.strip_prefix(':').is_some_and(is_port))
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

/// The lines of a request with this method.
pub(crate) fn check_headers(method: &str, headers: &[(String, String)]) -> Result<(), Refused> {
    for (name, short, is_needed) in ONCE {
        let is_it =
            |found: &str| found.eq_ignore_ascii_case(name) || found.eq_ignore_ascii_case(short);
        let mut found = headers.iter().filter(|(found, _)| is_it(found));
        let value = match (found.next(), found.next()) {
            (None, _) if !is_needed => continue,
            (Some((_, value)), None) => value,
            _ => return Err(Refused::Form),
        };
        let is_good = match name {
            "cseq" => is_sequence(value, method),
            "from" | "to" => is_person(value),
            "call-id" => !value.is_empty(),
            _ => true,
        };
        if !is_good {
            return Err(Refused::Form);
        }
    }
    let is_via = |name: &str| name.eq_ignore_ascii_case("via") || name.eq_ignore_ascii_case("v");
    let top = headers.iter().find(|(name, _)| is_via(name));
    top.is_some_and(|(_, value)| is_way(value))
        .then_some(())
        .ok_or(Refused::Form)
}

/// A number and the method of the request itself.
fn is_sequence(value: &str, method: &str) -> bool {
    let mut words = value.split_ascii_whitespace();
    let number = words.next().unwrap_or_default();
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit())
        && number.parse::<u64>().is_ok_and(|number| number < CSEQ_END);
    is_number && words.next() == Some(method) && words.next().is_none()
}

/// Quotes that end, and angle brackets that do.
fn is_person(value: &str) -> bool {
    let (mut quoted, mut escaped, mut inside, mut pairs) = (false, false, false, 0_u8);
    for c in value.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '<' if inside => return false,
            '<' => inside = true,
            '>' if !inside => return false,
            '>' => {
                inside = false;
                pairs = pairs.saturating_add(1);
            }
            _ => {}
        }
    }
    !quoted && !inside && pairs <= 1 && value.contains(':')
}

/// Protocol, transport and host, with parameters that have names. One empty one at the end is forgiven.
fn is_way(value: &str) -> bool {
    let (top, _) = first_of(value);
    let mut params = top.split(';').map(str::trim);
    let sent_by = params.next().unwrap_or_default();
    let mut words = sent_by.split('/').map(str::trim);
    let is_sip = words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("SIP"))
        && words.next() == Some("2.0");
    let has_host = words
        .next()
        .is_some_and(|rest| rest.split_ascii_whitespace().count() >= 2);
    let empty = params.clone().filter(|param| param.is_empty()).count();
    let forgiven = usize::from(params.next_back().is_some_and(str::is_empty));
    is_sip && has_host && empty <= forgiven
}

/// A token (RFC 3261 section 25.1).
pub(crate) fn is_token(text: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_are_taken_or_refused_for_what_is_wrong() {
        for line in [
            "INVITE sip:a SIP/2.0",
            "OPTIONS sip:a;b?c@h;d=e:f SIP/2.0",
            "BYE sips:a@[::1]:5061;x SIP/2.0",
            "INVITE tel:+33-1;phone-context=x SIP/2.0",
            "OPTIONS sip:h:5060 SIP/2.0",
        ] {
            assert!(check_first(line).is_ok(), "{line}");
        }
        for (line, why) in [
            ("INVITE  sip:a SIP/2.0", Refused::Form),
            ("INVITE sip:a  SIP/2.0", Refused::Form),
            ("INVITE sip:a SIP/2.0 ", Refused::Form),
            ("INVITE sip:a; lr SIP/2.0", Refused::Form),
            ("INVITE <sip:a> SIP/2.0", Refused::Form),
            ("INVITE sip: SIP/2.0", Refused::Form),
            ("INVITE sip:a@ SIP/2.0", Refused::Form),
            ("INVITE sip:a@h?x=y SIP/2.0", Refused::Form),
            ("INVITE sip:1::2 SIP/2.0", Refused::Form),
            ("INVITE sip:a@[1:::2] SIP/2.0", Refused::Form),
            ("INVITE sip:a@[::1 SIP/2.0", Refused::Form),
            ("INVITE sip:a@[::1]5 SIP/2.0", Refused::Form),
            ("INVITE sip:h:99999 SIP/2.0", Refused::Form),
            ("IN\"ITE sip:a SIP/2.0", Refused::Form),
            ("INVITE h323:a SIP/2.0", Refused::Scheme),
            ("invite sip:a SIP/2.0", Refused::Method),
            ("JUMP sip:a SIP/2.0", Refused::Method),
            ("INVITE sip:a SIP/3.0", Refused::Version),
        ] {
            assert_eq!(check_first(line), Err(why), "{line}");
        }
    }

    #[test]
    fn ways_people_and_numbers_are_told_from_what_looks_like_them() {
        assert!(is_way("SIP / 2.0 / UDP  h:5 ; branch=x ,SIP/2.0/TCP;;"));
        assert!(is_way("SIP/2.0/UDP h;branch=x;"));
        assert!(!is_way("SIP/2.0/UDP h;;branch=x") && !is_way("SIP/2.0/UDP h;;"));
        assert!(!is_way("SIP/2.0/UDP") && !is_way("SIP/7.0/UDP h") && !is_way(""));
        assert!(is_person("\"a \\\" <b\" <sip:a@h>;tag=1") && is_person("sip:a@h"));
        assert!(!is_person("\"a <sip:a@h>") && !is_person("<sip:a@h") && !is_person("a>:<b"));
        assert!(is_sequence("0009  INVITE", "INVITE") && is_sequence("2147483647 BYE", "BYE"));
        for bad in ["2147483648 BYE", "-1 BYE", "1 INVITE", "1", "1 BYE x", ""] {
            assert!(!is_sequence(bad, "BYE"), "{bad}");
        }
    }
}
