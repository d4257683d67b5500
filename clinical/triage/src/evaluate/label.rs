//! Words for where a patient belongs.

use crate::assess::Disposition;

const VISIT: &[Disposition] = &[Disposition::Routine, Disposition::Urgent];

/// The answers that a label calls right: an emergency, a visit (urgent, routine or either) or self-care.
/// English and French, however it is written; none when the word is not known.
#[must_use]
pub fn label(word: &str) -> Option<&'static [Disposition]> {
    let folded: String = word
        .to_lowercase()
        .chars()
        .map(|c| match c {
            'à' | 'â' => 'a',
            'é' | 'è' | 'ê' => 'e',
            'ô' => 'o',
            'û' | 'ù' => 'u',
            c if c.is_alphanumeric() => c,
            _ => ' ',
        })
        .collect();
    let folded = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(match folded.as_str() {
        "emergency"
        | "emergent"
        | "em"
        | "e"
        | "emergency care"
        | "emergency department"
        | "ed"
        | "er"
        | "emergency room"
        | "a e"
        | "ae"
        | "immediate"
        | "ambulance"
        | "call ambulance"
        | "life threatening"
        | "urgence"
        | "urgences"
        | "urgence vitale"
        | "aux urgences"
        | "samu"
        | "vital"
        | "999"
        | "911"
        | "112"
        | "15" => &[Disposition::Emergency],
        "non emergency" | "nonemergency" | "non emergent" | "nonemergent" | "not an emergency"
        | "ne" | "non emergency care" | "non urgent" | "nonurgent" | "not urgent" | "doctor"
        | "see a doctor" | "medical care" | "visit" | "consultation" | "non urgence"
        | "pas urgent" | "medecin" | "voir un medecin" => VISIT,
        "urgent"
        | "u"
        | "urgent care"
        | "same day"
        | "within 24 hours"
        | "24h"
        | "today"
        | "urgente"
        | "le jour meme"
        | "dans la journee"
        | "consultation urgente"
        | "sous 24 h"
        | "soins urgents" => &[Disposition::Urgent],
        "routine"
        | "r"
        | "routine visit"
        | "primary care"
        | "pcp"
        | "gp"
        | "general practitioner"
        | "routine care"
        | "within days"
        | "medecin traitant"
        | "generaliste"
        | "consultation de routine"
        | "soins courants"
        | "dans la semaine" => &[Disposition::Routine],
        "self care" | "selfcare" | "sc" | "s" | "home" | "home care" | "self"
        | "self management" | "pharmacy" | "pharmacist" | "autosoins" | "auto soins"
        | "soins a domicile" | "a domicile" | "automedication" | "conseils" | "pharmacie" => {
            &[Disposition::SelfCare]
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Disposition, VISIT, label};

    #[test]
    fn labels_of_both_languages_are_known() {
        for word in ["Emergency", "A&E", "ED", "urgence vitale", "EMERGENT"] {
            assert_eq!(label(word), Some(&[Disposition::Emergency][..]), "{word}");
        }
        for word in [
            "non-emergency",
            "Non emergent",
            "non-urgent",
            "voir un médecin",
        ] {
            assert_eq!(label(word), Some(VISIT), "{word}");
        }
        for word in ["self-care", "Self care", "auto-soins", "home"] {
            assert_eq!(label(word), Some(&[Disposition::SelfCare][..]), "{word}");
        }
        assert_eq!(label("PCP"), Some(&[Disposition::Routine][..]));
        assert_eq!(label("le jour même"), Some(&[Disposition::Urgent][..]));
        assert_eq!(label("purple"), None);
    }
}
