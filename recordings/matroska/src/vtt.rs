//! Timed text (WebVTT, W3C).

use core::fmt::Write as _;

/// Something to be read at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caption {
    /// From when, in milliseconds since the recording began.
    pub from_ms: u64,
    /// Until when.
    pub to_ms: u64,
    /// What; may have several lines.
    pub text: String,
}

/// A file of captions. Nothing in a text can end its caption or be taken for markup.
#[must_use]
pub fn web_vtt(captions: &[Caption]) -> String {
    let mut file = "WEBVTT\n".to_owned();
    for caption in captions {
        let to_ms = caption.to_ms.max(caption.from_ms + 1);
        // Writing to a string cannot fail.
        let _ = write!(file, "\n{} --> {}\n", clock(caption.from_ms), clock(to_ms));
        for line in caption.text.split(['\n', '\r']) {
            if !line.trim().is_empty() {
                escape(line, &mut file);
                file.push('\n');
            }
        }
    }
    file
}

fn clock(ms: u64) -> String {
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!(
        "{:02}:{:02}:{seconds:02}.{ms:03}",
        minutes / 60,
        minutes % 60
    )
}

fn escape(line: &str, to: &mut String) {
    for c in line.chars() {
        match c {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '\0' => {}
            other => to.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_caption() {
        let file = web_vtt(&[Caption {
            from_ms: 3_661_042,
            to_ms: 0,
            text: "a <b>\n\n00:00 --> 00:01\r\nc & d".to_owned(),
        }]);
        assert_eq!(
            file,
            "WEBVTT\n\n01:01:01.042 --> 01:01:01.043\na &lt;b&gt;\n00:00 --&gt; 00:01\nc &amp; d\n"
        );
    }
}
