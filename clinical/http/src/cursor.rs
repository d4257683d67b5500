//! Where the next page of a list begins, as a client gives it back: `<time>_<id>`.

use core::fmt::Display;
use core::str::FromStr;

use clinical_model::Micros;

/// Names the last row of a page.
pub(crate) fn cursor(at_us: i64, id: impl Display) -> String {
    format!("{at_us}_{id}")
}

/// Reads what [`cursor`] wrote; none of anything else.
pub(crate) fn after<T: FromStr>(text: &str) -> Option<(Micros, T)> {
    let (at, id) = text.split_once('_')?;
    let id = id.parse().ok()?;
    Some((Micros(at.parse().ok()?), id))
}

#[cfg(test)]
mod tests {
    use clinical_model::ThreadId;

    use super::*;

    #[test]
    fn a_cursor_leads_back_and_anything_else_is_refused() {
        let id: ThreadId = "00000000-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(after(&cursor(17, id)), Some((Micros(17), id)));
        for bad in ["", "17", "x_y", "17_1", &format!("x_{id}")] {
            assert_eq!(after::<ThreadId>(bad), None, "{bad}");
        }
    }
}
