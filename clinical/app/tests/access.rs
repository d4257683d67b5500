//! Rights to a record: given, used, shown to the patient, ended.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::net::{IpAddr, Ipv4Addr};

use clinical_app::access::{
    Access, AccessDenied, ConsentCommand, ConsentError, EmergencyCommand, EmergencyError,
    LooksError, ProxyCommand, ProxyError, ReviewError, Target, TeamError, WORDING, break_glass,
    care_team, charges, consents, emergencies, end_emergency, end_proxy, give_consent, give_proxy,
    hand_over, join_team, leave_team, looks, proxies, review, running, withdraw_consent,
};
use clinical_app::identity::{
    Evidence, Login, NewUser, SignIn, Visitor, authenticate, create_user, login, step_up,
};
use clinical_app::{AccessKey, Actor};
use clinical_model::access::{
    BreakGlassReason, ConsentPurpose, Grant, ProxyRelation, ProxyScope, ReviewVerdict,
};
use clinical_model::notify::MessageKind;
use clinical_model::text::{Line, Phone};
use clinical_model::{AuditActor, DeviceLabel, Email, Micros, PatientId, Position, Role};
use clinical_store::{on_both_engines, outbox};
use support::{MIN, MONDAY, Practice, TENANT, record_of};

const PASSWORD: &str = "correct horse battery";
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const WEEK: i64 = 7 * Micros::DAY;

async fn sees(practice: &Practice, actor: &Actor, patient: PatientId) -> Option<Grant> {
    let now = clinical_app::Clock::now(practice.clock.as_ref());
    let mut tx = practice.db.read().await.unwrap();
    let access = Access::to(&mut tx, actor, patient, now).await;
    if let Err(AccessDenied::NotFound) = access {
        return None;
    }
    Some(access.unwrap().grant())
}

/// A nurse who can prove again who they are.
async fn nurse_with_password(practice: &Practice) -> (SignIn, Actor) {
    let key = AccessKey::from_pem(&AccessKey::generate().unwrap()).unwrap();
    let sign_in = SignIn::new(key, &practice.desk.clinic().entropy).unwrap();
    let new = NewUser {
        email: "emergency@test.clinic".to_owned(),
        name: "Dr Emergency".to_owned(),
        position: Position::without_profile(Role::Nurse).unwrap(),
        tenant: TENANT,
        patient: None,
        factor_grace: Micros(i64::MAX),
        password: PASSWORD.to_owned(),
    };
    let clinic = practice.desk.clinic();
    create_user(clinic, sign_in.passwords(), AuditActor::System, new)
        .await
        .unwrap();
    let visitor = Visitor {
        address: HERE,
        device: DeviceLabel::of_user_agent("Mozilla/5.0 (Windows NT 10.0) Firefox/128.0"),
    };
    let entered = login(
        clinic,
        &sign_in,
        "emergency@test.clinic",
        PASSWORD,
        &visitor,
    )
    .await;
    let Login::SignedIn(tokens) = entered.unwrap() else {
        unreachable!("there is no second factor");
    };
    let (actor, _) = authenticate(clinic, &sign_in, &tokens.access_token)
        .await
        .unwrap();
    (sign_in, actor)
}

fn emergency(patient: PatientId) -> EmergencyCommand {
    EmergencyCommand {
        target: Target::Record(patient),
        reason: BreakGlassReason::Unconscious,
        words: Line::try_from("Found at the market").unwrap(),
    }
}

fn consent(purpose: ConsentPurpose, grantee: Option<&Actor>, until: Micros) -> ConsentCommand {
    ConsentCommand {
        purpose,
        grantee: grantee.map(|it| it.user),
        wording: WORDING.to_owned(),
        until,
    }
}

fn proxy(holder: u128, scope: ProxyScope, until: Micros) -> ProxyCommand {
    ProxyCommand {
        holder: Email::parse(&format!("p{holder}@test.clinic")).unwrap(),
        relation: ProxyRelation::Parent,
        scope,
        until,
    }
}

on_both_engines! {
    async fn the_glass_is_broken_for_one_record_and_one_hour_and_somebody_reviews_it(db) {
        let practice = Practice::open(db);
        let (admin, patient) = (practice.person(1, Role::Admin).await, practice.patient(2).await);
        practice.patient(3).await;
        let (sign_in, nurse) = nurse_with_password(&practice).await;
        let (clinic, record) = (practice.desk.clinic(), record_of(2));
        assert_eq!(sees(&practice, &nurse, record).await, None);

        practice.at(6);
        let stale = break_glass(clinic, &nurse, emergency(record)).await;
        assert!(matches!(stale, Err(EmergencyError::StepUpNeeded)), "signing in was 6 minutes ago");
        let wrong = Evidence::Password("not the password".to_owned());
        step_up(clinic, &sign_in, &nurse, &wrong, HERE).await.unwrap_err();
        let refused = break_glass(clinic, &nurse, emergency(record)).await;
        assert!(matches!(refused, Err(EmergencyError::StepUpNeeded)));
        assert_eq!(sees(&practice, &nurse, record).await, None);
        let by_patient = break_glass(clinic, &patient, emergency(record)).await;
        assert!(matches!(by_patient, Err(EmergencyError::Forbidden)));

        let right = Evidence::Password(PASSWORD.to_owned());
        step_up(clinic, &sign_in, &nurse, &right, HERE).await.unwrap();
        let taken = break_glass(clinic, &nurse, emergency(record)).await.unwrap();
        assert_eq!(taken.until, MONDAY.plus(66 * MIN));
        assert_eq!(running(clinic, &nurse).await.unwrap().len(), 1);
        assert_eq!(sees(&practice, &nurse, record).await, Some(Grant::BreakGlass));
        assert_eq!(sees(&practice, &nurse, record_of(3)).await, None);
        // What an emergency lends can not be passed on.
        let passed = join_team(clinic, &nurse, record, (nurse.user, MONDAY.plus(WEEK))).await;
        assert!(matches!(passed, Err(TeamError::Forbidden)));
        practice.at(66);
        assert_eq!(sees(&practice, &nurse, record).await, None);
        assert!(running(clinic, &nurse).await.unwrap().is_empty());

        let open = emergencies(clinic, &admin).await.unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].words.expose(), "Found at the market");
        assert!(matches!(emergencies(clinic, &nurse).await, Err(ReviewError::Forbidden)));
        review(clinic, &admin, taken.id, ReviewVerdict::NotJustified).await.unwrap();
        let twice = review(clinic, &admin, taken.id, ReviewVerdict::Justified).await;
        assert!(matches!(twice, Err(ReviewError::State)));
        let closed = emergencies(clinic, &admin).await.unwrap();
        assert_eq!(closed[0].access.review, Some(ReviewVerdict::NotJustified));

        let told = looks(clinic, &patient, record, (i64::MAX, 50)).await.unwrap();
        let look = told.iter().find(|it| it.action == "access.break_glass").unwrap();
        assert_eq!(look.person.as_ref().map(|it| it.1.as_str()), Some("Dr Emergency"));
        assert_eq!(look.purpose.as_deref(), Some("ETREAT"));
    }

    async fn an_unknown_telephone_breaks_no_glass(db) {
        let practice = Practice::open(db);
        practice.patient(2).await;
        let (_, nurse) = nurse_with_password(&practice).await;
        let command = EmergencyCommand {
            target: Target::Phone(Phone::try_from("+237699999999".to_owned()).unwrap()),
            ..emergency(record_of(2))
        };
        let nobody = break_glass(practice.desk.clinic(), &nurse, command).await;
        assert!(matches!(nobody, Err(EmergencyError::NotFound)));
    }

    async fn the_patient_and_the_administrators_are_told_of_an_emergency_in_the_same_commit(db) {
        let practice = Practice::open(db);
        let (admin, patient) = (practice.person(1, Role::Admin).await, practice.patient(2).await);
        practice.doctor(3).await;
        let (_, nurse) = nurse_with_password(&practice).await;
        let (clinic, record) = (practice.desk.clinic(), record_of(2));
        let told = || async {
            let mut conn = practice.db.read().await.unwrap();
            let list = outbox::list(&mut conn, TENANT, None, None).await.unwrap();
            list.into_iter().map(|it| (it.kind, it.recipient)).collect::<Vec<_>>()
        };
        let unknown = Phone::try_from("+237699999999".to_owned()).unwrap();
        let nobody = EmergencyCommand { target: Target::Phone(unknown), ..emergency(record) };
        break_glass(clinic, &nurse, nobody).await.unwrap_err();
        assert!(told().await.is_empty(), "nothing happened, so nobody is told");
        break_glass(clinic, &nurse, emergency(record)).await.unwrap();
        let told = told().await;
        let to_patient = (MessageKind::BreakGlassNotice, patient.user.as_uuid());
        assert!(told.contains(&to_patient), "{told:?}");
        assert!(told.contains(&(MessageKind::EmergencyReview, admin.user.as_uuid())));
        let who: Vec<_> = told.iter().map(|it| it.1).collect();
        assert!(who.iter().all(|it| [patient.user.as_uuid(), admin.user.as_uuid()].contains(it)));
    }

    async fn who_broke_the_glass_can_close_it_before_the_hour(db) {
        let practice = Practice::open(db);
        practice.patient(2).await;
        let (_, nurse) = nurse_with_password(&practice).await;
        let (doctor, clinic) = (practice.doctor(3).await, practice.desk.clinic());
        let taken = break_glass(clinic, &nurse, emergency(record_of(2))).await.unwrap();
        let foreign = end_emergency(clinic, &doctor, taken.id).await;
        assert!(matches!(foreign, Err(ReviewError::NotFound)));
        assert_eq!(sees(&practice, &nurse, record_of(2)).await, Some(Grant::BreakGlass));
        end_emergency(clinic, &nurse, taken.id).await.unwrap();
        assert_eq!(sees(&practice, &nurse, record_of(2)).await, None);
        let twice = end_emergency(clinic, &nurse, taken.id).await;
        assert!(matches!(twice, Err(ReviewError::NotFound)));
    }

    async fn a_care_team_is_joined_handed_over_and_left(db) {
        let practice = Practice::open(db);
        let (admin, patient) = (practice.person(1, Role::Admin).await, practice.patient(2).await);
        let (first, second) = (practice.doctor(3).await, practice.doctor(4).await);
        let (clinic, record, until) = (practice.desk.clinic(), record_of(2), MONDAY.plus(WEEK));
        let intruder = join_team(clinic, &first, record, (first.user, until)).await;
        assert!(matches!(intruder, Err(TeamError::NotFound)));
        let not_a_clinician = join_team(clinic, &admin, record, (admin.user, until)).await;
        assert!(matches!(not_a_clinician, Err(TeamError::NoClinician)));
        for wrong in [MONDAY, MONDAY.plus(5 * 366 * Micros::DAY)] {
            let refused = join_team(clinic, &admin, record, (first.user, wrong)).await;
            assert!(matches!(refused, Err(TeamError::Until)));
        }
        join_team(clinic, &admin, record, (first.user, until)).await.unwrap();
        assert_eq!(sees(&practice, &first, record).await, Some(Grant::CareRelation));
        let next = hand_over(clinic, &first, record, (second.user, until)).await.unwrap();
        assert_eq!(sees(&practice, &first, record).await, None);
        assert_eq!(sees(&practice, &second, record).await, Some(Grant::CareRelation));
        let team = care_team(clinic, &patient, record).await.unwrap();
        assert_eq!(team.iter().map(|it| it.0.clinician).collect::<Vec<_>>(), [second.user]);
        leave_team(clinic, &patient, record, next.id).await.unwrap();
        assert_eq!(sees(&practice, &second, record).await, None);
        let gone = leave_team(clinic, &admin, record, next.id).await;
        assert!(matches!(gone, Err(TeamError::NotFound)));
    }

    async fn a_care_relation_ends_by_itself(db) {
        let practice = Practice::open(db);
        let (admin, doctor) = (practice.person(1, Role::Admin).await, practice.doctor(3).await);
        practice.patient(2).await;
        let until = MONDAY.plus(30 * MIN);
        join_team(practice.desk.clinic(), &admin, record_of(2), (doctor.user, until)).await.unwrap();
        practice.at(29);
        assert_eq!(sees(&practice, &doctor, record_of(2)).await, Some(Grant::CareRelation));
        practice.at(30);
        assert_eq!(sees(&practice, &doctor, record_of(2)).await, None);
    }

    async fn a_proxy_sees_and_acts_within_their_scope_until_the_end(db) {
        let practice = Practice::open(db);
        let (child, mother) = (practice.patient(2).await, practice.patient(3).await);
        let (clinic, record, until) = (practice.desk.clinic(), record_of(2), MONDAY.plus(WEEK));
        assert_eq!(sees(&practice, &mother, record).await, None);
        let own = give_proxy(clinic, &mother, record, proxy(3, ProxyScope::Act, until)).await;
        assert!(matches!(own, Err(ProxyError::NotFound)), "nobody makes themselves a proxy");
        let of_themselves = give_proxy(clinic, &child, record, proxy(2, ProxyScope::Act, until)).await;
        assert!(matches!(of_themselves, Err(ProxyError::NoHolder)));

        let views = proxy(3, ProxyScope::View, until);
        let viewing = give_proxy(clinic, &child, record, views).await.unwrap();
        assert_eq!(sees(&practice, &mother, record).await, Some(Grant::Proxy));
        assert_eq!(charges(clinic, &mother).await.unwrap().len(), 1);
        let research = || consent(ConsentPurpose::Research, None, until);
        let too_much = give_consent(clinic, &mother, record, research()).await;
        assert!(matches!(too_much, Err(ConsentError::Forbidden)), "viewing is not agreeing");
        end_proxy(clinic, &mother, record, viewing.id).await.unwrap();
        assert_eq!(sees(&practice, &mother, record).await, None);

        let acts = proxy(3, ProxyScope::Act, MONDAY.plus(10 * MIN));
        give_proxy(clinic, &child, record, acts).await.unwrap();
        let agreed = give_consent(clinic, &mother, record, research()).await.unwrap();
        assert_eq!(agreed.given_by, mother.user);
        let chained = give_proxy(clinic, &mother, record, proxy(3, ProxyScope::Act, until)).await;
        assert!(matches!(chained, Err(ProxyError::Forbidden)), "a proxy makes no proxies");
        assert_eq!(proxies(clinic, &child, record).await.unwrap().len(), 1);
        practice.at(10);
        assert_eq!(sees(&practice, &mother, record).await, None);
        assert!(charges(clinic, &mother).await.unwrap().is_empty());
    }

    async fn a_consent_opens_the_record_to_one_clinician_until_it_is_taken_back(db) {
        let practice = Practice::open(db);
        let (patient, doctor) = (practice.patient(2).await, practice.doctor(3).await);
        let (clinic, record, until) = (practice.desk.clinic(), record_of(2), MONDAY.plus(WEEK));
        let sharing = |grantee| consent(ConsentPurpose::CareSharing, grantee, until);
        for wrong in [sharing(None), sharing(Some(&patient)),
                      consent(ConsentPurpose::Research, Some(&doctor), until)] {
            let refused = give_consent(clinic, &patient, record, wrong).await;
            assert!(matches!(refused, Err(ConsentError::Grantee)));
        }
        let old_words = ConsentCommand { wording: "2001".to_owned(), ..sharing(Some(&doctor)) };
        let refused = give_consent(clinic, &patient, record, old_words).await;
        assert!(matches!(refused, Err(ConsentError::Wording)));

        let given = give_consent(clinic, &patient, record, sharing(Some(&doctor))).await.unwrap();
        assert_eq!(sees(&practice, &doctor, record).await, Some(Grant::Consent));
        let passed = hand_over(clinic, &doctor, record, (doctor.user, until)).await;
        assert!(matches!(passed, Err(TeamError::Forbidden)), "what is lent is not passed on");
        withdraw_consent(clinic, &patient, record, given.id).await.unwrap();
        assert_eq!(sees(&practice, &doctor, record).await, None);
        let twice = withdraw_consent(clinic, &patient, record, given.id).await;
        assert!(matches!(twice, Err(ConsentError::NotFound)));
        let kept = consents(clinic, &patient, record).await.unwrap();
        assert_eq!(kept[0].withdrawn, Some(MONDAY), "what was agreed to stays readable");
    }

    async fn who_looked_is_for_the_patient_and_the_admin(db) {
        let practice = Practice::open(db);
        let (admin, patient) = (practice.person(1, Role::Admin).await, practice.patient(2).await);
        let (doctor, stranger) = (practice.doctor(3).await, practice.patient(4).await);
        let (clinic, record) = (practice.desk.clinic(), record_of(2));
        let until = MONDAY.plus(WEEK);
        join_team(clinic, &admin, record, (doctor.user, until)).await.unwrap();
        care_team(clinic, &doctor, record).await.unwrap();
        let shown = looks(clinic, &patient, record, (i64::MAX, 50)).await.unwrap();
        let look = shown.iter().find(|it| it.action == "access.team").unwrap();
        assert_eq!(look.person.as_ref().map(|it| it.0), Some(doctor.user));
        assert_eq!(look.grant.as_deref(), Some("care_relation"));
        let older = looks(clinic, &admin, record, (look.seq, 50)).await.unwrap();
        assert!(older.iter().all(|it| it.seq < look.seq) && !older.is_empty());
        for nosy in [&doctor, &stranger] {
            let refused = looks(clinic, nosy, record, (i64::MAX, 50)).await;
            assert!(matches!(refused, Err(LooksError::NotFound)));
        }
    }
}
