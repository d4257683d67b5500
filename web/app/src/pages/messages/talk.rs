//! What was written in a conversation, as far as this page knows it.

use clinical_api::MessageView;
use clinical_model::ThreadId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::news;

/// The messages of a conversation, and how to get others.
#[derive(Clone, Copy)]
pub(super) struct Talk {
    pub(super) id: ThreadId,
    /// Oldest first, without gaps.
    pub(super) said: RwSignal<Vec<MessageView>>,
    /// Whether there are older ones.
    pub(super) has_older: RwSignal<bool>,
    pub(super) busy: RwSignal<bool>,
    pub(super) fault: RwSignal<Option<ApiError>>,
    /// The newest message that the server knows to be read.
    read: RwSignal<u32>,
}

impl Talk {
    /// Begins with the newest messages.
    pub(super) fn new(id: ThreadId, said: Vec<MessageView>, has_older: bool, read: u32) -> Self {
        let talk = Self {
            id,
            said: RwSignal::new(said),
            has_older: RwSignal::new(has_older),
            busy: RwSignal::new(false),
            fault: RwSignal::new(None),
            read: RwSignal::new(read),
        };
        talk.mark();
        talk
    }

    fn last(self) -> Option<u32> {
        let last = |said: &Vec<MessageView>| said.last().map_or(0, |it| it.seq);
        self.said.try_with_untracked(last)
    }

    /// Adds what is new; what another answer brought before is not added twice.
    pub(super) fn add(self, messages: Vec<MessageView>) {
        let Some(mut last) = self.last() else {
            return;
        };
        let mut new = Vec::new();
        for it in messages {
            if it.seq == last.saturating_add(1) {
                last = it.seq;
                new.push(it);
            }
        }
        if !new.is_empty() {
            self.said.try_update(|said| said.extend(new));
        }
    }

    /// Asks for what came since, and says what has been seen.
    pub(super) fn look(self) {
        spawn_local(async move {
            let Some(last) = self.last() else {
                return;
            };
            if let Ok(page) = api::newer_messages(self.id, last).await {
                self.add(page.messages);
                self.mark();
            }
        });
    }

    /// Fetches the messages before the oldest one.
    pub(super) fn fetch_older(self) {
        let first = self
            .said
            .with_untracked(|said| said.first().map(|it| it.seq));
        self.busy.set(true);
        self.fault.set(None);
        spawn_local(async move {
            match api::messages(self.id, first).await {
                Ok(page) => {
                    self.said.try_update(|said| {
                        let mut all = page.messages;
                        all.append(said);
                        *said = all;
                    });
                    self.has_older.try_set(page.more);
                }
                Err(fault) => {
                    self.fault.try_set(Some(fault));
                }
            }
            self.busy.try_set(false);
        });
    }

    /// What is shown in a visible page counts as read.
    fn mark(self) {
        let (Some(last), Some(read)) = (self.last(), self.read.try_get_untracked()) else {
            return;
        };
        if last <= read || document().hidden() {
            return;
        }
        spawn_local(async move {
            if api::mark_thread_read(self.id, last).await.is_ok() {
                self.read.try_set(last);
                news::look_for_messages();
            }
        });
    }
}
