//! Results of the laboratory's machine that wait for somebody to say whose they are: what the message
//! says beside those whose it may be.

use clinical_api::{
    DiscardUnmatchedRequest, FileUnmatchedRequest, FitsView, LabCandidateView, SentLineView,
    SentPersonView, UnmatchedView,
};
use clinical_model::results::LabTest;
use clinical_model::{OrderId, PatientId, UnmatchedId};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Tests, name_of, person_words};
use crate::api::{self, ApiError};
use crate::components::{
    Button, Dialog, EmptyState, Failure, Field, Glyph, Look, Page, part, toast,
};
use crate::i18n::{Key, say, t, t_now};
use crate::remote::Remote;
use crate::{tr, when};

type Queue = Remote<(Vec<LabTest>, Vec<UnmatchedView>)>;

/// What the parts of one card share: whether something runs, what went wrong, and the list.
type Shared = (RwSignal<bool>, RwSignal<Option<ApiError>>, Queue);

/// The page.
pub(crate) fn page() -> AnyView {
    let queue: Queue = Remote::new(|| async {
        let tests = api::tests().await?.tests;
        Ok((tests, api::unmatched_results().await?))
    });
    view! {
        <Page title=say(Key::UnmatchedTitle)>
            <p class="lead">{say(Key::UnmatchedText)}</p>
            {queue.show(move |(tests, list)| cards(StoredValue::new(tests), list, queue))}
        </Page>
    }
    .into_any()
}

fn cards(tests: Tests, list: Vec<UnmatchedView>, queue: Queue) -> AnyView {
    if list.is_empty() {
        return view! { <EmptyState glyph=Glyph::Check><p>{say(Key::UnmatchedNone)}</p></EmptyState> }
            .into_any();
    }
    let cards: Vec<AnyView> = list.into_iter().map(|it| card(it, tests, queue)).collect();
    cards.into_any()
}

fn reason_key(reason: &str) -> Key {
    match reason {
        "no_patient" => Key::UnmatchedNoPatient,
        "several_patients" => Key::UnmatchedSeveralPatients,
        "patient_differs" => Key::UnmatchedPatientDiffers,
        "order_closed" => Key::UnmatchedOrderClosed,
        "other_facility" => Key::UnmatchedOtherFacility,
        "withdrawn" => Key::UnmatchedWithdrawn,
        "conflict" => Key::UnmatchedConflict,
        _ => Key::UnmatchedUnfit,
    }
}

fn act<F>((busy, fault, queue): Shared, done: Key, doing: F)
where
    F: Future<Output = Result<(), ApiError>> + 'static,
{
    busy.set(true);
    fault.set(None);
    spawn_local(async move {
        match doing.await {
            Ok(()) => {
                toast(t_now(done));
                queue.reload();
            }
            Err(error) => {
                fault.try_set(Some(error));
            }
        }
        busy.try_set(false);
    });
}

fn card(it: UnmatchedView, tests: Tests, queue: Queue) -> AnyView {
    let shared: Shared = (RwSignal::new(false), RwSignal::new(None), queue);
    let fault = shared.1;
    let place = (it.id, it.version);
    let reason = reason_key(&it.reason);
    let word = it.reason.clone();
    let sent = it.person.name.clone();
    let nobody = it.candidates.is_empty();
    let candidates: Vec<AnyView> = it
        .candidates
        .iter()
        .map(|one| candidate(one, (place, sent.clone()), tests, shared))
        .collect();
    view! {
        <section class="card" data-testid="unmatched" data-reason=word>
            <p><strong>{say(reason)}</strong></p>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            <div class="pair">
                {message(it)}
                <section>
                    <h3>{say(Key::UnmatchedCandidates)}</h3>
                    {nobody.then(|| view! { <p>{say(Key::UnmatchedNobody)}</p> })}
                    {candidates}
                </section>
            </div>
            <div class="actions">{discard_button(place, shared)}</div>
        </section>
    }
    .into_any()
}

fn sex_key(sex: &str) -> Key {
    match sex {
        "female" => Key::ResultSexFemale,
        "male" => Key::ResultSexMale,
        _ => Key::ResultSexUnknown,
    }
}

fn person_lines(it: SentPersonView) -> AnyView {
    let sex = sex_key(&it.sex);
    let numbers = it.identifiers.into_iter().chain(it.phones);
    let numbers = numbers.collect::<Vec<_>>().join(", ");
    view! {
        <p><strong>{it.name}</strong></p>
        <p class="hint">
            {part(move || t(sex))}
            {it.birth.map(|birth| part(move || format!(" – {}", when::partial(&birth))))}
        </p>
        <p class="hint">{numbers}</p>
    }
    .into_any()
}

/// A line as it was sent.
pub(super) fn sent_line(it: SentLineView) -> AnyView {
    let value = format!("{} {}", it.value, it.unit);
    let more = [it.flags.join(" "), it.range];
    let more: Vec<String> = more.into_iter().filter(|it| !it.is_empty()).collect();
    view! {
        <li data-testid="sent-line">
            <strong>{it.name}</strong>
            <span class="number">{value}</span>
            <span class="hint">{more.join(" – ")}</span>
        </li>
    }
    .into_any()
}

/// What the message says.
fn message(it: UnmatchedView) -> AnyView {
    let lines: Vec<AnyView> = it.lines.into_iter().map(sent_line).collect();
    let notes = Some(it.notes.join("\n")).filter(|it| !it.is_empty());
    let (sender, received) = (it.sender, it.received_us);
    let observed = it.observed_us;
    let about = [it.service, it.placer];
    let about: Vec<String> = about.into_iter().filter(|it| !it.is_empty()).collect();
    view! {
        <section>
            <h3>{say(Key::UnmatchedMessage)}</h3>
            {person_lines(it.person)}
            <p class="hint">{part(move || tr!(Key::UnmatchedFrom, name = sender, date = when::date_time(received)))}</p>
            {observed.map(|at| view! { <p class="hint">{part(move || tr!(Key::UnmatchedObserved, date = when::date_time(at)))}</p> })}
            <p class="hint">{about.join(" – ")}</p>
            <ul class="plain values">{lines}</ul>
            {super::words(notes)}
        </section>
    }
    .into_any()
}

/// What agrees and what differs, in words; tracked.
fn fits_words(it: &FitsView) -> String {
    let plain = |is: bool| is.then_some(true);
    let facts = [
        (Key::UnmatchedFactIdentifier, plain(it.identifier)),
        (Key::UnmatchedFactName, it.name),
        (Key::UnmatchedFactBirth, it.birth),
        (Key::UnmatchedFactSex, it.sex),
        (Key::UnmatchedFactPhone, plain(it.phone)),
    ];
    let said = facts.into_iter().filter_map(|(fact, fits)| {
        Some(match fits? {
            true => tr!(Key::UnmatchedSame, fact = t(fact)),
            false => tr!(Key::UnmatchedDifferent, fact = t(fact)),
        })
    });
    said.collect::<Vec<_>>().join(", ")
}

type Waiting = ((UnmatchedId, u32), String);

fn candidate(it: &LabCandidateView, waiting: Waiting, tests: Tests, shared: Shared) -> AnyView {
    let (person, fits) = (it.person.clone(), it.fits.clone());
    let name = person.name.clone();
    let whose = (it.patient, name.clone());
    let orders: Vec<AnyView> = it
        .orders
        .iter()
        .map(|order| {
            let (at, codes, is_named) = (order.ordered_us, order.tests.clone(), order.named);
            let names = move || {
                let names: Vec<String> = codes.iter().map(|code| name_of(tests, code)).collect();
                tr!(
                    Key::UnmatchedOrder,
                    tests = names.join(", "),
                    date = when::date_time(at)
                )
            };
            view! {
                <li>
                    <span>{part(names)}</span>
                    {is_named.then(|| view! { <strong>{say(Key::UnmatchedNamed)}</strong> })}
                    {file_button(Some(order.id), whose.clone(), waiting.clone(), shared)}
                </li>
            }
            .into_any()
        })
        .collect();
    view! {
        <article data-testid="candidate">
            <h4>{name}</h4>
            <p class="hint">{part(move || person_words(&person))}</p>
            <p data-testid="candidate-fits">{part(move || fits_words(&fits))}</p>
            <ul class="plain">{orders}</ul>
            {file_button(None, whose, waiting, shared)}
        </article>
    }
    .into_any()
}

/// Asks once more, with both names side by side, before it is filed.
fn file_button(
    order: Option<OrderId>,
    (patient, name): (PatientId, String),
    ((id, version), sent): Waiting,
    shared: Shared,
) -> AnyView {
    let asking = RwSignal::new(false);
    let label = if order.is_some() {
        Key::UnmatchedFileOrder
    } else {
        Key::UnmatchedFilePatient
    };
    let press = move || {
        asking.set(false);
        let request = FileUnmatchedRequest {
            version,
            patient,
            order,
        };
        act(shared, Key::UnmatchedFiled, async move {
            api::file_unmatched(id, &request).await.map(drop)
        });
    };
    let to = name.clone();
    let question = move || tr!(Key::UnmatchedAsk, sent = sent.clone(), name = to.clone());
    let question = StoredValue::new(question);
    view! {
        <Button look=Look::Secondary busy=shared.0 testid="unmatched-file" on_press=move || asking.set(true)>
            {say(label)}
            <span class="unseen">{format!(" – {name}")}</span>
        </Button>
        <Dialog open=asking title=say(Key::UnmatchedAskTitle) testid="unmatched-file-dialog">
            <p>{part(move || question.with_value(|it| it()))}</p>
            <div class="actions">
                <Button look=Look::Secondary on_press=move || asking.set(false)>{say(Key::Back)}</Button>
                <Button testid="unmatched-file-confirm" on_press=press>{say(label)}</Button>
            </div>
        </Dialog>
    }
    .into_any()
}

fn discard_button((id, version): (UnmatchedId, u32), shared: Shared) -> AnyView {
    let asking = RwSignal::new(false);
    let reason = RwSignal::new(String::new());
    let press = move || {
        asking.set(false);
        let request = DiscardUnmatchedRequest {
            version,
            reason: reason.get_untracked(),
        };
        act(shared, Key::UnmatchedDiscarded, async move {
            api::discard_unmatched(id, &request).await
        });
    };
    view! {
        <Button look=Look::Quiet testid="unmatched-discard" on_press=move || asking.set(true)>{say(Key::UnmatchedDiscard)}</Button>
        <Dialog open=asking title=say(Key::UnmatchedDiscardTitle) testid="unmatched-discard-dialog">
            <p>{say(Key::UnmatchedDiscardText)}</p>
            <Field id="unmatched-why" label=say(Key::UnmatchedDiscardReason) value=reason testid="unmatched-discard-reason"/>
            <div class="actions">
                <Button look=Look::Secondary on_press=move || asking.set(false)>{say(Key::Back)}</Button>
                <Button look=Look::Danger testid="unmatched-discard-confirm" on_press=press>{say(Key::UnmatchedDiscard)}</Button>
            </div>
        </Dialog>
    }
    .into_any()
}
