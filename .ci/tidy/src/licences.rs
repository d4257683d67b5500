//! `deny.toml` without cargo-deny: licences, bans and sources of everything that is built. Known
//! vulnerabilities are not looked up here, because that needs a database from the network.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::Metadata;
use spdx::{Expression, ParseMode};
use toml::{Table, Value};

/// What a package says of itself.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its licence as an SPDX expression.
    pub licence: Option<String>,
    /// Where it comes from; `None` for our own.
    pub source: Option<String>,
}

/// The packages that anything of ours is built from, on any platform.
///
/// `cargo metadata` names too many: a package that is only in the lock file because of a feature
/// that nobody switches on. `cargo tree` knows what is built, but not its licence.
pub fn packages(metadata: &Metadata, root: &Path) -> Result<Vec<Package>> {
    let output = Command::new("cargo")
        .args([
            "tree",
            "--locked",
            "--workspace",
            "--target",
            "all",
            "--prefix",
            "none",
        ])
        .args(["--edges", "normal,build,dev", "--format", "{p}"])
        .current_dir(root)
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo tree failed");
    let lines = String::from_utf8(output.stdout).context("cargo tree wrote no UTF-8")?;
    // A line is `name v1.2.3`, then `(proc-macro)`, `(path)` or `(*)`.
    let built: BTreeSet<(&str, &str)> = lines
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()?.strip_prefix('v')?))
        })
        .collect();
    let packages = metadata.packages.iter().filter(|package| {
        built.contains(&(package.name.as_str(), package.version.to_string().as_str()))
    });
    let packages = packages.map(|package| Package {
        name: package.name.to_string(),
        licence: package.license.clone(),
        source: package.source.as_ref().map(|source| source.repr.clone()),
    });
    Ok(packages.collect())
}

/// What `deny.toml` allows.
#[derive(Debug, Clone)]
pub struct Policy {
    allowed: Vec<String>,
    exceptions: Vec<(String, Vec<String>)>,
    banned: Vec<String>,
    registries: Vec<String>,
}

impl Policy {
    /// Reads the parts of a `deny.toml` that are judged here.
    pub fn parse(text: &str) -> Result<Self> {
        let table: Table = text.parse().context("deny.toml is not TOML")?;
        let section = |name: &str| table.get(name).and_then(Value::as_table);
        let licenses = section("licenses").context("deny.toml has no [licenses]")?;
        let bans = section("bans").context("deny.toml has no [bans]")?;
        let sources = section("sources").context("deny.toml has no [sources]")?;
        let exceptions = tables(licenses, "exceptions").map(|exception| {
            let name = exception
                .get("crate")
                .and_then(Value::as_str)
                .unwrap_or_default();
            (name.to_owned(), strings(exception, "allow"))
        });
        let banned = tables(bans, "deny")
            .filter_map(|ban| ban.get("crate").and_then(Value::as_str).map(str::to_owned));
        Ok(Self {
            allowed: strings(licenses, "allow"),
            exceptions: exceptions.collect(),
            banned: banned.collect(),
            registries: strings(sources, "allow-registry"),
        })
    }
}

fn strings(table: &Table, key: &str) -> Vec<String> {
    let list = table
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn tables<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = &'a Table> {
    table
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_table)
}

/// Packages that the policy refuses.
#[must_use]
pub fn problems(policy: &Policy, packages: &[Package]) -> Vec<String> {
    let mut problems = Vec::new();
    for package in packages {
        if policy.banned.contains(&package.name) {
            problems.push(format!("{} is banned", package.name));
        }
        if let Some(source) = &package.source
            && !policy
                .registries
                .iter()
                .any(|allowed| source.ends_with(allowed.as_str()))
        {
            problems.push(format!("{} comes from {source}", package.name));
        }
        if let Some(problem) = licence_problem(policy, package) {
            problems.push(format!("{}: {problem}", package.name));
        }
    }
    problems
}

fn licence_problem(policy: &Policy, package: &Package) -> Option<String> {
    let Some(licence) = &package.licence else {
        return Some("no licence is named".to_owned());
    };
    let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
        return Some(format!("the licence {licence:?} is not an SPDX expression"));
    };
    let exceptions = policy
        .exceptions
        .iter()
        .filter(|(name, _)| *name == package.name);
    let extra: Vec<&String> = exceptions.flat_map(|(_, allowed)| allowed).collect();
    let fits = expression.evaluate(|requirement| {
        let wanted = requirement.to_string();
        policy.allowed.contains(&wanted) || extra.contains(&&wanted)
    });
    (!fits).then(|| format!("the licence {licence} is not allowed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "https://github.com/rust-lang/crates.io-index";
    const DENY: &str = r#"
        [licenses]
        allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
        exceptions = [{ crate = "odd", allow = ["OpenSSL"] }]
        [bans]
        deny = [{ crate = "openssl", reason = "rustls is used" }]
        [sources]
        allow-registry = ["https://github.com/rust-lang/crates.io-index"]
    "#;

    fn found(name: &str, licence: Option<&str>, source: &str) -> usize {
        let package = Package {
            name: name.to_owned(),
            licence: licence.map(str::to_owned),
            source: Some(format!("registry+{source}")),
        };
        problems(&Policy::parse(DENY).unwrap(), &[package]).len()
    }

    #[test]
    fn a_choice_needs_one_allowed_side_and_a_sum_needs_all() {
        assert_eq!(found("a", Some("MIT OR GPL-3.0-only"), REGISTRY), 0);
        assert_eq!(found("a", Some("MIT AND GPL-3.0-only"), REGISTRY), 1);
        assert_eq!(
            found("a", Some("Apache-2.0 WITH LLVM-exception"), REGISTRY),
            0
        );
        assert_eq!(found("a", Some("MIT/Apache-2.0"), REGISTRY), 0);
        assert_eq!(found("a", Some("AGPL-3.0-or-later"), REGISTRY), 1);
    }

    #[test]
    fn a_package_without_a_licence_is_found() {
        assert_eq!(found("a", None, REGISTRY), 1);
        assert_eq!(found("a", Some("see file"), REGISTRY), 1);
    }

    #[test]
    fn an_exception_is_for_one_package_only() {
        assert_eq!(found("odd", Some("OpenSSL"), REGISTRY), 0);
        assert_eq!(found("even", Some("OpenSSL"), REGISTRY), 1);
    }

    #[test]
    fn a_banned_package_and_a_strange_source_are_found() {
        assert_eq!(found("openssl", Some("MIT"), REGISTRY), 1);
        assert_eq!(found("a", Some("MIT"), "https://example.org/index"), 1);
    }
}
