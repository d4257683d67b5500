//! The telephone of the facility, for administrators: trunks, what calls cost, who is locked out, and whom
//! doctors may call.

use clinical_api::{
    ContactRequest, ContactView, LockoutView, MoneyView, ProblemCode, TelephoneView, TrunkView,
};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::components::{Alert, Button, EmptyState, Field, Glyph, Look, Page, Tone, part, reason};
use crate::i18n::{Key, say, t};
use crate::remote::Remote;
use crate::{tr, when};

/// The page.
pub(crate) fn page() -> AnyView {
    let known = Remote::new(api::telephone);
    let acts = Acts {
        reload: UnsyncCallback::new(move |()| known.reload()),
        fault: RwSignal::new(None),
    };
    view! {
        <Page title=say(Key::TrunkTitle)>
            <p class="lead">{say(Key::PhoneText)}</p>
            {part(move || acts.fault.get().map(|fault| view! {
                <Alert tone=Tone::Error testid="error">{part(move || why(&fault))}</Alert>
            }))}
            {known.show(move |view| shown(view, acts))}
        </Page>
    }
    .into_any()
}

fn why(fault: &ApiError) -> &'static str {
    if fault.is(ProblemCode::WrongState) {
        t(Key::PhoneContactsFull)
    } else if fault.is(ProblemCode::Invalid) {
        t(Key::RingNumberFault)
    } else {
        reason(fault)
    }
}

/// What is done on the page: sent, then the page is read anew.
#[derive(Clone, Copy)]
struct Acts {
    reload: UnsyncCallback<()>,
    fault: RwSignal<Option<ApiError>>,
}

impl Acts {
    fn send<T: 'static>(self, act: impl Future<Output = Result<T, ApiError>> + 'static) {
        self.fault.set(None);
        spawn_local(async move {
            match act.await {
                Ok(_) => self.reload.run(()),
                Err(refused) => drop(self.fault.try_set(Some(refused))),
            }
        });
    }
}

fn shown(view: TelephoneView, acts: Acts) -> AnyView {
    let TelephoneView {
        trunks,
        month: _,
        money,
        lockouts,
        contacts,
    } = view;
    let is_empty = trunks.is_empty();
    view! {
        <section data-testid="trunks">
            <h2>{say(Key::PhoneTrunks)}</h2>
            {is_empty.then(|| view! { <EmptyState glyph=Glyph::Phone><p>{say(Key::PhoneNone)}</p></EmptyState> })}
            {trunks.into_iter().map(trunk).collect_view()}
            {(!is_empty).then(|| view! { <p data-testid="money">{part(move || spent(money.as_ref()))}</p> })}
        </section>
        <Locks lockouts acts/>
        <Contacts contacts acts/>
    }
    .into_any()
}

/// Money in words; tracked.
fn spent(money: Option<&MoneyView>) -> String {
    let Some(money) = money else {
        return t(Key::PhoneMoneyNone).to_owned();
    };
    let amount = |micros: i64| {
        let cents = micros / 10_000;
        format!("{}.{:02}", cents / 100, cents % 100)
    };
    let (spent, currency) = (amount(money.spent_micros), &money.currency);
    let words = match money.month_micros {
        Some(cap) => tr!(
            Key::PhoneMoneyOf,
            spent = spent,
            cap = amount(cap),
            currency = currency
        ),
        None => tr!(Key::PhoneMoneyOpen, spent = spent, currency = currency),
    };
    format!("{} · {words}", t(Key::PhoneMoney))
}

fn fact(key: Key, value: impl Fn() -> String + Send + 'static) -> AnyView {
    view! { <dt>{say(key)}</dt><dd>{part(value)}</dd> }.into_any()
}

fn trunk(trunk: TrunkView) -> AnyView {
    let way = match (trunk.calls_in, trunk.calls_out) {
        (true, true) => Key::PhoneBoth,
        (_, false) => Key::PhoneIn,
        (false, true) => Key::PhoneOut,
    };
    let srtp = match trunk.srtp.as_str() {
        "required" => Key::PhoneSrtpRequired,
        "allowed" => Key::PhoneSrtpAllowed,
        _ => Key::PhoneSrtpDisabled,
    };
    let (transport, codecs) = (trunk.transport.to_uppercase(), trunk.codecs.join(", "));
    let (numbers, countries) = (trunk.numbers.join(", "), trunk.countries.join(", "));
    let (calls, minutes, health) = (trunk.calls, trunk.minutes, trunk.health);
    let checked = move || match health {
        None => t(Key::PhoneUnknown).to_owned(),
        Some(it) => {
            let word = t(if it.answers {
                Key::PhoneAnswers
            } else {
                Key::PhoneSilent
            });
            format!("{word}, {}", when::date_time(it.at_us))
        }
    };
    view! {
        <section class="card" data-testid="trunk">
            <h3>{trunk.name}</h3>
            <dl class="facts">
                {fact(Key::PhoneWay, move || t(way).to_owned())}
                {fact(Key::PhoneTransport, move || transport.clone())}
                {fact(Key::PhoneSrtp, move || t(srtp).to_owned())}
                {fact(Key::PhoneCodecs, move || codecs.clone())}
                {fact(Key::PhoneNumbers, move || numbers.clone())}
                {trunk.caller.map(|caller| fact(Key::PhoneCaller, move || caller.clone()))}
                {trunk.calls_out.then(|| fact(Key::PhoneCountries, move || countries.clone()))}
                {trunk.minutes_per_day_max.map(|most| fact(Key::PhoneDay, move || tr!(Key::PhoneMinutes, minutes = most)))}
                {fact(Key::PhoneUsed, move || tr!(Key::PhoneUsedOf, calls = calls, minutes = minutes))}
                {fact(Key::PhoneHealth, checked)}
            </dl>
        </section>
    }
    .into_any()
}

#[component]
fn Locks(lockouts: Vec<LockoutView>, acts: Acts) -> impl IntoView {
    let is_empty = lockouts.is_empty();
    let row = move |lock: LockoutView| {
        let who = match lock.who.as_str() {
            "withheld" => Key::PhoneLockWithheld,
            "facility" => Key::PhoneLockFacility,
            _ => Key::PhoneLockCaller,
        };
        let until = lock.until_us;
        let press = move || {
            let id = lock.id.clone();
            acts.send(async move { api::unlock(&id).await });
        };
        view! {
            <li class="row between" data-testid="lockout">
                <span>
                    {say(who)}", "
                    {part(move || tr!(Key::PhoneLockUntil, time = when::time(until)))}
                </span>
                <Button look=Look::Secondary testid="unlock" on_press=press>{say(Key::PhoneUnlock)}</Button>
            </li>
        }
    };
    view! {
        <section data-testid="lockouts">
            <h2>{say(Key::PhoneLocks)}</h2>
            {is_empty.then(|| view! { <p>{say(Key::PhoneLocksNone)}</p> })}
            <ul class="plain">{lockouts.into_iter().map(row).collect_view()}</ul>
        </section>
    }
}

#[component]
fn Contacts(contacts: Vec<ContactView>, acts: Acts) -> impl IntoView {
    let is_empty = contacts.is_empty();
    let row = move |contact: ContactView| {
        let ContactView { id, name, number } = contact;
        let shown = name.clone();
        view! {
            <li class="row between" data-testid="contact">
                <span><strong>{shown}</strong>", "{number}</span>
                <Button look=Look::Secondary icon=Glyph::Cross testid="contact-remove" on_press=move || acts.send(api::remove_contact(id))>
                    {part(move || tr!(Key::PhoneContactRemove, name = name))}
                </Button>
            </li>
        }
    };
    let (name, number) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let tried = RwSignal::new(false);
    let missing = move |text: RwSignal<String>, key: Key| {
        Signal::derive(move || {
            (tried.get() && text.with(|text| text.trim().is_empty())).then(|| t(key).to_owned())
        })
    };
    let name_fault = missing(name, Key::NameFault);
    let number_fault = missing(number, Key::RingNumberFault);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        if name_fault.get_untracked().is_some() || number_fault.get_untracked().is_some() {
            return;
        }
        let request = ContactRequest {
            name: name.get_untracked().trim().to_owned(),
            number: number.get_untracked().trim().to_owned(),
        };
        acts.send(async move { api::add_contact(&request).await });
    };
    view! {
        <section data-testid="contacts">
            <h2>{say(Key::PhoneContacts)}</h2>
            {is_empty.then(|| view! { <p>{say(Key::PhoneContactsNone)}</p> })}
            <ul class="plain">{contacts.into_iter().map(row).collect_view()}</ul>
            <form on:submit=submit novalidate>
                <Field id="contact-name" label=say(Key::RingName) error=name_fault value=name testid="contact-name"/>
                <Field id="contact-number" label=say(Key::RingNumber) error=number_fault value=number kind="tel" testid="contact-number"/>
                <Button submit=true icon=Glyph::Plus testid="contact-add">{say(Key::PhoneContactAdd)}</Button>
            </form>
        </section>
    }
}
