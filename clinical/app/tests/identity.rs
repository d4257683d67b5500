//! Signing in and staying signed in, on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use clinical_app::identity::{
    CreateUserError, Login, NewUser, RefreshError, SignIn, SignedIn, Visitor, authenticate,
    create_user, login, logout, refresh,
};
use clinical_app::{AccessKey, Clinic, Entropy, ManualClock};
use clinical_model::{AuditActor, DeviceLabel, Micros, Position, Role, Standing, TenantId};
use clinical_store::on_both_engines;
use clinical_store::testbed::{TestDb, make_facility};
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery";
const TENANT: TenantId = TenantId::from_uuid(Uuid::from_u128(0xc11));

fn here() -> Visitor {
    Visitor {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        device: DeviceLabel::of_user_agent("Firefox/128 Linux"),
    }
}

/// Signs in with the password alone.
async fn enter(clinic: &Clinic, sign_in: &SignIn, email: &str) -> SignedIn {
    match login(clinic, sign_in, email, PASSWORD, &here())
        .await
        .unwrap()
    {
        Login::SignedIn(tokens) => *tokens,
        Login::Second(_) => unreachable!("there is no second factor"),
    }
}

async fn open(db: &TestDb) -> (Clinic, Arc<SignIn>) {
    let clinic = Clinic {
        db: (*db).clone(),
        clock: Arc::new(ManualClock::at(Micros(1_795_420_800_000_000))),
        entropy: Arc::new(Entropy::seeded(5)),
    };
    make_facility(db, TENANT).await;
    let key = AccessKey::from_pem(&AccessKey::generate().unwrap()).unwrap();
    let sign_in = SignIn::new(key, &clinic.entropy).unwrap();
    create_user(&clinic, sign_in.passwords(), AuditActor::System, aline())
        .await
        .unwrap();
    (clinic, Arc::new(sign_in))
}

fn aline() -> NewUser {
    NewUser {
        email: "Aline@Example.org".to_owned(),
        name: "Aline".to_owned(),
        position: Position::without_profile(Role::Nurse).unwrap(),
        tenant: TENANT,
        patient: None,
        factor_grace: Micros(i64::MAX),
        password: PASSWORD.to_owned(),
    }
}

on_both_engines! {
    async fn who_signs_in_is_known_until_they_sign_out(db) {
        let (clinic, sign_in) = open(&db).await;
        let tokens = enter(&clinic, &sign_in, "aline@example.org").await;
        let (actor, standing) = authenticate(&clinic, &sign_in, &tokens.access_token).await.unwrap();
        assert_eq!((actor.user, actor.role), (tokens.account.id, Role::Nurse));
        assert_eq!(standing, Standing::Full);
        logout(&clinic, &tokens.refresh).await.unwrap();
        assert!(authenticate(&clinic, &sign_in, &tokens.access_token).await.is_err());
        let refused = refresh(&clinic, &sign_in, &tokens.refresh).await;
        assert!(matches!(refused, Err(RefreshError::Refused)));
    }

    async fn many_tabs_that_refresh_at_once_all_get_the_same_next_token(db) {
        let (clinic, sign_in) = open(&db).await;
        let tokens = enter(&clinic, &sign_in, "aline@example.org").await;
        let tabs: Vec<_> = (0..12)
            .map(|_| {
                let (clinic, sign_in) = (clinic.clone(), Arc::clone(&sign_in));
                let shown = tokens.refresh.clone();
                tokio::spawn(async move { refresh(&clinic, &sign_in, &shown).await.unwrap().refresh })
            })
            .collect();
        let mut next = Vec::new();
        for tab in tabs {
            next.push(tab.await.unwrap().to_cookie_value());
        }
        next.dedup();
        assert_eq!(next.len(), 1);
        assert_ne!(next, [tokens.refresh.to_cookie_value()]);
    }

    async fn an_account_that_is_not_acceptable_is_not_made(db) {
        let (clinic, sign_in) = open(&db).await;
        let make = |change: fn(&mut NewUser)| {
            let mut new = NewUser { email: "b@example.org".to_owned(), ..aline() };
            change(&mut new);
            create_user(&clinic, sign_in.passwords(), AuditActor::System, new)
        };
        let taken = make(|new| new.email = "ALINE@example.org".to_owned()).await;
        assert!(matches!(taken, Err(CreateUserError::EmailTaken)));
        assert!(matches!(make(|new| new.email.clear()).await, Err(CreateUserError::Email)));
        assert!(matches!(make(|new| new.name = "\n".to_owned()).await, Err(CreateUserError::Name)));
        let short = make(|new| new.password = "elevenchars".to_owned()).await;
        assert!(matches!(short, Err(CreateUserError::Password)));
        make(|_| ()).await.unwrap();
    }
}
