//! `telehealth migrate`

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clinical_store::offline::Offline;
use clinical_store::schema::{self, Standing};

use super::{block_on, say};
use crate::config::Config;
use crate::keys;

/// The exit code when steps are outstanding.
const OUTSTANDING: u8 = 3;
/// The exit code when the store is not one that this program can migrate.
const STRANGE: u8 = 4;

/// Brings the store to this version's schema.
pub(crate) fn run(config: &Config) -> anyhow::Result<ExitCode> {
    keys::make_private_dir(&config.data_dir)?;
    let vault = std::sync::Arc::new(clinical_app::Vault::new(keys::master_keys(config)?));
    let url = config.store_url()?;
    block_on(async {
        let db = clinical_app::Db::connect(&url, vault)
            .await
            .context("cannot open the store")?;
        db.migrate().await.context("cannot migrate the store")
    })?;
    say("The store has this version's schema.");
    Ok(ExitCode::SUCCESS)
}

/// Says which steps [`run`] would take, and takes none.
pub(crate) fn check(config: &Config) -> anyhow::Result<ExitCode> {
    let standing = standing(&config.store_url()?)?;
    for line in lines(&standing) {
        say(&line);
    }
    Ok(match code(&standing) {
        0 => ExitCode::SUCCESS,
        other => ExitCode::from(other),
    })
}

/// Refuses to go on with a store of another schema.
pub(crate) fn ensure_current(config: &Config) -> anyhow::Result<()> {
    let standing = standing(&config.store_url()?)?;
    anyhow::ensure!(
        code(&standing) == 0,
        "the store has not this version's schema: run `telehealth migrate`"
    );
    Ok(())
}

fn standing(url: &str) -> anyhow::Result<Standing> {
    // A file that is not there is not made by looking.
    let file = url
        .strip_prefix("sqlite:")
        .map(|it| it.trim_start_matches("//"));
    let file = file.and_then(|it| it.split('?').next());
    if file.is_some_and(|it| !Path::new(it).exists()) {
        return Ok(schema::of_nothing());
    }
    block_on(async {
        let mut store = Offline::read(url).await.context("cannot open the store")?;
        let standing = schema::standing(&mut store).await;
        standing.context("cannot read the schema of the store")
    })
}

const fn code(standing: &Standing) -> u8 {
    if !standing.strange.is_empty() {
        STRANGE
    } else if standing.outstanding.is_empty() {
        0
    } else {
        OUTSTANDING
    }
}

fn lines(standing: &Standing) -> Vec<String> {
    let named = |word: &str, name: &str| format!("{word}  {name}");
    let strange = standing.strange.iter().map(|it| named("STRANGE    ", it));
    let open = standing
        .outstanding
        .iter()
        .map(|it| named("outstanding", it));
    let mut lines: Vec<String> = strange.chain(open).collect();
    lines.push(match code(standing) {
        0 => "The store has this version's schema.".to_owned(),
        OUTSTANDING => format!(
            "{} steps are outstanding: make a backup, then run `telehealth migrate`.",
            standing.outstanding.len()
        ),
        _ => {
            "The store was changed by another program or another version; use that one.".to_owned()
        }
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_of_nothing_makes_nothing_and_names_every_step() {
        let folder = std::env::temp_dir().join(format!("telehealth-check-{}", std::process::id()));
        let url = format!("sqlite:{}", folder.join("clinic.db").display());
        let found = standing(&url).unwrap();
        assert_eq!(found, schema::of_nothing());
        assert!(!folder.exists());
        assert_eq!(code(&found), OUTSTANDING);
        let lines = lines(&found);
        assert_eq!(lines[0], "outstanding  0001_audit");
        assert_eq!(lines.len(), found.outstanding.len() + 1);
    }

    #[test]
    fn each_standing_has_its_own_exit_code() {
        let current = Standing::default();
        let strange = Standing {
            strange: vec!["0999_later".to_owned()],
            ..schema::of_nothing()
        };
        assert_eq!(
            [&current, &schema::of_nothing(), &strange].map(code),
            [0, 3, 4]
        );
        assert_eq!(lines(&current), ["The store has this version's schema."]);
        assert_eq!(lines(&strange)[0], "STRANGE      0999_later");
    }
}
