//! Second factors: what staff reach without one, the second step, replay, recovery, step-up.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use aws_lc_rs::hmac;
use clinical_app::identity::Details;
use clinical_app::identity::{
    EnrolError, Evidence, EvidenceError, Login, NewUser, PeopleError, SecondStep, SecondStepError,
    SignIn, SignedIn, StepUpError, Visitor, add_person, authenticate, begin_app, confirm_app,
    create_user, end_other_sessions, finish_second, fresh, give_grace, login, new_recovery_codes,
    own_factors, own_sessions, people, person, remove_factor, reset_person, set_password,
    set_suspended, step_up,
};
use clinical_app::{AccessKey, Actor, Clinic, Entropy, ManualClock};
use clinical_model::{
    AuditActor, AuditEntry, DeviceLabel, FactorId, Micros, Position, Proof, Role, Standing,
    TenantId, UserId,
};
use clinical_store::on_both_engines;
use clinical_store::testbed::{TestDb, make_facility};
use support::record;
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery";
const START: Micros = Micros(1_795_420_800_000_000);
const HERE: TenantId = TenantId::from_uuid(Uuid::from_u128(0xc11));
const THERE: TenantId = TenantId::from_uuid(Uuid::from_u128(0xc12));

struct House {
    clinic: Clinic,
    clock: Arc<ManualClock>,
    sign_in: SignIn,
}

fn visitor() -> Visitor {
    Visitor {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        device: DeviceLabel::of_user_agent("Mozilla/5.0 (Windows NT 10.0) Firefox/128.0"),
    }
}

impl House {
    async fn open(db: &TestDb) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let clinic = Clinic {
            db: (*db).clone(),
            clock: clock.clone(),
            entropy: Arc::new(Entropy::seeded(5)),
        };
        make_facility(db, HERE).await;
        let key = AccessKey::from_pem(&AccessKey::generate().unwrap()).unwrap();
        let sign_in = SignIn::new(key, &clinic.entropy).unwrap();
        Self {
            clinic,
            clock,
            sign_in,
        }
    }

    async fn person(&self, email: &str, role: Role, tenant: TenantId) -> UserId {
        let record = (role == Role::Patient).then(|| record(7));
        if let Some(record) = &record {
            let mut tx = self.clinic.db.begin().await.unwrap();
            clinical_store::patients::insert(&mut tx, record, START)
                .await
                .unwrap();
            let entry = AuditEntry::done(AuditActor::System, "test.record", START);
            tx.commit(entry).await.unwrap();
        }
        let new = NewUser {
            email: email.to_owned(),
            name: "Aline".to_owned(),
            position: Position::without_profile(role).unwrap(),
            tenant,
            patient: record.map(|it| it.id),
            factor_grace: Micros(0),
            password: PASSWORD.to_owned(),
        };
        let passwords = self.sign_in.passwords();
        create_user(&self.clinic, passwords, AuditActor::System, new)
            .await
            .unwrap()
    }

    async fn password(&self, email: &str) -> Login {
        login(&self.clinic, &self.sign_in, email, PASSWORD, &visitor())
            .await
            .unwrap()
    }

    async fn enter(&self, email: &str) -> (Actor, Standing) {
        let Login::SignedIn(tokens) = self.password(email).await else {
            unreachable!("there is no second factor");
        };
        self.whose(&tokens).await
    }

    async fn second_step(&self, email: &str) -> SecondStep {
        let Login::Second(step) = self.password(email).await else {
            unreachable!("the second factor is asked for");
        };
        step
    }

    async fn finish(
        &self,
        step: &SecondStep,
        shown: Evidence,
    ) -> Result<SignedIn, SecondStepError> {
        finish_second(
            &self.clinic,
            &self.sign_in,
            &step.ticket,
            &shown,
            &visitor(),
        )
        .await
    }

    async fn whose(&self, tokens: &SignedIn) -> (Actor, Standing) {
        authenticate(&self.clinic, &self.sign_in, &tokens.access_token)
            .await
            .unwrap()
    }

    /// Sets up an app for somebody who has just signed in; answers its secret.
    async fn app_of(&self, actor: &Actor) -> (FactorId, Vec<u8>) {
        let proof = fresh(&self.clinic, actor).await.unwrap();
        let offer = begin_app(&self.clinic, &self.sign_in, actor, proof, "Phone")
            .await
            .unwrap();
        let secret = base32(&offer.secret);
        let code = self.code(&secret);
        let at = visitor().address;
        confirm_app(&self.clinic, &self.sign_in, actor, (offer.id, &code), at)
            .await
            .unwrap();
        (offer.id, secret)
    }

    /// The code that an authenticator app shows now (RFC 6238, SHA-1, 30 seconds, 6 digits).
    fn code(&self, secret: &[u8]) -> String {
        let now = clinical_app::Clock::now(self.clock.as_ref());
        let step = u64::try_from(now.0 / 1_000_000 / 30).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[19] & 15);
        let word = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap());
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }

    fn later(&self, seconds: i64) {
        let now = clinical_app::Clock::now(self.clock.as_ref());
        self.clock.set(now.plus(seconds * Micros::SECOND));
    }
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => continue,
        };
        bits = (bits << 5) | u32::from(value);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 255).unwrap());
        }
    }
    bytes
}

on_both_engines! {
    async fn staff_without_a_factor_can_only_set_one_up_until_they_have_one(db) {
        let house = House::open(&db).await;
        house.person("nurse@example.org", Role::Nurse, HERE).await;
        let (nurse, standing) = house.enter("nurse@example.org").await;
        assert_eq!(standing, Standing::EnrolmentOnly);
        let (_, secret) = house.app_of(&nurse).await;
        house.later(30);
        let step = house.second_step("nurse@example.org").await;
        assert!(step.methods.app && !step.methods.passkey && !step.methods.recovery_code);
        let tokens = house.finish(&step, Evidence::App(house.code(&secret))).await.unwrap();
        assert_eq!(tokens.standing, Standing::Full);
        let (again, standing) = house.whose(&tokens).await;
        assert_eq!((again.user, standing), (nurse.user, Standing::Full));
    }

    async fn a_code_works_once_and_a_ticket_for_one_sign_in(db) {
        let house = House::open(&db).await;
        house.person("nurse@example.org", Role::Nurse, HERE).await;
        let (nurse, _) = house.enter("nurse@example.org").await;
        let (_, secret) = house.app_of(&nurse).await;
        // The code that confirmed the app is used up.
        let step = house.second_step("nurse@example.org").await;
        let replayed = house.finish(&step, Evidence::App(house.code(&secret))).await;
        assert!(matches!(replayed, Err(SecondStepError::Refused)));
        house.later(30);
        let code = house.code(&secret);
        house.finish(&step, Evidence::App(code.clone())).await.unwrap();
        let with_the_ticket = house.finish(&step, Evidence::App(code.clone())).await;
        assert!(matches!(with_the_ticket, Err(SecondStepError::Over)));
        let next = house.second_step("nurse@example.org").await;
        let with_the_code = house.finish(&next, Evidence::App(code)).await;
        assert!(matches!(with_the_code, Err(SecondStepError::Refused)));
    }

    async fn guessing_codes_ends_the_ticket(db) {
        let house = House::open(&db).await;
        house.person("nurse@example.org", Role::Nurse, HERE).await;
        let (nurse, _) = house.enter("nurse@example.org").await;
        let (_, secret) = house.app_of(&nurse).await;
        house.later(30);
        let step = house.second_step("nurse@example.org").await;
        let right = house.code(&secret);
        let wrong = if right == "000000" { "000001" } else { "000000" };
        let mut refused = 0;
        for _ in 0..20 {
            match house.finish(&step, Evidence::App(wrong.to_owned())).await {
                Err(SecondStepError::Refused) => refused += 1,
                Err(SecondStepError::Over | SecondStepError::Limited(_)) => break,
                other => unreachable!("{other:?}"),
            }
        }
        assert!(refused < 20);
        let late = house.finish(&step, Evidence::App(right)).await;
        assert!(late.is_err(), "the right code comes too late");
    }

    async fn a_recovery_code_stands_in_once(db) {
        let house = House::open(&db).await;
        house.person("nurse@example.org", Role::Nurse, HERE).await;
        let (nurse, _) = house.enter("nurse@example.org").await;
        house.app_of(&nurse).await;
        let proof = fresh(&house.clinic, &nurse).await.unwrap();
        let codes = new_recovery_codes(&house.clinic, &nurse, proof).await.unwrap();
        let step = house.second_step("nurse@example.org").await;
        assert!(step.methods.recovery_code);
        let code = || Evidence::RecoveryCode(codes[0].to_lowercase());
        house.finish(&step, code()).await.unwrap();
        let next = house.second_step("nurse@example.org").await;
        let again = house.finish(&next, code()).await;
        assert!(matches!(again, Err(SecondStepError::Refused)));
        let left = own_factors(&house.clinic, &house.sign_in, &nurse).await.unwrap();
        assert_eq!(left.recovery_codes_left, codes.len() - 1);
    }

    async fn the_last_factor_of_staff_stays_and_that_of_a_patient_goes(db) {
        let house = House::open(&db).await;
        house.person("nurse@example.org", Role::Nurse, HERE).await;
        let (nurse, _) = house.enter("nurse@example.org").await;
        let (id, _) = house.app_of(&nurse).await;
        let proof = fresh(&house.clinic, &nurse).await.unwrap();
        let refused = remove_factor(&house.clinic, &nurse, proof, id).await;
        assert!(matches!(refused, Err(EnrolError::LastFactor)));
        house.person("patient@example.org", Role::Patient, HERE).await;
        let (patient, standing) = house.enter("patient@example.org").await;
        assert_eq!(standing, Standing::Full);
        let (id, _) = house.app_of(&patient).await;
        let proof = fresh(&house.clinic, &patient).await.unwrap();
        remove_factor(&house.clinic, &patient, proof, id).await.unwrap();
        assert!(matches!(house.password("patient@example.org").await, Login::SignedIn(_)));
    }

    async fn a_proof_is_fresh_for_five_minutes_and_a_password_does_not_renew_it(db) {
        let house = House::open(&db).await;
        house.person("nurse@example.org", Role::Nurse, HERE).await;
        let (nurse, _) = house.enter("nurse@example.org").await;
        let (_, secret) = house.app_of(&nurse).await;
        assert_eq!(fresh(&house.clinic, &nurse).await.unwrap().proof(), Proof::App);
        house.later(300);
        let stale = fresh(&house.clinic, &nurse).await;
        assert!(matches!(stale, Err(StepUpError::Needed)));
        let at = visitor().address;
        let show = async |shown: Evidence| {
            step_up(&house.clinic, &house.sign_in, &nurse, &shown, at).await
        };
        let with_password = show(Evidence::Password(PASSWORD.to_owned())).await;
        assert!(matches!(with_password, Err(EvidenceError::Refused)));
        assert!(show(Evidence::App(house.code(&secret))).await.unwrap().by_factor());
        fresh(&house.clinic, &nurse).await.unwrap();
    }

    async fn sign_ins_are_listed_and_ended(db) {
        let house = House::open(&db).await;
        house.person("patient@example.org", Role::Patient, HERE).await;
        let (first, _) = house.enter("patient@example.org").await;
        let Login::SignedIn(second) = house.password("patient@example.org").await else {
            unreachable!("there is no second factor");
        };
        let open = own_sessions(&house.clinic, &first).await.unwrap();
        assert_eq!(open.len(), 2);
        assert!(open.iter().all(|it| it.device.as_str() == "Firefox, Windows"));
        end_other_sessions(&house.clinic, &first).await.unwrap();
        let ended = authenticate(&house.clinic, &house.sign_in, &second.access_token).await;
        assert!(ended.is_err());
        assert_eq!(own_sessions(&house.clinic, &first).await.unwrap().len(), 1);
    }

    async fn an_administrator_adds_suspends_and_resets_people_of_their_facility_only(db) {
        let house = House::open(&db).await;
        make_facility(&db, THERE).await;
        house.person("admin@example.org", Role::Admin, HERE).await;
        let stranger = house.person("other@example.org", Role::Nurse, THERE).await;
        let (admin, _) = house.enter("admin@example.org").await;
        let details = Details {
            name: "Solange".to_owned(),
            role: Role::Nurse,
            department: "Ward 2".to_owned(),
            specialty: None,
            zone: None,
            languages: Vec::new(),
        };
        let added = add_person(&house.clinic, &house.sign_in, &admin, "new@example.org", &details);
        let (made, link) = added.await.unwrap();
        let at = visitor().address;
        let chosen = (link.reveal(), PASSWORD);
        set_password(&house.clinic, &house.sign_in, (&chosen.0, chosen.1), at).await.unwrap();
        let twice = set_password(&house.clinic, &house.sign_in, (&chosen.0, chosen.1), at).await;
        assert!(twice.is_err(), "a link works once");
        let (nurse, standing) = house.enter("new@example.org").await;
        assert_eq!(standing, Standing::EnrolmentOnly);
        give_grace(&house.clinic, &admin, made.account.id, 7).await.unwrap();
        assert_eq!(house.enter("new@example.org").await.1, Standing::Full);
        let too_long = give_grace(&house.clinic, &admin, made.account.id, 8).await;
        assert!(matches!(too_long, Err(PeopleError::Invalid("days"))));
        house.app_of(&nurse).await;
        reset_person(&house.clinic, &admin, nurse.user).await.unwrap();
        let listed = people(&house.clinic, &admin).await.unwrap();
        assert_eq!(listed.len(), 2);
        assert!(listed.iter().all(|it| !it.has_factor));

        for who in [stranger, UserId::from_uuid(Uuid::from_u128(1))] {
            let found = person(&house.clinic, &admin, who).await;
            assert!(matches!(found, Err(PeopleError::NotFound)));
            let shut = set_suspended(&house.clinic, &admin, who, true).await;
            assert!(matches!(shut, Err(PeopleError::NotFound)));
            let reset = reset_person(&house.clinic, &admin, who).await;
            assert!(matches!(reset, Err(PeopleError::NotFound)));
        }
        let oneself = set_suspended(&house.clinic, &admin, admin.user, true).await;
        assert!(matches!(oneself, Err(PeopleError::Oneself)));
        set_suspended(&house.clinic, &admin, made.account.id, true).await.unwrap();
        let browser = visitor();
        let shut = login(&house.clinic, &house.sign_in, "new@example.org", PASSWORD, &browser);
        assert!(shut.await.is_err());
    }
}
