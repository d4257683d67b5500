//! What a process does of all that the program can do. Without a word about it, everything.

use std::collections::BTreeSet;

use clap::ValueEnum;
use serde::Deserialize;

use crate::config::Config;

/// One thing that a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Answers the clinical API.
    Clinical,
    /// Has visits: who is in which room.
    Signaling,
    /// Has their sound and pictures.
    Sfu,
    /// Has telephone lines, if `[phone]` is configured.
    Phone,
    /// Records visits, and finishes what was recorded.
    Recorder,
    /// Works in the background: messages, waiting list, laboratory, checkpoints of the audit.
    Worker,
    /// Serves the pages.
    Web,
}

impl Role {
    const ALL: [Self; 7] = [
        Self::Clinical,
        Self::Signaling,
        Self::Sfu,
        Self::Phone,
        Self::Recorder,
        Self::Worker,
        Self::Web,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Clinical => "clinical",
            Self::Signaling => "signaling",
            Self::Sfu => "sfu",
            Self::Phone => "phone",
            Self::Recorder => "recorder",
            Self::Worker => "worker",
            Self::Web => "web",
        }
    }
}

/// What one node does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Roles(BTreeSet<Role>);

impl Roles {
    /// These, or all without a word.
    pub(crate) fn of(chosen: Option<&[Role]>) -> Self {
        Self(chosen.unwrap_or(&Role::ALL).iter().copied().collect())
    }

    pub(crate) fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Whether visits are on this node.
    pub(crate) fn has_rooms(&self) -> bool {
        self.has(Role::Signaling) && self.has(Role::Sfu)
    }

    /// Whether browsers come to this node, so that `http.bind` is opened.
    pub(crate) fn meets_people(&self) -> bool {
        self.has(Role::Clinical) || self.has(Role::Web) || self.has(Role::Signaling)
    }

    /// In the words of the configuration.
    pub(crate) fn names(&self) -> String {
        let names: Vec<_> = self.0.iter().map(|role| role.as_str()).collect();
        names.join(",")
    }

    /// Roles that cannot work together or alone, each with what to do.
    pub(crate) fn contradictions(&self, config: &Config) -> Vec<String> {
        let mut findings = Vec::new();
        if self.0.is_empty() {
            findings.push("node.roles is empty: name a role, or leave it out for all".to_owned());
            return findings;
        }
        if self.has(Role::Signaling) != self.has(Role::Sfu) {
            findings.push(
                "signaling and sfu are one in this version, because a room lives where its sound \
                 and pictures are: choose both or neither"
                    .to_owned(),
            );
        }
        for (role, why) in [
            (Role::Phone, "a telephone speaks in rooms of its own node"),
            (Role::Recorder, "a recorder hears rooms of its own node"),
        ] {
            if self.has(role) && !self.has_rooms() {
                let name = role.as_str();
                findings.push(format!("{name} needs signaling and sfu as well: {why}"));
            }
        }
        if !self.has_rooms() && config.cluster.is_none() {
            findings.push(
                "a node without signaling needs [cluster]: visits are on other nodes, and it has to \
                 reach them"
                    .to_owned(),
            );
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(roles: &[Role], text: &str) -> String {
        let config: Config = toml::from_str(text).unwrap();
        Roles::of(Some(roles)).contradictions(&config).join("\n")
    }

    const CLUSTER: &str = "[cluster]\nnode = \"a\"\nbind = \"127.0.0.1:1\"\nsecret_file = \"s\"";

    #[test]
    fn without_a_word_a_node_does_everything() {
        let all = Roles::of(None);
        assert!(Role::ALL.iter().all(|role| all.has(*role)));
        assert!(all.contradictions(&Config::default()).is_empty());
        let said = "clinical,signaling,sfu,phone,recorder,worker,web";
        assert_eq!(all.names(), said);
    }

    #[test]
    fn what_cannot_work_is_explained() {
        let one = "one in this version";
        assert!(findings(&[Role::Signaling], CLUSTER).contains(one));
        assert!(findings(&[Role::Sfu, Role::Web], CLUSTER).contains(one));
        assert!(findings(&[Role::Phone], CLUSTER).contains("phone needs"));
        assert!(findings(&[Role::Recorder, Role::Web], CLUSTER).contains("recorder needs"));
        assert!(findings(&[Role::Worker], "").contains("[cluster]"));
        assert!(findings(&[], CLUSTER).contains("empty"));
    }

    #[test]
    fn what_works_is_taken() {
        for roles in [
            &[Role::Worker][..],
            &[Role::Web, Role::Clinical],
            &[Role::Signaling, Role::Sfu],
            &[Role::Signaling, Role::Sfu, Role::Phone, Role::Recorder],
        ] {
            assert_eq!(findings(roles, CLUSTER), "", "{roles:?}");
        }
    }

    #[test]
    fn roles_stand_in_the_configuration() {
        let config: Config = toml::from_str("[node]\nroles = [\"worker\", \"web\"]").unwrap();
        assert_eq!(config.roles().names(), "worker,web");
        assert!(toml::from_str::<Config>("[node]\nroles = [\"doctor\"]").is_err());
    }
}
