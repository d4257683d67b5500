use clinical_api::{DraftRequest, FamilyInterviewRequest};
use clinical_model::chart::Relative;
use clinical_model::chart::family::{Answer, Interview, Question, Risk, TopicRisk};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::state::Record;
use super::words::{self, RELATIVES, SITES};
use crate::api::{self, ApiError};
use crate::components::{Button, Failure, Field, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::tr;

/// The questions so far. Each answer is kept as a draft, so that nobody begins anew after a break.
#[derive(Clone, Copy)]
struct Talk {
    record: Record,
    interview: RwSignal<Option<Interview>>,
    version: RwSignal<u32>,
    fault: RwSignal<Option<ApiError>>,
    busy: RwSignal<bool>,
    is_done: RwSignal<bool>,
}

impl Talk {
    fn keep(self) {
        let answers = self
            .interview
            .with_untracked(|it| it.as_ref().map(|it| it.answers().to_vec()));
        let Ok(body) = serde_json::to_string(&answers.unwrap_or_default()) else {
            return;
        };
        let version = self.version.get_untracked();
        spawn_local(async move {
            let request = DraftRequest { body, version };
            // The draft is a help; an answer that is not kept is asked again.
            if let Ok(saved) = api::save_draft(self.record.id, &request).await {
                self.version.try_set(saved.version);
            }
        });
    }

    fn answer(self, answer: Answer) {
        let next = self
            .interview
            .with_untracked(|it| it.clone())
            .and_then(|it| it.answer(answer).ok());
        if let Some(next) = next {
            self.interview.set(Some(next));
            self.keep();
        }
    }

    fn back(self) {
        self.interview.update(|it| {
            if let Some(interview) = it {
                *interview = interview.back();
            }
        });
        self.keep();
    }

    fn begin(self) {
        let record = self.record;
        self.busy.set(true);
        spawn_local(async move {
            let draft = api::draft(record.id).await;
            self.busy.try_set(false);
            let draft = draft.unwrap_or_default();
            self.version
                .try_set(draft.as_ref().map_or(0, |it| it.version));
            let answers = draft.and_then(|it| serde_json::from_str::<Vec<Answer>>(&it.body).ok());
            let before = answers.and_then(|answers| Interview::replay(answers).ok());
            self.interview.try_set(Some(before.unwrap_or_default()));
        });
    }

    fn finish(self) {
        let answers = self
            .interview
            .with_untracked(|it| it.as_ref().map(|it| it.answers().to_vec()));
        self.busy.set(true);
        spawn_local(async move {
            let request = FamilyInterviewRequest {
                answers: answers.unwrap_or_default(),
                done: true,
            };
            let answer = api::family_interview(self.record.id, &request).await;
            self.busy.try_set(false);
            match answer {
                Ok(_) => {
                    toast(t_now(Key::FamilySaved));
                    self.is_done.try_set(true);
                    self.fault.try_set(None);
                    self.record.changed();
                }
                Err(wrong) => {
                    self.fault.try_set(Some(wrong));
                }
            }
        });
    }
}

/// Asks about diseases in the family, one question after another.
#[component]
pub(super) fn Family(record: Record) -> impl IntoView {
    let talk = Talk {
        record,
        interview: RwSignal::new(None),
        version: RwSignal::new(0),
        fault: RwSignal::new(None),
        busy: RwSignal::new(false),
        is_done: RwSignal::new(false),
    };
    view! {
        <section class="card" data-testid="family">
            <h2><Icon glyph=Glyph::People/><span>{say(Key::FamilyTitle)}</span></h2>
            {part(move || talk.fault.get().map(|fault| view! { <Failure fault/> }))}
            {part(move || match talk.interview.get() {
                None => view! {
                    <p>{say(Key::FamilyText)}</p>
                    <Button look=Look::Secondary busy=talk.busy testid="family-begin" on_press=move || talk.begin()>{say(Key::FamilyBegin)}</Button>
                }
                .into_any(),
                Some(interview) => match interview.question() {
                    Some(question) => view! { <Asks talk question/> }.into_any(),
                    None => view! { <Outcome talk risks=interview.risks().unwrap_or_default()/> }.into_any(),
                },
            })}
        </section>
    }
}

#[component]
fn Asks(talk: Talk, question: Question) -> impl IntoView {
    let words = move || match question {
        Question::Any { topic } => tr!(Key::FamilyAny, topic = t(words::topic(topic))),
        Question::Who { topic } => tr!(Key::FamilyWho, topic = t(words::topic(topic))),
        Question::Age {
            topic, relative, ..
        } => {
            tr!(
                Key::FamilyAge,
                topic = t(words::topic(topic)),
                relative = t(words::relative(relative))
            )
        }
        Question::Where { relative, .. } => {
            tr!(Key::FamilyWhere, relative = t(words::relative(relative)))
        }
    };
    let has_before = talk
        .interview
        .with_untracked(|it| it.as_ref().is_some_and(|it| !it.answers().is_empty()));
    view! {
        <p class="lead" role="status" data-testid="family-question">{part(words)}</p>
        {match question {
            Question::Any { .. } => view! { <YesNo talk/> }.into_any(),
            Question::Who { .. } => view! { <Relatives talk/> }.into_any(),
            Question::Age { .. } => view! { <Age talk/> }.into_any(),
            Question::Where { .. } => view! { <Where talk/> }.into_any(),
        }}
        {has_before.then(|| view! { <Button look=Look::Quiet icon=Glyph::Back testid="family-back" on_press=move || talk.back()>{say(Key::FamilyBack)}</Button> })}
    }
}

#[component]
fn YesNo(talk: Talk) -> impl IntoView {
    view! {
        <div class="actions">
            <Button look=Look::Secondary testid="family-yes" on_press=move || talk.answer(Answer::Yes)>{say(Key::FamilyYes)}</Button>
            <Button look=Look::Secondary testid="family-no" on_press=move || talk.answer(Answer::No)>{say(Key::FamilyNo)}</Button>
            <Button look=Look::Quiet testid="family-unknown" on_press=move || talk.answer(Answer::Unknown)>{say(Key::FamilyUnknown)}</Button>
        </div>
    }
}

#[component]
fn Relatives(talk: Talk) -> impl IntoView {
    let chosen = RwSignal::new(Vec::<Relative>::new());
    let boxes = RELATIVES.into_iter().map(|relative| {
        let id = format!("relative-{}", relative.as_str());
        let set = move |event: leptos::ev::Event| {
            let on = event_target_checked(&event);
            chosen.update(|list| {
                list.retain(|it| *it != relative);
                if on {
                    list.push(relative);
                }
            });
        };
        view! {
            <div class="check">
                <input id=id.clone() type="checkbox" data-testid=id.clone() on:change=set/>
                <label for=id>{say(words::relative(relative))}</label>
            </div>
        }
    });
    let boxes = boxes.collect_view();
    let none = Signal::derive(move || chosen.with(Vec::is_empty));
    view! {
        <div role="group">{boxes}</div>
        <Button disabled=none testid="family-next" on_press=move || talk.answer(Answer::Relatives(chosen.get_untracked()))>{say(Key::FamilyNext)}</Button>
    }
}

#[component]
fn Age(talk: Talk) -> impl IntoView {
    let years = RwSignal::new(String::new());
    let none = Signal::derive(move || years.with(|it| it.trim().parse::<u8>().is_err()));
    let next = move || {
        if let Ok(years) = years.get_untracked().trim().parse() {
            talk.answer(Answer::Years(years));
        }
    };
    view! {
        <Field id="family-years" label=say(Key::FamilyYears) value=years kind="number" testid="family-years"/>
        <div class="actions">
            <Button disabled=none testid="family-next" on_press=next>{say(Key::FamilyNext)}</Button>
            <Button look=Look::Quiet testid="family-unknown" on_press=move || talk.answer(Answer::Unknown)>{say(Key::FamilyUnknown)}</Button>
        </div>
    }
}

#[component]
fn Where(talk: Talk) -> impl IntoView {
    let buttons = SITES.into_iter().map(|(site, key)| {
        view! { <Button look=Look::Secondary testid="family-site" on_press=move || talk.answer(Answer::Site(site))>{say(key)}</Button> }
    });
    view! { <div class="actions">{buttons.collect_view()}</div> }
}

#[component]
fn Outcome(talk: Talk, risks: Vec<TopicRisk>) -> impl IntoView {
    let rows = risks.into_iter().map(|it| {
        let words = match it.risk {
            Risk::Unknown => Key::RiskUnknown,
            Risk::Average => Key::RiskAverage,
            Risk::Raised => Key::RiskRaised,
            Risk::High => Key::RiskHigh,
        };
        view! { <dt>{say(words::topic(it.topic))}</dt><dd>{say(words)}</dd> }
    });
    view! {
        <p>{say(Key::FamilyResult)}</p>
        <dl class="facts" data-testid="family-risks">{rows.collect_view()}</dl>
        <p class="hint">{say(Key::FamilyNoDiagnosis)}</p>
        <div class="actions">
            <Button look=Look::Quiet icon=Glyph::Back testid="family-back" on_press=move || talk.back()>{say(Key::FamilyBack)}</Button>
            <Button busy=talk.busy disabled=talk.is_done testid="family-save" on_press=move || talk.finish()>{say(Key::FamilySave)}</Button>
        </div>
    }
}
