use clinical_api::{ConsentRequest, ConsentView, ConsentWordingView, DoctorView};
use clinical_model::access::ConsentPurpose;
use clinical_model::{Micros, PatientId};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::choice::NameChoice;
use crate::api::{self, ApiError};
use crate::components::{Button, Failure, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, Lang, lang, say, t, t_now};
use crate::remote::Remote;
use crate::{browser, tr, when};

/// How long a consent counts, in microseconds: then it is asked for again.
const LIFE_US: i64 = 365 * Micros::DAY;

const fn purpose_key(purpose: ConsentPurpose) -> Key {
    match purpose {
        ConsentPurpose::CareSharing => Key::ConsentsSharing,
        ConsentPurpose::Research => Key::ConsentsResearch,
        ConsentPurpose::Teaching => Key::ConsentsTeaching,
        ConsentPurpose::Recording => Key::ConsentsRecording,
        ConsentPurpose::Messages => Key::ConsentsMessages,
    }
}

/// What the parts share.
#[derive(Clone, Copy)]
struct Desk {
    id: PatientId,
    may_act: bool,
    consents: Remote<Vec<ConsentView>>,
    busy: RwSignal<bool>,
    fault: RwSignal<Option<ApiError>>,
}

impl Desk {
    fn run(self, act: impl Future<Output = Result<(), ApiError>> + 'static, done: Key) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.fault.set(None);
        spawn_local(async move {
            match act.await {
                Ok(()) => {
                    toast(t_now(done));
                    self.consents.reload();
                }
                Err(refused) => {
                    self.fault.try_set(Some(refused));
                }
            }
            self.busy.try_set(false);
        });
    }

    fn give(self, request: ConsentRequest) {
        let id = self.id;
        let act = async move { api::give_consent(id, &request).await.map(drop) };
        self.run(act, Key::ConsentsDoneGiven);
    }

    fn withdraw(self, consent: &ConsentView) {
        let act = api::withdraw_consent(self.id, consent.id);
        self.run(act, Key::ConsentsDoneWithdrawn);
    }
}

/// Whether a consent counts now.
fn counts(consent: &ConsentView) -> bool {
    consent.withdrawn_us.is_none() && consent.until_us > browser::now_us()
}

/// Consents, purpose by purpose, in plain words.
#[component]
pub(super) fn Consents(id: PatientId, may_act: bool) -> impl IntoView {
    let desk = Desk {
        id,
        may_act,
        consents: Remote::new(move || api::consents(id)),
        busy: RwSignal::new(false),
        fault: RwSignal::new(None),
    };
    let words = Remote::new(api::consent_wordings);
    let fault = desk.fault;
    view! {
        <section class="card" data-testid="consents">
            <h2><Icon glyph=Glyph::Check/>{say(Key::ConsentsTitle)}</h2>
            <p>{say(Key::ConsentsText)}</p>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            {words.show(move |words| {
                let rows = words
                    .into_iter()
                    .filter(|it| it.current)
                    .map(move |it| {
                        if it.purpose == ConsentPurpose::CareSharing {
                            view! { <Sharing words=it desk/> }.into_any()
                        } else {
                            view! { <Purpose words=it desk/> }.into_any()
                        }
                    });
                rows.collect_view()
            })}
        </section>
    }
}

/// The words of a purpose, in the reader's language.
#[component]
fn Words(words: ConsentWordingView) -> impl IntoView {
    let key = purpose_key(words.purpose);
    let text = words.words;
    view! {
        <h3>{say(key)}</h3>
        <p>{part(move || match lang() {
            Lang::En => text.en.clone(),
            Lang::Fr => text.fr.clone(),
        })}</p>
    }
}

#[component]
fn Purpose(words: ConsentWordingView, desk: Desk) -> impl IntoView {
    let (purpose, version) = (words.purpose, words.version.clone());
    let key = purpose_key(purpose);
    let consents = desk.consents;
    let give = UnsyncCallback::new(move |()| {
        desk.give(ConsentRequest {
            purpose,
            grantee: None,
            wording: version.clone(),
            until_us: browser::now_us() + LIFE_US,
        });
    });
    view! {
        <div class="consent" data-testid=format!("consent-{}", purpose.as_str())>
            <Words words/>
            {consents.show(move |list| {
                let given = list.into_iter().find(|it| it.purpose == purpose && counts(it));
                view! { <State given key desk give/> }
            })}
        </div>
    }
}

#[component]
fn State(
    given: Option<ConsentView>,
    key: Key,
    desk: Desk,
    give: UnsyncCallback<()>,
) -> impl IntoView {
    let busy = desk.busy;
    let Some(given) = given else {
        let act = desk.may_act.then(|| {
            view! {
                <button type="button" class="button secondary" data-testid="consent-give" aria-disabled=move || busy.get().then_some("true")
                    aria-label=move || tr!(Key::ConsentsGiveOf, what = t(key)) on:click=move |_| give.run(())>
                    {say(Key::ConsentsGive)}
                </button>
            }
        });
        return view! { <p class="hint">{say(Key::ConsentsNot)}</p> {act} }.into_any();
    };
    let (given_us, until_us) = (given.given_us, given.until_us);
    let act = desk.may_act.then(|| {
        view! {
            <button type="button" class="button quiet" data-testid="consent-withdraw" aria-disabled=move || busy.get().then_some("true")
                aria-label=move || tr!(Key::ConsentsWithdrawOf, what = t(key)) on:click=move |_| desk.withdraw(&given)>
                {say(Key::ConsentsWithdraw)}
            </button>
        }
    });
    view! {
        <p data-testid="consent-given"><Icon glyph=Glyph::Check/>
            {part(move || tr!(Key::ConsentsGiven, date = when::date(given_us), until = when::date(until_us)))}
        </p>
        {act}
    }
    .into_any()
}

/// One more clinician who sees the record.
#[component]
fn Sharing(words: ConsentWordingView, desk: Desk) -> impl IntoView {
    let doctors = Remote::new(api::doctors);
    let version = StoredValue::new(words.version.clone());
    view! {
        <div class="consent" data-testid="consent-care_sharing">
            <Words words/>
            {doctors.show(move |doctors| view! { <Shared doctors version=version.get_value() desk/> })}
        </div>
    }
}

#[component]
fn Shared(doctors: Vec<DoctorView>, version: String, desk: Desk) -> impl IntoView {
    let chosen = RwSignal::new(String::new());
    let options: Vec<(String, String)> = doctors
        .iter()
        .map(|it| (it.id.to_string(), it.name.clone()))
        .collect();
    let consents = desk.consents;
    let busy = desk.busy;
    let give = move || {
        let Ok(grantee) = chosen.get_untracked().parse() else {
            return;
        };
        desk.give(ConsentRequest {
            purpose: ConsentPurpose::CareSharing,
            grantee: Some(grantee),
            wording: version.clone(),
            until_us: browser::now_us() + LIFE_US,
        });
        chosen.set(String::new());
    };
    view! {
        {consents.show(move |list| {
            let doctors = doctors.clone();
            let rows = list
                .into_iter()
                .filter(|it| it.purpose == ConsentPurpose::CareSharing && counts(it))
                .map(move |it| {
                    let name = doctors.iter().find(|doctor| Some(doctor.id) == it.grantee);
                    view! { <SharedRow name=name.map(|it| it.name.clone()) it desk/> }.into_any()
                });
            view! { <ul class="plain">{rows.collect_view()}</ul> }
        })}
        {desk.may_act.then(|| view! {
            <NameChoice id="consent-doctor" label=Key::ConsentsDoctor value=chosen options none=Key::ConsentsChoose/>
            <Button look=Look::Secondary busy disabled=Signal::derive(move || chosen.with(String::is_empty)) testid="consent-share" on_press=give>
                {say(Key::ConsentsGive)}
            </Button>
        })}
    }
}

#[component]
fn SharedRow(name: Option<String>, it: ConsentView, desk: Desk) -> impl IntoView {
    let until_us = it.until_us;
    let named = StoredValue::new(name);
    let busy = desk.busy;
    let who = move || {
        let name = named.get_value();
        name.unwrap_or_else(|| t(Key::ConsentsSomebody).to_owned())
    };
    view! {
        <li class="row between" data-testid="consent-shared">
            <p>{part(move || tr!(Key::ConsentsSharedWith, name = who(), date = when::date(until_us)))}</p>
            {desk.may_act.then(|| view! {
                <button type="button" class="button quiet" data-testid="consent-withdraw" aria-disabled=move || busy.get().then_some("true")
                    aria-label=move || tr!(Key::ConsentsWithdrawOf, what = who()) on:click=move |_| desk.withdraw(&it)>
                    {say(Key::ConsentsWithdraw)}
                </button>
            })}
        </li>
    }
}
