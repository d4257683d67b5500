//! Being reminded of a medicine: on, off, and at which times.

use clinical_api::{BothText, MedicationReminderRequest, MedicationReminderView};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::words::{both, moment};
use crate::api::{self, ApiError};
use crate::components::{Alert, Button, Failure, Glyph, Icon, Look, Tone, part, toast};
use crate::i18n::{Key, say, t_now};
use crate::tr;

/// Reminding of one line, with what may be done about it.
#[component]
pub(super) fn Remind(
    /// How it stands.
    reminder: MedicationReminderView,
    /// The medicine, for those who hear the buttons only.
    name: BothText,
    /// Called when it was changed.
    on_change: UnsyncCallback<()>,
) -> impl IntoView {
    if !reminder.possible {
        return view! { <p class="hint" data-testid="remind-impossible"><Icon glyph=Glyph::Bell/>" "{say(Key::RemindImpossible)}</p> }
            .into_any();
    }
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let editing = RwSignal::new(false);
    let is_unlike = RwSignal::new(false);
    let (prescription, line, version) = (reminder.prescription, reminder.line, reminder.version);
    let is_on = reminder.on;
    let shown = reminder.times.join(" · ");
    let next = reminder.next_us;
    let base = format!("remind-{prescription}-{line}");
    let times: Vec<RwSignal<String>> = reminder.times.into_iter().map(RwSignal::new).collect();
    let chosen = StoredValue::new(times.clone());
    let save = move |on: bool| {
        let times: Vec<String> =
            chosen.with_value(|all| all.iter().map(|it| it.get_untracked()).collect());
        let mut different = times.clone();
        different.sort_unstable();
        different.dedup();
        // An empty field of time and two doses at once are told before anything is sent.
        let is_wrong = different.len() < times.len() || times.iter().any(String::is_empty);
        is_unlike.set(is_wrong && on);
        if is_wrong && on {
            return;
        }
        let request = MedicationReminderRequest {
            on,
            times: (!is_wrong).then_some(times),
            version,
        };
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::put_medication_reminder(prescription, line, &request).await {
                Ok(_) => {
                    toast(t_now(if on {
                        Key::RemindIsOn
                    } else {
                        Key::RemindIsOff
                    }));
                    on_change.run(());
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    let fields = StoredValue::new((base, times));
    view! {
        <div role="group" aria-label=move || tr!(Key::RemindGroup, name = both(&name)) data-testid="remind" data-on=is_on.to_string()>
            <p><Icon glyph=Glyph::Bell/>" "{part(move || if is_on { tr!(Key::RemindOn, times = &shown) } else { tr!(Key::RemindOff, times = &shown) })}</p>
            {next.map(|us| view! { <p class="hint">{part(move || tr!(Key::RemindNext, date = moment(us)))}</p> })}
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            {part(move || editing.get().then(|| view! {
                <form on:submit=move |event| { event.prevent_default(); save(true); }>
                    {fields.with_value(|(base, times)| times.iter().enumerate().map(|(at, value)| time_field(format!("{base}-{at}"), at, *value)).collect_view())}
                    {part(move || is_unlike.get().then(|| view! { <Alert tone=Tone::Error testid="remind-unlike"><p>{say(Key::RemindUnlike)}</p></Alert> }))}
                    <div class="actions">
                        <Button submit=true busy testid="remind-save">{say(Key::RemindSave)}</Button>
                        <Button look=Look::Quiet testid="remind-leave" on_press=move || editing.set(false)>{say(Key::Close)}</Button>
                    </div>
                </form>
            }))}
            {part(move || (!editing.get()).then(|| view! {
                <div class="actions">
                    {(!is_on).then(|| view! { <Button look=Look::Secondary icon=Glyph::Bell busy testid="remind-on" on_press=move || save(true)>{say(Key::RemindDoOn)}</Button> })}
                    <Button look=Look::Quiet icon=Glyph::Clock testid="remind-times" on_press=move || editing.set(true)>{say(Key::RemindDoTimes)}</Button>
                    {is_on.then(|| view! { <Button look=Look::Quiet icon=Glyph::Cross busy testid="remind-off" on_press=move || save(false)>{say(Key::RemindDoOff)}</Button> })}
                </div>
            }))}
            <p class="hint"><small>{say(Key::RemindAbout)}</small></p>
        </div>
    }
    .into_any()
}

fn time_field(id: String, at: usize, value: RwSignal<String>) -> AnyView {
    let number = at.saturating_add(1);
    view! {
        <div class="field">
            <label for=id.clone()>{part(move || tr!(Key::RemindDose, n = number))}</label>
            <input id=id type="time" required data-testid="remind-time" prop:value=value on:input=move |event| value.set(event_target_value(&event))/>
        </div>
    }
    .into_any()
}
