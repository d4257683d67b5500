//! What has happened behind the back of an open page: prescriptions that the pharmacy sent back, and
//! messages that wait.

use core::cell::RefCell;

use clinical_model::Role;
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::components::toast;
use crate::i18n::{Key, t_now};

/// How often the server is asked about refusals.
const EVERY_MS: u32 = 5_000;
/// How often the server is asked about messages.
const MESSAGES_MS: u32 = 10_000;

thread_local! {
    static COUNT: ArcRwSignal<i64> = ArcRwSignal::new(0);
    static MESSAGES: ArcRwSignal<u32> = ArcRwSignal::new(0);
    /// When the last one was sent back, as the answer before said; none before the first answer.
    static TOLD: RefCell<Option<Option<i64>>> = const { RefCell::new(None) };
}

/// How many refusals a doctor has not seen yet; tracked.
pub(crate) fn refusals() -> i64 {
    COUNT.with(Get::get)
}

/// How many messages wait to be read; tracked.
pub(crate) fn messages() -> u32 {
    MESSAGES.with(Get::get)
}

/// Asks about refusals now.
pub(crate) fn look() {
    spawn_local(async {
        let Ok(unseen) = api::unseen_refusals().await else {
            return;
        };
        let count = COUNT.with(Clone::clone);
        if count.get_untracked() != unseen.count {
            count.set(unseen.count);
        }
        // At the first look the badge says enough.
        let before = TOLD.replace(Some(unseen.last_us));
        if before.is_some_and(|before| unseen.last_us > before) {
            toast(t_now(Key::RxNews));
        }
    });
}

/// Asks about messages now.
pub(crate) fn look_for_messages() {
    spawn_local(async {
        let Ok(unread) = api::unread_messages().await else {
            return;
        };
        let count = MESSAGES.with(Clone::clone);
        if count.get_untracked() != unread.count {
            count.set(unread.count);
        }
    });
}

/// Asks now and every few seconds, as long as what is around it stands.
fn watch(look: fn(), every_ms: u32, forget: fn()) {
    look();
    let again = StoredValue::new_local(Some(Interval::new(every_ms, look)));
    on_cleanup(move || {
        drop(again.try_update_value(Option::take));
        forget();
    });
}

/// Watches what concerns people of a role.
pub(crate) fn watch_for(role: Role) {
    if role == Role::Doctor {
        watch(look, EVERY_MS, || {
            TOLD.set(None);
            COUNT.with(|count| count.set(0));
        });
    }
    let writes = matches!(
        role,
        Role::Patient | Role::Doctor | Role::Nurse | Role::Pharmacist | Role::LabTechnician
    );
    if writes {
        watch(look_for_messages, MESSAGES_MS, || {
            MESSAGES.with(|count| count.set(0));
        });
    }
}
