//! Who may import whom. A crate exists to forbid an import; this is where it is forbidden.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Metadata, Node, Package, PackageId};

/// What one of our crates may import.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// The crate.
    pub name: &'static str,
    /// Our crates that it may import, in its code and in its tests.
    pub may_import: &'static [&'static str],
    /// Our crates that only its tests may import.
    pub tests_may_import: &'static [&'static str],
    /// Outside crates that it may not reach, not even through another crate.
    pub never_reaches: &'static [&'static str],
}

/// An outside crate that belongs to a few of ours.
#[derive(Debug, Clone, Copy)]
pub struct Reserved {
    /// The outside crate.
    pub name: &'static str,
    /// Our crates that may name it in their manifests.
    pub owners: &'static [&'static str],
}

/// One arrow of the graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    /// The crate that imports.
    pub from: String,
    /// The crate that is imported.
    pub to: String,
    /// Whether only tests, examples and benchmarks import it.
    pub only_tests: bool,
}

/// The graph of a workspace: what its members name, and all they reach.
#[derive(Debug, Default, Clone)]
pub struct Graph {
    /// Our crates.
    pub members: BTreeSet<String>,
    /// Arrows that start at our crates.
    pub arrows: Vec<Arrow>,
    /// Per member, every crate in its build, tests not counted.
    pub reached: BTreeMap<String, BTreeSet<String>>,
}

/// Reads the graph out of `cargo metadata`, best filtered to one platform: a crate may reach in
/// a browser what it does not reach on a server.
pub fn graph(metadata: &Metadata) -> Result<Graph> {
    let resolve = metadata
        .resolve
        .as_ref()
        .context("cargo metadata without a resolve")?;
    let mut graph = Graph::default();
    for node in &resolve.nodes {
        if !metadata.workspace_members.contains(&node.id) {
            continue;
        }
        for dependency in &node.deps {
            let only_tests = dependency
                .dep_kinds
                .iter()
                .all(|kind| kind.kind == DependencyKind::Development);
            graph.arrows.push(Arrow {
                from: name_of(metadata, &node.id)?,
                to: name_of(metadata, &dependency.pkg)?,
                only_tests,
            });
        }
    }
    for member in &metadata.workspace_members {
        let name = name_of(metadata, member)?;
        let ids = reached(metadata, [member], |kind| kind == DependencyKind::Normal);
        let names = ids
            .into_iter()
            .map(|id| name_of(metadata, id))
            .collect::<Result<_>>()?;
        graph.members.insert(name.clone());
        graph.reached.insert(name, names);
    }
    Ok(graph)
}

/// Optional crates that another room switches on for everybody, because cargo builds a crate once with
/// all features that anybody wants. Whoever did not ask for them does not use them: the Redis client of
/// signaling-register has the parser that str0m uses read from tokio too.
const SWITCHED_ON: &[(&str, &str)] = &[("combine", "tokio"), ("combine", "tokio-util")];

/// Everything that is reached from `start` along dependencies of the wanted kinds.
fn reached<'a>(
    metadata: &'a Metadata,
    start: impl IntoIterator<Item = &'a PackageId>,
    wanted: impl Fn(DependencyKind) -> bool,
) -> BTreeSet<&'a PackageId> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let nodes: BTreeMap<&PackageId, &Node> = nodes.map(|node| (&node.id, node)).collect();
    let packages: BTreeMap<&PackageId, &Package> = metadata
        .packages
        .iter()
        .map(|package| (&package.id, package))
        .collect();
    let mut seen = BTreeSet::new();
    let mut queue: VecDeque<&PackageId> = start.into_iter().collect();
    while let Some(id) = queue.pop_front() {
        let (Some(node), Some(package)) = (nodes.get(id), packages.get(id)) else {
            continue;
        };
        for dependency in &node.deps {
            let counts = dependency.dep_kinds.iter().any(|kind| wanted(kind.kind));
            let is_built = packages
                .get(&dependency.pkg)
                .is_some_and(|on| is_built(node, package, &on.name));
            let on = packages.get(&dependency.pkg).map(|on| on.name.as_str());
            let is_ours = !SWITCHED_ON
                .iter()
                .any(|(from, to)| package.name.as_str() == *from && on == Some(*to));
            if counts && is_built && is_ours && seen.insert(&dependency.pkg) {
                queue.push_back(&dependency.pkg);
            }
        }
    }
    seen
}

/// Whether a dependency is part of the build. A weak feature (`name?/feature`) puts an optional
/// crate into the lock file and into `cargo metadata` without building it.
fn is_built(node: &Node, package: &Package, name: &str) -> bool {
    let declared = || package.dependencies.iter().filter(|one| one.name == name);
    if declared().any(|one| !one.optional) {
        return true;
    }
    let enabled = node
        .features
        .iter()
        .filter_map(|feature| package.features.get(&**feature))
        .flatten();
    let is_turned_on = |key: &str| {
        let mut enabled = enabled.clone();
        enabled.any(|value| match value.strip_prefix("dep:") {
            Some(dependency) => dependency == key,
            None => value.split_once('/').is_some_and(|(on, _)| on == key),
        })
    };
    declared().any(|one| is_turned_on(one.rename.as_ref().unwrap_or(&one.name)))
}

fn name_of(metadata: &Metadata, id: &PackageId) -> Result<String> {
    let package = metadata.packages.iter().find(|package| package.id == *id);
    Ok(package
        .context("a node without a package")?
        .name
        .to_string())
}

/// Every arrow that the rules do not allow, and every crate that has no rule.
#[must_use]
pub fn problems(graph: &Graph, rooms: &[Room], reserved: &[Reserved]) -> Vec<String> {
    let mut problems = Vec::new();
    for member in &graph.members {
        if !rooms.iter().any(|room| room.name == member) {
            problems.push(format!("{member} has no row in the table of imports"));
        }
    }
    for room in rooms {
        if !graph.members.contains(room.name) {
            problems.push(format!(
                "the table of imports has a row for {}, which is not here",
                room.name
            ));
        }
    }
    for arrow in &graph.arrows {
        problems.extend(problem_of_arrow(graph, arrow, rooms, reserved));
    }
    for room in rooms {
        let Some(reached) = graph.reached.get(room.name) else {
            continue;
        };
        for banned in room
            .never_reaches
            .iter()
            .filter(|&&banned| reached.contains(banned))
        {
            problems.push(format!(
                "{} reaches {banned}, which it must not know",
                room.name
            ));
        }
    }
    problems
}

fn problem_of_arrow(
    graph: &Graph,
    arrow: &Arrow,
    rooms: &[Room],
    reserved: &[Reserved],
) -> Option<String> {
    let Arrow {
        from,
        to,
        only_tests,
    } = arrow;
    let kind = if *only_tests {
        "its tests import"
    } else {
        "imports"
    };
    if from == to {
        // A crate's tests may import the crate itself to switch a feature on.
        return None;
    }
    if graph.members.contains(to) {
        let room = rooms.iter().find(|room| room.name == from)?;
        let allowed = room.may_import.contains(&to.as_str())
            || (*only_tests && room.tests_may_import.contains(&to.as_str()));
        return (!allowed).then(|| format!("{from}: {kind} {to}, which the table does not allow"));
    }
    let rule = reserved.iter().find(|rule| rule.name == to)?;
    let allowed = *only_tests || rule.owners.contains(&from.as_str());
    (!allowed).then(|| format!("{from}: {kind} {to}, which belongs to {:?}", rule.owners))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOMS: [Room; 2] = [
        Room {
            name: "model",
            may_import: &[],
            tests_may_import: &[],
            never_reaches: &["tokio"],
        },
        Room {
            name: "store",
            may_import: &["model"],
            tests_may_import: &[],
            never_reaches: &[],
        },
    ];
    const RESERVED: [Reserved; 1] = [Reserved {
        name: "sqlx",
        owners: &["store"],
    }];

    fn graph_of(arrows: &[(&str, &str, bool)]) -> Graph {
        let mut graph = Graph {
            members: ["model", "store"].map(str::to_owned).into(),
            ..Graph::default()
        };
        for &(from, to, only_tests) in arrows {
            graph.arrows.push(Arrow {
                from: from.to_owned(),
                to: to.to_owned(),
                only_tests,
            });
        }
        graph
    }

    fn check(arrows: &[(&str, &str, bool)]) -> Vec<String> {
        problems(&graph_of(arrows), &ROOMS, &RESERVED)
    }

    #[test]
    fn an_arrow_of_the_table_is_fine() {
        assert!(check(&[("store", "model", false), ("store", "sqlx", false)]).is_empty());
    }

    #[test]
    fn an_arrow_against_the_table_is_found_in_code_and_in_tests() {
        assert_eq!(check(&[("model", "store", false)]).len(), 1);
        assert_eq!(check(&[("model", "store", true)]).len(), 1);
    }

    #[test]
    fn a_reserved_crate_outside_its_owners_is_found() {
        assert_eq!(check(&[("model", "sqlx", false)]).len(), 1);
    }

    #[test]
    fn a_ban_holds_through_another_crate() {
        let mut graph = graph_of(&[("model", "innocent", false)]);
        graph.reached.insert(
            "model".to_owned(),
            ["innocent", "tokio"].map(str::to_owned).into(),
        );
        assert_eq!(problems(&graph, &ROOMS, &RESERVED).len(), 1);
    }

    #[test]
    fn a_new_crate_needs_a_row_and_a_row_needs_a_crate() {
        let mut graph = graph_of(&[]);
        graph.members.remove("store");
        graph.members.insert("newcomer".to_owned());
        assert_eq!(problems(&graph, &ROOMS, &RESERVED).len(), 2);
    }
}
