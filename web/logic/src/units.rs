//! Units of measurement as people write them.

use crate::texts::Lang;

/// A UCUM unit in the reader's spelling: `10*9/L` is `10⁹/L`, `m[IU]/L` is `mUI/L` in French. What has no
/// other spelling stays as it is.
#[must_use]
pub fn unit_words(ucum: &str, lang: Lang) -> String {
    let (international, surface) = match lang {
        Lang::En => ("IU", "1.73 m²"),
        Lang::Fr => ("UI", "1,73 m²"),
    };
    if ucum == "1" {
        return String::new();
    }
    ucum.replace("mm[Hg]", "mmHg")
        .replace("Cel", "°C")
        .replace("umol", "µmol")
        .replace("ug/", "µg/")
        .replace("m2", "m²")
        .replace("{INR}", "")
        .replace("{1.73_m²}", surface)
        .replace("[IU]", international)
        .replace("10*12", "10¹²")
        .replace("10*9", "10⁹")
        .replace("10*6", "10⁶")
        .replace("10*3", "10³")
        .replace("10*", "10^")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_spelt_as_the_reader_writes_them() {
        for (ucum, en, fr) in [
            ("m[IU]/L", "mIU/L", "mUI/L"),
            ("10*9/L", "10⁹/L", "10⁹/L"),
            ("10*12/L", "10¹²/L", "10¹²/L"),
            ("mm[Hg]", "mmHg", "mmHg"),
            ("umol/L", "µmol/L", "µmol/L"),
            ("kg/m2", "kg/m²", "kg/m²"),
            ("mL/min/{1.73_m2}", "mL/min/1.73 m²", "mL/min/1,73 m²"),
            ("mmol/L", "mmol/L", "mmol/L"),
            ("Cel", "°C", "°C"),
            ("{INR}", "", ""),
            ("1", "", ""),
        ] {
            assert_eq!(unit_words(ucum, Lang::En), en);
            assert_eq!(unit_words(ucum, Lang::Fr), fr);
        }
    }
}
