//! Two hundred ways to change the audit of a real database, and each is found, on both engines.
//!
//! The attacker has the whole database: the triggers are gone, hashes and heads are computed anew.
//! What they do not have is the key of the checkpoints.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use clinical_ledger::{
    CheckpointKey, Checkpoints, Event, Hash, PublicKey, Report, Signer, chain, export_line,
};
use clinical_model::{AuditActor, AuditEntry, Micros, PatientId, TenantId, UserId};
use clinical_store::offline::Offline;
use clinical_store::testbed::{TestDb, make_facility, run_raw};
use clinical_store::{on_both_engines, trail};
use uuid::Uuid;

const SEEDS: u64 = 200;
const TENANTS: u128 = 3;
const EVENTS: i64 = 40;

/// SplitMix64: a seed is a tampering.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: i64) -> i64 {
        i64::try_from(self.roll() % end.unsigned_abs()).unwrap()
    }
}

/// A row as it lies in the store.
#[derive(Clone)]
struct Row {
    tenant: Uuid,
    seq: i64,
    hash: Hash,
    line: String,
}

struct World {
    is_sqlite: bool,
    rows: Vec<Row>,
    lines: Vec<String>,
    public: PublicKey,
}

impl World {
    fn chains(&self) -> BTreeMap<Uuid, Vec<&Row>> {
        let mut chains: BTreeMap<Uuid, Vec<&Row>> = BTreeMap::new();
        for row in &self.rows {
            chains.entry(row.tenant).or_default().push(row);
        }
        chains
    }

    /// Bytes of a literal in the dialect at hand.
    fn bytes(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if self.is_sqlite {
            format!("x'{hex}'")
        } else {
            format!("'\\x{hex}'::bytea")
        }
    }

    fn uuid(&self, id: Uuid) -> String {
        if self.is_sqlite {
            self.bytes(id.as_bytes())
        } else {
            format!("'{id}'")
        }
    }

    fn at(&self, tenant: Uuid, seq: i64) -> String {
        format!("tenant = {} AND seq = {seq}", self.uuid(tenant))
    }

    fn set_head(&self, tenant: Uuid, seq: i64, hash: Hash) -> String {
        format!(
            "UPDATE audit_head SET seq = {seq}, hash = {} WHERE tenant = {};",
            self.bytes(hash.as_bytes()),
            self.uuid(tenant)
        )
    }

    /// Computes the chain anew from `first` on, whose time was moved by one microsecond.
    fn rewrite(&self, tenant: Uuid, first: i64) -> String {
        let chains = self.chains();
        let mut statements = String::new();
        let mut prev = chain::genesis(tenant);
        let mut last = 0;
        for row in &chains[&tenant] {
            let read = clinical_ledger::Exported::from_line(&row.line).unwrap();
            let mut event: Event<'_> = read.event();
            if row.seq == first {
                event.at_us += 1;
            }
            if row.seq >= first {
                prev = chain::next(prev, &event);
                statements.push_str(&format!(
                    "UPDATE audit_event SET at_us = {}, hash = {} WHERE {};",
                    event.at_us,
                    self.bytes(prev.as_bytes()),
                    self.at(tenant, row.seq)
                ));
            } else {
                prev = row.hash;
            }
            last = row.seq;
        }
        statements + &self.set_head(tenant, last, prev)
    }
}

/// What is done to the rows, and to the lines of the checkpoint file.
#[expect(clippy::too_many_lines, reason = "one arm for each way")]
fn tamper(world: &World, dice: &mut Dice) -> (String, String, Vec<String>) {
    let mut lines = world.lines.clone();
    let tenant = Uuid::from_u128(1 + u128::from(dice.roll()) % TENANTS);
    let other = Uuid::from_u128(1 + tenant.as_u128() % TENANTS);
    let seq = 1 + dice.below(EVENTS);
    let at = world.at(tenant, seq);
    let chains = world.chains();
    let hash_at = |tenant: Uuid, seq: i64| match seq {
        0 => chain::genesis(tenant),
        _ => chains[&tenant][usize::try_from(seq - 1).unwrap()].hash,
    };
    let strange = world.uuid(Uuid::from_u128(0xdead));
    let (what, sql) = match dice.below(18) {
        0 => {
            let edits = [
                "at_us = at_us - 1".to_owned(),
                "actor_kind = 'nobody'".to_owned(),
                format!("actor_id = {strange}"),
                "action = action || 'x'".to_owned(),
                "subject_kind = 'other'".to_owned(),
                format!("subject_id = {strange}"),
                format!("patient = {strange}"),
                "version = COALESCE(version, 0) + 1".to_owned(),
                "granted_by = 'duty_'".to_owned(),
                "purpose = 'research_'".to_owned(),
                "outcome = 'refused'".to_owned(),
            ];
            let edit = &edits[usize::try_from(dice.roll() % 11).unwrap()];
            (
                "an edit",
                format!("UPDATE audit_event SET {edit} WHERE {at};"),
            )
        }
        1 => {
            let flipped = world.bytes(hash_at(other, seq).as_bytes());
            (
                "a hash",
                format!("UPDATE audit_event SET hash = {flipped} WHERE {at};"),
            )
        }
        2 => ("a deletion", format!("DELETE FROM audit_event WHERE {at};")),
        3 => {
            let until = seq + dice.below(5);
            let id = world.uuid(tenant);
            (
                "a gap",
                format!(
                    "DELETE FROM audit_event WHERE tenant = {id} AND seq BETWEEN {seq} AND {until};"
                ),
            )
        }
        4 => {
            let id = world.uuid(tenant);
            (
                "a truncation",
                format!("DELETE FROM audit_event WHERE tenant = {id} AND seq >= {seq};"),
            )
        }
        5 => {
            let id = world.uuid(tenant);
            let head = world.set_head(tenant, seq - 1, hash_at(tenant, seq - 1));
            (
                "a rollback with its head",
                format!("DELETE FROM audit_event WHERE tenant = {id} AND seq >= {seq}; {head}"),
            )
        }
        6 => {
            let second = if seq == EVENTS { 1 } else { seq + 1 };
            let to = world.at(tenant, second);
            ("two rows exchanged", format!(
                "UPDATE audit_event SET seq = -1 WHERE {at}; UPDATE audit_event SET seq = {seq} WHERE {to};
                 UPDATE audit_event SET seq = {second} WHERE {};", world.at(tenant, -1)))
        }
        7 => {
            let to = world.uuid(other);
            let moved = 1_000 + seq;
            (
                "a row of another tenant",
                format!("UPDATE audit_event SET tenant = {to}, seq = {moved} WHERE {at};"),
            )
        }
        8 => {
            let spare = world.uuid(Uuid::from_u128(0xbeef));
            let (a, b) = (world.uuid(tenant), world.uuid(other));
            let swap = |table: &str| {
                format!(
                "UPDATE {table} SET tenant = {spare} WHERE tenant = {a}; UPDATE {table} SET tenant = {a} WHERE tenant = {b};
                 UPDATE {table} SET tenant = {b} WHERE tenant = {spare};")
            };
            (
                "two tenants exchanged",
                swap("audit_event") + &swap("audit_head"),
            )
        }
        9 => {
            let number = if dice.below(2) == 0 { EVENTS + 1 } else { -seq };
            ("a copy of a row", format!(
                "INSERT INTO audit_event SELECT tenant, {number}, at_us, actor_kind, actor_id, action, subject_kind,
                 subject_id, patient, version, granted_by, purpose, outcome, hash FROM audit_event WHERE {at};"))
        }
        10 | 11 => ("a rewritten chain", world.rewrite(tenant, seq)),
        12 => {
            let id = world.uuid(tenant);
            (
                "a chain that is gone",
                format!(
                    "DELETE FROM audit_event WHERE tenant = {id}; DELETE FROM audit_head WHERE tenant = {id};"
                ),
            )
        }
        13 => ("a head", world.set_head(tenant, seq, hash_at(other, seq))),
        14 => {
            let place = usize::try_from(dice.roll() % lines.len() as u64).unwrap();
            lines.remove(place);
            ("a checkpoint that is gone", String::new())
        }
        15 => {
            let place = usize::try_from(dice.roll() % lines.len() as u64).unwrap();
            lines[place] = lines[place].replacen("\"seq\":", "\"seq\":1", 1);
            ("a checkpoint that was edited", String::new())
        }
        16 => {
            let place = usize::try_from(dice.roll() % (lines.len() as u64 - 1)).unwrap();
            lines.swap(place, place + 1);
            ("two checkpoints exchanged", String::new())
        }
        _ => {
            // The rows and the end of the file go together, but the file has no place for that.
            let keep = lines.len() - 1 - usize::try_from(dice.roll() % 3).unwrap();
            lines.truncate(keep);
            ("the end of the checkpoints", String::new())
        }
    };
    (what.to_owned(), sql, lines)
}

/// Lets facilities work, and signs as the server does.
async fn work(db: &TestDb) -> World {
    let pem = CheckpointKey::generate().unwrap();
    let key = CheckpointKey::from_pem(&pem).unwrap();
    let public = key.public();
    let mut signer = Signer::after(None, key);
    let mut lines = Vec::new();
    for number in 1..=TENANTS {
        make_facility(db, TenantId::from_uuid(Uuid::from_u128(number))).await;
    }
    for round in 1..=EVENTS {
        for number in 1..=TENANTS {
            let id = Uuid::from_u128(0x1000 + u128::from(round.unsigned_abs()));
            let actor = AuditActor::User(UserId::from_uuid(id));
            let entry = AuditEntry::done(actor, "chart.read", Micros(round))
                .about("patient", id)
                .of_patient(PatientId::from_uuid(id))
                .within(TenantId::from_uuid(Uuid::from_u128(number)));
            db.begin().await.unwrap().commit(entry).await.unwrap();
        }
        if round % 9 == 0 || round == EVENTS {
            let heads = trail::heads(&mut db.read().await.unwrap()).await.unwrap();
            for head in heads {
                let signed = signer
                    .sign(head.tenant, head.seq, head.hash, round)
                    .unwrap();
                lines.push(signed.to_line().unwrap());
            }
        }
    }
    let mut rows = Vec::new();
    let mut store = Offline::read(db.url()).await.unwrap();
    let export = trail::export(&mut store, |event, hash| {
        rows.push(Row {
            tenant: event.tenant,
            seq: event.seq,
            hash,
            line: export_line(event, hash).unwrap(),
        });
        Ok(())
    });
    export.await.unwrap();
    World {
        is_sqlite: db.url().starts_with("sqlite:"),
        rows,
        lines,
        public,
    }
}

async fn verify(store: &mut Offline, world: &World, lines: &[String]) -> Report {
    let mut checkpoints = Checkpoints::new(vec![world.public]);
    for line in lines {
        checkpoints.line(line);
    }
    trail::verify(store, checkpoints.verifier(0)).await.unwrap()
}

on_both_engines! {
    async fn whatever_is_done_to_the_audit_of_a_database_is_found(db) {
        let world = work(&db).await;
        db.close().await;
        let mut store = Offline::fill(db.url()).await.unwrap();
        let honest = verify(&mut store, &world, &world.lines).await;
        assert!(honest.is_honest(), "{:?}", honest.faults);
        let drop_rules = if world.is_sqlite {
            "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted;"
        } else {
            "DROP TRIGGER audit_is_append_only ON audit_event;"
        };
        run_raw(&mut store, drop_rules.to_owned()).await.unwrap();
        let mut kinds = BTreeMap::new();
        for seed in 0..SEEDS {
            let (what, sql, lines) = tamper(&world, &mut Dice(seed));
            run_raw(&mut store, "BEGIN".to_owned()).await.unwrap();
            run_raw(&mut store, sql.clone()).await.unwrap();
            let report = verify(&mut store, &world, &lines).await;
            assert!(!report.is_honest(), "seed {seed}: {what} was not found: {sql}");
            run_raw(&mut store, "ROLLBACK".to_owned()).await.unwrap();
            *kinds.entry(what).or_insert(0) += 1;
        }
        assert!(kinds.len() >= 16, "the seeds reach every kind: {kinds:?}");
        let honest = verify(&mut store, &world, &world.lines).await;
        assert!(honest.is_honest(), "the tests leave nothing behind");
    }
}
