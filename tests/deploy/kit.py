"""What the checks of deploy/ share: a list of checks, programs that are run, a server's own checker."""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
BIN = pathlib.Path(sys.executable).parent
SERVER = pathlib.Path(os.environ.get("TELEHEALTH_BIN", ROOT / "target/debug/telehealth"))
CHECKS = []


class Wrong(Exception):
    """What a check found."""


def check(work):
    """Puts a function on the list; its first docstring line is its name."""
    CHECKS.append(work)
    return work


def wrong_if(found, what):
    """Fails with everything that was found."""
    found = [str(it) for it in found]
    if found:
        raise Wrong(f"{what}: {'; '.join(found)}")


def run(*command, cwd=ROOT, env=None, may_fail=False):
    """Runs a program; what it printed, or the failure with that."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=cwd, env=None if env is None else os.environ | env, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
    )
    if done.returncode and not may_fail:
        raise Wrong(f"{' '.join(words[:3])} failed:\n{done.stdout[-3000:]}")
    return done.stdout if not may_fail else (done.returncode, done.stdout)


def program(name):
    """A program that Debian may keep for root."""
    for folder in [*os.environ["PATH"].split(":"), "/usr/sbin", "/sbin"]:
        if (path := pathlib.Path(folder) / name).exists():
            return path
    raise Wrong(f"{name} is missing: scripts/setup test")


def accepts(config, secrets):
    """The server itself reads a configuration; what lies under /run/secrets there lies in `secrets` here."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "config.toml"
        file.write_text(config.replace("/run/secrets/", f"{secrets}/"))
        run(SERVER, "--config", file, "config", "check")


def main():
    """Runs every check and says what came of it."""
    failed = 0
    for work in CHECKS:
        name = work.__doc__.splitlines()[0].rstrip(".")
        try:
            work()
            print(f"ok      {name}", flush=True)
        except Wrong as error:
            failed += 1
            print(f"FAILED  {name}: {error}", flush=True)
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
