use clinical_api::{FactorView, FactorsView};
use clinical_model::FactorKind;
use leptos::prelude::*;

use super::prove::Prover;
use crate::api::{self, ApiError};
use crate::components::{Button, Dialog, Failure, Glyph, Icon, Look, part, toast};
use crate::i18n::{Key, say, t, t_now};
use crate::remote::Remote;
use crate::{tr, when};

/// The second factors that a person has.
#[component]
pub(super) fn Factors(
    view: FactorsView,
    own: Remote<FactorsView>,
    prover: Prover,
) -> impl IntoView {
    if view.factors.is_empty() {
        return view! { <p data-testid="factors-none">{say(Key::FactorsNone)}</p> }.into_any();
    }
    // Staff keep their last one.
    let may_remove = !(view.required && view.factors.len() == 1);
    let rows = view
        .factors
        .into_iter()
        .map(|factor| view! { <Row factor may_remove own prover/> });
    view! { <ul class="plain">{rows.collect_view()}</ul> }.into_any()
}

#[component]
fn Row(
    factor: FactorView,
    may_remove: bool,
    own: Remote<FactorsView>,
    prover: Prover,
) -> impl IntoView {
    let asking = RwSignal::new(false);
    let kind = match factor.kind {
        FactorKind::App => Key::FactorsApp,
        FactorKind::Passkey => Key::FactorsPasskey,
    };
    let used = factor.used_us;
    let id = factor.id;
    let name = StoredValue::new(factor.label.clone());
    view! {
        <li class="row between" data-testid="factor">
            <div>
                <p><Icon glyph=Glyph::Key/><strong>{factor.label}</strong></p>
                <p class="hint">
                    {say(kind)} ". "
                    {part(move || used.map_or_else(|| t(Key::FactorsUnused).to_owned(), |us| tr!(Key::FactorsUsed, date = when::date_time(us))))}
                </p>
            </div>
            {may_remove.then(|| view! {
                <Button look=Look::Quiet icon=Glyph::Bin testid="factor-remove" on_press=move || asking.set(true)>
                    {say(Key::FactorsRemove)}
                </Button>
            })}
            <Dialog open=asking title=say(Key::FactorsRemoveTitle) testid="factor-remove-dialog">
                <p>{part(move || tr!(Key::FactorsRemoveText, name = name.get_value()))}</p>
                <Remove id asking own prover/>
            </Dialog>
        </li>
    }
}

#[component]
fn Remove(
    id: clinical_model::FactorId,
    asking: RwSignal<bool>,
    own: Remote<FactorsView>,
    prover: Prover,
) -> impl IntoView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let remove = move || {
        prover.run(busy, fault, move || async move {
            api::remove_factor(id).await?;
            toast(t_now(Key::FactorsRemoved));
            asking.try_set(false);
            own.reload();
            Ok(())
        });
    };
    view! {
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <div class="actions">
            <Button look=Look::Secondary on_press=move || asking.set(false)>{say(Key::Back)}</Button>
            <Button look=Look::Danger busy testid="factor-remove-confirm" on_press=remove>{say(Key::FactorsRemove)}</Button>
        </div>
    }
}
