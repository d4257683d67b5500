//! What the demo clinic offers: services with rooms and a device, and when its people are away.

use clinical_model::booking::Modality;
use clinical_model::{Micros, ResourceId, Role, ScheduleEntryId, ServiceId, UserId};
use clinical_store::booking::{Plan, PlanException, PlanRule, ResourceRecord, ServiceRecord};
use uuid::Uuid;

use super::DemoError;
use super::people::{DEMO_ZONE, People};
use crate::booking::{put_plan, put_resource, put_service};
use crate::{Actor, Desk};

const ROOMS: [&str; 2] = ["Salle de soins 1", "Salle de soins 2"];
const SCANNER: &str = "Échographe";

/// The clocks of the demo clinic show an hour more than UTC all the year.
const AHEAD_US: i64 = Micros::HOUR;

/// A service of the demo clinic.
struct Offer {
    code: &'static str,
    minutes: u16,
    after_min: u16,
    modality: Modality,
    /// Which doctors give it, by their place among the people; none means all.
    doctors: &'static [usize],
    /// What it needs.
    rooms: bool,
    scanner: bool,
}

const OFFERS: [Offer; 4] = [
    Offer {
        code: "consultation",
        minutes: 20,
        after_min: 0,
        modality: Modality::Video,
        doctors: &[],
        rooms: false,
        scanner: false,
    },
    Offer {
        code: "follow_up",
        minutes: 20,
        after_min: 0,
        modality: Modality::InPerson,
        doctors: &[1, 2],
        rooms: true,
        scanner: false,
    },
    Offer {
        code: SCAN,
        minutes: 30,
        after_min: 10,
        modality: Modality::InPerson,
        doctors: &[2],
        rooms: true,
        scanner: true,
    },
    Offer {
        code: VACCINATION,
        minutes: 20,
        after_min: 0,
        modality: Modality::InPerson,
        doctors: &[1],
        rooms: true,
        scanner: false,
    },
];

pub(super) const CONSULTATION: &str = "consultation";
pub(super) const FOLLOW_UP: &str = "follow_up";
pub(super) const SCAN: &str = "Échographie obstétricale";
pub(super) const VACCINATION: &str = "Vaccination de l’enfant";

/// Writes what is missing; gives the services by their codes.
pub(super) async fn seed(
    desk: &Desk,
    people: &People,
) -> Result<Vec<(String, ServiceId)>, DemoError> {
    let admin = people.at_work(desk, (people.admin, Role::Admin));
    let mut rooms = Vec::new();
    for name in ROOMS {
        rooms.push(resource(desk, &admin, (name, true)).await?);
    }
    let scanner = resource(desk, &admin, (SCANNER, false)).await?;
    for offer in &OFFERS {
        let rooms = offer.rooms.then(|| rooms.clone());
        let scanner = offer.scanner.then(|| vec![scanner]);
        let needs = rooms.into_iter().chain(scanner).collect();
        service(desk, &admin, people, (offer, needs)).await?;
    }
    let [_, second, third] = people.doctors;
    plan(desk, &admin, scanner.as_uuid(), scanner_plan).await?;
    plan(desk, &admin, second.as_uuid(), doctor_plan).await?;
    plan(desk, &admin, third.as_uuid(), |_| holidays()).await?;
    let mut tx = desk.db().read().await?;
    let found = clinical_store::booking::services(&mut tx, people.tenant).await?;
    Ok(found.into_iter().map(|it| (it.code, it.id)).collect())
}

async fn resource(
    desk: &Desk,
    admin: &Actor,
    (name, is_room): (&str, bool),
) -> Result<ResourceId, DemoError> {
    let mut tx = desk.db().read().await?;
    let known = clinical_store::booking::resources(&mut tx, admin.tenant).await?;
    drop(tx);
    if let Some(it) = known.into_iter().find(|it| it.name == name) {
        return Ok(it.id);
    }
    let new = ResourceRecord {
        id: ResourceId::from_uuid(Uuid::nil()),
        tenant: admin.tenant,
        is_room,
        name: name.to_owned(),
        zone: DEMO_ZONE.to_owned(),
        active: true,
        version: 0,
    };
    Ok(put_resource(desk, admin, new).await?.id)
}

async fn service(
    desk: &Desk,
    admin: &Actor,
    people: &People,
    (offer, needs): (&Offer, Vec<Vec<ResourceId>>),
) -> Result<(), DemoError> {
    let mut tx = desk.db().read().await?;
    let known = clinical_store::booking::services(&mut tx, admin.tenant).await?;
    drop(tx);
    if known.iter().any(|it| it.code == offer.code) {
        return Ok(());
    }
    let doctors = offer.doctors.iter();
    let doctors: Vec<UserId> = doctors
        .filter_map(|at| people.doctors.get(*at).copied())
        .collect();
    let new = ServiceRecord {
        id: ServiceId::from_uuid(Uuid::nil()),
        tenant: admin.tenant,
        code: offer.code.to_owned(),
        length_min: offer.minutes,
        before_min: 0,
        after_min: offer.after_min,
        step_min: offer.minutes,
        modality: offer.modality,
        active: true,
        version: 0,
        doctors,
        needs,
    };
    put_service(desk, admin, new).await?;
    Ok(())
}

/// Writes a plan, unless one was ever written.
async fn plan(
    desk: &Desk,
    admin: &Actor,
    owner: Uuid,
    make: impl FnOnce(Micros) -> Plan,
) -> Result<(), DemoError> {
    let now = desk.now();
    let mut tx = desk.db().read().await?;
    let known = clinical_store::booking::plan(&mut tx, owner, now).await?;
    drop(tx);
    if known.version == 0 {
        put_plan(desk, admin, owner, make(now)).await?;
    }
    Ok(())
}

fn holidays() -> Plan {
    Plan {
        holidays: Some("CM".to_owned()),
        ..Plan::default()
    }
}

/// The paediatrician learns something on an afternoon, and has two days of leave next week.
fn doctor_plan(now: Micros) -> Plan {
    let (soon, later) = (workday(now, 2), workday(now, 6));
    Plan {
        exceptions: vec![
            exception("other", (soon, 15 * 60), (soon, 17 * 60)),
            exception("leave", (later, 0), (later + 2 * Micros::DAY, 0)),
        ],
        ..holidays()
    }
}

/// The scanner is there on workdays, and is looked after one morning.
fn scanner_plan(now: Micros) -> Plan {
    let day = workday(now, 3);
    Plan {
        rules: vec![PlanRule {
            id: ScheduleEntryId::from_uuid(Uuid::nil()),
            rule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA".to_owned(),
            anchor: 20_260_105,
            start_min: 8 * 60,
            length_min: 9 * 60,
        }],
        exceptions: vec![exception("maintenance", (day, 8 * 60), (day, 10 * 60))],
        ..holidays()
    }
}

fn exception(kind: &str, from: (i64, i64), to: (i64, i64)) -> PlanException {
    let wall = |(day, minute): (i64, i64)| day.saturating_add(minute * Micros::MINUTE);
    PlanException {
        id: ScheduleEntryId::from_uuid(Uuid::nil()),
        kind: kind.to_owned(),
        from_wall_us: wall(from),
        to_wall_us: wall(to),
    }
}

/// Midnight of a workday on the wall of the clinic, some workdays from now; negative ones are past.
pub(super) fn workday(now: Micros, count: i64) -> i64 {
    let mut day = now.0.saturating_add(AHEAD_US).div_euclid(Micros::DAY);
    let mut left = count;
    while left != 0 {
        day = day.saturating_add(count.signum());
        // 1 January 1970 was a Thursday.
        if (day + 3).rem_euclid(7) < 5 {
            left = left.saturating_sub(count.signum());
        }
    }
    day.saturating_mul(Micros::DAY)
}

/// The instant of a minute of a workday at the clinic.
pub(super) fn at_clinic(day: i64, minute: i64) -> Micros {
    Micros(day.saturating_sub(AHEAD_US)).plus(minute * Micros::MINUTE)
}
