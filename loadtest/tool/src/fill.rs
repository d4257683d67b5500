//! As many people as keep a server's core busy.

use anyhow::{Context as _, bail};
use loadtest_core::{Callers, Fill, Scenario, Step};

use crate::conduct::{self, How};
use crate::driver::Target;

/// How long a trial is measured, in seconds.
const TRIAL_S: u32 = 6;

/// The scenario with the load at which so many cores of this server are busy; as it is when nobody asks for that.
pub(crate) async fn filled(
    scenario: Scenario,
    wanted: Option<(f64, &Target)>,
    how: How,
) -> anyhow::Result<Scenario> {
    let Some((busy, target)) = wanted else {
        return Ok(scenario);
    };
    let mut fill = Fill::new(busy, scenario.load());
    let mut load = fill.first();
    loop {
        let mut trial = scenario.clone().with_load(load)?;
        trial.times.hold_s = trial.times.hold_s.min(TRIAL_S);
        let report = conduct::play(&trial, target, how).await?;
        let cost = report
            .server
            .context("what the server takes is not known")?;
        let (cores, lost) = (cost.cores(), report.delivery.lost());
        let failed = report.failed_joins + report.callers.as_ref().map_or(0, Callers::failed);
        let name = target.name();
        crate::say_note(&format!(
            "{name}: load {load}, {cores:.2} cores busy, {failed} did not get in, {lost} packets lost, \
             generator {:.2} cores",
            report.generator_cores
        ));
        match fill.told(cores, failed == 0 && lost == 0) {
            Step::Try(next) => load = next,
            Step::Found(load) => {
                let mut found = scenario.with_load(load)?;
                found.name = format!("{}, load {load}", found.name);
                return Ok(found);
            }
            Step::NotFound => {
                bail!("{name} was at no load {busy:.2} cores busy and delivered everything")
            }
        }
    }
}
