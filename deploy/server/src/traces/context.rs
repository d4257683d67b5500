//! Which trace a request belongs to: the `traceparent` header of W3C Trace Context.

use core::fmt;
use core::num::NonZeroU32;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header (W3C Trace Context, 3.2).
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A span of ours in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceContext {
    /// The trace; never 0.
    pub(crate) trace: u128,
    /// The span; never 0.
    pub(crate) span: u64,
    /// The span of whoever asked, if they said so.
    pub(crate) parent: Option<u64>,
    /// Whether it is told to the collector.
    pub(crate) sampled: bool,
}

/// Which requests are traced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampling {
    /// One of so many. The trace decides, so all its spans on all nodes are told or none is.
    pub(crate) one_in: NonZeroU32,
}

impl Sampling {
    /// By the id of our own span: that of the trace may be one that a stranger has chosen.
    fn takes(self, span: u64) -> bool {
        let random = span & 0x00ff_ffff_ffff_ffff;
        random.is_multiple_of(u64::from(self.one_in.get()))
    }
}

impl TraceContext {
    /// The context of a request of people: a new span, in the trace that its headers name or in one of its
    /// own. Who asks for it not to be told is heard; who asks for the opposite is not.
    pub(crate) fn of_people(headers: &HeaderMap, sampling: Sampling) -> Self {
        let context = Self::of(headers).unwrap_or_else(|| Self {
            trace: trace_id(),
            span: span_id(),
            parent: None,
            sampled: true,
        });
        Self {
            sampled: context.sampled && sampling.takes(context.span),
            ..context
        }
    }

    /// The context of a request of another node, which has decided; none if nobody asked for it.
    pub(crate) fn of_node(headers: &HeaderMap) -> Option<Self> {
        Self::of(headers)
    }

    fn of(headers: &HeaderMap) -> Option<Self> {
        let header = headers.get(TRACEPARENT).and_then(|it| it.to_str().ok())?;
        let (trace, parent, sampled) = parse(header)?;
        Some(Self {
            trace,
            span: span_id(),
            parent: Some(parent),
            sampled,
        })
    }

    /// What whoever is asked next is told.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.to_string()).ok()
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        write!(f, "00-{:032x}-{:016x}-{flags:02x}", self.trace, self.span)
    }
}

/// A trace that nobody else has.
pub(super) fn trace_id() -> u128 {
    // Version and variant are set, so it is not 0.
    Uuid::new_v4().as_u128()
}

/// A span that nobody else has.
pub(super) fn span_id() -> u64 {
    Uuid::new_v4().as_u64_pair().1
}

/// Trace and parent of a header, and whether they were sampled. Later versions may say more behind the flags
/// (3.2.2 and 4.3).
fn parse(header: &str) -> Option<(u128, u64, bool)> {
    let mut parts = header.split('-');
    let version = parts.next().filter(|it| is_hex(it, 2) && *it != "ff")?;
    let trace = parts.next().filter(|it| is_hex(it, 32))?;
    let parent = parts.next().filter(|it| is_hex(it, 16))?;
    let flags = parts.next().filter(|it| is_hex(it, 2))?;
    if version == "00" && parts.next().is_some() {
        return None;
    }
    let trace = u128::from_str_radix(trace, 16).ok()?;
    let parent = u64::from_str_radix(parent, 16).ok()?;
    let flags = u8::from_str_radix(flags, 16).ok()?;
    (trace != 0 && parent != 0).then_some((trace, parent, flags & 1 == 1))
}

fn is_hex(text: &str, length: usize) -> bool {
    let is_lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == length && text.bytes().all(is_lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    const ALL: Sampling = Sampling {
        one_in: NonZeroU32::MIN,
    };

    fn headers(header: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_str(header).unwrap());
        headers
    }

    fn of(header: &str) -> TraceContext {
        TraceContext::of_people(&headers(header), ALL)
    }

    #[test]
    fn a_trace_is_continued_by_a_span_of_its_own() {
        let context = of(GOOD);
        assert_eq!(context.trace, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_eq!(context.parent, Some(0x00f0_67aa_0ba9_02b7));
        assert_ne!(context.span, 0x00f0_67aa_0ba9_02b7);
        let next = of(&context.to_string());
        assert_eq!(
            (next.trace, next.parent),
            (context.trace, Some(context.span))
        );
    }

    #[test]
    fn a_header_that_is_none_begins_a_trace() {
        let bad = [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ];
        for header in bad {
            let context = of(header);
            assert_eq!(context.parent, None, "{header}");
            assert_ne!(context.trace, 0);
        }
    }

    #[test]
    fn one_of_so_many_is_told_and_the_next_node_does_as_the_first() {
        let some = Sampling {
            one_in: NonZeroU32::new(4).unwrap(),
        };
        let mut told = 0;
        for _ in 0..4000 {
            let context = TraceContext::of_people(&HeaderMap::new(), some);
            let next = TraceContext::of_node(&headers(&context.to_string())).unwrap();
            assert_eq!(next.sampled, context.sampled);
            told += u32::from(context.sampled);
        }
        // A thousand, give or take seven standard deviations.
        assert!((800..1200).contains(&told), "{told}");
    }

    #[test]
    fn whoever_chooses_the_trace_does_not_choose_whether_it_is_told() {
        let some = Sampling {
            one_in: NonZeroU32::new(1000).unwrap(),
        };
        // Low digits of which every number is a divisor.
        let chosen = headers("00-00000000000000010000000000000000-0000000000000001-01");
        let told = (0..4000).filter(|_| TraceContext::of_people(&chosen, some).sampled);
        assert!(told.count() < 40);
    }

    #[test]
    fn nobody_can_ask_for_more_than_is_told_anyway() {
        let some = Sampling {
            one_in: NonZeroU32::MAX,
        };
        assert!(of(GOOD).sampled);
        assert!(!TraceContext::of_people(&headers(GOOD), some).sampled);
        assert!(!of(&GOOD.replace("-01", "-00")).sampled);
    }

    #[test]
    fn what_a_node_does_of_its_own_is_not_told() {
        assert_eq!(TraceContext::of_node(&HeaderMap::new()), None);
    }

    #[test]
    fn a_later_version_may_say_more() {
        let header = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more";
        assert!(of(header).parent.is_some());
    }
}
