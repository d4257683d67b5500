//! What calls cost: prices, what a facility may spend, and who keeps the bill.

use serde::Deserialize;
use signaling_sip::PhoneNumber;
use thiserror::Error;

use crate::caps::CapReached;
use crate::ports::ClinicDown;
use crate::trunk::Trunk;

/// Millionths of one unit of the currency.
const MICROS: f64 = 1_000_000.0;
/// Most of a price or a budget; more is a mistake in the file.
const AMOUNT_MAX: f64 = 1_000_000.0;

/// The part `[phone.spend]` of the configuration: what calls that we place may cost.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpendSettings {
    /// ISO 4217, such as `EUR`.
    pub currency: String,
    /// What a minute costs, by the beginning of the number.
    #[serde(default)]
    pub prices: Vec<PriceSettings>,
    /// What facilities may spend in a month (UTC).
    #[serde(default)]
    pub budgets: Vec<BudgetSettings>,
}

/// A price as it stands in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceSettings {
    /// Digits with which numbers begin, the country first: `33`, `337`. The longest counts.
    pub prefix: String,
    /// Of a minute that was begun.
    pub per_minute: f64,
}

/// A budget as it stands in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetSettings {
    /// The id of the facility.
    pub facility: String,
    /// In a month.
    pub per_month: f64,
}

/// Why prices and budgets are not taken, and what to do.
#[derive(Debug, Error, PartialEq)]
pub enum SpendError {
    /// Not a currency.
    #[error("[phone.spend]: {0:?} is no currency such as \"EUR\"")]
    Currency(String),
    /// Not the beginning of a number.
    #[error("[phone.spend]: prefix {0:?} is no beginning of a number such as \"33\"")]
    Prefix(String),
    /// Below zero, or beyond all measure.
    #[error("[phone.spend]: {0} is no amount; give one from 0 to 1000000")]
    Amount(f64),
    /// Twice the same.
    #[error("[phone.spend]: {0:?} stands there twice; keep one")]
    Twice(String),
    /// Calls without a price would escape the budgets.
    #[error(
        "[phone.spend]: there are budgets, and calls to country {country} by trunk {trunk:?} have no price; add one"
    )]
    Unpriced {
        /// The trunk.
        trunk: String,
        /// The country.
        country: String,
    },
}

/// Prices and budgets, checked. Amounts are in millionths of the currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spend {
    /// ISO 4217.
    pub currency: String,
    prices: Vec<(String, i64)>,
    budgets: Vec<(String, i64)>,
}

fn micros(amount: f64) -> Result<i64, SpendError> {
    if !(0.0..=AMOUNT_MAX).contains(&amount) {
        return Err(SpendError::Amount(amount));
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most a million millions"
    )]
    let micros = (amount * MICROS).round() as i64;
    Ok(micros)
}

impl Spend {
    /// Checks what stands in the file.
    ///
    /// # Errors
    /// With the first thing that is wrong, and what to do.
    pub fn check(settings: SpendSettings, trunks: &[Trunk]) -> Result<Self, SpendError> {
        let currency = settings.currency;
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(SpendError::Currency(currency));
        }
        let mut prices: Vec<(String, i64)> = Vec::new();
        for PriceSettings { prefix, per_minute } in settings.prices {
            let is_prefix = (1..=15).contains(&prefix.len())
                && prefix.bytes().all(|byte| byte.is_ascii_digit())
                && !prefix.starts_with('0');
            if !is_prefix {
                return Err(SpendError::Prefix(prefix));
            }
            if prices.iter().any(|(known, _)| *known == prefix) {
                return Err(SpendError::Twice(prefix));
            }
            prices.push((prefix, micros(per_minute)?));
        }
        let mut budgets: Vec<(String, i64)> = Vec::new();
        for BudgetSettings {
            facility,
            per_month,
        } in settings.budgets
        {
            let is_same = |(known, _): &(String, i64)| known.eq_ignore_ascii_case(&facility);
            if budgets.iter().any(is_same) {
                return Err(SpendError::Twice(facility));
            }
            budgets.push((facility, micros(per_month)?));
        }
        let spend = Self {
            currency,
            prices,
            budgets,
        };
        if !spend.budgets.is_empty() {
            spend.covers(trunks)?;
        }
        Ok(spend)
    }

    fn covers(&self, trunks: &[Trunk]) -> Result<(), SpendError> {
        for trunk in trunks {
            let countries = trunk.outbound.iter().flat_map(|out| &out.countries);
            for country in countries {
                if self.price_of(country).is_none() {
                    return Err(SpendError::Unpriced {
                        trunk: trunk.name.clone(),
                        country: country.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    fn price_of(&self, digits: &str) -> Option<i64> {
        let matching = self.prices.iter();
        let matching = matching.filter(|(prefix, _)| digits.starts_with(prefix.as_str()));
        matching
            .max_by_key(|(prefix, _)| prefix.len())
            .map(|(_, price)| *price)
    }

    /// What a minute to this number costs.
    #[must_use]
    pub fn minute_micros(&self, number: &PhoneNumber) -> Option<i64> {
        self.price_of(number.expose().trim_start_matches('+'))
    }

    /// What a facility may spend in a month; none: it is not bounded.
    #[must_use]
    pub fn month_micros(&self, facility: &str) -> Option<i64> {
        let mut budgets = self.budgets.iter();
        let of = budgets.find(|(known, _)| known.eq_ignore_ascii_case(facility));
        of.map(|(_, amount)| *amount)
    }

    /// The facilities with a budget.
    pub fn facilities(&self) -> impl Iterator<Item = &str> {
        self.budgets.iter().map(|(facility, _)| facility.as_str())
    }
}

/// A call that is about to be placed, for whoever keeps the bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The id of the facility that pays.
    pub facility: String,
    /// The trunk.
    pub trunk: String,
    /// Minutes that may be talked on it in a day (UTC).
    pub minutes_per_day_max: u32,
    /// What a minute costs, in millionths; 0 where calls have no price.
    pub minute_micros: i64,
    /// What the facility may spend in a month (UTC), in millionths; none: it is not bounded.
    pub month_micros: Option<i64>,
}

/// What a call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Names the charge.
    pub id: u128,
    /// Seconds that may be talked.
    pub seconds: u64,
}

/// Why a call is not charged, and so not placed.
#[derive(Debug, Error)]
pub enum NotCharged {
    /// A cap is reached.
    #[error(transparent)]
    Cap(#[from] CapReached),
    /// What was used is not known.
    #[error(transparent)]
    Down(#[from] ClinicDown),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> SpendSettings {
        toml::from_str(text).unwrap()
    }

    fn check(text: &str) -> Result<Spend, SpendError> {
        Spend::check(settings(text), &[])
    }

    #[test]
    fn the_longest_prefix_is_the_price_and_budgets_are_of_facilities() {
        let spend = check(
            r#"currency = "EUR"
            prices = [{ prefix = "33", per_minute = 0.02 }, { prefix = "337", per_minute = 0.155 }]
            budgets = [{ facility = "AB", per_month = 200 }]"#,
        )
        .unwrap();
        let of = |text| spend.minute_micros(&PhoneNumber::parse(text, None).unwrap());
        assert_eq!(of("+33123456789"), Some(20_000));
        assert_eq!(of("+33712345678"), Some(155_000));
        assert_eq!(of("+237699000101"), None);
        assert_eq!(spend.month_micros("ab"), Some(200_000_000));
        assert_eq!(spend.month_micros("cd"), None);
    }

    #[test]
    fn what_is_no_price_is_refused_with_what_to_do() {
        let wrong = |text| check(text).unwrap_err();
        assert_eq!(
            wrong(r#"currency = "euro""#),
            SpendError::Currency("euro".to_owned())
        );
        let head = r#"currency = "EUR"
            "#;
        let of = |rest: &str| check(&format!("{head}{rest}")).unwrap_err();
        assert_eq!(
            of(r#"prices = [{ prefix = "+33", per_minute = 1 }]"#),
            SpendError::Prefix("+33".to_owned())
        );
        assert_eq!(
            of(r#"prices = [{ prefix = "33", per_minute = -1 }]"#),
            SpendError::Amount(-1.0)
        );
        assert!(matches!(
            of(r#"budgets = [{ facility = "a", per_month = nan }]"#),
            SpendError::Amount(_)
        ));
        assert_eq!(
            of(
                r#"budgets = [{ facility = "a", per_month = 1 }, { facility = "A", per_month = 2 }]"#
            ),
            SpendError::Twice("A".to_owned())
        );
    }
}
