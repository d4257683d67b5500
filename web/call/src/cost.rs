//! Lets a browser leave a dead way at once.
//!
//! After an ICE restart Chromium sends by its earlier pair as long as that one counts as receiving and
//! its network costs less or has the higher priority: it goes on into the dead network for 3.5 s (2.5 s
//! until a pair counts as silent, 1 s until that is believed). What it compares first is the sum of the
//! costs of both candidates, and a candidate of ours may say one (`network-cost`, an extension of RFC
//! 8839 section 5.1 that other browsers skip). So every answer says less than the one before: whatever
//! pair of a restart works is cheaper than the pair before it. When there is nothing left to go below,
//! a new connection begins again with the most.
//!
//! Browsers that do not repeat what was said do not weigh it either: to them every answer says the most.

/// Most that a candidate may say; the first answer says it.
const COST_MAX: u32 = 999;
/// Least that a candidate may say: 0 would not be repeated by the browser.
const COST_MIN: u32 = 1;

/// An answer that says what its candidates cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Weighed {
    /// The description.
    pub(crate) sdp: String,
    /// Its candidates may cost more than the pair in use: there was nothing left.
    pub(crate) is_spent: bool,
}

/// What a candidate line says that it costs.
fn told_of(line: &str) -> Option<u32> {
    let mut words = line.split_ascii_whitespace();
    let cost = words
        .find(|word| *word == "network-cost")
        .and_then(|_name| words.next()?.parse().ok());
    cost.map(|cost: u32| cost.min(COST_MAX))
}

fn cost_of(line: &str) -> u32 {
    told_of(line).unwrap_or(0)
}

/// The part of a description that an ICE restart changes (RFC 8839 section 4.4.1.1.1).
fn ufrag(sdp: &str) -> Option<&str> {
    sdp.lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"))
}

/// Writes into each candidate of an answer what it costs. `used` are the two candidates of the pair in
/// use, as lines; `own` is the browser's description with the candidates that it found for this answer,
/// and `before` the server's description until now.
pub(crate) fn weigh(
    answer: &str,
    used: Option<(&str, &str)>,
    (own, before): (&str, &str),
) -> Weighed {
    // Without a restart nothing is looked for, and candidates keep what they have said.
    let same = ufrag(answer).is_some() && ufrag(answer) == ufrag(before);
    let kept = before.lines().filter(|line| is_candidate(line));
    let kept = same.then(|| kept.filter_map(told_of).next()).flatten();
    let used = used.filter(|_| !same);
    let below = used.and_then(|(local, remote)| {
        let found = own.lines().filter(|line| is_candidate(line)).map(cost_of);
        let dearest = found.max().unwrap_or_else(|| cost_of(local));
        let sum = cost_of(local).saturating_add(told_of(remote)?);
        let left = sum.checked_sub(dearest.saturating_add(1));
        Some(left.filter(|cost| *cost >= COST_MIN))
    });
    let cost = below
        .map_or(kept.unwrap_or(COST_MAX), |left| left.unwrap_or(COST_MIN))
        .min(COST_MAX);
    let mut sdp = String::with_capacity(answer.len().saturating_add(256));
    for line in answer.split_inclusive('\n') {
        if is_candidate(line) {
            let text = line.trim_end_matches(['\r', '\n']);
            let end = line.get(text.len()..).unwrap_or_default();
            sdp.push_str(text);
            sdp.push_str(" network-cost ");
            sdp.push_str(&cost.to_string());
            sdp.push_str(end);
        } else {
            sdp.push_str(line);
        }
    }
    Weighed {
        sdp,
        is_spent: below == Some(None),
    }
}

fn is_candidate(line: &str) -> bool {
    line.starts_with("a=candidate:")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIFI: &str =
        "1 1 udp 2122260223 10.77.10.2 40000 typ host generation 0 network-id 1 network-cost 10";
    const MOBILE: &str =
        "2 1 udp 2122194687 10.77.11.2 40001 typ host generation 0 network-id 2 network-cost 900";
    const CABLE: &str = "3 1 udp 2122194687 10.77.12.2 40002 typ host generation 0 network-id 3";

    fn own(lines: &[&str]) -> String {
        let mut text = "v=0\r\n".to_owned();
        for line in lines {
            text.push_str(&format!("a=candidate:{line}\r\n"));
        }
        text
    }

    /// What an answer says of its candidates; none when nothing was left. Nothing else changed.
    fn said(used: Option<(&str, u32)>, found: &[&str]) -> Option<u32> {
        let ours = "a=candidate:9 1 udp 1 10.77.0.1 3478 typ host";
        let answer = format!("v=0\r\n{ours}\r\na=end-of-candidates\r\n");
        let remote = used.map(|(_, cost)| format!("candidate:9 1 udp network-cost {cost}"));
        let pair = used
            .zip(remote.as_deref())
            .map(|((local, _), remote)| (local, remote));
        let weighed = weigh(&answer, pair, (&own(found), ""));
        let line = weighed.sdp.lines().find(|line| is_candidate(line)).unwrap();
        let cost = cost_of(line);
        assert_eq!(
            weighed.sdp.replace(&format!(" network-cost {cost}"), ""),
            answer
        );
        assert!(cost == COST_MIN || !weighed.is_spent);
        (!weighed.is_spent).then_some(cost)
    }

    #[test]
    fn the_first_answer_says_the_most() {
        assert_eq!(said(None, &[WIFI, MOBILE]), Some(COST_MAX));
    }

    #[test]
    fn whatever_network_is_next_is_cheaper_than_the_one_in_use() {
        for networks in [[CABLE, WIFI], [CABLE, CABLE], [WIFI, WIFI]] {
            let mut ours = said(None, &networks).unwrap();
            for change in 0..80 {
                let (old, new) = (networks[change % 2], networks[(change + 1) % 2]);
                let before = cost_of(old) + ours;
                ours = said(Some((old, ours)), &networks).unwrap();
                assert!(cost_of(new) + ours < before, "change {change}");
                // Or the same network once more.
                assert!(cost_of(old) + ours < before, "change {change}");
            }
        }
    }

    #[test]
    fn of_several_networks_the_dearest_counts() {
        assert_eq!(said(Some((CABLE, 999)), &[CABLE, WIFI, MOBILE]), Some(98));
        assert_eq!(said(Some((WIFI, 500)), &[]), Some(499));
    }

    #[test]
    fn what_is_spent_is_told() {
        assert_eq!(said(Some((WIFI, 999)), &[WIFI, MOBILE]), Some(108));
        assert_eq!(said(Some((MOBILE, 108)), &[WIFI, MOBILE]), Some(107));
        assert_eq!(said(Some((WIFI, 107)), &[WIFI, MOBILE]), None);
        assert_eq!(said(Some((CABLE, 2)), &[CABLE]), Some(COST_MIN));
        assert_eq!(said(Some((CABLE, 1)), &[CABLE]), None);
    }

    #[test]
    fn a_browser_that_does_not_repeat_what_was_said_is_always_told_the_most() {
        let answer = "a=candidate:9 1 udp 1 10.77.0.1 3478 typ host\r\n";
        let ours = "candidate:9 1 udp 1 10.77.0.1 3478 typ host";
        let weighed = weigh(answer, Some((WIFI, ours)), (&own(&[WIFI]), ""));
        assert!(weighed.sdp.contains("network-cost 999"));
        assert!(!weighed.is_spent);
    }

    #[test]
    fn an_answer_without_a_restart_says_what_was_said_before() {
        let ours = "a=candidate:9 1 udp 1 10.77.0.1 3478 typ host";
        let answer = |ufrag: &str| format!("a=ice-ufrag:{ufrag}\r\n{ours}\r\n");
        let before = answer("one").replace("typ host", "typ host network-cost 108");
        let used = Some((MOBILE, "candidate:9 1 udp network-cost 108"));
        let found = own(&[WIFI, MOBILE]);
        let grown = weigh(&answer("one"), used, (&found, &before));
        assert!(grown.sdp.contains("network-cost 108") && !grown.is_spent);
        let restarted = weigh(&answer("two"), used, (&found, &before));
        assert!(restarted.sdp.contains("network-cost 107"));
        let first = weigh(&answer("one"), None, ("", ""));
        assert!(first.sdp.contains("network-cost 999"));
    }

    #[test]
    fn lines_keep_their_ends() {
        let sdp = |answer| weigh(answer, None, ("", "")).sdp;
        assert_eq!(sdp("v=0\r\n"), "v=0\r\n");
        assert_eq!(sdp("a=candidate:1\n"), "a=candidate:1 network-cost 999\n");
        assert_eq!(sdp("a=candidate:1"), "a=candidate:1 network-cost 999");
    }
}
