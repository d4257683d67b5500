//! Where each role can go: the menu and the start page are made from this table alone.

use clinical_model::Role;

use crate::components::Glyph;
use crate::i18n::Key;

/// A page that stands in the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its address.
    pub(crate) href: &'static str,
    /// Its name.
    pub(crate) title: Key,
    /// What one does there, in a sentence.
    pub(crate) about: Key,
    /// The picture beside its name.
    pub(crate) glyph: Glyph,
    /// What tests call its link.
    pub(crate) testid: &'static str,
}

/// The start page with all places of a role; first in every menu.
pub(crate) const EVERYTHING: Place = place(
    "/home",
    (Key::NavHome, Key::HomeAbout),
    Glyph::Home,
    "nav-home",
);

const fn place(
    href: &'static str,
    (title, about): (Key, Key),
    glyph: Glyph,
    testid: &'static str,
) -> Place {
    Place {
        href,
        title,
        about,
        glyph,
        testid,
    }
}

/// The places of a role, those used most first: a small screen has only the first three in its
/// menu, a wide one the first seven, and the start page all.
pub(crate) const fn places(role: Role) -> &'static [Place] {
    match role {
        Role::Patient => PATIENT,
        Role::Doctor => DOCTOR,
        Role::Nurse => NURSE,
        Role::Pharmacist => PHARMACIST,
        Role::LabTechnician => LAB_TECHNICIAN,
        Role::Radiologist | Role::Pathologist => SPECIALIST,
        Role::Admin => ADMIN,
        Role::HealthAuthority => HEALTH_AUTHORITY,
    }
}

/// For everybody; last in every menu.
const SECURITY: Place = place(
    "/security",
    (Key::NavSecurity, Key::AboutSecurity),
    Glyph::Key,
    "nav-security",
);

/// For those who do what doctors order.
const WORKLIST: Place = place(
    "/worklist",
    (Key::NavWorklist, Key::AboutWorklist),
    Glyph::Tube,
    "nav-worklist",
);

/// For those who know the specimens.
const UNMATCHED: Place = place(
    "/results-to-assign",
    (Key::NavUnmatched, Key::AboutUnmatched),
    Glyph::People,
    "nav-unmatched",
);

/// For patients.
const PRIVACY: Place = place(
    "/privacy",
    (Key::NavPrivacy, Key::AboutPrivacy),
    Glyph::Eye,
    "nav-privacy",
);

/// For those who treat patients.
const EMERGENCY: Place = place(
    "/emergency",
    (Key::NavEmergency, Key::AboutEmergency),
    Glyph::Warning,
    "nav-emergency",
);

/// For those who answer patients.
const REQUESTS: Place = place(
    "/requests",
    (Key::NavRequests, Key::AboutRequests),
    Glyph::Note,
    "nav-requests",
);

/// For those who look after patients.
const PATIENTS: Place = place(
    "/patients",
    (Key::NavPatients, Key::AboutPatients),
    Glyph::People,
    "nav-patients",
);

/// For those who keep the times of the clinic.
const CALENDAR: Place = place(
    "/calendar",
    (Key::NavCalendar, Key::AboutCalendar),
    Glyph::Clock,
    "nav-calendar",
);

/// For everybody who writes to each other.
const MESSAGES: Place = place(
    "/messages",
    (Key::NavMessages, Key::AboutMessages),
    Glyph::Chat,
    "nav-messages",
);

/// For those who hear of recordings.
const RECORDINGS: Place = place(
    "/recordings",
    (Key::NavRecordings, Key::AboutRecordings),
    Glyph::Record,
    "nav-recordings",
);

const PATIENT: &[Place] = &[
    place(
        "/appointments",
        (Key::NavAppointments, Key::AboutAppointments),
        Glyph::Calendar,
        "nav-appointments",
    ),
    place(
        "/book",
        (Key::NavBook, Key::AboutBook),
        Glyph::Plus,
        "nav-book",
    ),
    MESSAGES,
    place(
        "/assistant",
        (Key::NavAssistant, Key::AboutAssistant),
        Glyph::Chat,
        "nav-assistant",
    ),
    place(
        "/symptoms",
        (Key::NavSymptoms, Key::AboutSymptoms),
        Glyph::Search,
        "nav-symptoms",
    ),
    place(
        "/my-results",
        (Key::NavMyResults, Key::AboutMyResults),
        Glyph::Tube,
        "nav-my-results",
    ),
    place(
        "/my-prescriptions",
        (Key::NavMyPrescriptions, Key::AboutMyPrescriptions),
        Glyph::Pill,
        "nav-my-prescriptions",
    ),
    place(
        "/my-medicines",
        (Key::NavMyMedicines, Key::AboutMyMedicines),
        Glyph::Clock,
        "nav-my-medicines",
    ),
    place(
        "/record",
        (Key::NavRecord, Key::AboutRecord),
        Glyph::Heart,
        "nav-record",
    ),
    RECORDINGS,
    PRIVACY,
    SECURITY,
];

const DOCTOR: &[Place] = &[
    place(
        "/day",
        (Key::NavDay, Key::AboutDay),
        Glyph::Calendar,
        "nav-day",
    ),
    PATIENTS,
    place(
        "/results",
        (Key::NavResults, Key::AboutResults),
        Glyph::Tube,
        "nav-results",
    ),
    CALENDAR,
    place(
        "/prescriptions",
        (Key::NavPrescriptions, Key::AboutPrescriptions),
        Glyph::Pill,
        "nav-prescriptions",
    ),
    MESSAGES,
    place(
        "/hours",
        (Key::NavHours, Key::AboutHours),
        Glyph::Clock,
        "nav-hours",
    ),
    place(
        "/orders/new",
        (Key::NavOrder, Key::AboutOrder),
        Glyph::Plus,
        "nav-order",
    ),
    RECORDINGS,
    REQUESTS,
    EMERGENCY,
    SECURITY,
];

const NURSE: &[Place] = &[PATIENTS, CALENDAR, MESSAGES, REQUESTS, EMERGENCY, SECURITY];

const PHARMACIST: &[Place] = &[
    place(
        "/pharmacy",
        (Key::NavPharmacy, Key::AboutPharmacy),
        Glyph::Pill,
        "nav-pharmacy",
    ),
    MESSAGES,
    SECURITY,
];

const LAB_TECHNICIAN: &[Place] = &[WORKLIST, UNMATCHED, MESSAGES, SECURITY];

const SPECIALIST: &[Place] = &[WORKLIST, EMERGENCY, SECURITY];

const ADMIN: &[Place] = &[
    place(
        "/visits",
        (Key::NavVisits, Key::AboutVisits),
        Glyph::Video,
        "nav-visits",
    ),
    place(
        "/calls",
        (Key::NavCalls, Key::AboutCalls),
        Glyph::Signal,
        "nav-calls",
    ),
    place(
        "/people",
        (Key::NavPeople, Key::AboutPeople),
        Glyph::People,
        "nav-people",
    ),
    CALENDAR,
    place(
        "/services",
        (Key::NavServices, Key::AboutServices),
        Glyph::Settings,
        "nav-services",
    ),
    place(
        "/telephone",
        (Key::TrunkTitle, Key::AboutPhone),
        Glyph::Phone,
        "nav-telephone",
    ),
    place(
        "/nodes",
        (Key::NodesTitle, Key::NodesAbout),
        Glyph::Chart,
        "nav-nodes",
    ),
    REQUESTS,
    place(
        "/emergencies",
        (Key::NavEmergencies, Key::AboutEmergencies),
        Glyph::Warning,
        "nav-emergencies",
    ),
    RECORDINGS,
    place(
        "/triage-figures",
        (Key::NavTriageFigures, Key::AboutTriageFigures),
        Glyph::Chart,
        "nav-triage-figures",
    ),
    UNMATCHED,
    place(
        "/register",
        (Key::NavRegister, Key::AboutRegister),
        Glyph::Shield,
        "nav-register",
    ),
    SECURITY,
];

const HEALTH_AUTHORITY: &[Place] = &[SECURITY];
