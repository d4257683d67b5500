//! Which page stands at which address.

use clinical_model::Role;
use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

use crate::components::Layout;
use crate::guard::guarded;
use crate::pages::{
    appointment, appointments, book, booked, day, help, hours, login, missing, note, reschedule,
    summary, visit, visits, welcome, work,
};

const PATIENT: &[Role] = &[Role::Patient];
const DOCTOR: &[Role] = &[Role::Doctor];
const ADMIN: &[Role] = &[Role::Admin];
/// Those whom an appointment concerns.
const BOTH: &[Role] = &[Role::Patient, Role::Doctor];
/// Roles whose work comes with later issues.
const OTHERS: &[Role] = &[
    Role::Nurse,
    Role::Pharmacist,
    Role::LabTechnician,
    Role::Radiologist,
    Role::Pathologist,
    Role::HealthAuthority,
];

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
                    <Route path=path!("/join") view=visit::join_page/>
                    <Route path=path!("/visit/:id") view=|| guarded(DOCTOR, visit::doctor_page)/>
                    <Route path=path!("/appointments") view=|| guarded(PATIENT, appointments::page)/>
                    <Route path=path!("/appointments/:id") view=|| guarded(BOTH, appointment::page)/>
                    <Route path=path!("/appointments/:id/booked") view=|| guarded(PATIENT, booked::page)/>
                    <Route path=path!("/appointments/:id/move") view=|| guarded(BOTH, reschedule::page)/>
                    <Route path=path!("/appointments/:id/summary") view=|| guarded(BOTH, summary::page)/>
                    <Route path=path!("/appointments/:id/note") view=|| guarded(DOCTOR, note::page)/>
                    <Route path=path!("/book") view=|| guarded(PATIENT, book::page)/>
                    <Route path=path!("/day") view=|| guarded(DOCTOR, day::page)/>
                    <Route path=path!("/hours") view=|| guarded(DOCTOR, hours::page)/>
                    <Route path=path!("/visits") view=|| guarded(ADMIN, visits::page)/>
                    <Route path=path!("/work") view=|| guarded(OTHERS, work::page)/>
                </FlatRoutes>
            </Layout>
        </Router>
    }
}
