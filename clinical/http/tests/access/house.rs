//! The demo clinic behind the real router.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use clinical_app::demo::{DEMO_PASSWORD, seed};
use clinical_app::identity::SignIn;
use clinical_app::prescribing::{Checker, Dispensary, Seal};
use clinical_app::recordings::Archive;
use clinical_app::triage::Triage;
use clinical_app::visits::{LiveEffect, LiveVisits};
use clinical_app::{AccessKey, Clinic, Desk, Entropy, ManualClock};
use clinical_http::{ApiState, CookiePolicy, router};
use clinical_model::Micros;
use clinical_store::testbed::TestDb;
use serde_json::{Value, json};
use signaling_ticket::PassKey;
use tokio::sync::mpsc::Receiver;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::recordings::PaperShelf;

/// Monday, 23 November 2026, 08:00 UTC.
pub(crate) const MONDAY: i64 = 1_795_420_800_000_000;

pub(crate) struct House {
    pub(crate) _db: TestDb,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) clinic: Clinic,
    pub(crate) router: Router,
    state: ApiState,
    _effects: Receiver<LiveEffect>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        let coding = "/issue/0/details/coding/0/code";
        let code = self.body.get("code").or_else(|| self.body.pointer(coding));
        code.and_then(Value::as_str).unwrap_or_default()
    }

    /// The `refresh` cookie as a browser would send it back.
    pub(crate) fn cookie(&self) -> String {
        let set = self.headers.get("set-cookie").unwrap().to_str().unwrap();
        set.split(';').next().unwrap().to_owned()
    }
}

fn new_seal() -> Seal {
    Seal::from_text(&Seal::generate(Micros(MONDAY)).unwrap(), None).unwrap()
}

impl House {
    pub(crate) async fn open(cookies: CookiePolicy) -> Self {
        Self::over(TestDb::sqlite().await, cookies).await
    }

    /// The demo clinic in a database of the test's choice.
    pub(crate) async fn over(db: TestDb, cookies: CookiePolicy) -> Self {
        let clock = Arc::new(ManualClock::at(Micros(MONDAY)));
        let clinic = Clinic {
            db: db.clone(),
            clock: clock.clone(),
            entropy: Arc::new(Entropy::seeded(3)),
        };
        let access = AccessKey::from_pem(&AccessKey::generate().unwrap()).unwrap();
        let archive = Archive::new(Arc::new(PaperShelf::default()), &access, 365);
        let sign_in = SignIn::new(access, &clinic.entropy).unwrap();
        let passes = PassKey::from_pem(&PassKey::generate().unwrap()).unwrap();
        let (live, effects) = LiveVisits::channel();
        let desk = Desk::new(clinic.clone(), Arc::new(passes), live);
        Box::pin(seed(&desk, sign_in.passwords())).await.unwrap();
        let state = ApiState {
            clinic: clinic.clone(),
            sign_in: Arc::new(sign_in),
            cookies,
            desk,
            dispensary: Arc::new(Dispensary::new(Checker::shipped(), new_seal())),
            recordings: Some(archive),
            mailroom: None,
            triage: Triage::new(None),
        };
        Self {
            _db: db,
            clock,
            clinic,
            router: router(state.clone()),
            state,
            _effects: effects,
        }
    }

    pub(crate) const fn desk(&self) -> &Desk {
        &self.state.desk
    }

    pub(crate) fn archive(&self) -> &Archive {
        self.state.recordings.as_ref().unwrap()
    }

    /// The same house with another safety check.
    pub(crate) fn set_checker(&mut self, checker: Checker) {
        let dispensary = Arc::new(Dispensary::new(checker, new_seal()));
        self.router = router(ApiState {
            dispensary,
            ..self.state.clone()
        });
    }

    /// Gets a file.
    pub(crate) async fn bytes(&self, path: &str, token: &str) -> Vec<u8> {
        let request = Request::get(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty());
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()["content-type"], "application/pdf");
        to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap()
            .to_vec()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        }
    }

    /// Calls an operation with a JSON text as body, empty for none.
    pub(crate) async fn call(&self, what: &str, token: Option<&str>, body: &str) -> Answer {
        let (method, path) = what.split_once(' ').unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"));
        if let Some(token) = token {
            // With a key of its own, as a careful client: what commits twice would be refused.
            request = request
                .header("authorization", format!("Bearer {token}"))
                .header("idempotency-key", Uuid::new_v4().to_string());
        }
        if !body.is_empty() {
            let kind = match method {
                "PATCH" => "application/json-patch+json",
                _ => "application/json",
            };
            request = request.header("content-type", kind);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    /// Sends a file to a patient's chart.
    pub(crate) async fn upload(
        &self,
        (token, record): (&str, &str),
        (kind, bytes): (&str, &[u8]),
    ) -> Answer {
        let request = Request::post(format!("/api/v1/patients/{record}/documents"))
            .header("authorization", format!("Bearer {token}"))
            .header("idempotency-key", Uuid::new_v4().to_string())
            .header("content-type", kind)
            .header(
                "x-document",
                "title=Bilan+sanguin+%C3%A0+jeun&class=laboratory",
            )
            .body(Body::from(bytes.to_vec()))
            .unwrap();
        self.send(request).await
    }

    /// `POST /auth/<what>` as a page of ours does it.
    pub(crate) async fn with_cookie(&self, what: &str, cookie: &str) -> Answer {
        let request = Request::post(format!("/api/v1/auth/{what}"))
            .header("x-requested-with", "telehealth")
            .header("cookie", cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password}).to_string();
        self.call("POST /auth/login", None, &body).await
    }

    pub(crate) async fn token(&self, email: &str) -> String {
        let answer = self.login(email, DEMO_PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{email}: {}", answer.body);
        answer.body["access_token"].as_str().unwrap().to_owned()
    }
}
