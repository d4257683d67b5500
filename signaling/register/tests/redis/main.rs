//! The scripts in a real Redis mean the same as the rules in memory: on one server, in a Redis Cluster and
//! behind Sentinels, in clear and by TLS, before and after a server was lost.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod servers;

use signaling_directory::{About, Ask, Epoch, Lease, Ledger, Member, NodeName, Registry as _};
use signaling_protocol::RoomId;
use signaling_register::{Entry, Layout, RedisRegister};
use uuid::Uuid;

use self::servers::{Folder, Server, register, said, until_good};

fn name(text: &str) -> NodeName {
    text.parse().unwrap()
}

fn room(number: u128) -> RoomId {
    RoomId::from_uuid(Uuid::from_u128(number))
}

/// The key of a room, as other programs see it.
fn key(number: u128) -> String {
    format!("telehealth:room:{}", Uuid::from_u128(number).simple())
}

fn clear(server: &Server) -> Vec<String> {
    vec![format!("redis://127.0.0.1:{}", server.port)]
}

fn by_tls(servers: &[Server]) -> Vec<String> {
    let url = |it: &Server| format!("rediss://127.0.0.1:{}", it.port);
    servers.iter().map(url).collect()
}

fn sentinel() -> Layout {
    Layout::Sentinel {
        master: "clinic".to_owned(),
    }
}

/// Does the same at random in the register and by the rules, and compares.
async fn means_what_the_rules_say(register: &RedisRegister, steps: u32) {
    let names = [name("a"), name("b"), name("c")];
    let mut random = fastrand::Rng::with_seed(9);
    let mut ledger = Ledger::default();
    for step in 0..steps {
        let room = room(random.u128(0..12));
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
            [Some(ledger.claim(room, by, ask, 0))],
            "claim, step {step}"
        );
    }
}

fn member(text: &str, load: u32) -> Member {
    Member {
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
    }
}

/// Rooms that no other part of a test has.
fn many_rooms(has: Epoch) -> Vec<(RoomId, Ask)> {
    let ask = Ask {
        has,
        ..Ask::default()
    };
    (1_000..1_450).map(|number| (room(number), ask)).collect()
}

async fn takes_many_rooms_and_tells_nodes_of_each_other(register: &RedisRegister) {
    let rooms = many_rooms(Epoch(0));
    let leases = register.claim(&name("a"), &rooms).await.unwrap();
    assert_eq!(leases.len(), 450);
    let is_first = |it: &Lease| it.owner == name("a") && it.epoch == Epoch(1);
    assert!(leases.iter().all(|it| it.as_ref().is_some_and(is_first)));

    register.beat(&member("a", 3)).await.unwrap();
    register.beat(&member("b", 0)).await.unwrap();
    let mut both = register.beat(&member("a", 4)).await.unwrap();
    both.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(both, [member("a", 4), member("b", 0)]);
    register.leave(&name("b")).await.unwrap();
    let alone = register.beat(&member("a", 4)).await.unwrap();
    assert_eq!(alone, [member("a", 4)]);
}

/// What an owner is answered, if anything.
async fn claimed(register: &RedisRegister, rooms: &[(RoomId, Ask)]) -> Vec<Option<Lease>> {
    let claimed = register.claim(&name("a"), rooms).await;
    claimed.unwrap_or_else(|_| vec![None; rooms.len()])
}

/// After a server was lost, an owner tells its rooms again and hears of the others, as every second.
async fn heals(register: &RedisRegister) {
    let rooms = many_rooms(Epoch(1));
    until_good(async || {
        register.beat(&member("a", 4)).await.is_ok()
            && claimed(register, &rooms).await.iter().all(Option::is_some)
    })
    .await;
    let leases = register.claim(&name("b"), &rooms).await.unwrap();
    let is_kept = |it: &Lease| it.owner == name("a") && it.epoch == Epoch(1);
    let is_kept = |it: &Option<Lease>| it.as_ref().is_some_and(is_kept);
    assert!(leases.iter().all(is_kept), "nobody else gets them");
}

#[tokio::test]
async fn one_server() {
    let folder = Folder::new();
    let server = servers::plain(&folder);
    let register = register(&clear(&server), Layout::Servers, &Entry::default()).await;
    means_what_the_rules_say(&register, 2_000).await;
    takes_many_rooms_and_tells_nodes_of_each_other(&register).await;
}

#[tokio::test]
async fn a_redis_that_is_gone_is_an_error_soon_and_one_that_is_back_is_used_again() {
    let folder = Folder::new();
    let mut server = servers::plain(&folder);
    let register = register(&clear(&server), Layout::Servers, &Entry::default()).await;
    register
        .claim(&name("a"), &[(room(1), Ask::default())])
        .await
        .unwrap();
    server.kill();
    assert!(register.look(room(1)).await.is_err());
    server.restart();
    let mut seen = None;
    until_good(async || {
        let looked = register.look(room(1)).await;
        looked.is_ok_and(|it| {
            seen = it;
            true
        })
    })
    .await;
    assert_eq!(seen, None);
}

#[tokio::test]
async fn one_server_by_tls_with_certificates_of_both_sides_and_a_password() {
    let folder = Folder::new();
    folder.make_certificates();
    let server = [servers::guarded(&folder)];
    let urls = by_tls(&server);
    let register = register(&urls, Layout::Servers, &folder.entry()).await;
    means_what_the_rules_say(&register, 200).await;
    for lacking in [
        Entry {
            password: None,
            ..folder.entry()
        },
        Entry {
            identity: None,
            ..folder.entry()
        },
        // Whom the system trusts says nothing about this server.
        Entry {
            authorities: None,
            ..folder.entry()
        },
    ] {
        let terms = signaling_register::RegisterTerms::default();
        let other = RedisRegister::new(&urls, Layout::Servers, &lacking, terms).unwrap();
        assert!(other.ping().await.is_err());
        register.ping().await.unwrap();
    }
}

/// Who has the slot of a key, as place among the servers.
fn owner_of(folder: &Folder, cluster: &[Server], key: &str) -> (usize, String) {
    let slot = said(folder, cluster[0].port, &["cluster", "keyslot", key]);
    let wanted: u32 = slot.parse().unwrap();
    let nodes = said(folder, cluster[0].port, &["cluster", "nodes"]);
    for line in nodes.lines().filter(|line| line.contains("master")) {
        let has = line.split_whitespace().skip(8).any(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let is_in = |low: u32, high: u32| low <= wanted && wanted <= high;
            first
                .parse()
                .is_ok_and(|low| last.parse().is_ok_and(|high| is_in(low, high)))
        });
        let port = line
            .split_whitespace()
            .nth(1)
            .and_then(|it| it.split(['@', ',']).next());
        let port = port.and_then(|it| it.rsplit(':').next()).unwrap();
        if has {
            let is_it = |it: &Server| it.port.to_string() == port;
            return (cluster.iter().position(is_it).unwrap(), slot);
        }
    }
    unreachable!("every slot has a server: {nodes}")
}

#[tokio::test]
async fn a_cluster_by_tls_whose_slots_move_and_whose_servers_are_lost() {
    let folder = Folder::new();
    folder.make_certificates();
    let mut cluster = servers::cluster(&folder);
    // One of them is enough to find the others.
    let register = register(&by_tls(&cluster[1..2]), Layout::Cluster, &folder.entry()).await;
    means_what_the_rules_say(&register, 600).await;
    takes_many_rooms_and_tells_nodes_of_each_other(&register).await;
    for server in &cluster {
        let errors = said(&folder, server.port, &["info", "errorstats"]);
        assert!(
            !errors.contains("MOVED"),
            "every call came to the right server"
        );
        // Each has a part of the rooms; those of the second row receive theirs a while later.
        until_good(async || {
            let rooms = said(&folder, server.port, &["dbsize"]);
            rooms.parse::<u32>().unwrap() > 100
        })
        .await;
    }

    // A slot on its way to another server, and after that.
    let (from, slot) = owner_of(&folder, &cluster, &key(77));
    let to = (0..3).find(|it| *it != from).unwrap();
    let id = |at: usize| said(&folder, cluster[at].port, &["cluster", "myid"]);
    let set = |at: usize, words: &[&str]| {
        let words = [&["cluster", "setslot", slot.as_str()], words].concat();
        assert_eq!(said(&folder, cluster[at].port, &words), "OK");
    };
    set(to, &["importing", &id(from)]);
    set(from, &["migrating", &id(to)]);
    let ask = [(room(77), Ask::default())];
    assert_eq!(register.look(room(77)).await.unwrap(), None);
    let lease = register.claim(&name("a"), &ask).await.unwrap();
    assert_eq!(
        register.look(room(77)).await.unwrap().as_ref(),
        lease[0].as_ref()
    );
    set(to, &["node", &id(to)]);
    set(from, &["node", &id(to)]);
    assert_eq!(
        register.look(room(77)).await.unwrap().as_ref(),
        lease[0].as_ref()
    );

    // The server of the list of nodes, and whom the register was told of.
    for lost in [owner_of(&folder, &cluster, &key(1_000)).0, 1] {
        cluster[lost].kill();
        heals(&register).await;
    }
}

#[tokio::test]
async fn a_cluster_that_lacks_a_server_answers_for_the_rooms_of_the_others() {
    let folder = Folder::new();
    folder.make_certificates();
    let mut cluster = servers::cluster_of(&folder, 0);
    let urls = by_tls(&cluster);
    let register = register(&urls, Layout::Cluster, &folder.entry()).await;
    let rooms = many_rooms(Epoch(1));
    heals(&register).await;
    let (with_nodes, _) = owner_of(&folder, &cluster, "telehealth:nodes");
    let held: Vec<u32> = cluster
        .iter()
        .map(|it| said(&folder, it.port, &["dbsize"]).parse().unwrap())
        .collect();
    let answered = async |count: usize| {
        let mut leases = Vec::new();
        until_good(async || {
            leases = claimed(&register, &rooms).await;
            leases.iter().flatten().count() == count
        })
        .await;
        assert!(leases.iter().flatten().all(|it| it.owner == name("a")));
    };

    // One hangs, and nodes still hear of each other.
    let hangs = (with_nodes + 1) % 3;
    cluster[hangs].hang(true);
    answered(450 - usize::try_from(held[hangs]).unwrap()).await;
    until_good(async || register.beat(&member("a", 4)).await.is_ok()).await;
    cluster[hangs].hang(false);
    heals(&register).await;

    // The one with the list of nodes is lost.
    cluster[with_nodes].kill();
    answered(450 + 1 - usize::try_from(held[with_nodes]).unwrap()).await;
    assert!(register.beat(&member("a", 4)).await.is_err());
}

#[tokio::test]
async fn sentinels_by_tls_whose_server_is_lost() {
    let folder = Folder::new();
    folder.make_certificates();
    let (mut watched, mut sentinels) = servers::watched(&folder);
    let urls = sentinels.iter().map(|it| {
        let secret = servers::SENTINEL_PASSWORD;
        format!("rediss://:{secret}@127.0.0.1:{}", it.port)
    });
    let urls: Vec<_> = urls.collect();
    let here = register(&urls, sentinel(), &folder.entry()).await;
    means_what_the_rules_say(&here, 200).await;
    takes_many_rooms_and_tells_nodes_of_each_other(&here).await;
    until_good(async || {
        let port = sentinels[2].port;
        sentinel_said(&folder, port).contains("num-other-sentinels\n2")
            && sentinel_said(&folder, port).contains("num-slaves\n2")
    })
    .await;
    watched[0].kill();
    heals(&here).await;

    // One that comes back takes writes until the Sentinels see it; nobody is led there. Neither needs
    // anybody the Sentinel that was named first.
    watched[0].restart();
    sentinels[0].kill();
    let there = register(&urls, sentinel(), &folder.entry()).await;
    let seen = there.look(room(1_000)).await.unwrap().unwrap();
    assert_eq!((seen.owner, seen.epoch), (name("a"), Epoch(1)));

    let unknown = Layout::Sentinel {
        master: "other".to_owned(),
    };
    let terms = signaling_register::RegisterTerms::default();
    let other = RedisRegister::new(&urls[1..], unknown, &folder.entry(), terms).unwrap();
    let error = other.ping().await.unwrap_err().to_string();
    assert!(error.contains("know no server of this name"), "{error}");
}

#[tokio::test]
async fn a_sentinel_that_was_cut_off_leads_nobody_to_the_old_server() {
    let folder = Folder::new();
    for newer in 1..3 {
        let (masters, sentinels) = servers::parted(&folder, newer);
        for port in sentinels.iter().map(|it| it.port) {
            until_good(async || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
        }
        let urls: Vec<_> = sentinels.iter().flat_map(clear).collect();
        let here = register(&urls, sentinel(), &Entry::default()).await;
        let ask = [(room(1), Ask::default())];
        here.claim(&name("a"), &ask).await.unwrap();
        let both = masters.iter().map(clear);
        let mut seen = Vec::new();
        for urls in both {
            let there = register(&urls, Layout::Servers, &Entry::default()).await;
            seen.push(there.look(room(1)).await.unwrap().is_some());
        }
        assert_eq!(seen, [false, true]);
    }
}

fn sentinel_said(folder: &Folder, port: u16) -> String {
    let mut command = servers::client(folder);
    command.env("REDISCLI_AUTH", servers::SENTINEL_PASSWORD);
    command.args(["-h", "127.0.0.1", "-p", &port.to_string()]);
    let done = command.args(["sentinel", "master", "clinic"]).output();
    String::from_utf8_lossy(&done.unwrap().stdout).into_owned()
}

#[tokio::test]
async fn a_kind_that_is_another_one_is_said() {
    let folder = Folder::new();
    let server = servers::plain(&folder);
    let urls = clear(&server);
    register(&urls, Layout::Servers, &Entry::default()).await;
    let terms = signaling_register::RegisterTerms::default();
    let other = RedisRegister::new(&urls, Layout::Cluster, &Entry::default(), terms).unwrap();
    let error = other.ping().await.unwrap_err().to_string();
    assert!(error.contains("no Redis Cluster"), "{error}");
}
