//! From models to views.

use clinical_api::{MessageView, ProblemCode, ThreadMemberView, ThreadView};
use clinical_app::threads::{After, Full, Said, ThreadsError};
use clinical_model::{Micros, ThreadId};

use crate::error::ApiError;

pub(super) fn thread_view(it: Full) -> ThreadView {
    let (thread, read_seq, unread) = (it.listed.thread, it.listed.read, it.listed.unread);
    let members = it.people.into_iter().map(|person| ThreadMemberView {
        id: person.member.person,
        name: person.name,
        role: person.role,
        stays: person.member.stays,
    });
    ThreadView {
        id: thread.id,
        patient: thread.patient,
        patient_name: it.patient_name,
        subject: String::from(thread.subject),
        prescription: thread.prescription,
        members: members.collect(),
        created_us: thread.created.0,
        last_us: thread.last.0,
        last_seq: thread.last_seq,
        read_seq,
        unread,
        closed_us: thread.closed.map(|closed| closed.at.0),
    }
}

pub(super) fn message_view(it: Said) -> MessageView {
    let message = it.message;
    MessageView {
        seq: message.seq,
        author: message.author,
        name: it.name,
        role: it.role,
        at_us: message.at.0,
        text: String::from(message.text),
    }
}

/// Where the next page begins, as the client gives it back.
pub(super) fn cursor(last: &ThreadView) -> String {
    format!("{}_{}", last.last_us, last.id)
}

pub(super) fn after(text: &str) -> Option<After> {
    let (last, id) = text.split_once('_')?;
    let id: ThreadId = id.parse().ok()?;
    Some(After {
        last: Micros(last.parse().ok()?),
        id,
    })
}

impl From<ThreadsError> for ApiError {
    fn from(error: ThreadsError) -> Self {
        match error {
            ThreadsError::NotFound => Self::not_found(),
            ThreadsError::Forbidden => ProblemCode::Forbidden.into(),
            ThreadsError::Invalid(field) => Self::invalid(field),
            ThreadsError::WrongState => ProblemCode::WrongState.into(),
            ThreadsError::Changed => ProblemCode::Changed.into(),
            ThreadsError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_and_anything_else_is_refused() {
        let id = "00000000-0000-7000-8000-000000000001";
        let found = after(&format!("17_{id}")).unwrap();
        assert_eq!(
            (found.last, found.id.to_string().as_str()),
            (Micros(17), id)
        );
        for bad in ["", "17", "x_y", "17_1", &format!("x_{id}")] {
            assert!(after(bad).is_none(), "{bad}");
        }
    }
}
