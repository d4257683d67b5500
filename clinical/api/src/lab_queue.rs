//! Results that a laboratory's machine sent and that wait for a person.
//!
//! - `GET /results/unmatched` -> [`UnmatchedView`]
//! - `POST /results/unmatched/{id}/file` [`FileUnmatchedRequest`] -> [`FiledView`]
//! - `POST /results/unmatched/{id}/discard` [`DiscardUnmatchedRequest`] -> 204

use clinical_model::{OrderId, PatientId, UnmatchedId};
use serde::{Deserialize, Serialize};

use crate::PersonBrief;
use crate::shape::shape;

shape!(
    /// A line as the laboratory sent it, without a judgement of ours.
    SentLineView {
        /// The test in the laboratory's words, or its code.
        pub name: String,
        /// Its code.
        pub code: String,
        /// The value.
        pub value: String,
        /// The unit as it was sent.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        pub unit: String,
        /// The usual range as it was sent.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        pub range: String,
        /// What the laboratory says of it, HL7 table 0078.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub flags: Vec<String>,
        /// `preliminary`, `final`, `corrected`, `withdrawn` or `missing`.
        pub status: String,
        /// Words below it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub notes: Vec<String>,
    }
);

shape!(
    /// Who the message is about, as it says.
    SentPersonView {
        /// Given and family name.
        pub name: String,
        /// As far as it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub birth: Option<String>,
        /// `male`, `female`, `other` or `unknown`.
        pub sex: String,
        /// Numbers, each with who gave it.
        pub identifiers: Vec<String>,
        /// Phone numbers.
        pub phones: Vec<String>,
    }
);

shape!(
    /// What of the message is that of the record. Absent means that it can not be said.
    FitsView {
        /// An identifier is the same.
        pub identifier: bool,
        /// A phone number is the same.
        pub phone: bool,
        /// All names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub name: Option<bool>,
        /// The birth date.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub birth: Option<bool>,
        /// Administrative gender.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub sex: Option<bool>,
    }
);

shape!(
    /// An order that may take the result.
    CandidateOrderView {
        /// Its id.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub id: OrderId,
        /// When it was placed, Unix microseconds.
        pub ordered_us: i64,
        /// LOINC codes.
        pub tests: Vec<String>,
        /// The message names it.
        pub named: bool,
    }
);

shape!(
    /// Somebody whose result it may be.
    LabCandidateView {
        /// Their record.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub patient: PatientId,
        /// Who that is.
        pub person: PersonBrief,
        /// What fits.
        pub fits: FitsView,
        /// Their orders to the laboratory, the named one first, then the newest.
        pub orders: Vec<CandidateOrderView>,
    }
);

shape!(
    /// A result that waits.
    UnmatchedView {
        /// Its id.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub id: UnmatchedId,
        /// Counts the changes.
        pub version: u32,
        /// When it came, Unix microseconds.
        pub received_us: i64,
        /// `no_patient`, `several_patients`, `patient_differs`, `order_closed`, `other_facility`,
        /// `withdrawn`, `conflict` or `unfit`.
        pub reason: String,
        /// Which laboratory sent it.
        pub sender: String,
        /// What was ordered, in the laboratory's words.
        pub service: String,
        /// The order number that it names.
        pub placer: String,
        /// When the specimen was taken, Unix microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub observed_us: Option<i64>,
        /// Who it is about.
        pub person: SentPersonView,
        /// What it says.
        pub lines: Vec<SentLineView>,
        /// Words about all of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub notes: Vec<String>,
        /// Whose it may be.
        pub candidates: Vec<LabCandidateView>,
    }
);

shape!(
    /// Say whose result it is.
    #[serde(deny_unknown_fields)]
    FileUnmatchedRequest {
        /// The version that was read.
        pub version: u32,
        /// Whose.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub patient: PatientId,
        /// Which order of theirs it answers; none when it answers no order of this facility.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
        pub order: Option<OrderId>,
    }
);

shape!(
    /// Where it was filed.
    FiledView {
        /// The order.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub order: OrderId,
        /// Whose it is.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub patient: PatientId,
    }
);

shape!(
    /// Throw a result away that belongs to nobody here.
    #[serde(deny_unknown_fields)]
    DiscardUnmatchedRequest {
        /// The version that was read.
        pub version: u32,
        /// Why.
        pub reason: String,
    }
);
