//! An order to the laboratory and how its state may change.

/// Most tests in one order; a request form of a laboratory has fewer.
pub const TESTS_PER_ORDER_MAX: usize = 30;

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderStage {
    /// Being written by the doctor; the laboratory does not see it.
    Draft,
    /// Placed.
    Active,
    /// The specimen is taken.
    Collected,
    /// Values are entered and not verified.
    Preliminary,
    /// Values are verified.
    Final,
    /// Verified values were corrected.
    Amended,
    /// Will not be done.
    Cancelled,
}

/// What somebody does with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderStep {
    /// The doctor places it.
    Place,
    /// The laboratory has the specimen.
    Collect,
    /// The laboratory enters values.
    Enter,
    /// The laboratory verifies the values.
    Verify,
    /// The laboratory corrects verified values.
    Amend,
    /// It will not be done.
    Cancel,
}

/// A step that does not follow from where the order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {} can not take this step", from.as_str())]
pub struct OrderStepRefused {
    /// Where the order stands.
    pub from: OrderStage,
}

impl OrderStage {
    /// Every stage.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Active,
        Self::Collected,
        Self::Preliminary,
        Self::Final,
        Self::Amended,
        Self::Cancelled,
    ];

    /// The word used in SQL and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Collected => "collected",
            Self::Preliminary => "preliminary",
            Self::Final => "final",
            Self::Amended => "amended",
            Self::Cancelled => "cancelled",
        }
    }

    /// The stage of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }

    /// The status of a FHIR R4 `ServiceRequest`.
    #[must_use]
    pub const fn service_request_status(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active | Self::Collected | Self::Preliminary => "active",
            Self::Final | Self::Amended => "completed",
            Self::Cancelled => "revoked",
        }
    }

    /// The status of a FHIR R4 `DiagnosticReport`; `None` before there is one.
    #[must_use]
    pub const fn report_status(self) -> Option<&'static str> {
        match self {
            Self::Draft | Self::Active | Self::Collected | Self::Cancelled => None,
            Self::Preliminary => Some("preliminary"),
            Self::Final => Some("final"),
            Self::Amended => Some("amended"),
        }
    }

    /// The order after a step.
    ///
    /// # Errors
    /// [`OrderStepRefused`] when the step does not follow.
    pub const fn step(self, step: OrderStep) -> Result<Self, OrderStepRefused> {
        let next = match (step, self) {
            (OrderStep::Place, Self::Draft) => Self::Active,
            (OrderStep::Collect, Self::Active) => Self::Collected,
            // A value may be entered for a specimen whose arrival nobody wrote down.
            (OrderStep::Enter, Self::Active | Self::Collected | Self::Preliminary) => {
                Self::Preliminary
            }
            (OrderStep::Verify, Self::Preliminary) => Self::Final,
            (OrderStep::Amend, Self::Final | Self::Amended) => Self::Amended,
            (OrderStep::Cancel, Self::Draft | Self::Active | Self::Collected) => Self::Cancelled,
            (
                OrderStep::Place
                | OrderStep::Collect
                | OrderStep::Enter
                | OrderStep::Verify
                | OrderStep::Amend
                | OrderStep::Cancel,
                from,
            ) => return Err(OrderStepRefused { from }),
        };
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_goes_from_the_doctor_to_a_verified_result_and_a_correction() {
        let steps = [
            (OrderStep::Place, OrderStage::Active),
            (OrderStep::Collect, OrderStage::Collected),
            (OrderStep::Enter, OrderStage::Preliminary),
            (OrderStep::Enter, OrderStage::Preliminary),
            (OrderStep::Verify, OrderStage::Final),
            (OrderStep::Amend, OrderStage::Amended),
            (OrderStep::Amend, OrderStage::Amended),
        ];
        let mut stage = OrderStage::Draft;
        for (step, expected) in steps {
            stage = stage.step(step).unwrap();
            assert_eq!(stage, expected);
        }
    }

    #[test]
    fn what_was_verified_is_neither_overwritten_nor_cancelled() {
        for stage in [OrderStage::Final, OrderStage::Amended] {
            for step in [
                OrderStep::Enter,
                OrderStep::Verify,
                OrderStep::Cancel,
                OrderStep::Place,
            ] {
                assert_eq!(stage.step(step), Err(OrderStepRefused { from: stage }));
            }
        }
    }

    #[test]
    fn nothing_follows_a_cancelled_order() {
        for step in [
            OrderStep::Place,
            OrderStep::Collect,
            OrderStep::Enter,
            OrderStep::Verify,
            OrderStep::Amend,
            OrderStep::Cancel,
        ] {
            assert!(OrderStage::Cancelled.step(step).is_err());
        }
    }

    #[test]
    fn every_word_leads_back_to_its_stage() {
        for stage in OrderStage::ALL {
            assert_eq!(OrderStage::from_word(stage.as_str()), Some(stage));
        }
    }
}
