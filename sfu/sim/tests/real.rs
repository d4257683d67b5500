//! The same calls with the server's own cryptography.

mod calls;

use calls::call;
use sfu_sim::{Access, Sabotage, simulate};

#[test]
fn a_call_with_real_cryptography_has_no_fault_either() {
    let scenario = call(
        2,
        &[Access::Fibre, Access::Wifi, Access::Lte, Access::Fibre],
        &[],
        20,
    );
    let report = simulate(&scenario, 1, Sabotage::Nothing).unwrap();
    assert!(report.frames > 100, "{report:?}");
}
