"""Machines: namespaces with an overlay over this machine's files, on one network."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
PATIENCE_S = 180
# What a machine of Debian has that was just installed, and no more of this one.
BARE = ("/etc/telehealth", "/var/lib/telehealth", "/usr/local/share/telehealth", "/safe")

# The first process of a machine: it makes the root, and collects whoever ends.
INIT = """
set -e
mount -t tmpfs -o mode=755 tmpfs "$ROOM"
mkdir "$ROOM"/upper "$ROOM"/work "$ROOM"/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$ROOM/upper,workdir=$ROOM/work" "$ROOM"/root
cd "$ROOM"/root
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs run
mkdir -p run/lock run/redis run/postgresql var/log mnt/carry
chmod 1777 run/lock
chown postgres run/postgresql
mount --bind "$CARRY" mnt/carry
mount -t tmpfs -o mode=700 tmpfs root
hostname "$NAME"
ip link set lo up
install -m 0755 "$SYSTEMCTL" usr/local/sbin/systemctl
touch run/is-up
exec chroot . /bin/bash -c 'trap : CHLD; while :; do sleep 3600 & wait; done'
"""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Failed(Exception):
    """A command of the handbook failed."""


class Network:
    """A switch that all machines hang on, in a namespace of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(["unshare", "--net", "--fork", "--kill-child", "sleep", "infinity"])
        self.pid = child_of(self.process)
        self.run("ip", "link", "add", "name", "wire", "type", "bridge")
        self.run("ip", "link", "set", "wire", "up")

    def run(self, *command: str) -> None:
        """Runs a command in it."""
        subprocess.run(["nsenter", "-t", str(self.pid), "-n", *command], check=True)

    def close(self) -> None:
        """Ends it."""
        self.process.kill()
        self.process.wait()


def child_of(process: "subprocess.Popen[bytes]") -> int:
    """The process that `unshare --fork` has started, once it runs in its namespaces."""
    end = time.monotonic() + PATIENCE_S
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while time.monotonic() < end:
        assert process.poll() is None, "unshare has ended"
        if words := children.read_text().split():
            return int(words[0])
        time.sleep(0.02)
    raise AssertionError("unshare starts nothing")


class Machine:
    """One machine, and the shell of the operator on it."""

    def __init__(self, name: str, address: str, network: Network, carry: Path) -> None:
        self.name, self.address = name, address
        self._room = Path(tempfile.mkdtemp(prefix=f"telehealth-machine-{name}-"))
        environment = os.environ | {
            "ROOM": str(self._room),
            "NAME": name,
            "CARRY": str(carry),
            "SYSTEMCTL": str(HERE / "systemctl"),
        }
        unshare = ["unshare", "--mount", "--net", "--uts", "--pid", "--ipc", "--fork", "--kill-child"]
        self._process = subprocess.Popen([*unshare, "bash", "-c", INIT], env=environment)
        try:
            self.pid = child_of(self._process)
            self._connect(network)
            self._until_up()
        except BaseException:
            # Nobody else knows of it yet.
            self._process.kill()
            raise
        for path in BARE:
            assert not self._outside(path).exists(), f"{path} exists on this machine"
        self._shell = subprocess.Popen(
            self._inside("bash", "--noprofile", "--norc"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""

    def _connect(self, network: Network) -> None:
        wire = f"to-{self.name}"
        network.run("ip", "link", "add", "name", wire, "type", "veth", "peer", "name", "eth0", "netns", str(self.pid))
        network.run("ip", "link", "set", wire, "master", "wire", "up")
        for words in (["addr", "add", f"{self.address}/24", "dev", "eth0"], ["link", "set", "eth0", "up"]):
            subprocess.run(["nsenter", "-t", str(self.pid), "-n", "ip", *words], check=True)

    def _until_up(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while not self._outside("/run/is-up").exists():
            assert self._process.poll() is None, f"machine {self.name} does not start"
            assert time.monotonic() < end, f"machine {self.name} is not up"
            time.sleep(0.02)

    def _inside(self, *command: str) -> list[str]:
        plain = ["env", "-i", f"PATH={PATH}", "HOME=/root", "LANG=C.UTF-8", *command]
        return ["nsenter", "-t", str(self.pid), "-m", "-n", "-u", "-i", "-p", "-r", "-w", *plain]

    def _outside(self, path: str) -> Path:
        """Where a file of this machine is for who looks from outside."""
        return Path("/proc", str(self.pid), "root", path.lstrip("/"))

    def put(self, file: Path) -> None:
        """Puts a file into the operator's folder."""
        shutil.copy(file, self._outside("/root") / file.name)

    def run(self, block: str) -> str:
        """Types a block into the shell; answers with what it said, and fails at the first command that fails."""
        assert self._shell.stdin and self._shell.stdout
        # In a group, so that what the block reads is not the next block; the shell's variables stay.
        self._shell.stdin.write(f"set -eu -o pipefail\n{{\n{block}\n}} </dev/null\nset +eu\necho '--done--'\n")
        self._shell.stdin.flush()
        lines = []
        for line in self._shell.stdout:
            if line == "--done--\n":
                self.said = "".join(lines)
                return self.said
            lines.append(line)
        raise Failed("".join(lines))

    def ask(self, *command: str) -> str:
        """The answer to one command beside the shell."""
        done = subprocess.run(self._inside(*command), capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def log(self, service: str) -> str:
        """The last lines of a service."""
        path = self._outside(f"/var/log/{service}.log")
        return "".join(path.read_text().splitlines(True)[-15:]) if path.exists() else ""

    def close(self) -> None:
        """Switches it off."""
        self._process.kill()
        self._process.wait()
        self._shell.wait()
        shutil.rmtree(self._room, ignore_errors=True)
