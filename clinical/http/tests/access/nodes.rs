//! The machines of an installation, with a cluster of paper.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use clinical_app::nodes::{Node, NodeState, NodeWish, Nodes, WishError};
use clinical_http::CookiePolicy;
use clinical_store::testbed::audit_rows;
use serde_json::json;

use crate::house::House;

/// Two machines, of which `b` can be emptied.
#[derive(Default)]
struct PaperNodes {
    wishes: Mutex<Vec<(String, NodeWish)>>,
}

impl Nodes for PaperNodes {
    fn nodes(&self) -> Vec<Node> {
        let node = |name: &str, state, is_here| Node {
            name: name.to_owned(),
            state,
            is_here,
            rooms: 2,
            people: 5,
            load: Some(40),
            version: Some("1.0.0".to_owned()),
            since_us: 7,
        };
        vec![
            node("a", NodeState::Draining, true),
            node("b", NodeState::Ready, false),
        ]
    }

    fn is_cluster(&self) -> bool {
        true
    }

    fn can(&self, name: &str, _: NodeWish) -> Result<(), WishError> {
        match name {
            "a" => Err(WishError::LastOne),
            "b" => Ok(()),
            _ => Err(WishError::Unknown),
        }
    }

    fn wish(&self, name: &str, wish: NodeWish) -> Result<(), WishError> {
        self.wishes.lock().unwrap().push((name.to_owned(), wish));
        Ok(())
    }
}

#[tokio::test]
async fn an_administrator_empties_a_machine_and_it_is_on_record() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let admin = house.token("admin@demo.clinic").await;
    let alone = house.call("GET /nodes", Some(&admin), "").await;
    assert_eq!(alone.body, json!({"nodes": [], "is_cluster": false}));

    let paper = Arc::new(PaperNodes::default());
    house.desk().oversee(Arc::clone(&paper) as Arc<dyn Nodes>);
    let seen = house.call("GET /nodes", Some(&admin), "").await;
    assert_eq!(seen.body["is_cluster"], true);
    let first = json!({"name": "a", "state": "draining", "is_here": true, "rooms": 2, "people": 5,
        "load": 40, "version": "1.0.0", "since_us": 7});
    assert_eq!(seen.body["nodes"][0], first);

    let before = {
        let conn = &mut house.clinic.db.read().await.unwrap();
        audit_rows(conn).await.unwrap()
    };
    for (what, status) in [
        ("POST /nodes/b/drain", StatusCode::ACCEPTED),
        ("DELETE /nodes/b/drain", StatusCode::ACCEPTED),
        ("POST /nodes/a/drain", StatusCode::CONFLICT),
        ("POST /nodes/c/drain", StatusCode::NOT_FOUND),
    ] {
        let answer = house.call(what, Some(&admin), "").await;
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
    }
    let asked = paper.wishes.lock().unwrap().clone();
    let b = || "b".to_owned();
    assert_eq!(asked, [(b(), NodeWish::Drain), (b(), NodeWish::Serve)]);
    let conn = &mut house.clinic.db.read().await.unwrap();
    let rows = audit_rows(conn).await.unwrap();
    assert_eq!(rows, before + 2, "two wishes that were heard");
}
