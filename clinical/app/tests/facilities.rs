//! Facilities of one installation, made by whoever runs it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use clinical_app::identity::{
    FacilityError, Founded, NewFacility, PasswordChangeError, PeopleError, SignIn, add_facility,
    facilities, people, person, set_password,
};
use clinical_app::{AccessKey, Actor, Clinic, Entropy, ManualClock};
use clinical_model::{Email, Micros, Role, SessionId};
use clinical_store::identity::credential_by_email;
use clinical_store::on_both_engines;
use clinical_store::testbed::TestDb;
use uuid::Uuid;

const START: Micros = Micros(1_795_420_800_000_000);
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct Program {
    clinic: Clinic,
    sign_in: SignIn,
}

fn new(name: &str, email: &str) -> NewFacility {
    NewFacility {
        name: name.to_owned(),
        zone: "Africa/Douala".to_owned(),
        country: "cm".to_owned(),
        admin_email: email.to_owned(),
        admin_name: "Aline Ndi".to_owned(),
    }
}

impl Program {
    fn over(db: &TestDb) -> Self {
        let clinic = Clinic {
            db: (*db).clone(),
            clock: Arc::new(ManualClock::at(START)),
            entropy: Arc::new(Entropy::seeded(5)),
        };
        let key = AccessKey::from_pem(&AccessKey::generate().unwrap()).unwrap();
        let sign_in = SignIn::new(key, &clinic.entropy).unwrap();
        Self { clinic, sign_in }
    }

    async fn add(&self, new: &NewFacility) -> Result<Founded, FacilityError> {
        add_facility(&self.clinic, self.sign_in.passwords(), new).await
    }
}

/// The administrator of a facility, signed in.
fn admin(made: &Founded) -> Actor {
    Actor {
        user: made.admin,
        tenant: made.facility.id,
        patient: None,
        role: Role::Admin,
        session: SessionId::from_uuid(Uuid::nil()),
        once: None,
    }
}

on_both_engines! {
    async fn a_facility_begins_with_an_administrator_who_chooses_a_password(db) {
        let program = Program::over(&db);
        let made = program.add(&new(" Clinique du Lac ", "chef@lac.example")).await.unwrap();
        let listed = facilities(&program.clinic).await.unwrap();
        assert!(listed.contains(&made.facility));
        assert_eq!((made.facility.name.as_str(), made.facility.country.as_str()),
            ("Clinique du Lac", "CM"));
        let account = people(&program.clinic, &admin(&made)).await.unwrap();
        assert_eq!(account.len(), 1);
        assert_eq!(account[0].account.position.role(), Role::Admin);
        let link = made.link.reveal();
        let words = "a password that nobody has";
        set_password(&program.clinic, &program.sign_in, (&link, words), HERE).await.unwrap();
        let again = set_password(&program.clinic, &program.sign_in, (&link, words), HERE).await;
        assert!(matches!(again, Err(PasswordChangeError::LinkOver)), "{again:?}");
        let email = Email::parse("chef@lac.example").unwrap();
        let mut tx = program.clinic.db.read().await.unwrap();
        let stored = credential_by_email(&mut tx, &email).await.unwrap().unwrap();
        assert_eq!((stored.account.id, stored.account.tenant), (made.admin, made.facility.id));
    }

    async fn two_facilities_do_not_know_each_other(db) {
        let program = Program::over(&db);
        let one = program.add(&new("Lac", "chef@lac.example")).await.unwrap();
        let two = program.add(&new("Mont", "chef@mont.example")).await.unwrap();
        assert_ne!(one.facility.id, two.facility.id);
        let strange = person(&program.clinic, &admin(&one), two.admin).await;
        assert!(matches!(strange, Err(PeopleError::NotFound)));
        let staff = people(&program.clinic, &admin(&two)).await.unwrap();
        assert_eq!(staff.iter().map(|it| it.account.id).collect::<Vec<_>>(), [two.admin]);
    }

    async fn what_is_refused_leaves_nothing_behind(db) {
        let program = Program::over(&db);
        program.add(&new("Lac", "chef@lac.example")).await.unwrap();
        let before = facilities(&program.clinic).await.unwrap();
        let good = new("Mont", "chef@mont.example");
        let bad = [
            NewFacility { name: " ".to_owned(), ..good.clone() },
            NewFacility { zone: "Africa/Nowhere".to_owned(), ..good.clone() },
            NewFacility { country: "Cameroon".to_owned(), ..good.clone() },
            NewFacility { admin_email: "chef".to_owned(), ..good.clone() },
            NewFacility { admin_name: "\n".to_owned(), ..good.clone() },
        ];
        for new in bad {
            let refused = program.add(&new).await;
            assert!(matches!(refused, Err(FacilityError::Invalid(_))), "{refused:?}");
        }
        let name = program.add(&new("LAC", "chef@mont.example")).await;
        assert!(matches!(name, Err(FacilityError::NameTaken)), "{name:?}");
        let email = program.add(&new("Mont", "chef@lac.example")).await;
        assert!(matches!(email, Err(FacilityError::EmailTaken)), "{email:?}");
        assert_eq!(facilities(&program.clinic).await.unwrap(), before);
        program.add(&good).await.unwrap();
    }
}
