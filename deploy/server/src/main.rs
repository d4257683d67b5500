//! Telehealth Hub, all in one binary: video visits, signaling and the clinical service.
//!
//! This crate is the composition root: it alone knows every other part, and it holds no rule of
//! medicine, media or signaling.

mod assets;
mod captions;
mod checkpoints;
mod cluster;
mod commands;
mod config;
mod health;
mod keys;
mod laboratory;
mod listener;
mod mailroom;
mod model;
mod nodes;
mod phone;
mod processors;
mod recordings;
mod replicas;
mod request_log;
mod roles;
mod service;
mod status;
mod telemetry;
mod tls;
mod traces;
mod vitals;
mod wiring;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Video visits, signaling and the clinical service of a telehealth clinic.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// Settings that every command shares. Flags win over the file.
#[derive(Debug, Clone, Args)]
struct Settings {
    /// Configuration file (TOML).
    #[arg(long, global = true, env = "TELEHEALTH_CONFIG")]
    config: Option<PathBuf>,
    /// Address of pages, API and signaling.
    #[arg(long, global = true)]
    bind: Option<SocketAddr>,
    /// Where the embedded database, keys and files live.
    #[arg(long, global = true)]
    data_dir: Option<PathBuf>,
    /// The browser bundle.
    #[arg(long, global = true)]
    web_dir: Option<PathBuf>,
    /// First UDP port for media; 0 lets the system choose.
    #[arg(long, global = true)]
    udp_port: Option<u16>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve {
        /// Fill an empty store with a fictional clinic, and accept plain HTTP.
        #[arg(long)]
        demo: bool,
        /// What this node does, separated by commas; without it everything, or what the
        /// configuration says.
        #[arg(long, value_enum, value_delimiter = ',')]
        only: Vec<roles::Role>,
        #[command(flatten)]
        manager: service::Manager,
    },
    /// Bring the store to this version's schema.
    Migrate {
        /// Change nothing. Exits with 0 when the store has this version's schema, 3 when steps are
        /// outstanding (they are listed), 4 when the store belongs to another version.
        #[arg(long)]
        check: bool,
    },
    /// Add a facility to this installation, or list them.
    Facility {
        #[command(subcommand)]
        command: commands::facility::FacilityCommand,
    },
    /// Verify or export the record of who did and saw what.
    Audit {
        #[command(subcommand)]
        command: commands::audit::AuditCommand,
    },
    /// Copy the store into one sealed file while the server may run. The key is made beside the
    /// other keys; without it and the master keys the file is worthless, so keep both elsewhere.
    Backup {
        /// The file to make.
        file: PathBuf,
        /// Copy finished recordings that are not there yet into this folder, too.
        #[arg(long)]
        recordings: Option<PathBuf>,
    },
    /// Fill a new, empty store from a backup, and compare it with the backup.
    Restore {
        /// The backup.
        file: PathBuf,
        /// The backup key; without it, the one in the data directory.
        #[arg(long)]
        key: Option<PathBuf>,
        /// Only read the whole backup and say whether it is complete and unchanged.
        #[arg(long)]
        check: bool,
        /// Put the recordings of this folder back, too.
        #[arg(long, conflicts_with = "check")]
        recordings: Option<PathBuf>,
    },
    /// Restore a backup into a scratch place, look whether everything is in it, and throw the place away.
    /// Exits with 0 when it is whole, 1 when that could not be found out, 3 when it is not.
    Drill(commands::drill::DrillArgs),
    /// Print the e-mails and short messages that were kept in files because no provider is
    /// configured. They name people: mind who looks on.
    Messages,
    /// Read or explain the configuration.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Explain what is wrong with this installation.
    Doctor,
    /// Ask the running server whether it can serve; fails when it cannot, or does not answer.
    Probe {
        /// Ask only whether it runs: the store may be gone.
        #[arg(long)]
        live: bool,
    },
    /// Read a table of interactions that is to stand beside the shipped ones.
    Formulary {
        #[command(subcommand)]
        command: commands::formulary::FormularyCommand,
    },
    /// Print passes into the room of an appointment, one a line, for load tests and for trying
    /// programs. Whoever has one is in the visit at once and is heard and seen: give them to nobody.
    Passes(commands::passes::PassesArgs),
    /// Measure the triage engine.
    Triage {
        #[command(subcommand)]
        command: commands::triage::TriageCommand,
    },
    /// Print the OpenAPI description of the clinical API.
    Openapi,
    /// Print the register of processing (GDPR article 30).
    Register,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Read the configuration and say what is wrong with it.
    Check,
}

impl Settings {
    fn load(&self) -> anyhow::Result<config::Config> {
        let mut config = match &self.config {
            Some(path) => config::Config::read(path)?,
            None => config::Config::default(),
        };
        if let Some(bind) = self.bind {
            config.http.bind = bind;
        }
        if let Some(dir) = &self.data_dir {
            config.data_dir.clone_from(dir);
        }
        if let Some(dir) = &self.web_dir {
            config.web_dir.clone_from(dir);
        }
        if let Some(port) = self.udp_port {
            config.sfu.udp_port = port;
        }
        Ok(config)
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let is_port_free = cli.settings.udp_port.is_none() && cli.settings.config.is_none();
    let outcome = cli
        .settings
        .load()
        .and_then(|mut config| match cli.command {
            Command::Serve {
                demo,
                only,
                manager,
            } => {
                if !only.is_empty() {
                    config.node.roles = Some(only);
                }
                if demo && is_port_free {
                    // No firewall stands between a demo and its browsers; any port will do, and the
                    // usual one may belong to another program.
                    config.sfu.udp_port = 0;
                }
                commands::serve::run(config, demo, &manager)
            }
            Command::Migrate { check: false } => commands::migrate::run(&config),
            Command::Migrate { check: true } => commands::migrate::check(&config),
            Command::Facility { command } => commands::facility::run(&config, command),
            Command::Backup { file, recordings } => {
                commands::backup::back_up(&config, &file, recordings.as_deref())
            }
            Command::Restore {
                file,
                key,
                check: true,
                ..
            } => commands::backup::check(&config, &file, key.as_deref()),
            Command::Restore {
                file,
                key,
                recordings,
                ..
            } => {
                let copies = recordings.as_deref();
                commands::backup::restore(&config, &file, key.as_deref(), copies)
            }
            Command::Drill(args) => commands::drill::run(&config, &args),
            Command::Messages => commands::messages::run(&config),
            Command::Audit { command } => commands::audit::run(&config, &command),
            Command::Config {
                command: ConfigCommand::Check,
            } => commands::config_check::run(&config),
            Command::Doctor => commands::doctor::run(&config),
            Command::Probe { live } => commands::probe::run(&config, live),
            Command::Formulary { command } => commands::formulary::run(&config, &command),
            Command::Passes(args) => commands::passes::run(&config, &args),
            Command::Triage { command } => commands::triage::run(&config, &command),
            Command::Openapi => commands::openapi::run(),
            Command::Register => {
                commands::say(clinical_app::register::as_markdown().trim_end());
                Ok(ExitCode::SUCCESS)
            }
        });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            commands::say_error(&error);
            ExitCode::FAILURE
        }
    }
}
