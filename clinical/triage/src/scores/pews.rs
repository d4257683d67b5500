//! The Brighton Paediatric Early Warning Score.

use clinical_redflags::flags::Age;

use super::OutOfRange;

/// How a child behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Behaviour {
    /// Plays, or as usual.
    Playing,
    /// Sleeps.
    Sleeping,
    /// Irritable.
    Irritable,
    /// Lethargic, confused or answering less to pain.
    Lethargic,
}

/// Colour of the skin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Colour {
    /// Pink.
    Pink,
    /// Pale.
    Pale,
    /// Grey.
    Grey,
    /// Grey and mottled.
    Mottled,
}

/// Work of breathing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effort {
    /// None to be seen.
    None,
    /// Accessory muscles.
    AccessoryMuscles,
    /// Recession or tracheal tug.
    Recession,
    /// Grunting, or sternal recession with slow breathing.
    Grunting,
}

/// What the score asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChildVitals {
    /// Age of the child.
    pub age: Age,
    /// Behaviour.
    pub behaviour: Behaviour,
    /// Colour.
    pub colour: Colour,
    /// Capillary refill in seconds.
    pub refill: f64,
    /// Heart beats a minute.
    pub pulse: f64,
    /// Breaths a minute.
    pub breaths: f64,
    /// Work of breathing.
    pub effort: Effort,
    /// Oxygen given, litres a minute.
    pub oxygen_litres: f64,
    /// Nebulisers every quarter of an hour, or vomiting that goes on after an operation.
    pub extra: bool,
}

/// Brighton PEWS: Monaghan, Paediatric Nursing 2005;17(1):32-35. 0 to 11; 4 and more, or 3 in one part, asks for a
/// doctor at once. Usual rates by age: Advanced Paediatric Life Support.
///
/// # Errors
///
/// When a measurement is impossible.
pub fn pews(child: ChildVitals) -> Result<(u32, bool), OutOfRange> {
    for (what, value, low, high) in [
        ("capillary refill (seconds)", child.refill, 0.0, 20.0),
        ("pulse (per minute)", child.pulse, 0.0, 350.0),
        ("respiratory rate (per minute)", child.breaths, 0.0, 150.0),
        ("oxygen (litres per minute)", child.oxygen_litres, 0.0, 25.0),
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
    let ((pulse_low, pulse_high), (breaths_low, breaths_high)) = usual(child.age);
    let behaviour = child.behaviour as u32;
    let colour = child.colour as u32;
    let refill = match child.refill {
        ..3.0 => 0,
        ..4.0 => 1,
        ..5.0 => 2,
        _ => 3,
    };
    let pulse = match child.pulse - pulse_high {
        _ if child.pulse < pulse_low => 3,
        30.0.. => 3,
        20.0.. => 2,
        _ => 0,
    };
    let breaths = match child.breaths - breaths_high {
        _ if child.breaths <= breaths_low - 5.0 => 3,
        20.0.. => 2,
        10.0.. => 1,
        _ => 0,
    };
    let oxygen = match child.oxygen_litres {
        8.0.. => 3,
        6.0.. => 2,
        3.0.. => 1,
        _ => 0,
    };
    let parts = [
        behaviour,
        colour.max(refill).max(pulse),
        breaths.max(child.effort as u32).max(oxygen),
    ];
    let total = parts.iter().sum::<u32>() + if child.extra { 2 } else { 0 };
    Ok((total, total >= 4 || parts.contains(&3)))
}

/// Usual beats and breaths a minute, lowest and highest.
fn usual(age: Age) -> ((f64, f64), (f64, f64)) {
    match age.in_days() / 365 {
        0 => ((110.0, 160.0), (30.0, 40.0)),
        1 => ((100.0, 150.0), (25.0, 35.0)),
        2..5 => ((95.0, 140.0), (25.0, 30.0)),
        5..12 => ((80.0, 120.0), (20.0, 25.0)),
        _ => ((60.0, 100.0), (15.0, 20.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Age, Behaviour, ChildVitals, Colour, Effort, pews};

    const WELL: ChildVitals = ChildVitals {
        age: Age::years(3),
        behaviour: Behaviour::Playing,
        colour: Colour::Pink,
        refill: 1.5,
        pulse: 110.0,
        breaths: 26.0,
        effort: Effort::None,
        oxygen_litres: 0.0,
        extra: false,
    };

    #[test]
    fn the_published_steps_give_the_published_points() {
        assert_eq!(pews(WELL), Ok((0, false)));
        let pale = ChildVitals {
            colour: Colour::Pale,
            behaviour: Behaviour::Irritable,
            effort: Effort::AccessoryMuscles,
            ..WELL
        };
        assert_eq!(pews(pale), Ok((4, true)));
        let fast = |pulse| pews(ChildVitals { pulse, ..WELL }).unwrap();
        assert_eq!(
            [150.0, 160.0, 170.0, 90.0].map(fast),
            [(0, false), (2, false), (3, true), (3, true)]
        );
        let breaths = |breaths| pews(ChildVitals { breaths, ..WELL }).unwrap().0;
        assert_eq!([39.0, 40.0, 50.0, 20.0].map(breaths), [0, 1, 2, 3]);
        let refill = |refill| pews(ChildVitals { refill, ..WELL }).unwrap().0;
        assert_eq!([2.0, 3.0, 4.0, 5.0].map(refill), [0, 1, 2, 3]);
        assert_eq!(
            pews(ChildVitals {
                extra: true,
                ..WELL
            }),
            Ok((2, false))
        );
        assert!(
            pews(ChildVitals {
                pulse: f64::NAN,
                ..WELL
            })
            .is_err()
        );
    }

    /// Lowest and highest.
    type Usual = (f64, f64);
    /// Ages on both sides of a limit, the usual pulse and the usual breaths of their group.
    const GROUPS: [(Age, Usual, Usual); 9] = [
        (Age::days(1), (110.0, 160.0), (30.0, 40.0)),
        (Age::days(364), (110.0, 160.0), (30.0, 40.0)),
        (Age::years(1), (100.0, 150.0), (25.0, 35.0)),
        (Age::days(729), (100.0, 150.0), (25.0, 35.0)),
        (Age::years(2), (95.0, 140.0), (25.0, 30.0)),
        (Age::days(5 * 365 - 1), (95.0, 140.0), (25.0, 30.0)),
        (Age::years(5), (80.0, 120.0), (20.0, 25.0)),
        (Age::days(12 * 365 - 1), (80.0, 120.0), (20.0, 25.0)),
        (Age::years(12), (60.0, 100.0), (15.0, 20.0)),
    ];

    #[test]
    fn every_limit_of_every_age_stands_where_the_table_has_it() {
        for (age, (slow, fast), (few, many)) in GROUPS {
            let child = ChildVitals {
                age,
                pulse: fast,
                breaths: many,
                ..WELL
            };
            let beats = |pulse| pews(ChildVitals { pulse, ..child }).unwrap().0;
            let beats = [
                slow - 1.0,
                slow,
                fast + 19.0,
                fast + 20.0,
                fast + 29.0,
                fast + 30.0,
            ]
            .map(beats);
            assert_eq!(beats, [3, 0, 0, 2, 2, 3], "{age:?}");
            let rate = |breaths| pews(ChildVitals { breaths, ..child }).unwrap().0;
            let rate = [
                few - 5.0,
                few - 4.0,
                many + 9.0,
                many + 10.0,
                many + 19.0,
                many + 20.0,
            ]
            .map(rate);
            assert_eq!(rate, [3, 0, 0, 1, 1, 2], "{age:?}");
        }
        let litres = |oxygen_litres| {
            pews(ChildVitals {
                oxygen_litres,
                ..WELL
            })
            .unwrap()
            .0
        };
        let litres = [2.9, 3.0, 5.9, 6.0, 7.9, 8.0].map(litres);
        assert_eq!(litres, [0, 1, 1, 2, 2, 3]);
        let refill = |refill| pews(ChildVitals { refill, ..WELL }).unwrap().0;
        assert_eq!([2.9, 3.9, 4.9, 20.0].map(refill), [0, 1, 2, 3]);
    }

    #[test]
    fn four_points_or_three_in_one_part_ask_for_a_doctor() {
        let child = |behaviour, colour, extra| {
            let (points, doctor) = pews(ChildVitals {
                behaviour,
                colour,
                extra,
                ..WELL
            })
            .unwrap();
            (points, doctor)
        };
        assert_eq!(child(Behaviour::Sleeping, Colour::Grey, false), (3, false));
        assert_eq!(child(Behaviour::Irritable, Colour::Grey, false), (4, true));
        assert_eq!(child(Behaviour::Lethargic, Colour::Pink, false), (3, true));
        assert_eq!(child(Behaviour::Sleeping, Colour::Pale, true), (4, true));
    }
}
