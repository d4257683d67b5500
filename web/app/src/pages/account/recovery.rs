use clinical_api::FactorsView;
use leptos::prelude::*;

use super::prove::Prover;
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Failure, Glyph, Look, Tone, part};
use crate::i18n::{Key, Plural, say, tn};
use crate::remote::Remote;

/// Recovery codes: how many are left, and new ones, shown this once.
#[component]
pub(super) fn Recovery(left: u32, own: Remote<FactorsView>, prover: Prover) -> impl IntoView {
    let codes = RwSignal::new(Vec::<String>::new());
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let make = move || {
        prover.run(busy, fault, move || async move {
            let made = api::recovery_codes().await?;
            // The list of factors is read again when these were written down: reading it now
            // would build this part anew, without them.
            codes.try_set(made.codes);
            Ok(())
        });
    };
    let kept = move || {
        codes.set(Vec::new());
        own.reload();
    };
    view! {
        <section class="card">
            <h2>{say(Key::RecoveryTitle)}</h2>
            <p>{say(Key::RecoveryText)}</p>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            {part(move || {
                let shown = codes.get();
                if shown.is_empty() {
                    return view! {
                        <p data-testid="recovery-left">{part(move || tn(Plural::RecoveryLeft, u64::from(left)))}</p>
                        <Button look=Look::Secondary icon=Glyph::Key busy testid="recovery-make" on_press=make>
                            {say(Key::RecoveryMake)}
                        </Button>
                    }
                    .into_any();
                }
                let list = shown.into_iter().map(|code| view! { <li><code data-testid="recovery-code">{code}</code></li> });
                view! {
                    <Alert tone=Tone::Warning testid="recovery-shown">{say(Key::RecoveryShown)}</Alert>
                    <ul class="codes">{list.collect_view()}</ul>
                    <Button look=Look::Secondary testid="recovery-kept" on_press=kept>{say(Key::RecoveryKept)}</Button>
                }
                .into_any()
            })}
        </section>
    }
}
