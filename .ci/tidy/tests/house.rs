//! The rules of the house, applied to this repository.
#![expect(clippy::unwrap_used, reason = "tests")]

use cargo_metadata::{Metadata, MetadataCommand};
use tidy::arrows::{self, Reserved, Room};
use tidy::licences::{self, Policy};
use tidy::{accounts, fences, links, manifests, proofs, sizes, tree, words};

/// A machine that is pure or runs in a browser knows nothing of a server.
const NO_SERVER: &[&str] = &["tokio", "mio", "axum", "hyper", "sqlx", "reqwest", "str0m"];
/// Server crates without media.
const NO_MEDIA: &[&str] = &["str0m", "quinn-udp", "leptos", "web-sys"];

/// What pages compute, without a server and without a page.
const NO_BROWSER: &[&str] = &[
    "tokio",
    "mio",
    "axum",
    "hyper",
    "sqlx",
    "reqwest",
    "str0m",
    "leptos",
    "gloo-net",
    "gloo-timers",
    "web-sys",
];

/// Who may import whom among our crates, and what they may never reach.
const ROOMS: &[Room] = &[
    Room {
        name: "sfu-core",
        may_import: &["recordings-tap"],
        tests_may_import: &[],
        never_reaches: &[
            "tokio",
            "mio",
            "axum",
            "hyper",
            "sqlx",
            "reqwest",
            "quinn-udp",
        ],
    },
    Room {
        name: "sfu-net",
        may_import: &["sfu-core"],
        tests_may_import: &[],
        never_reaches: &["axum", "sqlx", "leptos"],
    },
    Room {
        name: "sfu-phone",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "sfu-scribe",
        may_import: &["recordings-tap", "sfu-phone", "speech"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "sfu-bridge",
        may_import: &["sfu-net", "sfu-phone"],
        tests_may_import: &[],
        never_reaches: &["axum", "sqlx", "leptos"],
    },
    Room {
        name: "sfu-sim",
        may_import: &["sfu-core"],
        tests_may_import: &[],
        never_reaches: &["tokio", "mio", "axum", "sqlx", "leptos"],
    },
    Room {
        name: "signaling-protocol",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "signaling-ticket",
        may_import: &["signaling-protocol"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "signaling-session",
        may_import: &["signaling-protocol"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "signaling-directory",
        may_import: &["signaling-protocol"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "signaling-register",
        may_import: &["signaling-protocol", "signaling-directory"],
        tests_may_import: &[],
        never_reaches: &["axum", "sqlx", "str0m", "leptos"],
    },
    Room {
        name: "signaling-sip",
        may_import: &["sfu-phone"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "signaling-phone",
        may_import: &["sfu-phone", "signaling-sip"],
        // The telephones of tests encrypt their sound as the bridge does.
        tests_may_import: &["sfu-bridge"],
        never_reaches: &["axum", "sqlx", "reqwest", "str0m", "leptos"],
    },
    Room {
        name: "signaling-server",
        may_import: &[
            "signaling-protocol",
            "signaling-ticket",
            "signaling-session",
            "signaling-directory",
            "sfu-net",
        ],
        tests_may_import: &[],
        never_reaches: &["sqlx", "leptos"],
    },
    Room {
        name: "clinical-safety",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-assistant",
        may_import: &["clinical-redflags"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-triage",
        may_import: &["clinical-redflags"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-finder",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-redflags",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-vault",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-ledger",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-archive",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-factors",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: &["tokio", "axum", "sqlx", "reqwest", "str0m"],
    },
    Room {
        name: "clinical-documents",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-calendar",
        may_import: &["clinical-model"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-fhir",
        may_import: &["clinical-model"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-hl7",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "speech",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "layers",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    // Processes of their own: the server reaches one by a pipe and the other by a local door, and links
    // none of them.
    Room {
        name: "telehealth-encoder",
        may_import: &["clinical-triage", "layers"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "telehealth-recogniser",
        may_import: &["speech", "layers"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-gateways",
        may_import: &["clinical-model", "clinical-app", "clinical-vault"],
        tests_may_import: &["clinical-store"],
        never_reaches: &["axum", "str0m", "quinn-udp", "leptos"],
    },
    Room {
        name: "clinical-model",
        may_import: &["clinical-safety"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-api",
        may_import: &["clinical-model"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "clinical-store",
        may_import: &[
            "clinical-archive",
            "clinical-ledger",
            "clinical-model",
            "clinical-vault",
        ],
        tests_may_import: &[],
        never_reaches: &["axum", "str0m", "quinn-udp", "leptos"],
    },
    Room {
        name: "clinical-app",
        may_import: &[
            "clinical-model",
            "clinical-assistant",
            "clinical-calendar",
            "clinical-documents",
            "clinical-factors",
            "clinical-finder",
            "clinical-hl7",
            "clinical-ledger",
            "clinical-redflags",
            "clinical-safety",
            "clinical-store",
            "clinical-triage",
            "clinical-vault",
            "signaling-protocol",
            "signaling-ticket",
        ],
        tests_may_import: &[],
        never_reaches: &["axum", "reqwest", "str0m", "quinn-udp", "leptos"],
    },
    Room {
        name: "clinical-http",
        may_import: &[
            "clinical-model",
            "clinical-api",
            "clinical-app",
            "clinical-archive",
            "clinical-fhir",
            "clinical-safety",
        ],
        tests_may_import: &[
            "clinical-store",
            "clinical-vault",
            "signaling-protocol",
            "signaling-ticket",
        ],
        never_reaches: NO_MEDIA,
    },
    Room {
        name: "web-call",
        may_import: &["signaling-protocol"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "web-logic",
        may_import: &["signaling-protocol", "clinical-api"],
        tests_may_import: &[],
        never_reaches: NO_BROWSER,
    },
    Room {
        name: "web-app",
        may_import: &[
            "web-call",
            "web-logic",
            "signaling-protocol",
            "clinical-api",
            "clinical-model",
            "clinical-safety",
        ],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "telehealth",
        may_import: &[
            "sfu-core",
            "sfu-net",
            "sfu-scribe",
            "sfu-bridge",
            "signaling-phone",
            "signaling-sip",
            "signaling-protocol",
            "signaling-ticket",
            "signaling-directory",
            "signaling-register",
            "signaling-server",
            "clinical-model",
            "clinical-api",
            "clinical-store",
            "clinical-app",
            "clinical-gateways",
            "clinical-archive",
            "clinical-hl7",
            "clinical-ledger",
            "clinical-vault",
            "clinical-http",
            "recordings-objects",
            "recordings-segments",
            "recordings-writer",
            "clinical-triage",
            "speech",
        ],
        tests_may_import: &["recordings-tap"],
        never_reaches: &["leptos", "web-sys"],
    },
    Room {
        name: "recordings-tap",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "recordings-segments",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "recordings-tracks",
        may_import: &["recordings-tap"],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "recordings-matroska",
        may_import: &[],
        tests_may_import: &["recordings-tap", "recordings-tracks"],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "recordings-writer",
        may_import: &[
            "recordings-tap",
            "recordings-segments",
            "recordings-tracks",
            "recordings-matroska",
        ],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "recordings-objects",
        may_import: &["recordings-segments"],
        tests_may_import: &[],
        never_reaches: &["axum", "leptos", "sqlx", "str0m"],
    },
    // The load tester sees the system from outside: wire types, and no server.
    Room {
        name: "loadtest-core",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "loadtest-independent",
        may_import: &["loadtest-core"],
        tests_may_import: &[],
        never_reaches: &["axum", "hyper", "sqlx", "reqwest", "str0m"],
    },
    Room {
        name: "telehealth-loadtest",
        may_import: &[
            "loadtest-core",
            "loadtest-independent",
            "signaling-protocol",
        ],
        tests_may_import: &[],
        never_reaches: &["axum", "sqlx", "leptos"],
    },
    // Whatever parses bytes from outside is tried here, so this reaches far; nothing imports it.
    Room {
        name: "fuzz-targets",
        may_import: &[
            "sfu-bridge",
            "sfu-core",
            "sfu-net",
            "sfu-phone",
            "signaling-protocol",
            "signaling-server",
            "signaling-sip",
            "signaling-ticket",
            "clinical-app",
            "clinical-archive",
            "clinical-calendar",
            "clinical-factors",
            "clinical-fhir",
            "clinical-finder",
            "clinical-gateways",
            "clinical-hl7",
            "clinical-http",
            "clinical-ledger",
            "clinical-model",
            "clinical-redflags",
            "clinical-safety",
            "recordings-matroska",
            "recordings-segments",
            "recordings-tracks",
            "recordings-writer",
            "speech",
            "web-call",
        ],
        tests_may_import: &[],
        never_reaches: &["leptos"],
    },
    Room {
        name: "bundle",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
    Room {
        name: "tidy",
        may_import: &[],
        tests_may_import: &[],
        never_reaches: NO_SERVER,
    },
];

/// Outside crates that belong to a few of ours.
const RESERVED: &[Reserved] = &[
    Reserved {
        name: "ndarray",
        owners: &["layers", "telehealth-encoder", "telehealth-recogniser"],
    },
    Reserved {
        name: "rsipstack",
        owners: &["signaling-phone"],
    },
    Reserved {
        name: "redis",
        owners: &["signaling-register"],
    },
    Reserved {
        name: "opus",
        owners: &["recordings-writer", "sfu-phone"],
    },
    Reserved {
        name: "object_store",
        owners: &["recordings-objects"],
    },
    Reserved {
        name: "sqlx",
        owners: &["clinical-store"],
    },
    Reserved {
        name: "axum",
        owners: &["clinical-http", "signaling-server", "telehealth"],
    },
    Reserved {
        name: "str0m",
        owners: &["sfu-core", "sfu-net", "sfu-sim", "telehealth-loadtest"],
    },
    // The other WebRTC stack, which shares no code with the product's; only people of the load test are on it.
    Reserved {
        name: "webrtc",
        owners: &["loadtest-independent"],
    },
    Reserved {
        name: "rtc",
        owners: &["loadtest-independent"],
    },
    Reserved {
        name: "quinn-udp",
        owners: &["sfu-net", "telehealth-loadtest"],
    },
    Reserved {
        name: "leptos",
        owners: &["web-app"],
    },
    Reserved {
        name: "leptos_router",
        owners: &["web-app"],
    },
    Reserved {
        name: "web-sys",
        owners: &["web-app", "web-call"],
    },
    Reserved {
        name: "wasm-bindgen",
        owners: &["web-app", "web-call"],
    },
    Reserved {
        name: "webauthn-rs",
        owners: &["clinical-factors"],
    },
    Reserved {
        name: "krilla",
        owners: &["clinical-documents"],
    },
    Reserved {
        name: "lettre",
        owners: &["clinical-gateways"],
    },
    Reserved {
        name: "reqwest",
        owners: &["clinical-gateways", "telehealth"],
    },
    Reserved {
        name: "argon2",
        owners: &["clinical-app"],
    },
    Reserved {
        name: "jsonwebtoken",
        owners: &["clinical-app", "signaling-ticket"],
    },
    Reserved {
        name: "anyhow",
        owners: &["telehealth", "telehealth-loadtest", "bundle", "tidy"],
    },
    Reserved {
        name: "clap",
        owners: &[
            "telehealth",
            "telehealth-encoder",
            "telehealth-loadtest",
            "telehealth-recogniser",
        ],
    },
];

const SERVER: &str = "x86_64-unknown-linux-gnu";
const BROWSER: &str = "wasm32-unknown-unknown";

/// What cargo knows of the workspace, on one platform or on all.
fn metadata(platform: Option<&str>) -> Metadata {
    let manifest = tree::root().unwrap().join("Cargo.toml");
    let mut options = vec!["--locked".to_owned()];
    if let Some(platform) = platform {
        options.extend(["--filter-platform".to_owned(), platform.to_owned()]);
    }
    MetadataCommand::new()
        .manifest_path(manifest)
        .other_options(options)
        .exec()
        .unwrap()
}

fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_import_is_in_the_table() {
    let (of_web, of_servers): (Vec<Room>, Vec<Room>) =
        ROOMS.iter().partition(|room| room.name.starts_with("web-"));
    for (platform, judged) in [(SERVER, of_servers), (BROWSER, of_web)] {
        let mut graph = arrows::graph(&metadata(Some(platform))).unwrap();
        graph
            .reached
            .retain(|name, _| judged.iter().any(|room| room.name == name));
        none(&arrows::problems(&graph, ROOMS, RESERVED));
    }
}

#[test]
fn every_file_is_small_and_has_a_name() {
    let texts = tree::tracked_texts(&tree::root().unwrap()).unwrap();
    for line in sizes::worth_cutting(&texts) {
        eprintln!("worth cutting: {line}");
    }
    none(&sizes::problems(&texts));
}

#[test]
fn no_file_holds_a_path_of_one_machine_or_a_loose_promise() {
    none(&words::problems(
        &tree::tracked_texts(&tree::root().unwrap()).unwrap(),
    ));
}

#[test]
fn no_docstring_looks_like_a_test() {
    none(&fences::problems(
        &tree::tracked_texts(&tree::root().unwrap()).unwrap(),
    ));
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let root = tree::root().unwrap();
    let paths = tree::tracked_paths(&root).unwrap().into_iter().collect();
    none(&links::problems(
        &tree::tracked_texts(&root).unwrap(),
        &paths,
    ));
}

#[test]
fn every_crate_keeps_the_lints_of_the_workspace() {
    let texts = tree::tracked_texts(&tree::root().unwrap()).unwrap();
    none(&manifests::problems(&texts).unwrap());
}

#[test]
fn every_dependency_has_a_licence_and_a_source_that_we_may_ship() {
    let root = tree::root().unwrap();
    let deny = std::fs::read_to_string(root.join("deny.toml")).unwrap();
    let packages = licences::packages(&metadata(None), &root).unwrap();
    assert!(
        packages.len() > 100,
        "only {} packages were found",
        packages.len()
    );
    none(&licences::problems(
        &Policy::parse(&deny).unwrap(),
        &packages,
    ));
}

#[test]
fn every_demo_account_that_a_document_names_is_made() {
    let texts = tree::tracked_texts(&tree::root().unwrap()).unwrap();
    let text = |path: &str| texts.iter().find(|text| text.path == path).unwrap();
    let source = text("clinical/app/src/demo/people.rs");
    none(&accounts::problems(source, &[text("README.md")]));
}

#[test]
fn every_file_and_every_test_that_a_table_of_safeguards_names_is_there() {
    let root = tree::root().unwrap();
    let texts = tree::tracked_texts(&root).unwrap();
    let paths = tree::tracked_paths(&root).unwrap().into_iter().collect();
    let text = |path: &str| texts.iter().find(|text| text.path == path).unwrap();
    let documents = [text("docs/compliance.md"), text("docs/safety.md")];
    none(&proofs::problems(&documents, &texts, &paths));
}
