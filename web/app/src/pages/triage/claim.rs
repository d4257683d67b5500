//! What a visitor answered, and moving it into a record.

use clinical_api::{InterviewView, Me};
use clinical_model::{PatientId, Role};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::choice::radio;
use crate::api::{self, ApiError, Check};
use crate::components::{Button, Failure, Glyph, Icon, Look, part};
use crate::i18n::{Key, say};
use crate::pages::address::query;
use crate::remote::Remote;

/// The visitor's interview of this browser; nothing where there is none.
#[component]
pub(super) fn Kept(me: Option<Me>) -> impl IntoView {
    let kept = Remote::new(|| Check::Visitor.resume());
    part(move || {
        let view = kept.value()?;
        let patient = me.clone().filter(|me| me.role == Role::Patient);
        Some(match patient {
            Some(me) => view! { <Claim me view/> }.into_any(),
            None => super::start::resume("/symptoms?check=visitor".to_owned()),
        })
    })
}

#[component]
fn Claim(me: Me, view: InterviewView) -> impl IntoView {
    let charges = Remote::new(api::charges);
    let chosen = RwSignal::new(None::<PatientId>);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let navigate = use_navigate();
    let claim = UnsyncCallback::new(move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        fault.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            match api::claim_interview(chosen.get_untracked()).await {
                Ok(view) => {
                    let replace = NavigateOptions {
                        replace: true,
                        ..NavigateOptions::default()
                    };
                    navigate(&format!("/symptoms?check={}", view.id), replace);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    });
    // Whoever signed in to book with their own answers has said so.
    if query::<u8>("claim").get_untracked().is_some() && !view.proxy {
        claim.run(());
    }
    view! {
        <section class="card" data-testid="triage-claim">
            <h2><Icon glyph=Glyph::Link/>{say(Key::TriageClaimTitle)}</h2>
            <p>{say(Key::TriageClaimText)}</p>
            <fieldset class="people">
                <legend>{say(Key::TriageClaimWhose)}</legend>
                {radio(("claim", "claim-mine"), None, chosen, view! { {say(Key::TriageMine)}" ("{me.name}")" }.into_any())}
                {part(move || charges.value().unwrap_or_default().into_iter().map(|it| {
                    radio(("claim", "claim-charge"), Some(it.patient), chosen, it.name.into_any())
                }).collect_view())}
            </fieldset>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button busy icon=Glyph::Check testid="claim-go" on_press=claim>{say(Key::TriageClaim)}</Button>
                <a class=Look::Quiet.class() href="/symptoms?check=visitor" data-testid="triage-resume">{say(Key::TriageResume)}</a>
            </div>
        </section>
    }
}
