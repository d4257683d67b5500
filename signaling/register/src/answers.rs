//! What came back of several calls.

use redis::Value;

use crate::error::RegisterError;

/// One answer to each call, or none where its server failed. Those calls may have been done or not.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) each: Vec<Option<Value>>,
    /// Why some lack, if some do.
    pub(crate) failure: Option<RegisterError>,
}

impl Answers {
    pub(crate) fn none(count: usize) -> Self {
        Self {
            each: (0..count).map(|_| None).collect(),
            failure: None,
        }
    }

    pub(crate) fn all(values: Vec<Value>) -> Self {
        Self {
            each: values.into_iter().map(Some).collect(),
            failure: None,
        }
    }

    pub(crate) fn put(&mut self, index: usize, value: Value) {
        if let Some(place) = self.each.get_mut(index) {
            *place = Some(value);
        }
    }

    pub(crate) fn fail(&mut self, error: RegisterError) {
        self.failure = Some(error);
    }
}
