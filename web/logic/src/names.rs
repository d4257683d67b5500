//! Names of people.

/// A person's initials, for a tile without a picture.
#[must_use]
pub fn initials(name: &str) -> String {
    name.split_whitespace()
        .filter(|word| !word.ends_with('.'))
        .filter_map(|word| word.chars().next())
        .filter(|letter| letter.is_alphabetic())
        .take(2)
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_leave_titles_out() {
        assert_eq!(initials("Dr. Élodie Ngo Mbappé"), "ÉN");
        assert_eq!(initials("Paul"), "P");
        assert_eq!(initials(""), "");
    }
}
