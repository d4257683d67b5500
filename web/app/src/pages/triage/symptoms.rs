//! The page of whoever answers. Which interview it is stands in the address; where it stands, the server
//! says.

use clinical_api::{InterviewView, ProblemCode};
use clinical_model::triage::{InterviewLanguage, InterviewState};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_logic::triage::{Screen, screen};

use super::complaint::Complaint;
use super::question::{Asked, Changed};
use super::result::{Outcome, Person};
use super::review::Review;
use super::start::start;
use super::{CallBar, ask_info};
use crate::api::{ApiError, Check, spoken};
use crate::components::{Failure, Glyph, Icon, Page, Spinner, part};
use crate::i18n::{Key, lang, say, t_now};
use crate::pages::address::query;
use crate::pages::missing;
use crate::remote::{Load, Remote};
use crate::session::{Session, session};
use crate::tr;

/// An interview on the screen. Copies share it.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    pub(super) check: Check,
    remote: Remote<InterviewView>,
    pub(super) busy: RwSignal<bool>,
    pub(super) fault: RwSignal<Option<ApiError>>,
    /// The complaint is written anew.
    pub(super) retelling: RwSignal<bool>,
    /// The earlier question whose answer is changed.
    pub(super) changing: RwSignal<Option<String>>,
    /// For screen readers.
    said: RwSignal<String>,
}

impl Walk {
    /// Takes a step; what is on the screen stays until the answer is there.
    pub(super) fn go<F>(self, step: F)
    where
        F: Future<Output = Result<InterviewView, ApiError>> + 'static,
    {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.fault.set(None);
        spawn_local(async move {
            match step.await {
                Ok(view) => {
                    self.said.try_set(said(&view));
                    self.retelling.try_set(false);
                    self.changing.try_set(None);
                    self.remote.put(view);
                }
                Err(fault) => {
                    if fault.is(ProblemCode::Changed) || fault.is(ProblemCode::WrongState) {
                        self.remote.reload();
                    }
                    self.fault.try_set(Some(fault));
                }
            }
            self.busy.try_set(false);
        });
    }

    /// Why the last step failed.
    pub(super) fn failure(self) -> impl IntoView {
        part(move || self.fault.get().map(|fault| view! { <Failure fault/> }))
    }
}

/// What is heard besides the heading, which has the focus.
fn said(view: &InterviewView) -> String {
    view.question.as_ref().map_or_else(String::new, |question| {
        tr!(Key::TriageProgress, n = question.number, of = question.of)
    })
}

/// `/symptoms`, `/symptoms?check=visitor` and `/symptoms?check={id}`.
pub(crate) fn page() -> AnyView {
    ask_info();
    let check = query::<String>("check");
    let who = Memo::new(move |_| session());
    part(move || {
        let me = match who.get() {
            Session::Starting => return view! { <Spinner/> }.into_any(),
            Session::SignedOut { .. } => None,
            Session::SignedIn(me) => Some(me),
        };
        match check.get().as_deref() {
            None => start(me),
            Some("visitor") => running(Check::Visitor),
            Some(id) => id
                .parse()
                .map_or_else(|_| missing::page(), |id| running(Check::Own(id))),
        }
    })
    .into_any()
}

fn running(check: Check) -> AnyView {
    let walk = Walk {
        check,
        remote: Remote::new(move || check.resume()),
        busy: RwSignal::new(false),
        fault: RwSignal::new(None),
        retelling: RwSignal::new(false),
        changing: RwSignal::new(None),
        said: RwSignal::new(String::new()),
    };
    follow_language(walk);
    view! {
        <p class="unseen" role="status" data-testid="triage-said">{part(move || walk.said.get())}</p>
        {part(move || match walk.remote.get() {
            Load::Loading => view! { <Spinner/> }.into_any(),
            Load::Failed(fault) => view! { <Lost fault walk/> }.into_any(),
            Load::Ready(view) => shown(walk, view),
        })}
    }
    .into_any()
}

/// The screen of an interview as it stands. A result goes before everything else.
fn shown(walk: Walk, view: InterviewView) -> AnyView {
    let screen = screen(&view, view.state == InterviewState::Person);
    if screen != Screen::Result {
        if walk.retelling.get() {
            return view! { <Complaint walk view/> }.into_any();
        }
        let changing = walk.changing.get();
        let earlier = changing.and_then(|finding| {
            let answers = view.answers.iter();
            answers.clone().find(|it| it.finding == finding).cloned()
        });
        if let Some(answer) = earlier {
            return view! { <Changed walk answer/> }.into_any();
        }
    }
    match screen {
        Screen::Complaint => view! { <Complaint walk view/> }.into_any(),
        Screen::Question => view! { <Asked walk view/> }.into_any(),
        Screen::Review => view! { <Review walk view/> }.into_any(),
        Screen::Person => view! { <Person walk view/> }.into_any(),
        Screen::Result => view! { <Outcome walk view/> }.into_any(),
    }
}

/// It could not be read; a visitor's is gone after a day.
#[component]
fn Lost(fault: ApiError, walk: Walk) -> impl IntoView {
    view! {
        <Page title=say(Key::TriageTitle) class="narrow">
            <CallBar/>
            <Failure fault on_retry=move || walk.remote.reload()/>
            <p><a class="button secondary" href="/symptoms" data-testid="triage-restart">
                <Icon glyph=Glyph::Plus/><span>{say(Key::TriageRestart)}</span>
            </a></p>
        </Page>
    }
}

/// When the pages change their language, so do the questions.
fn follow_language(walk: Walk) {
    Effect::new(move |asked: Option<Option<InterviewLanguage>>| {
        let wanted = spoken(lang());
        let asked = asked.flatten();
        let Some(view) = walk.remote.value() else {
            return asked;
        };
        if view.language == wanted {
            return None;
        }
        // A refusal is not asked about again.
        if asked == Some(wanted) {
            return asked;
        }
        spawn_local(async move {
            // What stays in the other language can be read all the same.
            if let Ok(view) = walk.check.speak(wanted).await {
                walk.remote.put(view);
            }
        });
        Some(wanted)
    });
}

/// For a toast after somebody has left.
pub(super) fn left() -> &'static str {
    t_now(Key::TriageLaterDone)
}
