//! Two nodes in two regions: where a visit is opened, and the edge that carries its media.

use core::time::Duration;
use std::net::{Ipv4Addr, SocketAddr};

use sfu_net::{EdgeConfig, start_edge};
use signaling_protocol::Role;
use signaling_server::Site;

use crate::callers::{Caller, one_hears_the_other};
use crate::house::{DOCTOR, PATIENT};
use crate::nodes::Street;

fn site(region: &str) -> Site {
    Site {
        region: Some(region.parse().unwrap()),
        media: Some(Ipv4Addr::LOCALHOST.into()),
        pages: None,
        edge: None,
    }
}

/// A region with an edge, and where people reach it.
fn site_with_edge(region: &str) -> (Site, SocketAddr) {
    let edge = start_edge(&EdgeConfig {
        bind: Ipv4Addr::LOCALHOST.into(),
        udp_port: 0,
        advertise: vec![Ipv4Addr::LOCALHOST.into()],
        flows_max: 4,
    })
    .unwrap();
    let address = *edge.addresses().first().unwrap();
    let site = Site {
        edge: Some(edge),
        ..site(region)
    };
    (site, address)
}

async fn street(sites: [Site; 2]) -> Street {
    let street = Street::open_at(Duration::ZERO, false, sites).await;
    street.lines().await;
    street
}

#[tokio::test]
async fn a_visit_is_opened_in_the_region_of_who_opens_it() {
    // Without regions one and the same node would get this room whoever opens it.
    for opener in [0, 1] {
        let street = street([site("east"), site("west")]).await;
        let house = &street.houses[opener];
        let _doctor = house.enter(DOCTOR, Role::Clinician).await;
        let (owner, _) = street.owner_first();
        assert_eq!(street.name(owner), street.name(house));
    }
}

#[tokio::test]
async fn who_reaches_only_the_edge_of_their_region_is_in_a_visit_of_another_one() {
    let (west, edge) = site_with_edge("west");
    let street = street([site("east"), west]).await;
    let (mut doctor, mut patient) = street.visit().await;
    let mut of_doctor = Caller::join(&mut doctor, 1).await;
    let mut of_patient = Caller::join_by(&mut patient, 2, Some(edge)).await;
    for _ in 0..3 {
        one_hears_the_other(&mut of_doctor, &mut of_patient).await;
        one_hears_the_other(&mut of_patient, &mut of_doctor).await;
    }
    // Their connection is the owner's, and outlives the messages that were carried.
    drop(patient);
    one_hears_the_other(&mut of_doctor, &mut of_patient).await;
    one_hears_the_other(&mut of_patient, &mut of_doctor).await;
    // Who offers again gets another connection by the same edge.
    let [_, b] = &street.houses;
    let mut patient = b.enter(PATIENT, Role::Patient).await;
    let mut again = Caller::join_by(&mut patient, 3, Some(edge)).await;
    one_hears_the_other(&mut of_doctor, &mut again).await;
    one_hears_the_other(&mut again, &mut of_doctor).await;
}
