//! From models to views.

use clinical_api::{MessageView, ProblemCode, ThreadMemberView, ThreadView};
use clinical_app::threads::{Full, Said, ThreadsError};

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
