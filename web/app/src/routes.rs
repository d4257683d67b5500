//! Which page stands at which address.

use clinical_model::Role;
use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

use crate::components::Layout;
use crate::guard::guarded;
use crate::pages::{help, login, missing, visit, welcome, work};

const DOCTOR: &[Role] = &[Role::Doctor];
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
                    <Route path=path!("/work") view=|| guarded(OTHERS, work::page)/>
                </FlatRoutes>
            </Layout>
        </Router>
    }
}
