//! Early warning scores from published tables.

mod pews;

pub use pews::{Behaviour, ChildVitals, Colour, Effort, pews};

/// A measurement outside what a living person can have, or in another unit.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{what} of {value} is not between {low} and {high}")]
pub struct OutOfRange {
    /// Which measurement, with its unit.
    pub what: &'static str,
    /// What was given.
    pub value: f64,
    /// Least value.
    pub low: f64,
    /// Greatest value.
    pub high: f64,
}

/// Vital signs of an adult.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vitals {
    /// Breaths a minute.
    pub breaths: f64,
    /// Oxygen saturation in percent.
    pub saturation: f64,
    /// Whether oxygen is given.
    pub oxygen: bool,
    /// Whether the target is 88-92 % (hypercapnic failure): SpO2 scale 2.
    pub scale_two: bool,
    /// Systolic pressure in mmHg.
    pub systolic: f64,
    /// Heart beats a minute.
    pub pulse: f64,
    /// Whether alert; newly confused is not.
    pub alert: bool,
    /// Temperature in degrees Celsius.
    pub temperature: f64,
}

impl Vitals {
    fn checked(self) -> Result<Self, OutOfRange> {
        for (what, value, low, high) in [
            ("respiratory rate (per minute)", self.breaths, 0.0, 100.0),
            ("oxygen saturation (%)", self.saturation, 30.0, 100.0),
            ("systolic pressure (mmHg)", self.systolic, 20.0, 350.0),
            ("pulse (per minute)", self.pulse, 0.0, 350.0),
            (
                "temperature (degrees Celsius)",
                self.temperature,
                20.0,
                46.0,
            ),
        ] {
            if !(low..=high).contains(&value) {
                return Err(OutOfRange {
                    what,
                    value,
                    low,
                    high,
                });
            }
        }
        Ok(self)
    }
}

/// What NEWS2 asks for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Response {
    /// 0 to 4 in all.
    Low,
    /// 3 in one measurement.
    LowMedium,
    /// 5 or 6: urgent.
    Medium,
    /// 7 and more: emergency.
    High,
}

/// NEWS2: Royal College of Physicians, National Early Warning Score 2, 2017, chart 1. From 16 years on,
/// not in pregnancy.
///
/// # Errors
///
/// When a measurement is impossible.
pub fn news2(vitals: Vitals) -> Result<(u32, Response), OutOfRange> {
    let v = vitals.checked()?;
    // Each table: points for values up to a limit, the last one for what is above.
    let points = |value: f64, table: &[(f64, u32)]| {
        table
            .iter()
            .find(|(limit, _)| value <= *limit)
            .map_or(0, |(_, points)| *points)
    };
    let none = f64::INFINITY;
    let saturation = if !v.scale_two {
        points(v.saturation, &[(91.0, 3), (93.0, 2), (95.0, 1), (none, 0)])
    } else if v.oxygen && v.saturation >= 93.0 {
        points(v.saturation, &[(94.0, 1), (96.0, 2), (none, 3)])
    } else {
        points(v.saturation, &[(83.0, 3), (85.0, 2), (87.0, 1), (none, 0)])
    };
    let each = [
        points(
            v.breaths,
            &[(8.0, 3), (11.0, 1), (20.0, 0), (24.0, 2), (none, 3)],
        ),
        saturation,
        if v.oxygen { 2 } else { 0 },
        points(
            v.systolic,
            &[(90.0, 3), (100.0, 2), (110.0, 1), (219.0, 0), (none, 3)],
        ),
        points(
            v.pulse,
            &[
                (40.0, 3),
                (50.0, 1),
                (90.0, 0),
                (110.0, 1),
                (130.0, 2),
                (none, 3),
            ],
        ),
        if v.alert { 0 } else { 3 },
        points(
            v.temperature,
            &[(35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (none, 2)],
        ),
    ];
    let total: u32 = each.iter().sum();
    let response = match total {
        7.. => Response::High,
        5 | 6 => Response::Medium,
        _ if each.contains(&3) => Response::LowMedium,
        _ => Response::Low,
    };
    Ok((total, response))
}

/// qSOFA: Singer et al., Sepsis-3, JAMA 2016;315:801. 0 to 3; 2 and more is a warning.
///
/// # Errors
///
/// When a measurement is impossible.
pub fn qsofa(vitals: Vitals) -> Result<u32, OutOfRange> {
    let v = vitals.checked()?;
    Ok(u32::from(v.breaths >= 22.0) + u32::from(v.systolic <= 100.0) + u32::from(!v.alert))
}

#[cfg(test)]
mod tests {
    use super::{Response, Vitals, news2, qsofa};

    const WELL: Vitals = Vitals {
        breaths: 16.0,
        saturation: 97.0,
        oxygen: false,
        scale_two: false,
        systolic: 125.0,
        pulse: 72.0,
        alert: true,
        temperature: 36.8,
    };

    #[test]
    fn the_published_limits_give_the_published_points() {
        assert_eq!(news2(WELL), Ok((0, Response::Low)));
        let breaths = |breaths| news2(Vitals { breaths, ..WELL }).unwrap().0;
        assert_eq!(
            [8.0, 9.0, 12.0, 20.0, 21.0, 25.0].map(breaths),
            [3, 1, 0, 0, 2, 3]
        );
        let systolic = |systolic| news2(Vitals { systolic, ..WELL }).unwrap().0;
        assert_eq!(
            [90.0, 91.0, 101.0, 111.0, 219.0, 220.0].map(systolic),
            [3, 2, 1, 0, 0, 3]
        );
        let oxygen = Vitals {
            oxygen: true,
            scale_two: true,
            saturation: 97.0,
            ..WELL
        };
        assert_eq!(news2(oxygen), Ok((5, Response::Medium)));
        let air = Vitals {
            oxygen: false,
            ..oxygen
        };
        assert_eq!(news2(air), Ok((0, Response::Low)));
        let septic = Vitals {
            breaths: 26.0,
            systolic: 85.0,
            alert: false,
            pulse: 132.0,
            ..WELL
        };
        assert_eq!(news2(septic), Ok((12, Response::High)));
        assert_eq!(qsofa(septic), Ok(3));
    }

    #[test]
    fn impossible_measurements_are_refused() {
        assert!(
            news2(Vitals {
                temperature: 98.6,
                ..WELL
            })
            .is_err()
        );
        assert!(
            qsofa(Vitals {
                pulse: f64::NAN,
                ..WELL
            })
            .is_err()
        );
    }
}
