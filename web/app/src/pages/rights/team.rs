use clinical_api::TeamMemberView;
use clinical_model::PatientId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::components::{Button, Dialog, Failure, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, say, t_now};
use crate::remote::Remote;
use crate::{tr, when};

/// The clinicians who treat the patient.
#[component]
pub(super) fn Team(id: PatientId, may_act: bool) -> impl IntoView {
    let team = Remote::new(move || api::care_team(id));
    view! {
        <section class="card" data-testid="team">
            <h2><Icon glyph=Glyph::People/>{say(Key::TeamTitle)}</h2>
            <h3>{say(Key::TeamCarers)}</h3>
            {team.show(move |list| {
                if list.is_empty() {
                    return view! { <p data-testid="team-none">{say(Key::TeamNone)}</p> }.into_any();
                }
                let rows = list.into_iter().map(|it| view! { <Member it id may_act team/> }.into_any());
                view! { <ul class="plain">{rows.collect_view()}</ul> }.into_any()
            })}
        </section>
    }
}

#[component]
fn Member(
    it: TeamMemberView,
    id: PatientId,
    may_act: bool,
    team: Remote<Vec<TeamMemberView>>,
) -> impl IntoView {
    let (grant, until_us) = (it.id, it.until_us);
    let end = UnsyncCallback::new(move |asking: Asking| {
        asking.run(api::end_care(id, grant), move || team.reload());
    });
    view! { <Ending name=it.name until_us can_end=may_act testid="team-member" end/> }
}

/// A question whether something is to be ended, and how far the ending is.
#[derive(Clone, Copy)]
pub(super) struct Asking {
    open: RwSignal<bool>,
    busy: RwSignal<bool>,
    fault: RwSignal<Option<ApiError>>,
}

impl Asking {
    fn new() -> Self {
        Self {
            open: RwSignal::new(false),
            busy: RwSignal::new(false),
            fault: RwSignal::new(None),
        }
    }

    /// Ends it.
    pub(super) fn run(
        self,
        ending: impl Future<Output = Result<(), ApiError>> + 'static,
        ended: impl Fn() + 'static,
    ) {
        self.busy.set(true);
        self.fault.set(None);
        spawn_local(async move {
            let done = ending.await;
            self.busy.try_set(false);
            self.open.try_set(false);
            match done {
                Ok(()) => {
                    toast(t_now(Key::TeamEnded));
                    ended();
                }
                Err(refused) => {
                    self.fault.try_set(Some(refused));
                }
            }
        });
    }
}

/// Somebody who may see the record until a day, and a way to end it.
#[component]
pub(super) fn Ending(
    #[prop(into)] name: String,
    until_us: i64,
    can_end: bool,
    testid: &'static str,
    end: UnsyncCallback<Asking>,
    #[prop(optional)] about: Option<Vec<Key>>,
) -> impl IntoView {
    let asking = Asking::new();
    let (open, busy, fault) = (asking.open, asking.busy, asking.fault);
    let shown = name.clone();
    let name = StoredValue::new(name);
    let about = about.unwrap_or_default();
    view! {
        <li class="row between" data-testid=testid>
            <div>
                <p><strong>{shown}</strong>
                    {about.into_iter().map(|key| view! { ", " {say(key)} }).collect_view()}
                </p>
                <p class="hint">{part(move || tr!(Key::TeamUntil, date = when::date(until_us)))}</p>
                {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            </div>
            {can_end.then(|| view! {
                <button type="button" class="button quiet" data-testid=format!("{testid}-end")
                    aria-label=move || tr!(Key::TeamEndOf, name = name.get_value())
                    on:click=move |_| open.set(true)>
                    {say(Key::TeamEnd)}
                </button>
            })}
            <Dialog open title=move || tr!(Key::TeamEndOf, name = name.get_value()) testid="team-end-dialog">
                <p>{part(move || tr!(Key::TeamEndText, name = name.get_value()))}</p>
                <div class="actions">
                    <Button look=Look::Secondary on_press=move || open.set(false)>{say(Key::Back)}</Button>
                    <Button look=Look::Danger busy testid="team-end-confirm" on_press=move || end.run(asking)>{say(Key::TeamEnd)}</Button>
                </div>
            </Dialog>
        </li>
    }
}
