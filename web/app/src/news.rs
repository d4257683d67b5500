//! What has happened behind the back of an open page: prescriptions that the pharmacy sent back.

use core::cell::RefCell;

use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::components::toast;
use crate::i18n::{Key, t_now};

/// How often the server is asked.
const EVERY_MS: u32 = 5_000;

thread_local! {
    static COUNT: ArcRwSignal<i64> = ArcRwSignal::new(0);
    /// When the last one was sent back, as the answer before said; none before the first answer.
    static TOLD: RefCell<Option<Option<i64>>> = const { RefCell::new(None) };
}

/// How many refusals a doctor has not seen yet; tracked.
pub(crate) fn refusals() -> i64 {
    COUNT.with(Get::get)
}

/// Asks now.
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

/// Asks now and every few seconds, as long as what is around it stands.
pub(crate) fn watch() {
    look();
    let again = StoredValue::new_local(Some(Interval::new(EVERY_MS, look)));
    on_cleanup(move || {
        drop(again.try_update_value(Option::take));
        TOLD.set(None);
        COUNT.with(|count| count.set(0));
    });
}
