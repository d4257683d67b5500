//! Pages that are fetched when somebody first opens one, so that the first page comes sooner.
//!
//! `deploy/bundle` cuts the compiled application at the functions marked `wasm_split`: what only
//! they reach becomes a file of its own. They answer with a function, not with a view, because a
//! view has to be made where it stands: its signals live as long as the page around it.

use std::time::Duration;

use gloo_timers::future::sleep;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use crate::components::{Alert, Button, Look, Page, Spinner, Tone, part};
use crate::i18n::{Key, say};
use crate::pages::account::{people, security, set_password};
use crate::pages::chart::{patient, patients, record};
use crate::pages::clinic::{calendar, nodes, services, take, telephone};
use crate::pages::messages::{list as threads, thread};
use crate::pages::pharmacy::worklist as counter_list;
use crate::pages::pharmacy::{counter, list, medicines, own, sheet, verify, write};
use crate::pages::recordings::{list as recording_list, play};
use crate::pages::results::{inbox, mine, order, unmatched, worklist};
use crate::pages::rights::{emergencies, emergency, privacy, register, requests};
use crate::pages::triage::{figures, symptoms};
use crate::pages::{
    appointment, appointments, assistant, book, booked, calls, day, home, hours, note, reschedule,
    summary, visit, visits,
};

/// How long a page is left alone before the next chunk is fetched.
const QUIET: Duration = Duration::from_secs(1);

/// What a chunk answers with.
pub(crate) type Make = fn() -> AnyView;

/// The pages of people who are signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Desk {
    Appointment,
    Appointments,
    Book,
    Booked,
    Day,
    Home,
    Hours,
    Reschedule,
    Summary,
    Visits,
}

/// The pages that need the call machine, and the note that is written beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    Join,
    Doctor,
    Note,
}

/// The pages about accounts: one's own and those of the staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account {
    People,
    Security,
    SetPassword,
}

/// The pages about prescriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pharmacy {
    Counter,
    Edit,
    List,
    Medicines,
    New,
    Own,
    Sheet,
    Verify,
    Worklist,
}

/// A page about prescriptions.
pub(crate) fn pharmacy(page: Pharmacy) -> AnyView {
    arriving(move || work_page(Work::Pharmacy(page)))
}

/// The pages of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Messages {
    List,
    Thread,
}

/// A page of messages.
pub(crate) fn messages(page: Messages) -> AnyView {
    arriving(move || work_page(Work::Messages(page)))
}

/// The pages about orders and results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Results {
    Inbox,
    Mine,
    Order,
    Unmatched,
    Worklist,
}

/// A page about orders and results.
pub(crate) fn results(page: Results) -> AnyView {
    arriving(move || work_page(Work::Results(page)))
}

/// The pages about rights to records, and of those who answer for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rights {
    Emergencies,
    Emergency,
    Privacy,
    Register,
    Requests,
}

/// A page about rights to records.
pub(crate) fn rights(page: Rights) -> AnyView {
    arriving(move || work_page(Work::Rights(page)))
}

/// The pages of records: of patients for staff, and one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chart {
    Patient,
    Patients,
    Record,
}

/// A page of a record.
pub(crate) fn chart(page: Chart) -> AnyView {
    arriving(move || work_page(Work::Chart(page)))
}

/// What the clinic offers and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clinic {
    Calendar,
    Nodes,
    Services,
    Take,
    Telephone,
}

/// A page about what the clinic offers and when.
pub(crate) fn clinic(page: Clinic) -> AnyView {
    arriving(move || work_page(Work::Clinic(page)))
}

/// Recordings of visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recordings {
    List,
    Play,
}

/// A page about recordings.
pub(crate) fn recordings(page: Recordings) -> AnyView {
    arriving(move || work_page(Work::Recordings(page)))
}

/// How well live visits get through.
pub(crate) fn calls_of_all() -> AnyView {
    arriving(move || work_page(Work::Calls))
}

/// The talk with the assistant.
pub(crate) fn ask_assistant() -> AnyView {
    arriving(move || work_page(Work::Assistant))
}

/// How checks of symptoms went.
pub(crate) fn triage_figures() -> AnyView {
    arriving(move || work_page(Work::TriageFigures))
}

/// Checking symptoms, for everybody. A chunk of its own: visitors open it first, and in a hurry.
pub(crate) fn check_symptoms() -> AnyView {
    arriving(symptoms_page)
}

/// A page about accounts.
pub(crate) fn account(page: Account) -> AnyView {
    arriving(move || account_page(page))
}

/// A page of the desk. Those from which a visit is entered have its chunk follow.
pub(crate) fn desk(page: Desk) -> AnyView {
    if matches!(
        page,
        Desk::Appointment | Desk::Appointments | Desk::Booked | Desk::Day
    ) {
        quietly(fetch_visit);
    }
    arriving(move || desk_page(page))
}

/// A page of the visit.
pub(crate) fn visit(page: Visit) -> AnyView {
    arriving(move || visit_page(page))
}

/// Fetches the desk while somebody writes their password.
pub(crate) fn expect_desk() {
    quietly(fetch_desk);
}

/// Fetches a chunk behind the back of an open page. If it does not come, the page that needs it
/// asks again and says so.
fn quietly<F>(fetch: fn() -> F)
where
    F: Future<Output = Result<(), SplitLoaderError>> + 'static,
{
    spawn_local(async move {
        sleep(QUIET).await;
        fetch().await.ok();
    });
}

/// How far a page has come.
#[derive(Debug, Clone, Copy)]
enum Arrival {
    Coming,
    Here(Make),
    Failed,
}

/// A spinner, then the page; or why not, and a button to try again.
pub(crate) fn arriving<F>(fetch: impl Fn() -> F + 'static) -> AnyView
where
    F: Future<Output = Result<Make, SplitLoaderError>> + 'static,
{
    let arrival = RwSignal::new(Arrival::Coming);
    let ask = UnsyncCallback::new(move |()| {
        arrival.set(Arrival::Coming);
        let page = fetch();
        spawn_local(async move {
            // By then the person may have gone elsewhere, and the signal with the page.
            arrival.try_set(page.await.map_or(Arrival::Failed, Arrival::Here));
        });
    });
    ask.run(());
    part(move || match arrival.get() {
        Arrival::Coming => view! { <Spinner/> }.into_any(),
        Arrival::Here(page) => page(),
        Arrival::Failed => view! {
            <Page title=say(Key::ArrivalTitle) class="narrow">
                <Alert tone=Tone::Error testid="error">
                    <p>{say(Key::ArrivalFailed)}</p>
                    <Button look=Look::Secondary testid="retry" on_press=ask>{say(Key::TryAgain)}</Button>
                </Alert>
            </Page>
        }
        .into_any(),
    })
    .into_any()
}

#[wasm_split(desk, wasm_split_path = leptos::wasm_split, preload(fetch_desk), fallible)]
fn desk_page(page: Desk) -> Result<Make, SplitLoaderError> {
    Ok(match page {
        Desk::Appointment => appointment::page,
        Desk::Appointments => appointments::page,
        Desk::Book => book::page,
        Desk::Booked => booked::page,
        Desk::Day => day::page,
        Desk::Home => home::page,
        Desk::Hours => hours::page,
        Desk::Reschedule => reschedule::page,
        Desk::Summary => summary::page,
        Desk::Visits => visits::page,
    })
}

#[wasm_split(account, wasm_split_path = leptos::wasm_split, fallible)]
fn account_page(page: Account) -> Result<Make, SplitLoaderError> {
    Ok(match page {
        Account::People => people::page,
        Account::Security => security::page,
        Account::SetPassword => set_password::page,
    })
}

const fn pharmacy_page(page: Pharmacy) -> Make {
    match page {
        Pharmacy::Counter => counter::page,
        Pharmacy::Edit => write::edit_page,
        Pharmacy::List => list::page,
        Pharmacy::Medicines => medicines::page,
        Pharmacy::New => write::new_page,
        Pharmacy::Own => own::page,
        Pharmacy::Sheet => sheet::page,
        Pharmacy::Verify => verify::page,
        Pharmacy::Worklist => counter_list::page,
    }
}

const fn messages_page(page: Messages) -> Make {
    match page {
        Messages::List => threads::page,
        Messages::Thread => thread::page,
    }
}

const fn results_page(page: Results) -> Make {
    match page {
        Results::Inbox => inbox::page,
        Results::Mine => mine::page,
        Results::Order => order::page,
        Results::Unmatched => unmatched::page,
        Results::Worklist => worklist::page,
    }
}

const fn rights_page(page: Rights) -> Make {
    match page {
        Rights::Emergencies => emergencies::page,
        Rights::Emergency => emergency::page,
        Rights::Privacy => privacy::page,
        Rights::Register => register::page,
        Rights::Requests => requests::page,
    }
}

const fn chart_page(page: Chart) -> Make {
    match page {
        Chart::Patient => patient::page,
        Chart::Patients => patients::page,
        Chart::Record => record::page,
    }
}

const fn clinic_page(page: Clinic) -> Make {
    match page {
        Clinic::Calendar => calendar::page,
        Clinic::Nodes => nodes::page,
        Clinic::Services => services::page,
        Clinic::Take => take::page,
        Clinic::Telephone => telephone::page,
    }
}

const fn recordings_page(page: Recordings) -> Make {
    match page {
        Recordings::List => recording_list::page,
        Recordings::Play => play::page,
    }
}

/// The pages of clinical work. They share most of what they are made of, and each file more would
/// double the number of pieces that are shared by some and not by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Assistant,
    Calls,
    Chart(Chart),
    Clinic(Clinic),
    Messages(Messages),
    Pharmacy(Pharmacy),
    Recordings(Recordings),
    Results(Results),
    Rights(Rights),
    TriageFigures,
}

#[wasm_split(work, wasm_split_path = leptos::wasm_split, fallible)]
fn work_page(page: Work) -> Result<Make, SplitLoaderError> {
    Ok(match page {
        Work::Assistant => assistant::page,
        Work::Calls => calls::page,
        Work::Chart(page) => chart_page(page),
        Work::Clinic(page) => clinic_page(page),
        Work::Messages(page) => messages_page(page),
        Work::Pharmacy(page) => pharmacy_page(page),
        Work::Recordings(page) => recordings_page(page),
        Work::Results(page) => results_page(page),
        Work::Rights(page) => rights_page(page),
        Work::TriageFigures => figures::page,
    })
}

#[wasm_split(symptoms, wasm_split_path = leptos::wasm_split, fallible)]
fn symptoms_page() -> Result<Make, SplitLoaderError> {
    Ok(symptoms::page)
}

#[wasm_split(visit, wasm_split_path = leptos::wasm_split, preload(fetch_visit), fallible)]
fn visit_page(page: Visit) -> Result<Make, SplitLoaderError> {
    Ok(match page {
        Visit::Join => visit::join_page,
        Visit::Doctor => visit::doctor_page,
        Visit::Note => note::page,
    })
}
