//! Short messages that pass.

use core::cell::Cell;

use super::part::part;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Long enough to be read twice; the words are also in the live region.
const SHOWN_MS: u32 = 5_000;
/// A message younger than this when the page changes is about the change itself ("Booked").
const FRESH_MS: f64 = 1_000.0;

thread_local! {
    static TOAST: ArcRwSignal<(u32, String)> = ArcRwSignal::new((0, String::new()));
    static SHOWN_AT: Cell<f64> = const { Cell::new(0.0) };
}

/// Takes the message away, because what it is about is no longer on the page.
pub fn clear_toast() {
    TOAST.with(|toast| {
        let number = toast.get_untracked().0;
        toast.set((number, String::new()));
    });
}

/// Shows a short message below the header of the page and says it to screen readers. A later message
/// replaces an earlier one. Nothing that must be acted on belongs here.
pub fn toast(words: impl Into<String>) {
    let words = words.into();
    TOAST.with(|toast| {
        let number = toast.get_untracked().0.wrapping_add(1);
        toast.set((number, words));
        SHOWN_AT.set(js_sys::Date::now());
        let shown = toast.clone();
        Timeout::new(SHOWN_MS, move || {
            if shown.get_untracked().0 == number {
                shown.set((number, String::new()));
            }
        })
        .forget();
    });
}

/// Where toasts appear; stands once in the layout.
#[component]
pub fn Toasts() -> impl IntoView {
    let toast = TOAST.with(Clone::clone);
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        let moved = before.is_some_and(|before| before != now);
        if moved && js_sys::Date::now() - SHOWN_AT.get() > FRESH_MS {
            clear_toast();
        }
        now
    });
    view! {
        <div class="toasts" role="status" aria-live="polite" data-testid="toast">
            {part(move || {
                let (_, words) = toast.get();
                (!words.is_empty()).then(|| view! { <p class="toast">{words}</p> })
            })}
        </div>
    }
}
