//! Fuzz targets: one function for each thing that parses bytes from outside.
//!
//! A target says what must hold of any input: what was read is written and read again as the same,
//! a stream means the same however it is cut, nothing grows beyond its bound. `tests/replay.rs`
//! runs every target over `corpus/` and over seeded changes of it; `make fuzz` searches on with
//! libFuzzer.

mod call;
mod captions;
mod chart;
mod clinic;
mod doors;
mod laboratory;
mod media;
mod mutation;
mod rules;
mod shard;

pub use mutation::Mutator;

/// A target: takes any bytes, and panics where something does not hold.
pub type Target = fn(&[u8]);

/// Every target under the name of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("stun", media::stun),
    ("descriptor", sfu_core::fuzzing::descriptor),
    ("vp9", sfu_core::fuzzing::vp9),
    ("payload", sfu_core::fuzzing::payload),
    ("red", sfu_core::fuzzing::red),
    ("datagrams", shard::datagrams),
    ("offer", media::offer),
    ("first_bytes", media::first_bytes),
    ("tcp_frames", sfu_net::fuzzing::frames),
    ("relay", media::relay),
    ("whip_offer", signaling_server::fuzzing::offer),
    ("whip_fragment", signaling_server::fuzzing::fragment),
    ("whip_precondition", signaling_server::fuzzing::precondition),
    ("client_message", call::client_message),
    ("server_frames", call::server_frames),
    ("pass", call::pass),
    ("phone_packet", sfu_phone::fuzzing::packet),
    ("phone_events", sfu_phone::fuzzing::events),
    ("phone_leg", sfu_phone::fuzzing::leg),
    ("phone_crypto", sfu_phone::fuzzing::crypto),
    ("phone_latch", sfu_phone::fuzzing::latch),
    ("phone_srtp", sfu_bridge::fuzzing::srtp),
    ("sip_datagram", signaling_sip::fuzzing::datagram),
    ("sip_digest", signaling_sip::fuzzing::digest),
    ("sip_sdp", signaling_sip::fuzzing::sdp),
    ("sip_session", signaling_sip::fuzzing::session),
    ("sip_stream", signaling_sip::fuzzing::stream),
    ("captions_wire", captions::wire),
    ("hl7_stream", laboratory::stream),
    ("hl7_message", laboratory::message),
    ("fhir_resource", chart::resource),
    ("fhir_patch", chart::patch),
    ("fhir_search", chart::search),
    ("fhir_moment", chart::moment),
    ("cookies", clinical_http::fuzzing::cookies),
    ("cursors", clinical_http::fuzzing::cursors),
    ("entity_tags", clinical_http::fuzzing::entity_tags),
    ("refresh_token", doors::refresh_token),
    ("sms_report", doors::sms_report),
    ("rule_import", rules::import),
    ("recurrence", clinic::recurrence),
    ("holidays", clinic::holidays),
    ("typed_words", clinic::typed_words),
    ("people_search", clinic::people_search),
    ("upload", clinic::upload),
    ("second_factor", clinic::second_factor),
    ("audit_line", clinic::audit_line),
    ("patient_story", clinical_redflags::fuzzing::story),
    ("backup_records", clinical_archive::fuzzing::records),
    ("sealed_file", recordings_segments::fuzzing::sealed_file),
    ("recording_manifest", recordings_segments::fuzzing::manifest),
    ("journal_entry", recordings_segments::fuzzing::journal_entry),
    ("track_records", recordings_writer::fuzzing::records),
    ("track_packets", recordings_tracks::fuzzing::track),
    ("frames_vp8", recordings_tracks::fuzzing::vp8),
    ("frames_vp9", recordings_tracks::fuzzing::vp9),
    ("frames_h264", recordings_tracks::fuzzing::h264),
    ("frames_av1", recordings_tracks::fuzzing::av1),
    ("frames_opus", recordings_tracks::fuzzing::sound),
    ("matroska", recordings_matroska::fuzzing::file),
];

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    TARGETS
        .iter()
        .find_map(|(known, target)| (*known == name).then_some(*target))
}
