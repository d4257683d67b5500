use clinical_api::{ProblemCode, ProxyRequest, ProxyView};
use clinical_model::PatientId;
use clinical_model::access::{ProxyRelation, ProxyScope};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::choice::{Choice, end_of_day};
use super::team::{Asking, Ending};
use crate::api::{self, ApiError};
use crate::browser;
use crate::components::{Button, Failure, Field, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::remote::Remote;

const fn relation_key(relation: ProxyRelation) -> Key {
    match relation {
        ProxyRelation::Parent => Key::ProxiesParent,
        ProxyRelation::Guardian => Key::ProxiesGuardian,
        ProxyRelation::Spouse => Key::ProxiesSpouse,
        ProxyRelation::Child => Key::ProxiesChild,
        ProxyRelation::Carer => Key::ProxiesCarer,
        ProxyRelation::Other => Key::ProxiesElse,
    }
}

const fn scope_key(scope: ProxyScope) -> Key {
    match scope {
        ProxyScope::View => Key::ProxiesView,
        ProxyScope::Act => Key::ProxiesAct,
    }
}

/// Who acts for the patient. Only the patient adds somebody.
#[component]
pub(super) fn Proxies(id: PatientId, is_own: bool) -> impl IntoView {
    let proxies = Remote::new(move || api::proxies(id));
    let adding = RwSignal::new(false);
    view! {
        <section class="card" data-testid="proxies">
            <h2><Icon glyph=Glyph::Heart/>{say(Key::ProxiesTitle)}</h2>
            {proxies.show(move |list| {
                if list.is_empty() {
                    return view! { <p data-testid="proxies-none">{say(Key::ProxiesNone)}</p> }.into_any();
                }
                let rows = list.into_iter().map(|it| view! { <Row it id is_own proxies/> }.into_any());
                view! { <ul class="plain">{rows.collect_view()}</ul> }.into_any()
            })}
            {is_own.then(|| view! {
                <Button look=Look::Secondary icon=Glyph::Plus testid="proxies-add" on_press=move || adding.update(|it| *it = !*it)>
                    {say(Key::ProxiesAdd)}
                </Button>
                {part(move || adding.get().then(|| view! { <Add id proxies adding/> }))}
            })}
        </section>
    }
}

#[component]
fn Row(
    it: ProxyView,
    id: PatientId,
    is_own: bool,
    proxies: Remote<Vec<ProxyView>>,
) -> impl IntoView {
    let (grant, until_us) = (it.id, it.until_us);
    let about = vec![relation_key(it.relation), scope_key(it.scope)];
    let end = UnsyncCallback::new(move |asking: Asking| {
        asking.run(api::end_proxy(id, grant), move || proxies.reload());
    });
    view! { <Ending name=it.name until_us can_end=is_own testid="proxy" end about/> }
}

/// What the form holds.
#[derive(Clone, Copy)]
struct Form {
    email: RwSignal<String>,
    relation: RwSignal<String>,
    scope: RwSignal<String>,
    until: RwSignal<String>,
}

impl Form {
    /// The request; none while something is missing.
    fn read(self) -> Option<ProxyRequest> {
        let until_us = end_of_day(&self.until.get_untracked())?;
        let email = self.email.get_untracked().trim().to_owned();
        (!email.is_empty() && until_us > browser::now_us()).then_some(())?;
        Some(ProxyRequest {
            email,
            relation: ProxyRelation::from_word(&self.relation.get_untracked())?,
            scope: ProxyScope::from_word(&self.scope.get_untracked())?,
            until_us,
        })
    }
}

#[component]
fn Add(id: PatientId, proxies: Remote<Vec<ProxyView>>, adding: RwSignal<bool>) -> impl IntoView {
    let form = Form {
        email: RwSignal::new(String::new()),
        relation: RwSignal::new("carer".to_owned()),
        scope: RwSignal::new("view".to_owned()),
        until: RwSignal::new(String::new()),
    };
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let unknown = RwSignal::new(false);
    let email_fault = Signal::derive(move || {
        let missing = tried.get() && form.email.with(|it| it.trim().is_empty());
        (missing || unknown.get()).then(|| t(Key::ProxiesEmailWrong).to_owned())
    });
    let until_fault = Signal::derive(move || {
        let is_past = form
            .until
            .with(|day| end_of_day(day).is_none_or(|at| at <= browser::now_us()));
        (tried.get() && is_past).then(|| t(Key::ProxiesUntilWrong).to_owned())
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        unknown.set(false);
        fault.set(None);
        let Some(request) = form.read() else { return };
        busy.set(true);
        spawn_local(async move {
            match api::give_proxy(id, &request).await {
                Ok(_) => {
                    toast(t_now(Key::ProxiesAdded));
                    proxies.reload();
                    adding.try_set(false);
                }
                Err(refused) if refused.is(ProblemCode::Invalid) => {
                    unknown.try_set(true);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let relations = ProxyRelation::ALL
        .iter()
        .map(|it| (it.as_str(), relation_key(*it)))
        .collect();
    let scopes = vec![("view", Key::ProxiesView), ("act", Key::ProxiesAct)];
    view! {
        <form on:submit=submit novalidate>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <Field id="proxy-email" label=say(Key::ProxiesEmail) hint=say(Key::ProxiesEmailHint) error=email_fault
                value=form.email kind="email" testid="proxy-email"/>
            <Choice id="proxy-relation" label=Key::ProxiesRelation value=form.relation options=relations/>
            <Choice id="proxy-scope" label=Key::ProxiesScope value=form.scope options=scopes/>
            <Field id="proxy-until" label=say(Key::ProxiesUntil) error=until_fault value=form.until kind="date" testid="proxy-until"/>
            <div class="actions">
                <Button look=Look::Secondary on_press=move || adding.set(false)>{say(Key::Back)}</Button>
                <Button submit=true busy testid="proxy-go">{say(Key::ProxiesGo)}</Button>
            </div>
        </form>
    }
}
