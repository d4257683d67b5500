//! Entering a visit, its guests, its queue, and what happens in its room.

mod calls;
mod charges;
mod desk;
mod guests;
mod join;
mod line;
mod live;
mod mode;
mod phone;
mod readmit;
mod record;
mod room;
mod telephone;

pub use calls::{
    NotAdmitted, NumberText, RingError, ShownContact, VisitCalls, Whom, called_has_come,
    note_call_end, ring, stop_ringing, visit_calls,
};
pub use charges::{ChargeError, Granted, begin_charge, end_charge, end_lost_charges};
use clinical_model::rights::{Both, LegalBasis, Processing};
pub use clinical_model::visits::{CallCaps, CallStage, CapReached};
pub use clinical_store::visits::{Contact, TrunkUse};
pub use desk::{Desk, SIGNAL_PATH};
pub use guests::{
    AddGuestError, GUESTS_MAX, GuestCommand, Invited, RemoveGuestError, add_guest, remove_guest,
};
pub use join::{
    Entry, JoinError, TestPass, TestPassError, connection_test, join_as_doctor, link_queue,
    link_test, redeem,
};
pub use line::{
    AlreadyCalled, CallLine, CallMoney, CallOrder, PlacedCall, TrunkHealth, TrunkState,
};
pub use live::{CloseReason, LIVE_EFFECTS_MAX, LiveEffect, LiveVisits};
pub use mode::{RoomMode, keep_mode};
pub use phone::{
    CallBack, CallBackError, PhoneEntry, PhoneError, PhoneNumbers, PhoneWay, PhoneWayError,
    admit_by_phone, call_back, new_phone_pin, phone_way,
};
pub use readmit::{Readmitted, readmit};
pub use record::{VisitEvent, VisitEventError, record_visit_event, spend_pass};
pub(crate) use room::chat_message;
pub use room::{ChatError, RoomState, append_chat, load_room, mark_read};
pub use signaling_protocol::Role;
pub use telephone::{
    CONTACTS_MAX, ShownLock, Telephone, TelephoneError, add_contact, forgive, remove_contact,
    telephone,
};

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "visits",
    purpose: Both {
        fr: "La consultation vidéo : salle d’attente, appel, messages, invités.",
        en: "The video visit: waiting room, call, chat, guests.",
    },
    basis: LegalBasis::Care,
    categories: Both {
        fr: "Patients, médecins, invités : nom affiché, messages. De qui appelle, une empreinte chiffrée du numéro pendant une heure. De qui les médecins appellent souvent, nom et numéro, chiffrés. Image et son passent et ne sont gardés que si tous ont accepté un enregistrement.",
        en: "Patients, doctors, guests: display name, chat. Of callers, a keyed hash of their number for an hour. Of those whom doctors call often, name and number, sealed. Picture and sound pass and are kept only if everybody agreed to a recording.",
    },
    retention: Both {
        fr: "Comme le dossier : 20 ans après le dernier contact, jusqu’aux 28 ans de l’enfant au moins (Code de la santé publique, R1112-7).",
        en: "As the record: 20 years after the last contact, until a child’s 28th birthday at least (French public health code, R1112-7).",
    },
    recipients: Both {
        fr: "Les participants de la consultation.",
        en: "Those who take part in the visit.",
    },
};
