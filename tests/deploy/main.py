"""Checks everything under deploy/ with the tools that will read it. See tests/run-deploy."""

import pathlib
import re
import shutil
import tempfile

import yaml

import charts  # noqa: F401  (its checks put themselves on the list)
import metrics  # noqa: F401
import prometheus  # noqa: F401
import proxies  # noqa: F401
from kit import BIN, DEPLOY, ROOT, SERVER, Wrong, accepts, check, main, run, wrong_if

COMPOSE = DEPLOY / "compose.yaml"


@check
def dockerfile():
    """hadolint finds nothing in the Dockerfile."""
    run(BIN / "hadolint", "--no-color", DEPLOY / "Dockerfile")


@check
def image_has_no_base():
    """The image begins from nothing, runs as nobody, and asks itself how it is."""
    text = (DEPLOY / "Dockerfile").read_text().rsplit("\nFROM ", 1)[1]
    wanted = ["scratch\n", "USER 65532:65532", 'HEALTHCHECK', '"/telehealth", "probe"', 'ENTRYPOINT ["/telehealth"]']
    wrong_if([it for it in wanted if it not in text], "missing in the last stage")
    run(SERVER, "probe", "--help")


@check
def compose_schema():
    """compose.yaml and the workflows have the form that their readers want."""
    for schema, files in {
        "vendor.compose-spec": [COMPOSE],
        "vendor.github-workflows": sorted((ROOT / ".github/workflows").glob("*.yml")),
    }.items():
        run(BIN / "check-jsonschema", "--builtin-schema", schema, *files)


@check
def compose_is_careful():
    """Every service of compose.yaml is read-only, without capabilities, and says how it is."""
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    found = []
    for name, it in services.items():
        if not it.get("read_only") or it.get("cap_drop") != ["ALL"]:
            found.append(f"{name} is not careful")
        if "healthcheck" not in it and it.get("restart") != "no":
            found.append(f"{name} has no health check")
        if ":latest" in it["image"] or ":" not in it["image"].rsplit("/", 1)[-1]:
            found.append(f"{name} has no version")
        for volume in it.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./") and not source.startswith("./run/") and not (DEPLOY / source).exists():
                found.append(f"{name} mounts {source}, which is not there")
    wrong_if(found, "compose.yaml")


@check
def secrets_are_made():
    """deploy/secrets makes every file that compose.yaml names, and changes none the second time."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(DEPLOY / "secrets", folder)
        made = pathlib.Path(folder)
        run(made / "secrets", env={"SITE": "clinic.example.org", "ADDRESS": "203.0.113.7"})
        files = {it: it.read_bytes() for it in made.rglob("*") if it.is_file()}
        compose = yaml.safe_load(COMPOSE.read_text())
        named = [it["file"] for it in compose["secrets"].values()]
        named += re.findall(r"\./(run/[\w.]+)", COMPOSE.read_text())
        named += [it for service in compose["services"].values() for it in service.get("env_file", [])]
        wrong_if([it for it in named if not (made / it).is_file()], "not made")
        wrong_if([it for it in ("run", "run/secrets") if (made / it).stat().st_mode & 0o077], "open to others")
        texts = [it.read_text() for it in (made / "run/secrets").iterdir()]
        if len(set(texts)) != len(texts):
            raise Wrong("two secrets are the same")
        run(made / "secrets")
        changed = [it for it, content in files.items() if it.read_bytes() != content]
        wrong_if(changed, "changed by the second run")
        config = (made / "run/telehealth.toml").read_text()
        accepts(config, made / "run/secrets")
        published = [it for it in compose["services"]["app"]["ports"] if "/udp" in it]
        if published != ["3478-3479:3478-3479/udp"] or "shards = 2" not in config:
            raise Wrong("compose.yaml publishes other ports than the server has shards")


@check
def no_secret_is_written_down():
    """No file under deploy/ holds a password."""
    # A run of twelve letters with a digit among them, given to something secret.
    guess = re.compile(r"(?i)(?:password|secret|token|key)\s*[:=]\s*[\"']?(?=[a-z+]*\d)[a-z0-9+]{12,}")
    found = []
    for file in DEPLOY.rglob("*"):
        inside = file.relative_to(DEPLOY).parts
        if file.is_file() and inside[0] not in ("run", "out", "server", "bundle") and "__pycache__" not in inside:
            found += [f"{file.name}: {it.group()}" for it in guess.finditer(file.read_text(errors="ignore"))]
    wrong_if(found, "looks like a password")


@check
def systemd():
    """systemd reads the units, and counts the exposure of the server at 2.0 or less."""
    text = (DEPLOY / "systemd/telehealth.service").read_text()
    with tempfile.TemporaryDirectory() as folder:
        unit = pathlib.Path(folder) / "telehealth.service"
        # Where it will be installed there is no program yet.
        unit.write_text(text.replace("/usr/local/bin/telehealth", str(SERVER.resolve())))
        said = run("systemd-analyze", "verify", "--man=no", unit)
        wrong_if([it for it in said.splitlines() if "telehealth" in it], "systemd-analyze verify")
        backup = [pathlib.Path(folder) / f"telehealth-backup.{kind}" for kind in ("service", "timer")]
        for file in backup:
            file.write_text((DEPLOY / "systemd" / file.name).read_text().replace("/usr/local/bin/telehealth", str(SERVER.resolve())))
        said = run("systemd-analyze", "verify", "--man=no", *backup)
        wrong_if([it for it in said.splitlines() if "telehealth" in it], "systemd-analyze verify")
        said = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
    level = re.search(r"Overall exposure level for telehealth.service: ([\d.]+)", said)
    if not level or float(level.group(1)) > 2.0:
        raise Wrong(f"exposure {level.group(1) if level else said}")


@check
def uploads_fit():
    """Every proxy lets through the largest upload that the server takes."""
    source = (ROOT / "clinical/model/src/chart/files.rs").read_text()
    megabytes = int(re.search(r"FILE_BYTES_MAX: usize = (\d+) \* 1024 \* 1024", source).group(1))
    caddy = r"max_size (\d+)MB"
    proxies = {"nginx.conf": r"client_max_body_size (\d+)m", "Caddyfile": caddy, "Caddyfile.cluster": caddy}
    for file, pattern in proxies.items():
        found = int(re.search(pattern, (DEPLOY / "proxy" / file).read_text()).group(1))
        if not megabytes < found <= 2 * megabytes:
            raise Wrong(f"{file}: {found} MB, the server takes {megabytes} MiB")


if __name__ == "__main__":
    main()
