//! How well the kidneys filter, estimated from creatinine.

use crate::patients::Sex;

/// Youngest age in years for which the equation was made.
const ADULT_YEARS: u16 = 18;

/// Estimated glomerular filtration rate in mL/min/1.73 m2 by the CKD-EPI creatinine equation of 2021 (Inker
/// et al., N Engl J Med 2021;385:1737), which asks for no origin. Creatinine in mg/dL. None for children, for
/// a sex that the equation does not know, and for numbers that are none.
#[must_use]
pub fn egfr(creatinine_mg_dl: f64, age_years: u16, sex: Sex) -> Option<f64> {
    let (kappa, alpha, factor) = match sex {
        Sex::Female => (0.7, -0.241, 1.012),
        Sex::Male => (0.9, -0.302, 1.0),
        Sex::Other | Sex::Unknown => return None,
    };
    if age_years < ADULT_YEARS || !creatinine_mg_dl.is_finite() || creatinine_mg_dl <= 0.0 {
        return None;
    }
    let ratio = creatinine_mg_dl / kappa;
    Some(
        142.0
            * ratio.min(1.0).powf(alpha)
            * ratio.max(1.0).powf(-1.2)
            * 0.9938_f64.powi(i32::from(age_years))
            * factor,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_come_out() {
        // Worked by hand from the equation: ratio 1 leaves 142 * 0.9938^age.
        let near = |value: Option<f64>, expected: f64| {
            let value = value.unwrap();
            assert!((value - expected).abs() < 1.0, "{value} {expected}");
        };
        near(egfr(0.9, 50, Sex::Male), 104.0);
        near(egfr(0.7, 50, Sex::Female), 105.3);
        near(egfr(1.8, 50, Sex::Male), 45.3);
        near(egfr(0.6, 30, Sex::Female), 123.8);
    }

    #[test]
    fn it_is_not_guessed_for_whom_it_was_not_made() {
        assert_eq!(egfr(0.5, 10, Sex::Male), None);
        assert_eq!(egfr(1.0, 40, Sex::Unknown), None);
        assert_eq!(egfr(0.0, 40, Sex::Male), None);
        assert_eq!(egfr(f64::NAN, 40, Sex::Male), None);
    }
}
