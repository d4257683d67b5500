//! Before the first question: what this is, whom it is about, and what was begun before.

use clinical_api::{InterviewBriefView, InterviewRequest, Me, VisitorRequest};
use clinical_model::triage::{BirthSex, InterviewState};
use clinical_model::{PatientId, Role};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use web_logic::triage::age_months;

use super::choice::{radio, select};
use super::claim::Kept;
use super::{CallBar, way};
use crate::api::{self, ApiError, spoken};
use crate::components::{Alert, Button, Failure, Field, Glyph, Icon, Page, Tone, part};
use crate::i18n::{Key, lang_now, say, t};
use crate::pages::address::query;
use crate::remote::Remote;
use crate::when;

/// Earlier checks that are listed.
const EARLIER_MAX: usize = 5;
const UNITS: [(&str, Key); 2] = [("years", Key::TriageYears), ("months", Key::TriageMonths)];
const SEXES: [(&str, Key); 3] = [
    ("", Key::TriageSexUnsaid),
    ("female", Key::TriageFemale),
    ("male", Key::TriageMale),
];
const PREGNANT: [(&str, Key); 3] = [
    ("", Key::TriageUnsaid),
    ("yes", Key::TriageYes),
    ("no", Key::TriageNo),
];

/// About whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whom {
    Me,
    /// Somebody whose record the person may use.
    Charge(PatientId),
    Child,
    Else,
}

/// What is filled in.
#[derive(Clone, Copy)]
struct Form {
    /// The person has a record of their own, or works for that of a patient.
    own: Option<Option<PatientId>>,
    whom: RwSignal<Whom>,
    age: RwSignal<String>,
    unit: RwSignal<String>,
    sex: RwSignal<String>,
    pregnant: RwSignal<String>,
}

impl Form {
    /// Whose record it belongs to; none for nobody's.
    fn record(self, whom: Whom) -> Option<Option<PatientId>> {
        match whom {
            Whom::Me => self.own,
            Whom::Charge(patient) => Some(Some(patient)),
            Whom::Child | Whom::Else => None,
        }
    }

    fn months(self) -> Option<u32> {
        let in_months = self.unit.with(|unit| unit == "months");
        self.age.with(|age| age_months(age, in_months))
    }

    fn is_pregnant(self) -> Option<bool> {
        match self.pregnant.get_untracked().as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }
    }

    /// Begins, and answers with the address of the interview.
    async fn begin(self) -> Result<String, ApiError> {
        let language = spoken(lang_now());
        let whom = self.whom.get_untracked();
        if let Some(patient) = self.record(whom) {
            let request = InterviewRequest {
                patient,
                language,
                pregnant: self.is_pregnant(),
            };
            let begun = api::begin_interview(&request).await?;
            return Ok(format!("/symptoms?check={}", begun.id));
        }
        let sex = match self.sex.get_untracked().as_str() {
            "female" => Some(BirthSex::Female),
            "male" => Some(BirthSex::Male),
            _ => None,
        };
        let request = VisitorRequest {
            language,
            age_months: self.months().unwrap_or_default(),
            sex,
            pregnant: self.is_pregnant().filter(|_| sex != Some(BirthSex::Male)),
            proxy: whom != Whom::Me,
        };
        api::begin_visitor(&request).await?;
        Ok("/symptoms?check=visitor".to_owned())
    }
}

/// The start of a check.
pub(super) fn start(me: Option<Me>) -> AnyView {
    let patient = query::<PatientId>("patient").get_untracked();
    let is_patient = me.as_ref().is_some_and(|me| me.role == Role::Patient);
    let own = if is_patient {
        Some(None)
    } else {
        patient.filter(|_| me.is_some()).map(Some)
    };
    let form = Form {
        own,
        whom: RwSignal::new(Whom::Me),
        age: RwSignal::new(String::new()),
        unit: RwSignal::new("years".to_owned()),
        sex: RwSignal::new(String::new()),
        pregnant: RwSignal::new(String::new()),
    };
    let keeps = if own.is_some() {
        Key::TriageKeepsPatient
    } else {
        Key::TriageKeepsVisitor
    };
    view! {
        <Page title=say(Key::TriageTitle) class="narrow">
            <CallBar/>
            <p>{say(Key::TriageCallWhen)}</p>
            <p class="lead">{say(Key::TriageLead)}</p>
            {own.map(|patient| view! { <Begun patient/> })}
            <Kept me/>
            <Alert tone=Tone::Info testid="triage-is">
                <p><strong>{say(Key::TriageIsTitle)}</strong></p>
                <p>{say(Key::TriageIs)}</p>
                <p>{say(Key::TriageIsNot)}</p>
                <p>{say(keeps)}</p>
            </Alert>
            <Begin form is_patient/>
        </Page>
    }
    .into_any()
}

/// A way back to what was begun.
pub(super) fn resume(href: String) -> AnyView {
    view! {
        <section class="card next" data-testid="triage-begun">
            <h2><Icon glyph=Glyph::Clock/>{say(Key::TriageResumeTitle)}</h2>
            <p>{say(Key::TriageResumeText)}</p>
            <p><a class="button primary" href=href data-testid="triage-resume">
                <Icon glyph=Glyph::Next/><span>{say(Key::TriageResume)}</span>
            </a></p>
        </section>
    }
    .into_any()
}

/// Whether answers are still wanted.
const fn is_open(state: InterviewState) -> bool {
    match state {
        InterviewState::Complaint
        | InterviewState::Asking
        | InterviewState::Ready
        | InterviewState::Person => true,
        InterviewState::Emergency | InterviewState::Finished => false,
    }
}

/// What was begun before, and earlier results.
#[component]
fn Begun(patient: Option<PatientId>) -> impl IntoView {
    let known = Remote::new(move || api::interviews(patient));
    part(move || {
        let all = known.value()?;
        let open = all.iter().find(|it| is_open(it.state));
        let open = open.map(|it| resume(format!("/symptoms?check={}", it.id)));
        let over = all.into_iter().filter(|it| !is_open(it.state));
        let over: Vec<AnyView> = over.take(EARLIER_MAX).map(earlier).collect();
        Some(view! {
            {open}
            {(!over.is_empty()).then(|| view! {
                <details data-testid="triage-earlier">
                    <summary>{say(Key::TriageEarlier)}</summary>
                    <ul class="choices">{over}</ul>
                </details>
            })}
        })
    })
}

fn earlier(it: InterviewBriefView) -> AnyView {
    let (us, disposition) = (it.started_us, it.disposition);
    view! {
        <li>
            <a class="choice" href=format!("/symptoms?check={}", it.id)>
                <Icon glyph=Glyph::Note/>
                <span>
                    <strong>{part(move || disposition.map(|it| t(way(it))))}</strong>
                    <small>{part(move || when::date_time(us))}</small>
                    <small>{it.complaint}</small>
                </span>
                <Icon glyph=Glyph::Next/>
            </a>
        </li>
    }
    .into_any()
}

#[component]
fn Begin(form: Form, is_patient: bool) -> impl IntoView {
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let navigate = use_navigate();
    let needs_age = Memo::new(move |_| form.record(form.whom.get()).is_none());
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let lacks_age = needs_age.get_untracked() && untrack(|| form.months()).is_none();
        if busy.get_untracked() || lacks_age {
            return;
        }
        busy.set(true);
        fault.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            match form.begin().await {
                Ok(href) => navigate(&href, NavigateOptions::default()),
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    // Staff who came with a patient answer for that one.
    let for_patient = form.own.flatten().is_some();
    view! {
        <form on:submit=send novalidate>
            {(!for_patient).then(|| view! { <Whose form is_patient/> })}
            {part(move || if needs_age.get() {
                view! { <Unknown form tried/> }.into_any()
            } else {
                select("triage-pregnant", Key::TriagePregnantOwn, &PREGNANT, form.pregnant)
            })}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="actions">
                <Button submit=true busy icon=Glyph::Next testid="triage-begin">{say(Key::TriageBegin)}</Button>
            </div>
        </form>
    }
}

#[component]
fn Whose(form: Form, is_patient: bool) -> impl IntoView {
    let mine = |whom, testid, key| {
        radio(
            ("whom", testid),
            whom,
            form.whom,
            view! { {say(key)} }.into_any(),
        )
    };
    let charges = is_patient.then(|| Remote::new(api::charges));
    view! {
        <fieldset class="people">
            <legend>{say(Key::TriageWhom)}</legend>
            {mine(Whom::Me, "whom-me", Key::TriageWhomMe)}
            {charges.map(|charges| part(move || charges.value().unwrap_or_default().into_iter().map(|it| {
                radio(("whom", "whom-charge"), Whom::Charge(it.patient), form.whom, it.name.into_any())
            }).collect_view()))}
            {mine(Whom::Child, "whom-child", Key::TriageWhomChild)}
            {mine(Whom::Else, "whom-else", Key::TriageWhomElse)}
        </fieldset>
    }
}

/// What a record would say.
#[component]
fn Unknown(form: Form, tried: RwSignal<bool>) -> impl IntoView {
    let error = Signal::derive(move || {
        (tried.get() && form.months().is_none()).then(|| t(Key::TriageAgeFault).to_owned())
    });
    view! {
        <div class="triage-number">
            <Field id="triage-age" label=say(Key::TriageAge) error value=form.age testid="triage-age"/>
            {select("triage-age-unit", Key::TriageAgeUnit, &UNITS, form.unit)}
        </div>
        {select("triage-sex", Key::TriageSex, &SEXES, form.sex)}
        {part(move || form.sex.with(|sex| sex != "male").then(|| {
            select("triage-pregnant", Key::TriagePregnant, &PREGNANT, form.pregnant)
        }))}
    }
}
