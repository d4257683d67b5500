//! A small audit store in memory, as a service would have written it.

use clinical_ledger::{
    CheckpointKey, Checkpoints, Event, Fault, Hash, PublicKey, Report, SignedCheckpoint, Signer,
    chain,
};
use uuid::Uuid;

/// A stored row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) tenant: Uuid,
    pub(crate) seq: i64,
    pub(crate) at_us: i64,
    pub(crate) actor_kind: String,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) action: String,
    pub(crate) subject_kind: Option<String>,
    pub(crate) subject_id: Option<Uuid>,
    pub(crate) patient: Option<Uuid>,
    pub(crate) version: Option<i64>,
    pub(crate) grant: Option<String>,
    pub(crate) purpose: Option<String>,
    pub(crate) outcome: String,
    pub(crate) hash: Hash,
}

impl Row {
    pub(crate) fn event(&self) -> Event<'_> {
        Event {
            tenant: self.tenant,
            seq: self.seq,
            at_us: self.at_us,
            actor_kind: &self.actor_kind,
            actor_id: self.actor_id,
            action: &self.action,
            subject_kind: self.subject_kind.as_deref(),
            subject_id: self.subject_id,
            patient: self.patient,
            version: self.version,
            grant: self.grant.as_deref(),
            purpose: self.purpose.as_deref(),
            outcome: &self.outcome,
        }
    }
}

/// How many columns [`edit`] can change.
pub(crate) const COLUMNS: usize = 14;

/// Changes one column of a row to a value that it did not have.
pub(crate) fn edit(row: &mut Row, column: usize) {
    let other = Uuid::from_u128(0xdead);
    let flip = |id: Option<Uuid>| if id.is_some() { None } else { Some(other) };
    match column {
        0 => row.tenant = other,
        1 => row.seq += 1_000,
        2 => row.at_us -= 1,
        3 => row.actor_kind.push('x'),
        4 => row.actor_id = flip(row.actor_id),
        5 => row.action.insert(0, 'x'),
        6 => row.subject_kind = row.subject_kind.is_none().then(String::new),
        7 => row.subject_id = flip(row.subject_id),
        8 => row.patient = flip(row.patient),
        9 => row.version = row.version.map_or(Some(0), |version| Some(version + 1)),
        10 => row.grant = row.grant.is_none().then(String::new),
        11 => row.purpose = row.purpose.is_none().then(String::new),
        12 => row.outcome = "refused".to_owned(),
        _ => row.hash = chain::genesis(row.tenant),
    }
}

/// The rows of all tenants and the lines of the checkpoint file.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) rows: Vec<Row>,
    pub(crate) lines: Vec<String>,
}

/// The service, while it writes.
pub(crate) struct Clinic {
    pub(crate) world: World,
    signer: Signer,
    public: PublicKey,
}

impl Clinic {
    pub(crate) fn new() -> Self {
        let key = CheckpointKey::from_pem(&CheckpointKey::generate().unwrap()).unwrap();
        Self {
            public: key.public(),
            signer: Signer::after(None, key),
            world: World {
                rows: Vec::new(),
                lines: Vec::new(),
            },
        }
    }

    /// Three tenants with `events` events each, signed after every `every` of them and at the end.
    pub(crate) fn with_days_of_work(events: i64, every: i64) -> Self {
        let mut clinic = Self::new();
        for seq in 1..=events {
            for tenant in tenants() {
                clinic.write(tenant);
            }
            if seq % every == 0 || seq == events {
                clinic.sign();
            }
        }
        clinic
    }

    /// Appends one event.
    pub(crate) fn write(&mut self, tenant: Uuid) {
        let last = self.world.rows.iter().rfind(|row| row.tenant == tenant);
        let prev = last.map_or_else(|| chain::genesis(tenant), |row| row.hash);
        let mut row = next_row(tenant, last.map_or(0, |row| row.seq) + 1);
        row.hash = chain::next(prev, &row.event());
        self.world.rows.push(row);
    }

    /// Signs where each chain stands.
    pub(crate) fn sign(&mut self) {
        for tenant in tenants() {
            let last = self.world.rows.iter().rfind(|row| row.tenant == tenant);
            if let Some(Row { seq, hash, .. }) = last {
                let signed = self.signer.sign(tenant, *seq, *hash, 0).unwrap();
                self.world.lines.push(signed.to_line().unwrap());
            }
        }
    }

    /// Goes on with another key behind the last line, and answers with the public one.
    pub(crate) fn change_key(&mut self) -> PublicKey {
        let key = CheckpointKey::from_pem(&CheckpointKey::generate().unwrap()).unwrap();
        let public = key.public();
        let last = SignedCheckpoint::from_line(self.world.lines.last().unwrap()).unwrap();
        self.signer = Signer::after(Some(&last), key);
        public
    }

    pub(crate) const fn public(&self) -> PublicKey {
        self.public
    }

    /// What a strict verifier says about a store: everything must be signed.
    pub(crate) fn verify(&self, world: &World) -> Report {
        verify(world, vec![self.public], 0)
    }
}

/// The rows as a database gives them, by tenant and number.
pub(crate) fn verify(world: &World, keys: Vec<PublicKey>, unsigned_max: i64) -> Report {
    let mut checkpoints = Checkpoints::new(keys);
    for line in &world.lines {
        checkpoints.line(line);
    }
    let mut rows: Vec<&Row> = world.rows.iter().collect();
    rows.sort_by_key(|row| (row.tenant, row.seq));
    let mut verifier = checkpoints.verifier(unsigned_max);
    for row in rows {
        verifier.row(&row.event(), row.hash);
    }
    verifier.finish()
}

/// Computes all hashes of a tenant anew, as somebody with the whole database can.
pub(crate) fn rehash(world: &mut World, tenant: Uuid) {
    let mut prev = chain::genesis(tenant);
    let rows = world.rows.iter_mut().filter(|row| row.tenant == tenant);
    for (seq, row) in (1..).zip(rows) {
        row.seq = seq;
        row.hash = chain::next(prev, &row.event());
        prev = row.hash;
    }
}

pub(crate) fn tenants() -> [Uuid; 3] {
    [1, 2, 3].map(Uuid::from_u128)
}

pub(crate) fn tenant() -> Uuid {
    tenants()[1]
}

/// The places of one tenant's rows.
pub(crate) fn places(world: &World, tenant: Uuid) -> Vec<usize> {
    (0..world.rows.len())
        .filter(|&at| world.rows[at].tenant == tenant)
        .collect()
}

pub(crate) fn is_about(fault: &Fault, tenant: Uuid, seq: i64) -> bool {
    fault.tenant() == Some(tenant) && fault.seq() == Some(seq)
}

fn next_row(tenant: Uuid, seq: i64) -> Row {
    let number = u128::from(seq.unsigned_abs());
    let even = seq % 2 == 0;
    Row {
        tenant,
        seq,
        at_us: 1_790_000_000_000_000 + seq * 1_000,
        actor_kind: if even { "user" } else { "system" }.to_owned(),
        actor_id: even.then(|| Uuid::from_u128(number)),
        action: "chart.read".to_owned(),
        subject_kind: even.then(|| "patient".to_owned()),
        subject_id: even.then(|| Uuid::from_u128(number + 7)),
        patient: even.then(|| Uuid::from_u128(number % 5)),
        version: even.then_some(seq / 2),
        grant: even.then(|| "care_relation".to_owned()),
        purpose: even.then(|| "treatment".to_owned()),
        outcome: "done".to_owned(),
        hash: chain::genesis(tenant),
    }
}
