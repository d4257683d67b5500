//! Short messages that pass.

use super::part::part;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;

/// Long enough to be read twice; the words are also in the live region.
const SHOWN_MS: u32 = 6_000;

thread_local! {
    static TOAST: ArcRwSignal<(u32, String)> = ArcRwSignal::new((0, String::new()));
}

/// Shows a short message at the foot of the page and says it to screen readers. A later message
/// replaces an earlier one. Nothing that must be acted on belongs here.
pub fn toast(words: impl Into<String>) {
    let words = words.into();
    TOAST.with(|toast| {
        let number = toast.get_untracked().0.wrapping_add(1);
        toast.set((number, words));
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
    view! {
        <div class="toasts" role="status" aria-live="polite" data-testid="toast">
            {part(move || {
                let (_, words) = toast.get();
                (!words.is_empty()).then(|| view! { <p class="toast">{words}</p> })
            })}
        </div>
    }
}
