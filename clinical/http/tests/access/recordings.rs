//! Recordings over HTTP: who hears of them, tickets, ranges, holding and deleting.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use clinical_app::recordings::{
    self, Contents, Made, MediaFile, PLAY_LIFE_US, Progress, Secret, Shelf, ShelfError, Track,
};
use clinical_app::{Micros, RecordingId};
use clinical_http::CookiePolicy;
use clinical_model::AppointmentId;
use clinical_store::booking;
use clinical_store::on_both_engines;
use clinical_store::testbed::{TestDb, audit_rows};
use serde_json::{Value, json};
use signaling_protocol::RoomId;
use tower::ServiceExt as _;

use crate::house::{Answer, House, MONDAY};

/// The only file of every recording of this shelf.
pub(crate) const FILE: u32 = 1;

/// A shelf in memory: what recordings are made of is tested where they are made.
#[derive(Debug, Default)]
pub(crate) struct PaperShelf {
    gone: Mutex<BTreeSet<RecordingId>>,
}

struct Paper(Vec<u8>);

impl MediaFile for Paper {
    fn bytes(&self, from: u64, length: usize) -> Result<Vec<u8>, ShelfError> {
        let from = usize::try_from(from).unwrap();
        Ok(self.0[from..self.0.len().min(from + length)].to_vec())
    }
}

/// Longer than what is read at once, and no two places alike.
fn content() -> Vec<u8> {
    (0..600_000_u32)
        .map(|at| u8::try_from((at * 31 + at / 251) % 251).unwrap())
        .collect()
}

impl Shelf for PaperShelf {
    fn contents(&self, id: RecordingId, _: &Secret) -> Result<Contents, ShelfError> {
        if self.gone.lock().unwrap().contains(&id) {
            return Err(ShelfError::Missing);
        }
        Ok(Contents {
            recovered: false,
            tracks: vec![Track {
                file: FILE,
                kind: "mixdown".to_owned(),
                media_type: "audio/webm; codecs=\"opus\"".to_owned(),
                person: None,
                from_ms: 0,
                to_ms: 1_000,
                bytes: content().len() as u64,
                gaps: Vec::new(),
            }],
        })
    }

    fn open(
        &self,
        (id, file): (RecordingId, u32),
        secret: &Secret,
    ) -> Result<(Track, Box<dyn MediaFile>), ShelfError> {
        let tracks = self.contents(id, secret)?.tracks;
        let found = tracks.into_iter().find(|it| it.file == file);
        let track = found.ok_or(ShelfError::Missing)?;
        Ok((track, Box::new(Paper(content()))))
    }

    fn destroy(&self, id: RecordingId) -> Result<(), ShelfError> {
        self.gone.lock().unwrap().insert(id);
        Ok(())
    }

    fn progress(&self, _: RecordingId) -> Option<Progress> {
        None
    }
}

/// A recording of a visit that is ready.
pub(crate) async fn recorded(house: &House, appointment: &str) -> RecordingId {
    let id = AppointmentId::from_uuid(appointment.parse().unwrap());
    let mut conn = house.clinic.db.read().await.unwrap();
    let visit = booking::find(&mut conn, id).await.unwrap().unwrap();
    drop(conn);
    let room = RoomId::from_uuid(visit.appointment.room.as_uuid());
    let begun = recordings::begin(house.desk(), room, 365).await.unwrap();
    recordings::ended(&house.clinic, begun.id).await.unwrap();
    let made = Made {
        duration_ms: 1_000,
        bytes: 2_000,
    };
    let prepared = recordings::prepared(&house.clinic, begun.id, Some(made));
    prepared.await.unwrap();
    begun.id
}

struct Theatre {
    house: House,
    patient: String,
    doctor: String,
    admin: String,
    appointment: String,
    id: RecordingId,
}

impl Theatre {
    async fn open() -> Self {
        Self::open_on(TestDb::sqlite().await).await
    }

    async fn open_on(db: TestDb) -> Self {
        let house = House::over(db, CookiePolicy::PlainHttp).await;
        let patient = house.token("patient@demo.clinic").await;
        let doctor = house.token("doctor@demo.clinic").await;
        let admin = house.token("admin@demo.clinic").await;
        let me = house.call("GET /me", Some(&doctor), "").await.body["id"].clone();
        let me = me.as_str().unwrap();
        let path = format!("GET /doctors/{me}/slots?from_us={MONDAY}&days=3");
        let free = house.call(&path, Some(&patient), "").await.body;
        let body = json!({"doctor": me, "start_us": free["slots"][20]["start_us"]}).to_string();
        let booked = house
            .call("POST /appointments", Some(&patient), &body)
            .await;
        let appointment = booked.body["id"].as_str().unwrap().to_owned();
        let id = recorded(&house, &appointment).await;
        Self {
            house,
            patient,
            doctor,
            admin,
            appointment,
            id,
        }
    }

    async fn call(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        let what = format!("{method} /recordings/{}{path}", self.id);
        self.house.call(&what, Some(token), body).await
    }

    /// The cookie of a play.
    async fn play(&self, token: &str) -> String {
        let play = self.call("POST", "/plays", token, "").await;
        assert_eq!(play.status, StatusCode::OK, "{}", play.body);
        play.cookie()
    }

    async fn media(
        &self,
        file: u32,
        cookie: &str,
        range: &str,
    ) -> (StatusCode, HeaderMap, Vec<u8>) {
        self.fetch(&format!("/media/{file}"), cookie, range).await
    }

    async fn fetch(
        &self,
        path: &str,
        cookie: &str,
        range: &str,
    ) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut request = Request::get(format!("/api/v1/recordings/{}{path}", self.id));
        if !cookie.is_empty() {
            request = request.header("cookie", cookie);
        }
        if !range.is_empty() {
            request = request.header("range", range);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.house.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap().to_vec();
        (parts.status, parts.headers, bytes)
    }

    async fn audit_rows(&self) -> i64 {
        let mut conn = self.house.clinic.db.read().await.unwrap();
        audit_rows(&mut conn).await.unwrap()
    }
}

#[tokio::test]
async fn a_ticket_opens_the_media_for_some_minutes_in_every_range() {
    let theatre = Theatre::open().await;
    let before = theatre.audit_rows().await;
    let cookie = theatre.play(&theatre.patient).await;
    assert_eq!(
        theatre.audit_rows().await,
        before + 1,
        "each play is in the audit"
    );
    let content = content();
    let (status, headers, bytes) = theatre.media(FILE, &cookie, "").await;
    assert_eq!((status, bytes == content), (StatusCode::OK, true));
    assert_eq!(headers["content-type"], "audio/webm; codecs=\"opus\"");
    assert_eq!(headers["accept-ranges"], "bytes");
    assert_eq!(headers["cache-control"], "no-store");
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=262143-262145", 262_143, 262_146),
        ("bytes=599999-", 599_999, 600_000),
        ("bytes=-5", 599_995, 600_000),
    ] {
        let (status, headers, bytes) = theatre.media(FILE, &cookie, range).await;
        assert_eq!(status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(bytes, content[from..to], "{range}");
        let told = format!("bytes {from}-{}/600000", to - 1);
        assert_eq!(headers["content-range"], told.as_str());
    }
    let (status, headers, _) = theatre.media(FILE, &cookie, "bytes=600000-").await;
    assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(headers["content-range"], "bytes */600000");
    let (status, ..) = theatre.media(9, &cookie, "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    theatre.house.clock.advance(PLAY_LIFE_US);
    let (status, ..) = theatre.media(FILE, &cookie, "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

/// What the program `age` makes of a sealed file; none if it refuses it. It asks for words on a terminal
/// only, so `script` gives it one.
fn opened_by_age(sealed: &[u8], words: &str) -> Option<Vec<u8>> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("copy-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("copy.age"), sealed).unwrap();
    let mut child = Command::new("script")
        .args(["-qec", "age -d -o copy.zip copy.age", "/dev/null"])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(format!("{words}\n").as_bytes()).unwrap();
    let went_well = child.wait().unwrap().success();
    let opened = std::fs::read(folder.join("copy.zip"));
    std::fs::remove_dir_all(&folder).unwrap();
    went_well.then(|| opened.unwrap())
}

#[tokio::test]
async fn a_copy_holds_everything_that_plays_and_a_sealed_one_opens_with_its_words() {
    let theatre = Theatre::open().await;
    let before = theatre.audit_rows().await;
    let plain = theatre
        .call("POST", "/copies", &theatre.patient, r#"{"sealed":false}"#)
        .await;
    assert!(plain.body["words"].is_null(), "{}", plain.body);
    let sealed = theatre
        .call("POST", "/copies", &theatre.doctor, r#"{"sealed":true}"#)
        .await;
    assert_eq!(theatre.audit_rows().await, before + 2);
    let words = sealed.body["words"].as_str().unwrap();
    let unpacked = |bytes: Vec<u8>| {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let names: Vec<String> = archive
            .file_names()
            .map(|it| it.unwrap().into_owned())
            .collect();
        assert_eq!(names, ["README.txt", "mixdown.webm", "contents.json"]);
        let mut mixdown = Vec::new();
        let mut file = archive.by_name("mixdown.webm").unwrap();
        std::io::Read::read_to_end(&mut file, &mut mixdown).unwrap();
        assert!(mixdown == content());
    };
    let (status, headers, bytes) = theatre.fetch("/copy", &plain.cookie(), "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "application/zip");
    let told = headers["content-disposition"].to_str().unwrap();
    assert!(
        told.starts_with("attachment; filename=\"recording-20"),
        "{told}"
    );
    unpacked(bytes);

    let (_, headers, bytes) = theatre.fetch("/copy", &sealed.cookie(), "").await;
    assert_eq!(headers["cache-control"], "no-store");
    assert!(bytes.starts_with(b"age-encryption.org/v1"));
    unpacked(opened_by_age(&bytes, words).unwrap());
    assert!(opened_by_age(&bytes, "0000-0000-0000-0000-0000-0000").is_none());
    assert!(opened_by_age(&bytes[..bytes.len() - 1], words).is_none());

    // What lets one play gives no copy, and the other way round.
    let cookie = theatre.play(&theatre.patient).await;
    let value = |cookie: &str| cookie.split_once('=').unwrap().1.to_owned();
    for (path, cookie) in [
        ("/copy", cookie.clone()),
        ("/copy", format!("copy={}", value(&cookie))),
        ("/copy", String::new()),
        ("/media/1", format!("play={}", value(&plain.cookie()))),
    ] {
        let (status, ..) = theatre.fetch(path, &cookie, "").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn without_a_ticket_of_this_recording_there_is_nothing() {
    let theatre = Theatre::open().await;
    let cookie = theatre.play(&theatre.doctor).await;
    let other = Theatre::open().await;
    let foreign = other.play(&other.doctor).await;
    let mut changed = cookie.clone();
    changed.pop();
    for bad in ["", "play=", "play=x", &foreign, &changed] {
        let (status, _, bytes) = theatre.media(FILE, bad, "").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{bad}");
        assert!(bytes.len() < 500);
    }
    // The cookie is for this recording's media alone, and scripts do not see it.
    let play = theatre.call("POST", "/plays", &theatre.doctor, "").await;
    let set = play.headers["set-cookie"].to_str().unwrap();
    let path = format!("Path=/api/v1/recordings/{}/media;", theatre.id);
    assert!(set.contains(&path) && set.contains("HttpOnly; SameSite=Strict"));
}

on_both_engines! {
    async fn administrators_see_that_there_is_one_and_neither_whose_nor_what(db) {
        let theatre = Theatre::open_on(db).await;
        let list = theatre
            .house
            .call("GET /recordings", Some(&theatre.admin), "")
            .await
            .body;
        let row = &list["recordings"][0];
        assert_eq!(row["id"], json!(theatre.id.to_string()));
        assert_eq!(
            (&row["patient"], &row["patient_name"]),
            (&Value::Null, &Value::Null)
        );
        let full = theatre.call("GET", "", &theatre.admin, "").await.body;
        assert_eq!(full["tracks"], json!([]));
        let full = theatre.call("GET", "", &theatre.patient, "").await.body;
        assert_eq!(full["tracks"][0]["kind"], "mixdown");
        assert!(full["row"]["patient_name"].is_string());
        let figures = theatre
            .house
            .call("GET /recordings/figures", Some(&theatre.admin), "")
            .await
            .body;
        assert_eq!(
            (&figures["count"], &figures["bytes"], &figures["keep_days"]),
            (&json!(1), &json!(2_000), &json!(365))
        );
        for (query, count) in [
            ("?state=ready", 1),
            ("?state=failed", 0),
            ("?held=true", 0),
            ("?held=false", 1),
        ] {
            let what = format!("GET /recordings{query}");
            let list = theatre.house.call(&what, Some(&theatre.doctor), "").await;
            let found = list.body["recordings"].as_array().unwrap().len();
            assert_eq!(found, count, "{query}");
        }
    }

    async fn what_is_held_is_not_deleted_and_what_was_deleted_does_not_play(db) {
        let theatre = Theatre::open_on(db).await;
        let because = r#"{"reason":"Plainte du 3 mars"}"#;
        let cookie = theatre.play(&theatre.doctor).await;
        let held = theatre
            .call("POST", "/hold", &theatre.doctor, because)
            .await;
        assert_eq!(held.body["held"], json!(true), "{}", held.body);
        let refused = theatre
            .call("POST", "/delete", &theatre.admin, because)
            .await;
        assert_eq!(refused.code(), "wrong_state");
        theatre.call("POST", "/release", &theatre.admin, "").await;
        let empty = theatre
            .call("POST", "/delete", &theatre.admin, r#"{"reason":" "}"#)
            .await;
        assert_eq!(empty.code(), "invalid");
        let gone = theatre
            .call("POST", "/delete", &theatre.admin, because)
            .await;
        assert_eq!(gone.body["state"], "deleted", "{}", gone.body);
        assert_eq!(gone.body["reason"], "Plainte du 3 mars");
        let (status, ..) = theatre.media(FILE, &cookie, "").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let play = theatre.call("POST", "/plays", &theatre.doctor, "").await;
        assert_eq!(play.code(), "wrong_state");
        let twice = theatre
            .call("POST", "/delete", &theatre.admin, because)
            .await;
        assert_eq!(twice.code(), "wrong_state");
    }

    async fn recordings_are_deleted_when_their_time_is_over_and_nobody_holds_them(db) {
        let theatre = Theatre::open_on(db).await;
        let archive = theatre.house.archive();
        let because = r#"{"reason":"x"}"#;
        theatre.call("POST", "/hold", &theatre.admin, because).await;
        theatre.house.clock.advance(366 * Micros::DAY);
        let clinic = &theatre.house.clinic;
        assert_eq!(recordings::delete_due(clinic, archive).await.unwrap(), 0);
        let admin = theatre.house.token("admin@demo.clinic").await;
        theatre.call("POST", "/release", &admin, "").await;
        assert_eq!(recordings::delete_due(clinic, archive).await.unwrap(), 1);
        assert_eq!(recordings::delete_due(clinic, archive).await.unwrap(), 0);
        let full = theatre.call("GET", "", &admin, "").await.body;
        assert_eq!(full["row"]["state"], "deleted");
    }

    async fn a_facility_keeps_recordings_as_long_as_its_rules_say(db) {
        let theatre = Theatre::open_on(db).await;
        let house = &theatre.house;
        let rules = async |what: &str, body: &str| house.call(what, Some(&theatre.admin), body).await;
        let read = rules("GET /recordings/rules", "").await.body;
        assert_eq!((&read["keep_days"], &read["version"]), (&365.into(), &0.into()));
        let service = read["services"][0]["service"].as_str().unwrap();
        let change = |days: u32, own: u32, version: u32| {
            format!(r#"{{"keep_days":{days},"version":{version},
                "services":[{{"service":"{service}","keep_days":{own}}}]}}"#)
        };
        for refused in [
            change(29, 400, 0),
            change(400, 10_959, 0),
            r#"{"keep_days":400,"version":0,"services":[{"keep_days":40,
                "service":"0192f0c0-0000-7000-8000-000000000009"}]}"#.to_owned(),
        ] {
            assert_eq!(rules("PUT /recordings/rules", &refused).await.code(), "invalid");
        }
        assert_eq!(rules("PUT /recordings/rules", &change(40, 50, 3)).await.code(), "changed");
        let written = rules("PUT /recordings/rules", &change(40, 50, 0)).await.body;
        assert_eq!(written["services"][0]["keep_days"], 50);
        assert_eq!(rules("PUT /recordings/rules", &change(41, 50, 0)).await.code(), "changed");
        assert_eq!(rules("GET /recordings/rules", "").await.body, written);
        assert_eq!(rules("PUT /recordings/rules", &change(41, 50, 1)).await.body["version"], 2);
        // The visit is of no kind, so the days of every visit count, from the next recording on.
        let kept = async |id: RecordingId| {
            let what = format!("GET /recordings/{id}");
            let row = house.call(&what, Some(&theatre.admin), "").await.body["row"].clone();
            (row["keep_until_us"].as_i64().unwrap() - row["started_us"].as_i64().unwrap()) / Micros::DAY
        };
        assert_eq!(kept(theatre.id).await, 365);
        assert_eq!(kept(recorded(house, &theatre.appointment).await).await, 41);
    }
}
