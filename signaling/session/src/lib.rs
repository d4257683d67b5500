//! The rules of one room: lobby, admission, chat, moderation, resume. No IO, no clock.
