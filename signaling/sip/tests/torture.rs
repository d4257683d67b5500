//! Messages of RFC 4475 and RFC 5118 at the fence: the right verdict for each, and no change of one
//! breaks anything. `torture/README.md` says what the files are.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use signaling_sip::{BucketRate, Fence, FenceConfig, Verdict, fuzzing};

/// Changes of each message.
const CHANGES: usize = 400;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture")
}

/// Name and verdict of the fence.
fn verdicts() -> Vec<(String, String)> {
    let table = fs::read_to_string(folder().join("verdicts.txt")).unwrap();
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            (words.next().unwrap(), words.next().unwrap())
        })
        .collect()
}

fn message(name: &str) -> Vec<u8> {
    fs::read(folder().join(name).with_extension("dat")).unwrap()
}

fn judged(bytes: &[u8]) -> Verdict {
    let rate = BucketRate {
        per_second: 10,
        burst: 10,
    };
    let mut fence = Fence::new(FenceConfig {
        allowed: vec!["127.0.0.1".parse().unwrap()],
        messages: rate,
        calls: rate,
        open_calls_max: 1,
    });
    fence.judge(0, "127.0.0.1".parse().unwrap(), bytes, 0)
}

#[test]
fn every_message_has_a_verdict_and_every_verdict_a_message() {
    let judged: BTreeSet<String> = verdicts().into_iter().map(|(name, _)| name).collect();
    let files = fs::read_dir(folder()).unwrap().filter_map(|file| {
        let name = file.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".dat").map(str::to_owned)
    });
    assert_eq!(files.collect::<BTreeSet<String>>(), judged);
    assert_eq!(judged.len(), 61);
}

#[test]
fn the_fence_judges_each_as_the_rfc_says() {
    for (name, wanted) in verdicts() {
        let found = match judged(&message(&name)) {
            Verdict::Pass(_) => "pass".to_owned(),
            Verdict::Refuse(refusal) => {
                let answer = refusal.answer("127.0.0.1:5060".parse().unwrap());
                let code = refusal.why().code().to_string();
                let begin = format!("SIP/2.0 {code} ");
                assert!(answer.starts_with(begin.as_bytes()), "{name}");
                code
            }
            Verdict::Drop(_) => "drop".to_owned(),
            Verdict::Busy(_) => panic!("{name}"),
        };
        assert_eq!(found, wanted, "{name}");
    }
}

#[test]
fn folded_lines_and_gaps_mean_what_they_mean_without() {
    let Verdict::Pass(bytes) = judged(&message("wsinv")) else {
        panic!("refused");
    };
    let text = String::from_utf8(bytes).unwrap();
    for line in [
        "TO: sip:vivekg@chair-dnrc.example.com;tag=1918181833n",
        "from: \"J Rosenberg \\\\\\\"\" <sip:jdrosen@example.com>;tag=98asjd8",
        "cseq: 0009 INVITE",
        "Via: SIP/2.0/UDP 192.0.2.2;branch=390skdjuw",
        "v: SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8,SIP/2.0/UDP 192.168.255.111;branch=z9hG4bK30239",
        "NewFangledHeader: newfangled value continued newfangled value",
        "Content-Length: 151",
    ] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}\n{text}");
    }
}

#[test]
fn no_change_of_a_message_breaks_the_fence() {
    let mut state = 4_475_u64;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % limit.max(1)
    };
    for (name, _) in verdicts() {
        let known = message(&name);
        for _ in 0..CHANGES {
            let mut bytes = known.clone();
            for _ in 0..=below(3) {
                if bytes.is_empty() {
                    bytes.push(b' ');
                }
                let at = below(bytes.len());
                let end = (at + 1 + below(24)).min(bytes.len());
                match below(4) {
                    0 => bytes[at] = b"\0\r\n \"<>;:,=/\\\xff?@[]"[below(18)],
                    1 => drop(bytes.drain(at..end)),
                    2 => {
                        let part = bytes[at..end].to_vec();
                        bytes.splice(at..at, part);
                    }
                    _ => bytes.truncate(at + 1),
                }
            }
            fuzzing::datagram(&bytes);
        }
    }
}
