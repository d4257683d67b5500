//! Secure messages.
//!
//! - `GET /threads?after=`, `POST /threads` [`ThreadRequest`] -> 201 [`ThreadView`]
//! - `GET /threads/unread` -> [`UnreadView`], `GET /threads/people?patient=` ->
//!   [`CorrespondentView`]
//! - `GET /threads/{id}` -> [`ThreadView`]
//! - `GET /threads/{id}/messages?before=&after=` -> [`MessagesView`], `POST` [`MessageRequest`] ->
//!   201 [`MessageView`]
//! - `POST /threads/{id}/read` [`ReadMarkRequest`], `/members` [`MemberRequest`], `/leave`, `/close`,
//!   `/reopen`

use clinical_model::{PatientId, PrescriptionId, Role, ThreadId, UserId};
use serde::{Deserialize, Serialize};

macro_rules! shape {
    ($(#[$doc:meta])* $name:ident { $($fields:tt)* }) => {
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        $(#[$doc])*
        pub struct $name { $($fields)* }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

shape!(
    /// A thread to begin.
    #[serde(deny_unknown_fields)]
    ThreadRequest {
        /// About whom; patients mean themselves without it.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
        pub patient: Option<PatientId>,
        /// Accounts of those who read it besides who begins it, 1 to 19.
        #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
        pub people: Vec<UserId>,
        /// What it is about, 1 to 200 characters.
        pub subject: String,
        /// The first message, 1 to 4,000 characters.
        pub text: String,
    }
);

shape!(
    /// A message to send.
    #[serde(deny_unknown_fields)]
    MessageRequest {
        /// 1 to 4,000 characters.
        pub text: String,
    }
);

shape!(
    /// How far the caller has read.
    #[serde(deny_unknown_fields)]
    ReadMarkRequest {
        /// The number of the newest message that they have read.
        pub seq: u32,
    }
);

shape!(
    /// Whom to add to a thread.
    #[serde(deny_unknown_fields)]
    MemberRequest {
        /// The account of a colleague.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub person: UserId,
    }
);

shape!(
    /// Somebody who may be written to.
    CorrespondentView {
        /// Their account.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub id: UserId,
        /// Their name.
        pub name: String,
        /// What they are to the clinic.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub role: Role,
    }
);

shape!(
    /// Somebody who reads and writes in a thread.
    ThreadMemberView {
        /// Their account.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub id: UserId,
        /// Their name.
        pub name: String,
        /// What they are to the clinic.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub role: Role,
        /// The patient and the first doctor stay as long as the thread does.
        pub stays: bool,
    }
);

shape!(
    /// A thread without its messages.
    ThreadView {
        /// Its id.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub id: ThreadId,
        /// Whom it is about.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub patient: PatientId,
        /// Their name.
        pub patient_name: String,
        /// What it is about.
        pub subject: String,
        /// The refused prescription that it is about.
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
        pub prescription: Option<PrescriptionId>,
        /// Who is in it.
        pub members: Vec<ThreadMemberView>,
        /// When it was begun.
        pub created_us: i64,
        /// When its newest message was written.
        pub last_us: i64,
        /// The number of that message.
        pub last_seq: u32,
        /// The number of the newest message that the caller has read.
        pub read_seq: u32,
        /// How many messages of others the caller has not read.
        pub unread: u32,
        /// Since when it takes no message.
        pub closed_us: Option<i64>,
    }
);

shape!(
    /// The caller's threads, those with the newest messages first.
    ThreadsView {
        /// At most 50.
        pub threads: Vec<ThreadView>,
        /// To ask for those behind them; none at the end.
        pub next: Option<String>,
    }
);

shape!(
    /// A message.
    MessageView {
        /// 1, 2, 3 ... in one thread.
        pub seq: u32,
        /// Who wrote it.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub author: UserId,
        /// Their name.
        pub name: String,
        /// What they are to the clinic.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub role: Role,
        /// When.
        pub at_us: i64,
        /// What.
        pub text: String,
    }
);

shape!(
    /// Messages of a thread, oldest first.
    MessagesView {
        /// At most 50.
        pub messages: Vec<MessageView>,
        /// Whether there are more in the direction that was asked for.
        pub more: bool,
    }
);

shape!(
    /// What waits to be read.
    UnreadView {
        /// How many messages of others the caller has not read, in all threads.
        pub count: u32,
    }
);
