//! The scripts in a real Redis mean the same as the rules in memory.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use core::time::Duration;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use signaling_directory::{About, Ask, Epoch, Ledger, Member, NodeName, Registry as _};
use signaling_protocol::RoomId;
use signaling_register::{RedisRegister, RegisterTerms};
use uuid::Uuid;

/// A Redis of one test, without files.
struct Redis {
    process: Child,
    url: String,
}

impl Redis {
    fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--dir", "/tmp"])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed (scripts/setup test)");
        Self {
            process,
            url: format!("redis://127.0.0.1:{port}"),
        }
    }

    /// The register, once Redis answers.
    async fn register(&self) -> RedisRegister {
        let terms = RegisterTerms {
            lease: Duration::from_hours(1),
            ..RegisterTerms::default()
        };
        let register = RedisRegister::new(core::slice::from_ref(&self.url), terms).unwrap();
        let answers = async { while register.ping().await.is_err() {} };
        tokio::time::timeout(Duration::from_mins(1), answers)
            .await
            .expect("Redis starts");
        register
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn name(text: &str) -> NodeName {
    text.parse().unwrap()
}

#[tokio::test]
async fn the_scripts_say_what_the_rules_say() {
    let redis = Redis::start();
    let register = redis.register().await;
    let names = [name("a"), name("b"), name("c")];
    let mut random = fastrand::Rng::with_seed(9);
    let mut ledger = Ledger::default();
    for step in 0..2_000 {
        let room = RoomId::from_uuid(Uuid::from_u128(random.u128(0..5)));
        let by = &names[random.usize(0..3)];
        let seen = register.look(room).await.unwrap();
        assert_eq!(seen, ledger.look(room, 0), "look, step {step}");
        if random.u8(0..4) == 0 {
            register.release(by, &[room]).await.unwrap();
            ledger.release(room, by);
            continue;
        }
        let near = |random: &mut fastrand::Rng| {
            let epoch = seen.as_ref().map_or(0, |it| it.epoch.0);
            Epoch((epoch + random.u64(0..3)).saturating_sub(1))
        };
        let ask = Ask {
            has: if random.bool() {
                near(&mut random)
            } else {
                Epoch(0)
            },
            deposes: if random.u8(0..3) == 0 {
                Some(near(&mut random))
            } else {
                None
            },
        };
        let lease = register.claim(by, &[(room, ask)]).await.unwrap();
        assert_eq!(
            lease,
            [ledger.claim(room, by, ask, 0)],
            "claim, step {step}"
        );
    }
}

#[tokio::test]
async fn many_rooms_are_renewed_together_and_nodes_hear_of_each_other() {
    let redis = Redis::start();
    let register = redis.register().await;
    let rooms: Vec<_> = (0..450)
        .map(|number| (RoomId::from_uuid(Uuid::from_u128(number)), Ask::default()))
        .collect();
    let leases = register.claim(&name("a"), &rooms).await.unwrap();
    assert_eq!(leases.len(), 450);
    assert!(
        leases
            .iter()
            .all(|it| it.owner == name("a") && it.epoch == Epoch(1))
    );

    let member = |text: &str, load| Member {
        name: name(text),
        address: format!("{text}.example:7700"),
        load,
        is_draining: load == 0,
        key_id: "k".to_owned(),
        about: About {
            region: (load == 0).then(|| "west".parse().unwrap()),
            pages: (load == 0).then(|| "https://a.example".to_owned()),
            media: (load == 0).then(|| "10.0.0.1".parse().unwrap()),
            ..About::default()
        },
    };
    register.beat(&member("a", 3)).await.unwrap();
    register.beat(&member("b", 0)).await.unwrap();
    let mut both = register.beat(&member("a", 4)).await.unwrap();
    both.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(both, [member("a", 4), member("b", 0)]);
    register.leave(&name("b")).await.unwrap();
    assert_eq!(
        register.beat(&member("a", 4)).await.unwrap(),
        [member("a", 4)]
    );
}

#[tokio::test]
async fn a_redis_that_is_gone_is_an_error_soon_and_one_that_is_back_is_used_again() {
    let mut redis = Redis::start();
    let register = redis.register().await;
    redis.process.kill().unwrap();
    redis.process.wait().unwrap();
    let room = RoomId::from_uuid(Uuid::from_u128(1));
    assert!(register.look(room).await.is_err());
    let port = redis.url.rsplit(':').next().unwrap().to_owned();
    redis.process = Command::new("redis-server")
        .args([
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            "/tmp",
        ])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let back = async {
        loop {
            if let Ok(seen) = register.look(room).await {
                return seen;
            }
        }
    };
    let seen = tokio::time::timeout(Duration::from_mins(1), back).await;
    assert_eq!(seen.expect("it is used again"), None);
}
