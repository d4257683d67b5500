//! Prints how fast a million events are verified: `cargo run -p clinical-ledger --example verify_speed`.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]
#![expect(clippy::unwrap_used, reason = "a measurement has nothing to answer to")]

use std::time::Instant;

use clinical_ledger::{CheckpointKey, Checkpoints, Event, Hash, Signer, chain};
use uuid::Uuid;

const EVENTS: i64 = 1_000_000;
const EVENTS_PER_CHECKPOINT: i64 = 1_000;

fn main() {
    let tenant = Uuid::from_u128(1);
    let key = CheckpointKey::from_pem(&CheckpointKey::generate().unwrap()).unwrap();
    let public = key.public();
    let mut signer = Signer::after(None, key);
    let mut lines = Vec::new();
    let mut hashes = Vec::new();
    let mut head = chain::genesis(tenant);

    let began = Instant::now();
    for seq in 1..=EVENTS {
        head = chain::next(head, &event(tenant, seq));
        hashes.push(head);
        if seq % EVENTS_PER_CHECKPOINT == 0 {
            let signed = signer.sign(tenant, seq, head, seq).unwrap();
            lines.push(signed.to_line().unwrap());
        }
    }
    println!("{EVENTS} events chained in {:?}", began.elapsed());

    let began = Instant::now();
    let honest = verify(tenant, public, &lines, &hashes);
    println!(
        "{EVENTS} events and {} checkpoints verified in {:?}; honest: {honest}",
        lines.len(),
        began.elapsed()
    );
}

fn verify(
    tenant: Uuid,
    public: clinical_ledger::PublicKey,
    lines: &[String],
    hashes: &[Hash],
) -> bool {
    let mut checkpoints = Checkpoints::new(vec![public]);
    for line in lines {
        checkpoints.line(line);
    }
    let mut verifier = checkpoints.verifier(0);
    for (seq, hash) in (1..).zip(hashes) {
        verifier.row(&event(tenant, seq), *hash);
    }
    verifier.finish().is_honest()
}

fn event(tenant: Uuid, seq: i64) -> Event<'static> {
    let number = u128::from(seq.unsigned_abs());
    Event {
        tenant,
        seq,
        at_us: 1_790_000_000_000_000 + seq,
        actor_kind: "user",
        actor_id: Some(Uuid::from_u128(number % 97)),
        action: "chart.read",
        subject_kind: Some("chart_entry"),
        subject_id: Some(Uuid::from_u128(number)),
        patient: Some(Uuid::from_u128(number % 5_003)),
        version: Some(seq % 7),
        grant: Some("care_relation"),
        purpose: Some("treatment"),
        outcome: "done",
    }
}
