use clinical_api::ChargeView;
use clinical_model::PatientId;
use clinical_model::access::ProxyScope;
use leptos::prelude::*;

use super::choice::NameChoice;
use super::consents::Consents;
use super::export::Export;
use super::looks::Looks;
use super::proxies::Proxies;
use super::team::Team;
use super::wishes::Wishes;
use crate::components::{Alert, EmptyState, Glyph, Page, Tone, part};
use crate::i18n::{Key, say, t_now};
use crate::remote::Remote;
use crate::session::me;
use crate::{api, tr};

/// Whose record the page is about, and what may be done.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) id: PatientId,
    pub(super) name: String,
    pub(super) is_own: bool,
    pub(super) may_act: bool,
}

/// Who looked, who may see, consents, a copy, requests: of one's own record or of somebody one acts
/// for.
pub(crate) fn page() -> AnyView {
    let charges = Remote::new(api::charges);
    view! {
        <Page title=say(Key::PrivacyTitle)>
            <p class="lead">{say(Key::PrivacyText)}</p>
            {charges.show(|charges| view! { <Records charges/> })}
        </Page>
    }
    .into_any()
}

/// One's own record first, then those of whom one acts for.
fn subjects(charges: Vec<ChargeView>) -> Vec<Subject> {
    let me = me();
    let own = me.and_then(|me| {
        Some(Subject {
            id: me.patient?,
            name: t_now(Key::PrivacyForMe).to_owned(),
            is_own: true,
            may_act: true,
        })
    });
    let others = charges.into_iter().map(|it| Subject {
        id: it.patient,
        name: it.name,
        is_own: false,
        may_act: it.scope == ProxyScope::Act,
    });
    own.into_iter().chain(others).collect()
}

#[component]
fn Records(charges: Vec<ChargeView>) -> impl IntoView {
    let all = subjects(charges);
    let Some(first) = all.first() else {
        return view! { <EmptyState glyph=Glyph::Shield><p>{say(Key::PrivacyNoRecord)}</p></EmptyState> }
            .into_any();
    };
    let chosen = RwSignal::new(first.id.to_string());
    let options: Vec<(String, String)> = all
        .iter()
        .map(|it| (it.id.to_string(), it.name.clone()))
        .collect();
    let several = options.len() > 1;
    view! {
        {several.then(|| view! { <NameChoice id="privacy-for" label=Key::PrivacyFor value=chosen options/> })}
        {part(move || {
            let id = chosen.get();
            let subject = all.iter().find(|it| it.id.to_string() == id).cloned();
            subject.map(|subject| view! { <Sections subject/> })
        })}
    }
    .into_any()
}

#[component]
fn Sections(subject: Subject) -> impl IntoView {
    let banner = (!subject.is_own).then(|| {
        let name = subject.name.clone();
        let key = if subject.may_act {
            Key::PrivacyProxy
        } else {
            Key::PrivacyViewOnly
        };
        view! {
            <Alert tone=Tone::Info testid="privacy-proxy">
                {part(move || tr!(key, name = name))}
            </Alert>
        }
        .into_any()
    });
    let id = subject.id;
    // The list below hears when something is asked for above.
    let asked = Remote::new(move || api::asked(id));
    let may_act = subject.may_act;
    let is_own = subject.is_own;
    view! {
        {banner}
        {view! { <Looks id may_act asked/> }.into_any()}
        {view! { <Team id may_act/> }.into_any()}
        {view! { <Proxies id is_own/> }.into_any()}
        {view! { <Consents id may_act/> }.into_any()}
        {may_act.then(|| view! { <Export id/> }.into_any())}
        {view! { <Wishes id may_act asked/> }.into_any()}
    }
}
