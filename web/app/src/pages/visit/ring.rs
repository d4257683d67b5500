//! The doctor has somebody called into the visit by telephone.

use clinical_api::{
    CallableView, PlacedCallView, ProblemCode, RingRequest, RingWhom, VisitCallsView,
};
use clinical_model::visits::CallStage;
use clinical_model::{AppointmentId, CallId};
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::live_call::LiveCall;
use super::words::Kept;
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Dialog, Field, Glyph, Icon, Look, Tone, part, reason};
use crate::i18n::{Key, lang_now, say, t};
use crate::tr;

/// How often it is asked how calls stand, while one is on its way.
const ASK_MS: u32 = 1_000;

/// Calls into one visit. Copies share them.
#[derive(Clone, Copy)]
pub(super) struct Ringing {
    appointment: AppointmentId,
    known: RwSignal<Option<VisitCallsView>>,
    hidden: RwSignal<Vec<CallId>>,
    open: RwSignal<bool>,
    asking: Kept<Option<Interval>>,
}

impl Ringing {
    /// Asks at once: a page that was loaded anew goes on with what rings.
    pub(super) fn new(appointment: AppointmentId) -> Self {
        let ringing = Self {
            appointment,
            known: RwSignal::new(None),
            hidden: RwSignal::new(Vec::new()),
            open: RwSignal::new(false),
            asking: StoredValue::new_local(None),
        };
        ringing.ask();
        on_cleanup(move || ringing.asking.set_value(None));
        ringing
    }

    /// Whether there is a line; tracked.
    pub(super) fn can_call(self) -> bool {
        self.known
            .with(|known| known.as_ref().is_some_and(|it| it.calls_out))
    }

    pub(super) fn open(self) {
        self.ask();
        self.open.set(true);
    }

    fn ask(self) {
        spawn_local(async move {
            if let Ok(calls) = api::visit_calls(self.appointment).await {
                self.is_so(calls);
            }
        });
    }

    fn is_so(self, calls: VisitCallsView) {
        let on_its_way =
            |call: &PlacedCallView| !call.stage.is_over() && call.stage != CallStage::Joined;
        let goes_on = calls.calls.iter().any(on_its_way);
        if self.known.try_set(Some(calls)).is_some() {
            return;
        }
        self.asking.try_update_value(|asking| {
            if !goes_on {
                *asking = None;
            } else if asking.is_none() {
                *asking = Some(Interval::new(ASK_MS, move || self.ask()));
            }
        });
    }

    async fn ring(self, whom: RingWhom) -> Result<(), ApiError> {
        let language = lang_now().tag().to_owned();
        let request = RingRequest { whom, language };
        api::ring(self.appointment, &request).await?;
        self.is_so(api::visit_calls(self.appointment).await?);
        Ok(())
    }

    fn stop(self, call: CallId) {
        spawn_local(async move {
            // What cannot be stopped has ended, which is shown next.
            let _ = api::stop_ringing(self.appointment, call).await;
            self.ask();
        });
    }
}

const fn words(stage: CallStage) -> Key {
    match stage {
        CallStage::Calling => Key::RingIsCalling,
        CallStage::Ringing => Key::RingIsRinging,
        CallStage::Answered => Key::RingIsAnswered,
        CallStage::Joined => Key::RingIsJoined,
        CallStage::Finished => Key::RingIsFinished,
        CallStage::Busy => Key::RingIsBusy,
        CallStage::NoAnswer => Key::RingIsNoAnswer,
        CallStage::Declined => Key::RingIsDeclined,
        CallStage::Voicemail => Key::RingIsVoicemail,
        CallStage::Unreachable => Key::RingIsUnreachable,
        CallStage::Stopped => Key::RingIsStopped,
        CallStage::Failed => Key::RingIsFailed,
        CallStage::NoLine => Key::RingIsNoLine,
        CallStage::CountryBarred => Key::RingIsCountryBarred,
        CallStage::LinesTaken => Key::RingIsLinesTaken,
        CallStage::MinutesUsed => Key::RingIsMinutesUsed,
        CallStage::BudgetUsed => Key::RingIsBudgetUsed,
    }
}

/// How calls stand, above the pictures. Who has come is in the roster, and what has ended well needs
/// no words. A line keeps its place while its call goes on, so that its button keeps the focus.
#[component]
pub(super) fn Progress(ringing: Ringing) -> impl IntoView {
    let shown = Memo::new(move |_| {
        let hidden = ringing.hidden.get();
        ringing.known.with(|known| {
            let calls = known.iter().flat_map(|it| &it.calls);
            let is_shown = |call: &&PlacedCallView| {
                !matches!(call.stage, CallStage::Joined | CallStage::Finished)
                    && !hidden.contains(&call.id)
            };
            calls.filter(is_shown).map(|it| it.id).collect::<Vec<_>>()
        })
    });
    view! {
        <div role="status" aria-live="polite">
            <For each=move || shown.get() key=|id| *id let:id>
                <Line ringing id/>
            </For>
        </div>
    }
}

#[component]
fn Line(ringing: Ringing, id: CallId) -> impl IntoView {
    let call = Memo::new(move |_| {
        ringing.known.with(|known| {
            let mut calls = known.iter().flat_map(|it| &it.calls);
            calls.find(|it| it.id == id).cloned()
        })
    });
    let stage = Memo::new(move |_| {
        call.with(|call| call.as_ref().map_or(CallStage::Failed, |it| it.stage))
    });
    let press = move || {
        if stage.get_untracked().is_over() {
            ringing.hidden.update(|hidden| hidden.push(id));
        } else {
            ringing.stop(id);
        }
    };
    let said = move || {
        let call = call.get()?;
        let (name, number) = (call.name, call.masked);
        Some(tr!(words(call.stage), name = name, number = number))
    };
    let act = move || {
        t(if stage.get().is_over() {
            Key::RingHide
        } else {
            Key::RingStop
        })
    };
    view! {
        <div class="visit-door" data-testid="ring" data-stage=move || stage.get().as_str()>
            <p>
                <Icon glyph=Glyph::Phone/>
                <span>{part(said)}</span>
            </p>
            <div class="visit-answers">
                <Button look=Look::Secondary testid="ring-act" on_press=press>{part(act)}</Button>
            </div>
        </div>
    }
}

/// Who is about to be called, with their name and number as the doctor may see them.
#[derive(Clone)]
struct Chosen {
    whom: RingWhom,
    name: String,
    number: String,
}

/// Whom to call, and the question whether to.
#[component]
pub(super) fn RingDialog(call: LiveCall, ringing: Ringing) -> impl IntoView {
    let chosen = RwSignal::new(None::<Chosen>);
    Effect::new(move || {
        if !ringing.open.get() {
            chosen.set(None);
        }
    });
    let encrypted = Memo::new(move |_| call.view.with(|view| view.encrypted));
    view! {
        <Dialog open=ringing.open title=say(Key::RingTitle) testid="ring-dialog">
            {part(move || match chosen.get() {
                _ if encrypted.get() => {
                    view! { <Alert tone=Tone::Warning testid="ring-encrypted">{say(Key::RingEncrypted)}</Alert> }.into_any()
                }
                Some(who) => view! { <Sure ringing chosen who/> }.into_any(),
                None => view! { <Choice ringing chosen/> }.into_any(),
            })}
        </Dialog>
    }
}

#[component]
fn Choice(ringing: Ringing, chosen: RwSignal<Option<Chosen>>) -> impl IntoView {
    let Some(known) = ringing.known.get_untracked() else {
        return ().into_any();
    };
    let patient = known.patient;
    let name = known.patient_name;
    let patient = match patient {
        None => view! { <p data-testid="ring-no-number">{say(Key::RingNoNumber)}</p> }.into_any(),
        Some(number) => {
            let shown = number.clone();
            let press = move || {
                let (whom, name, number) = (RingWhom::Patient, name.clone(), number.clone());
                chosen.set(Some(Chosen { whom, name, number }));
            };
            view! {
                <Button icon=Glyph::Phone testid="ring-patient" on_press=press>
                    {part(move || tr!(Key::RingPatient, number = shown))}
                </Button>
            }
            .into_any()
        }
    };
    let contacts = (!known.contacts.is_empty()).then(|| {
        let rows = known.contacts.into_iter().map(|contact| {
            let CallableView { id, name, masked } = contact;
            let shown = (name.clone(), masked.clone());
            let press = move || {
                let (whom, name, number) = (RingWhom::Contact { id }, name.clone(), masked.clone());
                chosen.set(Some(Chosen { whom, name, number }));
            };
            view! {
                <Button look=Look::Secondary icon=Glyph::Phone testid="ring-contact" on_press=press>
                    {part(move || tr!(Key::RingCall, name = shown.0, number = shown.1))}
                </Button>
            }
        });
        view! { <h3>{say(Key::RingList)}</h3><div class="visit-answers">{rows.collect_view()}</div> }
    });
    view! {
        <p>{say(Key::RingText)}</p>
        <div class="visit-answers">{patient}</div>
        {contacts}
        <Other chosen/>
    }
    .into_any()
}

/// A number that is on no list.
#[component]
fn Other(chosen: RwSignal<Option<Chosen>>) -> impl IntoView {
    let (name, number) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let tried = RwSignal::new(false);
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let name_fault = Signal::derive(move || {
        let missing = name.with(|text| text.trim().is_empty());
        (tried.get() && missing).then(|| t(Key::RingNameMissing).to_owned())
    });
    let number_fault = Signal::derive(move || {
        let wrong = number.with(|text| digits(text) < 4);
        (tried.get() && wrong).then(|| t(Key::RingNumberFault).to_owned())
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        if name_fault.get_untracked().is_some() || number_fault.get_untracked().is_some() {
            return;
        }
        let name = name.get_untracked().trim().to_owned();
        let number = number.get_untracked().trim().to_owned();
        let whom = RingWhom::Number {
            name: name.clone(),
            number: number.clone(),
        };
        chosen.set(Some(Chosen { whom, name, number }));
    };
    view! {
        <h3>{say(Key::RingAnother)}</h3>
        <form on:submit=submit novalidate>
            <Field id="ring-name" label=say(Key::RingName) error=name_fault value=name testid="ring-name"/>
            <Field id="ring-number" label=say(Key::RingNumber) error=number_fault value=number kind="tel" testid="ring-number"/>
            <Button submit=true look=Look::Secondary testid="ring-next">{say(Key::RingNext)}</Button>
        </form>
    }
}

#[component]
fn Sure(ringing: Ringing, chosen: RwSignal<Option<Chosen>>, who: Chosen) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let Chosen { whom, name, number } = who;
    let press = move || {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let whom = whom.clone();
        spawn_local(async move {
            match ringing.ring(whom).await {
                Ok(()) => drop(ringing.open.try_set(false)),
                Err(refused) => drop(fault.try_set(Some(refused))),
            }
            busy.try_set(false);
        });
    };
    let why = |fault: &ApiError| {
        if fault.is(ProblemCode::WrongState) {
            t(Key::RingFull)
        } else if fault.is(ProblemCode::Invalid) {
            t(Key::RingNumberFault)
        } else {
            reason(fault)
        }
    };
    view! {
        {part(move || fault.get().map(|fault| view! { <Alert tone=Tone::Error testid="ring-fault">{part(move || why(&fault))}</Alert> }))}
        <p data-testid="ring-sure">{part(move || tr!(Key::RingSure, name = name, number = number))}</p>
        <div class="visit-answers">
            <Button look=Look::Secondary testid="ring-back" on_press=move || chosen.set(None)>
                {say(Key::RingBack)}
            </Button>
            <Button icon=Glyph::Phone busy testid="ring-now" on_press=press>{say(Key::RingNow)}</Button>
        </div>
    }
}
