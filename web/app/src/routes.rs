//! Which page stands at which address.

use clinical_model::Role;
use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

use crate::chunks::{
    Account, Chart, Clinic, Desk, Messages, Pharmacy, Recordings, Results, Rights, Visit, account,
    ask_assistant, calls_of_all, chart, check_symptoms, clinic, desk, messages, pharmacy,
    recordings, results, rights, triage_figures, visit,
};
use crate::components::Layout;
use crate::guard::guarded;
use crate::pages::{help, login, missing, welcome};

const PATIENT: &[Role] = &[Role::Patient];
const DOCTOR: &[Role] = &[Role::Doctor];
const PHARMACIST: &[Role] = &[Role::Pharmacist];
const ADMIN: &[Role] = &[Role::Admin];
/// Those whom an appointment concerns.
const BOTH: &[Role] = &[Role::Patient, Role::Doctor];
/// Those who do what doctors order.
const DEPARTMENTS: &[Role] = &[Role::LabTechnician, Role::Radiologist, Role::Pathologist];
/// Those who say whose a result of the laboratory's machine is.
const LABORATORY: &[Role] = &[Role::LabTechnician, Role::Admin];
/// Those who may break the glass.
const RESCUERS: &[Role] = &[
    Role::Doctor,
    Role::Nurse,
    Role::Radiologist,
    Role::Pathologist,
];
/// Those who answer what patients ask for.
const ANSWERERS: &[Role] = &[Role::Doctor, Role::Nurse, Role::Admin];
/// Those who look after patients.
const CARERS: &[Role] = &[
    Role::Doctor,
    Role::Nurse,
    Role::Pharmacist,
    Role::LabTechnician,
    Role::Radiologist,
    Role::Pathologist,
];
/// Those who write to each other.
const WRITERS: &[Role] = &[
    Role::Patient,
    Role::Doctor,
    Role::Nurse,
    Role::Pharmacist,
    Role::LabTechnician,
];
/// Those who hear of recordings.
const RECORDED: &[Role] = &[Role::Patient, Role::Doctor, Role::Admin];
/// Everyone.
const ALL: &[Role] = &Role::ALL;

/// Every page inside the layout.
#[component]
pub(crate) fn App() -> impl IntoView {
    view! {
        <Router>
            <Layout>
                <FlatRoutes fallback=missing::page>
                    <Route path=path!("/") view=welcome::page/>
                    <Route path=path!("/login") view=login::page/>
                    <Route path=path!("/help") view=help::page/>
                    <Route path=path!("/symptoms") view=check_symptoms/>
                    <Route path=path!("/triage-figures") view=|| guarded(ADMIN, triage_figures)/>
                    <Route path=path!("/join") view=|| visit(Visit::Join)/>
                    <Route path=path!("/visit/:id") view=|| guarded(DOCTOR, || visit(Visit::Doctor))/>
                    <Route path=path!("/appointments") view=|| guarded(PATIENT, || desk(Desk::Appointments))/>
                    <Route path=path!("/appointments/:id") view=|| guarded(BOTH, || desk(Desk::Appointment))/>
                    <Route path=path!("/appointments/:id/booked") view=|| guarded(PATIENT, || desk(Desk::Booked))/>
                    <Route path=path!("/appointments/:id/move") view=|| guarded(BOTH, || desk(Desk::Reschedule))/>
                    <Route path=path!("/appointments/:id/summary") view=|| guarded(BOTH, || desk(Desk::Summary))/>
                    <Route path=path!("/appointments/:id/note") view=|| guarded(DOCTOR, || visit(Visit::Note))/>
                    <Route path=path!("/assistant") view=|| guarded(PATIENT, ask_assistant)/>
                    <Route path=path!("/book") view=|| guarded(PATIENT, || desk(Desk::Book))/>
                    <Route path=path!("/book/service/:id") view=|| guarded(PATIENT, || clinic(Clinic::Take))/>
                    <Route path=path!("/calendar") view=|| guarded(ANSWERERS, || clinic(Clinic::Calendar))/>
                    <Route path=path!("/services") view=|| guarded(ADMIN, || clinic(Clinic::Services))/>
                    <Route path=path!("/nodes") view=|| guarded(ADMIN, || clinic(Clinic::Nodes))/>
                    <Route path=path!("/telephone") view=|| guarded(ADMIN, || clinic(Clinic::Telephone))/>
                    <Route path=path!("/day") view=|| guarded(DOCTOR, || desk(Desk::Day))/>
                    <Route path=path!("/hours") view=|| guarded(DOCTOR, || desk(Desk::Hours))/>
                    <Route path=path!("/calls") view=|| guarded(ADMIN, calls_of_all)/>
                    <Route path=path!("/visits") view=|| guarded(ADMIN, || desk(Desk::Visits))/>
                    <Route path=path!("/patients") view=|| guarded(CARERS, || chart(Chart::Patients))/>
                    <Route path=path!("/patients/:id") view=|| guarded(CARERS, || chart(Chart::Patient))/>
                    <Route path=path!("/record") view=|| guarded(PATIENT, || chart(Chart::Record))/>
                    <Route path=path!("/people") view=|| guarded(ADMIN, || account(Account::People))/>
                    <Route path=path!("/worklist") view=|| guarded(DEPARTMENTS, || results(Results::Worklist))/>
                    <Route path=path!("/results-to-assign") view=|| guarded(LABORATORY, || results(Results::Unmatched))/>
                    <Route path=path!("/orders/new") view=|| guarded(DOCTOR, || results(Results::Order))/>
                    <Route path=path!("/results") view=|| guarded(DOCTOR, || results(Results::Inbox))/>
                    <Route path=path!("/messages") view=|| guarded(WRITERS, || messages(Messages::List))/>
                    <Route path=path!("/messages/:id") view=|| guarded(WRITERS, || messages(Messages::Thread))/>
                    <Route path=path!("/recordings") view=|| guarded(RECORDED, || recordings(Recordings::List))/>
                    <Route path=path!("/recordings/:id") view=|| guarded(RECORDED, || recordings(Recordings::Play))/>
                    <Route path=path!("/my-results") view=|| guarded(PATIENT, || results(Results::Mine))/>
                    <Route path=path!("/security") view=|| guarded(ALL, || account(Account::Security))/>
                    <Route path=path!("/privacy") view=|| guarded(PATIENT, || rights(Rights::Privacy))/>
                    <Route path=path!("/emergency") view=|| guarded(RESCUERS, || rights(Rights::Emergency))/>
                    <Route path=path!("/emergencies") view=|| guarded(ADMIN, || rights(Rights::Emergencies))/>
                    <Route path=path!("/requests") view=|| guarded(ANSWERERS, || rights(Rights::Requests))/>
                    <Route path=path!("/register") view=|| guarded(ADMIN, || rights(Rights::Register))/>
                    <Route path=path!("/set-password") view=|| account(Account::SetPassword)/>
                    <Route path=path!("/prescriptions") view=|| guarded(DOCTOR, || pharmacy(Pharmacy::List))/>
                    <Route path=path!("/prescriptions/new") view=|| guarded(DOCTOR, || pharmacy(Pharmacy::New))/>
                    <Route path=path!("/prescriptions/:id") view=|| guarded(DOCTOR, || pharmacy(Pharmacy::Sheet))/>
                    <Route path=path!("/prescriptions/:id/edit") view=|| guarded(DOCTOR, || pharmacy(Pharmacy::Edit))/>
                    <Route path=path!("/pharmacy") view=|| guarded(PHARMACIST, || pharmacy(Pharmacy::Worklist))/>
                    <Route path=path!("/pharmacy/:id") view=|| guarded(PHARMACIST, || pharmacy(Pharmacy::Counter))/>
                    <Route path=path!("/my-prescriptions") view=|| guarded(PATIENT, || pharmacy(Pharmacy::Own))/>
                    <Route path=path!("/my-medicines") view=|| guarded(PATIENT, || pharmacy(Pharmacy::Medicines))/>
                    <Route path=path!("/verify") view=|| pharmacy(Pharmacy::Verify)/>
                    <Route path=path!("/verify/:code") view=|| pharmacy(Pharmacy::Verify)/>
                    <Route path=path!("/home") view=|| guarded(ALL, || desk(Desk::Home))/>
                </FlatRoutes>
            </Layout>
        </Router>
    }
}
