//! Health data as a type, so that it can not reach a log by accident.

use core::fmt;

/// Protected health information. `Debug` and `Display` always redact; [`expose`](Phi::expose) is the
/// one way to the value, and easy to find.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Phi<T>(T);

impl<T> Phi<T> {
    /// Marks a value as health data.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for storing it or for showing it to somebody who may see it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Gives the value back.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phi(..)")
    }
}

impl<T> fmt::Display for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::Phi;

    #[test]
    fn health_data_does_not_print_itself() {
        let phi = Phi::new("asthma");
        assert_eq!(format!("{phi} {phi:?}"), "(redacted) Phi(..)");
        assert_eq!(*phi.expose(), "asthma");
    }
}
