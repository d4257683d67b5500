use clinical_api::{BothText, ProcessingView};
use leptos::prelude::*;

use crate::api;
use crate::components::{Page, part};
use crate::i18n::{Key, Lang, lang, say};
use crate::remote::Remote;

/// The register of processing, as the program declares it.
pub(crate) fn page() -> AnyView {
    let rows = Remote::new(api::register);
    view! {
        <Page title=say(Key::RegisterTitle)>
            <p class="lead">{say(Key::RegisterText)}</p>
            {rows.show(|rows| rows.into_iter().map(|row| view! { <Row row/> }.into_any()).collect_view())}
        </Page>
    }
    .into_any()
}

/// A text in the reader's language.
fn words(text: BothText) -> impl IntoView {
    part(move || match lang() {
        Lang::En => text.en.clone(),
        Lang::Fr => text.fr.clone(),
    })
}

fn basis_key(basis: &str) -> Key {
    match basis {
        "obligation" => Key::BasisObligation,
        "consent" => Key::BasisConsent,
        "contract" => Key::BasisContract,
        "public_health" => Key::BasisPublicHealth,
        _ => Key::BasisCare,
    }
}

#[component]
fn Row(row: ProcessingView) -> impl IntoView {
    let basis = basis_key(&row.basis);
    view! {
        <section class="card" data-testid="processing" data-domain=row.domain>
            <h2>{words(row.purpose)}</h2>
            <dl class="facts">
                <dt>{say(Key::RegisterBasis)}</dt>
                <dd>{say(basis)} " (" {row.articles} ")"</dd>
                <dt>{say(Key::RegisterCategories)}</dt>
                <dd>{words(row.categories)}</dd>
                <dt>{say(Key::RegisterRetention)}</dt>
                <dd>{words(row.retention)}</dd>
                <dt>{say(Key::RegisterRecipients)}</dt>
                <dd>{words(row.recipients)}</dd>
            </dl>
        </section>
    }
}
