//! News about ICE as a part of a session description (RFC 8840 section 9).

use core::fmt;

use super::problem::Problem;

/// Lines of an answer that go into every fragment about it.
const SESSION_LINES: [&str; 3] = ["a=ice-lite", "a=ice-options:", "a=group:BUNDLE"];
/// Lines of the first m-line, which has the candidates of the bundle (RFC 8843 section 7.3.1).
const MEDIA_LINES: [&str; 7] = [
    "m=",
    "a=mid:",
    "a=ice-ufrag:",
    "a=ice-pwd:",
    "a=ice-options:",
    "a=candidate:",
    "a=end-of-candidates",
];

/// User fragment and password of one side of an ICE session (RFC 8839 section 5.4).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    ufrag: String,
    pwd: String,
}

impl fmt::Debug for Credentials {
    /// Passwords never reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

impl Credentials {
    fn new(ufrag: &str, pwd: &str) -> Option<Self> {
        let is_ice = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
        };
        let fits = (4..=256).contains(&ufrag.len()) && (22..=256).contains(&pwd.len());
        (fits && is_ice(ufrag) && is_ice(pwd)).then(|| Self {
            ufrag: ufrag.to_owned(),
            pwd: pwd.to_owned(),
        })
    }

    /// The first credentials of a description: of the session, or of the bundle's first m-line.
    pub(crate) fn find<'a>(lines: impl Iterator<Item = &'a str> + Clone) -> Option<Self> {
        let find = |prefix| lines.clone().find_map(|line| line.strip_prefix(prefix));
        Self::new(find("a=ice-ufrag:")?.trim(), find("a=ice-pwd:")?.trim())
    }

    /// The description with these credentials in place of its own.
    pub(crate) fn put_into(&self, sdp: &str) -> String {
        let mut replaced = String::with_capacity(sdp.len());
        for line in sdp.lines() {
            if line.starts_with("a=ice-ufrag:") {
                replaced.push_str("a=ice-ufrag:");
                replaced.push_str(&self.ufrag);
            } else if line.starts_with("a=ice-pwd:") {
                replaced.push_str("a=ice-pwd:");
                replaced.push_str(&self.pwd);
            } else {
                replaced.push_str(line);
            }
            replaced.push_str("\r\n");
        }
        replaced
    }
}

/// Reads a fragment: its credentials, if it names any. Candidates of a client are not needed, because
/// this side is ICE-lite and learns them from the client's checks (RFC 8445 section 7.3.1.3).
pub(crate) fn read(text: &str) -> Result<Option<Credentials>, Problem> {
    let lines = text.lines().filter(|line| !line.is_empty());
    let is_line = |line: &str| {
        let (kind, rest) = line.split_at_checked(1).unwrap_or_default();
        kind.bytes().all(|byte| byte.is_ascii_lowercase()) && rest.starts_with('=')
    };
    if !lines.clone().all(is_line) || !lines.clone().any(|line| line.starts_with("a=")) {
        return Err(Problem::malformed(
            "the body is not a part of a session description",
        ));
    }
    let all = |prefix: &'static str| {
        lines
            .clone()
            .filter_map(move |line| line.strip_prefix(prefix))
    };
    let (mut ufrags, mut pwds) = (all("a=ice-ufrag:"), all("a=ice-pwd:"));
    let (first_ufrag, first_pwd) = match (ufrags.next(), pwds.next()) {
        (None, None) => return Ok(None),
        (Some(ufrag), Some(pwd)) => (ufrag, pwd),
        _ => {
            return Err(Problem::malformed(
                "a user fragment without a password, or a password alone",
            ));
        }
    };
    if !ufrags.all(|ufrag| ufrag == first_ufrag) || !pwds.all(|pwd| pwd == first_pwd) {
        return Err(Problem::malformed(
            "one bundle has one user fragment and one password",
        ));
    }
    Credentials::new(first_ufrag.trim(), first_pwd.trim())
        .map(Some)
        .ok_or_else(|| Problem::malformed("the user fragment or the password is not possible"))
}

/// What an answer says about ICE.
pub(crate) fn write(answer: &str) -> String {
    let mut media = 0_usize;
    let mut fragment = String::new();
    for line in answer.lines() {
        media += usize::from(line.starts_with("m="));
        let wanted = match media {
            0 => SESSION_LINES.as_slice(),
            1 => MEDIA_LINES.as_slice(),
            _ => break,
        };
        if wanted.iter().any(|prefix| line.starts_with(prefix)) {
            fragment.push_str(line);
            fragment.push_str("\r\n");
        }
    }
    fragment
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NEWS: &str = "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n\
        a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n\
        a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n";

    #[test]
    fn credentials_are_read_and_may_be_missing() {
        let read_one = read(NEWS).unwrap().unwrap();
        assert_eq!((read_one.ufrag.as_str(), read_one.pwd.len()), ("EsAw", 24));
        assert_eq!(read("a=end-of-candidates\n").unwrap(), None);
        // The same twice, as some clients write it for every m-line.
        assert!(read(&NEWS.repeat(2)).unwrap().is_some());
    }

    #[test]
    fn what_is_no_fragment_is_malformed() {
        for text in [
            "",
            "\r\n",
            "hello",
            "{\"candidate\":\"\"}",
            "v=0\r\n",
            "a=ice-ufrag:EsAw\r\n",
            "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n",
            "a=ice-ufrag:E\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n",
            "a=ice-ufrag:EsAw\r\na=ice-pwd:short\r\n",
            "a=ice-ufrag:Es Aw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n",
            "é=1\r\na=x\r\n",
        ] {
            assert_eq!(read(text).unwrap_err().status, 400, "{text}");
        }
        let contradiction = format!("{NEWS}a=ice-ufrag:Other\r\n");
        assert_eq!(read(&contradiction).unwrap_err().status, 400);
    }

    #[test]
    fn a_restart_changes_the_credentials_of_an_offer_and_nothing_else() {
        let offer = "v=0\na=ice-ufrag:old1\na=ice-pwd:0123456789012345678901\nm=audio 9 X 0\n\
            a=ice-ufrag:old1\na=mid:0\n";
        let fresh = read(NEWS).unwrap().unwrap();
        let changed = fresh.put_into(offer);
        assert_eq!(
            changed,
            "v=0\r\na=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 X 0\r\n\
             a=ice-ufrag:EsAw\r\na=mid:0\r\n"
        );
        assert_eq!(Credentials::find(changed.lines()), Some(fresh));
    }

    #[test]
    fn of_an_answer_only_ice_is_told() {
        let answer = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\na=group:BUNDLE 0 1\r\na=ice-lite\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
            a=mid:0\r\na=rtpmap:111 opus/48000/2\r\na=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n\
            m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n";
        assert_eq!(
            write(answer),
            "a=group:BUNDLE 0 1\r\na=ice-lite\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:abcd\r\n\
             a=ice-pwd:0123456789012345678901\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,300}") {
            if let Ok(Some(credentials)) = read(&text) {
                prop_assert!(credentials.put_into(&text).contains(&credentials.ufrag));
            }
            let _ = write(&text);
        }

        #[test]
        fn any_lines_of_a_fragment_are_survived(
            lines in proptest::collection::vec("(a=ice-ufrag:|a=ice-pwd:|m=|a=mid:|a=)[a-z0-9é+/ ]{0,30}", 0..12)
        ) {
            let _ = read(&lines.join("\r\n"));
        }
    }
}
