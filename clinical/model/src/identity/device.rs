//! Which browser a person signed in with, as coarsely as it helps them to recognise it.

/// Browsers by the word in their User-Agent; the order decides, because each names older ones too.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems by the word in the User-Agent.
const SYSTEMS: &[(&str, &str)] = &[
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// A browser and a system, such as `Firefox, Windows`. Product names only, so they need no
/// translation, and nothing of the version, which would tell one person from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceLabel(String);

impl DeviceLabel {
    /// Longest label, in bytes.
    pub const BYTES_MAX: usize = 40;

    /// Reads a `User-Agent`. What is not known is left out.
    #[must_use]
    pub fn of_user_agent(text: &str) -> Self {
        let known = |table: &[(&str, &'static str)]| {
            table
                .iter()
                .find(|(word, _)| text.contains(word))
                .map(|(_, name)| *name)
        };
        let words: Vec<&str> = [known(BROWSERS), known(SYSTEMS)]
            .into_iter()
            .flatten()
            .collect();
        Self(words.join(", "))
    }

    /// A label that was stored; one that is too long is none.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        if text.len() > Self::BYTES_MAX {
            Self(String::new())
        } else {
            Self(text)
        }
    }

    /// The label; empty when nothing is known.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_browsers_are_named_without_their_version() {
        for (text, label) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
                "Chrome, Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36 Edg/141.0",
                "Edge, Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari, iPhone",
            ),
            (
                "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
                "Firefox, Android",
            ),
            ("curl/8.5", ""),
            ("", ""),
        ] {
            assert_eq!(DeviceLabel::of_user_agent(text).as_str(), label);
        }
    }

    #[test]
    fn no_label_is_longer_than_is_stored() {
        for (_, browser) in BROWSERS {
            for (_, system) in SYSTEMS {
                assert!(browser.len() + system.len() + 2 <= DeviceLabel::BYTES_MAX);
            }
        }
    }
}
