//! A PostgreSQL with a standby that follows it, for one test.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::{postgres_programs, unprivileged_user};

/// Both servers, on Unix sockets only, and a database of somebody who is no superuser. Then it does what it
/// is told, and stops everything when standard input ends.
const PAIR: &str = r#"
set -eu
bin=$1 dir=$2
start() {
    "$bin/pg_ctl" -D "$dir/$1" -w -l "$dir/$1.log" \
        -o "-p $2 -k $dir -c listen_addresses='' -c fsync=off -c max_connections=100" start
}
stop() { "$bin/pg_ctl" -D "$dir/$1" -m immediate stop || true; }
# However it ends: also when nobody hears any more that something was done.
trap '{ stop standby; stop primary; } >>"$dir/log" 2>&1; cd /; rm -rf "$dir"' EXIT
trap '' PIPE
{
    "$bin/initdb" -D "$dir/primary" -U postgres -A trust -E UTF8 --no-sync
    start primary 5432
    "$bin/psql" -h "$dir" -U postgres -c 'CREATE ROLE clinic LOGIN' -c 'CREATE DATABASE clinic OWNER clinic'
    "$bin/pg_basebackup" -h "$dir" -U postgres -D "$dir/standby" -R -X stream -c fast --no-sync
    start standby 5433
} >"$dir/log" 2>&1
echo done
while read -r order; do
    case $order in
        lose) stop standby ;;
        start) start standby 5433 ;;
    esac >>"$dir/log" 2>&1
    echo done
done
"#;

/// A primary and its standby. They end with this.
#[derive(Debug)]
pub struct Pair {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: PathBuf,
    programs: PathBuf,
}

impl Pair {
    /// Starts both.
    #[must_use]
    pub fn start() -> Self {
        let Some(programs) = postgres_programs() else {
            panic!("no PostgreSQL for tests (Debian: apt-get install postgresql)");
        };
        let folder =
            std::env::temp_dir().join(format!("telehealth-pair-{:08x}", rand::random::<u32>()));
        std::fs::create_dir(&folder).expect("the temporary folder is writable");
        let mut command = Command::new("sh");
        command
            .args(["-c", PAIR, "pair"])
            .args([&programs, &folder])
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0);
        if let Some((uid, gid)) = unprivileged_user() {
            chown(&folder, Some(uid), Some(gid)).expect("root gives folders away");
            command.uid(uid).gid(gid);
        }
        let mut process = command.spawn().expect("sh starts");
        let answers = process.stdout.take().expect("standard output is a pipe");
        let mut pair = Self {
            orders: process.stdin.take(),
            process,
            answers: BufReader::new(answers),
            folder,
            programs,
        };
        pair.wait();
        pair
    }

    /// The database, at the primary.
    #[must_use]
    pub fn primary_url(&self) -> String {
        self.url(5432, "clinic")
    }

    /// The database, at the standby.
    #[must_use]
    pub fn standby_url(&self) -> String {
        self.url(5433, "clinic")
    }

    /// Another database of the standby.
    #[must_use]
    pub fn other_url(&self) -> String {
        self.url(5433, "postgres")
    }

    fn url(&self, port: u16, database: &str) -> String {
        let folder = self.folder.display();
        format!("postgres://clinic@localhost:{port}/{database}?host={folder}")
    }

    /// The standby ends without a farewell.
    pub fn lose_standby(&mut self) {
        self.order("lose");
    }

    /// The standby is there again.
    pub fn start_standby(&mut self) {
        self.order("start");
    }

    /// What the standby answers to its superuser.
    #[must_use]
    pub fn standby_says(&self, sql: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-p", "5433", "-U", "postgres", "-Atc", sql]);
        let done = psql.arg("-h").arg(&self.folder).output();
        let done = done.expect("psql starts");
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    fn order(&mut self, order: &str) {
        let orders = self.orders.as_mut().expect("it ends with this value");
        writeln!(orders, "{order}").expect("a pipe can be written");
        self.wait();
    }

    fn wait(&mut self) {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        read.expect("a pipe can be read");
        if line != "done\n" {
            panic!("PostgreSQL did not do it:\n{}", log(&self.folder));
        }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        drop(self.orders.take());
        // What is left behind in the temporary folder harms nobody.
        let _ = self.process.wait();
    }
}

fn log(folder: &Path) -> String {
    let names = ["log", "primary.log", "standby.log"];
    let texts = names.map(|name| std::fs::read_to_string(folder.join(name)).unwrap_or_default());
    texts.join("\n")
}
