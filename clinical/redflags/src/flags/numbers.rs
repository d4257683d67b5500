//! Emergency numbers by country.

const NUMBERS: &str = include_str!("../../data/numbers.txt");
/// Where nothing else is known: every mobile network connects it, ITU-T E.161.1 and EU law.
const EVERYWHERE: &str = "112";

/// Numbers to call in a country.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EmergencyNumbers {
    /// The general number.
    pub general: &'static str,
    /// The number of the ambulance or medical service; the general one where it is the same.
    pub ambulance: &'static str,
}

/// The emergency numbers of a country by its two letters of ISO 3166-1, in any case. 112 for others.
#[must_use]
pub fn emergency_numbers(country: &str) -> EmergencyNumbers {
    let lines = NUMBERS.lines().filter(|line| !line.starts_with("//"));
    for line in lines {
        let mut words = line.split_whitespace();
        if let (Some(code), Some(general), Some(ambulance)) = (words.next(), words.next(), words.next())
            && code.eq_ignore_ascii_case(country.trim())
        {
            return EmergencyNumbers { general, ambulance };
        }
    }
    EmergencyNumbers { general: EVERYWHERE, ambulance: EVERYWHERE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_have_their_number_and_others_112() {
        for (country, ambulance) in [("FR", "15"), ("gb", "999"), ("US", "911"), ("CH", "144"), ("AU", "000"), ("SN", "15"), ("XX", "112"), ("", "112")] {
            assert_eq!(emergency_numbers(country).ambulance, ambulance, "{country}");
        }
        for line in NUMBERS.lines().filter(|line| !line.starts_with("//")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words.len(), 3, "{line}");
            assert!(words[0].len() == 2 && words[1..].iter().all(|number| number.bytes().all(|b| b.is_ascii_digit())), "{line}");
        }
    }
}
