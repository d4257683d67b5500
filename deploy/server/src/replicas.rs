//! Replicas of the store: their part of the configuration, and what they tell.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;
use clinical_app::{Db, ReplicaSettings, ReplicaState};
use metrics::{counter, describe_counter, describe_gauge, gauge};

use crate::config::StoreConfig;

/// How late a replica may be, in seconds, where nothing is said.
const LAG_S: u32 = 5;

/// Less is less than the looks at replicas are apart, with some of them lost.
const LAG_S_MIN: u32 = 2;

/// More than that is remembered nowhere.
const LAG_S_MAX: u32 = 300;

impl StoreConfig {
    /// The replicas; none where none is named.
    pub(crate) fn replicas(&self) -> anyhow::Result<Option<ReplicaSettings>> {
        let mut urls = self.replicas.clone();
        if let Some(file) = &self.replicas_file {
            let text = fs::read_to_string(file)
                .with_context(|| format!("cannot read store.replicas_file {}", file.display()))?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            urls.extend(lines.map(str::to_owned));
        }
        let lag_s = self.replica_lag_s_max.unwrap_or(LAG_S);
        anyhow::ensure!(
            (LAG_S_MIN..=LAG_S_MAX).contains(&lag_s),
            "store.replica_lag_s_max is from {LAG_S_MIN} to {LAG_S_MAX}"
        );
        anyhow::ensure!(
            urls.iter().all(|url| url.starts_with("postgres")),
            "store.replicas are postgres:// addresses of standby servers"
        );
        let settings = ReplicaSettings {
            urls,
            lag_max: Duration::from_secs(u64::from(lag_s)),
        };
        Ok((!settings.urls.is_empty()).then_some(settings))
    }

    /// What cannot work together, with what to do.
    pub(crate) fn replica_contradiction(&self, store_url: &str) -> Option<String> {
        match self.replicas() {
            Ok(Some(_)) if !store_url.starts_with("postgres") => Some(
                "store.replicas are standby servers of a PostgreSQL: set store.url to its primary, or \
                 take them out"
                    .to_owned(),
            ),
            Ok(_) => None,
            Err(error) => Some(format!("{error:#}")),
        }
    }
}

/// What the numbers mean.
pub(crate) fn describe() {
    describe_gauge!(
        "telehealth_store_replica_up",
        "1 while figures may be read from this replica, else 0"
    );
    describe_gauge!(
        "telehealth_store_replica_lag_seconds",
        "How old what a replica answers is at most"
    );
    describe_counter!(
        "telehealth_store_stale_reads_total",
        "Reads that may be old, by who answered them"
    );
}

/// Tells the numbers, where there are replicas. They are known by their place in the configuration.
pub(crate) fn tell(db: &Db) {
    let looks = db.replicas();
    if looks.is_empty() {
        return;
    }
    for (number, look) in (1_u32..).zip(looks) {
        let replica = number.to_string();
        let is_up = look.state == ReplicaState::Fresh;
        gauge!("telehealth_store_replica_up", "replica" => replica.clone())
            .set(f64::from(u8::from(is_up)));
        if let Some(lag) = look.lag {
            gauge!("telehealth_store_replica_lag_seconds", "replica" => replica)
                .set(lag.as_secs_f64());
        }
    }
    let reads = db.stale_reads();
    counter!("telehealth_store_stale_reads_total", "by" => "replica").absolute(reads.by_replica);
    counter!("telehealth_store_stale_reads_total", "by" => "primary").absolute(reads.by_primary);
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn findings(store: &str) -> String {
        let config: Config = toml::from_str(&format!("[store]\n{store}")).unwrap();
        crate::commands::config_check::contradictions(&config).join("\n")
    }

    #[test]
    fn replicas_need_a_primary_and_a_bound_that_can_be_kept() {
        let primary = "url = \"postgres://h/d\"\n";
        let replica = "replicas = [\"postgres://:hunter2@r/d\"]\n";
        assert!(findings(replica).contains("set store.url to its primary"));
        assert_eq!(findings(&format!("{primary}{replica}")), "");
        for lag in [1, 301] {
            let late = findings(&format!("{primary}{replica}replica_lag_s_max = {lag}"));
            assert!(late.contains("from 2 to 300"), "{late}");
        }
        let other = findings(&format!("{primary}replicas = [\"sqlite:hunter2\"]"));
        assert!(other.contains("postgres:// addresses"), "{other}");
        assert!(!other.contains("hunter2"));
        let config: Config = toml::from_str(&format!("[store]\n{replica}")).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
