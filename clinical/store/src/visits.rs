//! Guests, links, telephones, who was let into a room, and how it is.

mod admissions;
mod charges;
mod contacts;
mod guests;
mod links;
mod lockouts;
mod modes;
mod phone;

pub use admissions::{admit, clear_admissions, is_admitted, remove};
pub use charges::{
    NewCharge, TrunkUse, begin_charge, calls_used, end_charge, end_lost_charges, forget_charges,
    month_use,
};
pub use contacts::{Contact, contacts, insert_contact, remove_contact};
pub use guests::{guest, insert_guest, remove_guest};
pub(crate) use guests::{guests_between, guests_of};
pub use links::{
    extend_links, find_link, insert_link, patient_link_works, revoke_guest_links,
    revoke_patient_links,
};
pub use lockouts::{PhoneLock, forgive_phone_tries, phone_locks};
pub use modes::{RoomGrant, RoomMode, keep_mode, mode};
pub use phone::{
    count_phone_entry, count_phone_try, find_by_phone_pin, make_phone_pin, phone_pin,
    phone_try_was_right,
};
