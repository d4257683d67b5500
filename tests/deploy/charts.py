"""The Helm chart: linted, rendered, judged by the schemas of Kubernetes."""

import contextlib
import os
import pathlib
import re
import shutil
import tempfile
import tomllib

import kubernetes_validate
import yaml
from helm_python import chart as helm

from kit import DEPLOY, Wrong, accepts, check, run, wrong_if

CHART = DEPLOY / "helm/telehealth"
# The oldest and the newest Kubernetes that the chart is meant for.
VERSIONS = ("1.27", "1.33")
SMALL = {"site": {"host": "clinic.example.org"}, "store": {"existingSecret": "telehealth-store"}}
SENTINELS = {"kind": "sentinel", "master": "clinic", "user": "telehealth", "passwordKey": "password",
             "caKey": "ca.crt", "clientSecret": "telehealth-redis-client"}
LARGE = SMALL | {
    "image": {"repository": "registry.example.org/telehealth", "digest": f"sha256:{'0' * 64}"},
    "replicas": 3,
    "cluster": {
        "enabled": True, "redisSecret": "telehealth-redis", "nodeSecret": "telehealth-node", "region": "west",
        "redis": SENTINELS,
        # One for each server that there may be.
        "edge": {"enabled": True, "udpPort": 3577, "advertise": [f"203.0.113.{number}" for number in range(1, 7)]},
    },
    "store": {"existingSecret": "telehealth-store", "replicasKey": "replicas"},
    "networkPolicy": {"peers": ["10.1.0.0/16"]},
    "keys": {"existingSecret": "telehealth-keys"},
    "objects": {"enabled": True, "existingSecret": "telehealth-objects", "endpoint": "https://objects.example.org"},
    "autoscaling": {"enabled": True},
    "extraSecrets": ["smtp"],
    "extraConfig": """[mail.smtp]
host = "mail.example.org"
port = 587
security = "start_tls"
user = "clinic"
password_file = "/run/secrets/smtp/password"
from = "Clinic <clinic@example.org>"
""",
    "monitoring": {"serviceMonitor": True, "prometheusRule": True, "dashboards": True, "labels": {"release": "x"}},
    "priorityClassName": "clinic",
    "nodeSelector": {"media": "yes"},
    "tolerations": [{"key": "media", "operator": "Exists"}],
    "imagePullSecrets": [{"name": "registry"}],
    "media": {"hostNetwork": False, "udpPort": 3478, "shards": 4, "tcpPort": 3478, "advertise": ["203.0.113.7"]},
}


@contextlib.contextmanager
def quiet():
    """Without what Helm writes past Python about every link that it follows."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


# What lies under /run/secrets.
SECRETS = {
    "store/url": "postgres://telehealth@db/telehealth",
    "objects/id": "telehealth",
    "objects/secret": "made up",
    "smtp/password": "made up",
    "store/replicas": "postgres://telehealth@standby/telehealth",
    "redis/urls": "rediss://redis:6379",
    "redis/password": "made up",
    "cluster/secret": "0123456789abcdef" * 4,
}


def certify(folder):
    """The certificate of a server for Redis and its key, and the authority of Redis."""
    client = folder / "redis-client"
    client.mkdir()
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-keyout", client / "tls.key", "-out", client / "tls.crt", "-days", "2", "-subj", "/CN=telehealth")
    (client / "tls.key").chmod(0o600)
    shutil.copy(client / "tls.crt", folder / "redis/ca.crt")


# A server without this section is the only one, and refuses it.
KNOWS_CLUSTERS = "[cluster]" in (DEPLOY / "config.sample.toml").read_text()
CLUSTER = re.compile(r"^\[cluster\]\n(?:\w.*\n)+", re.M)


def rendered(values):
    """Every object that the chart makes of these values."""
    with quiet():
        loaded = helm.Chart.load(str(CHART))
    loaded.validate_schema(values)
    files = loaded.render(values, name="telehealth", namespace="clinic")
    objects = []
    for name, text in files.items():
        if name.endswith(".yaml"):
            objects += [it for it in yaml.safe_load_all(text) if it]
    return objects


def of_kind(objects, kind):
    return [it for it in objects if it["kind"] == kind]


@check
def chart_is_linted():
    """helm lint finds nothing, small or large."""
    for values in (SMALL, LARGE):
        with quiet():
            report = helm.lint(str(CHART), values, strict=True)
        # An icon is for shops.
        said = [it for it in report["messages"] if it["severity"] > 1]
        wrong_if([*said, *report["errors"]], "helm lint")


@check
def chart_is_valid():
    """What the chart renders is valid for every Kubernetes that it is meant for."""
    for values in (SMALL, LARGE):
        for made in rendered(values):
            if made["apiVersion"].startswith("monitoring.coreos.com/"):
                continue
            for version in VERSIONS:
                try:
                    kubernetes_validate.validate(made, version, strict=True)
                except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
                    raise Wrong(f"{made['kind']} {made['metadata']['name']}, {version}: {error}") from error


@check
def chart_is_complete():
    """A large installation has probes apart, scaling, spreading, a closed network, rules and dashboards."""
    objects = rendered(LARGE)
    wanted = ["StatefulSet", "PodDisruptionBudget", "HorizontalPodAutoscaler", "NetworkPolicy", "ServiceMonitor",
              "PrometheusRule", "ConfigMap", "Service", "Ingress", "ServiceAccount"]
    wrong_if([it for it in wanted if not of_kind(objects, it)], "not rendered")
    pod = of_kind(objects, "StatefulSet")[0]["spec"]["template"]["spec"]
    server = pod["containers"][0]
    probes = {name: server[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}
    if probes != {"startup": "/readyz", "liveness": "/livez", "readiness": "/readyz/visits"}:
        raise Wrong(f"probes: {probes}")
    if len(pod["topologySpreadConstraints"]) != 2 or pod["automountServiceAccountToken"]:
        raise Wrong("spread or service account")
    deny = [it for it in of_kind(objects, "NetworkPolicy") if "ingress" not in it["spec"] and "egress" not in it["spec"]]
    if not deny or deny[0]["spec"]["policyTypes"] != ["Ingress", "Egress"]:
        raise Wrong("nothing denies by default")
    if of_kind(objects, "Secret"):
        raise Wrong("the chart writes a secret")
    small = of_kind(rendered(SMALL), "StatefulSet")[0]["spec"]["template"]["spec"]
    if small["hostNetwork"] is not True or pod["hostNetwork"] is not False:
        raise Wrong("host network")


@check
def chart_configures_the_server():
    """The server accepts the configuration that the chart writes."""
    for values in (SMALL, LARGE):
        config = next(it for it in of_kind(rendered(values), "ConfigMap") if it["metadata"]["name"].endswith("-config"))
        # Each server that there may be has one, and no two have the same.
        if len(set(config["data"].values())) != (6 if values is LARGE else 1):
            raise Wrong(f"configurations: {sorted(config['data'])}")
        with tempfile.TemporaryDirectory() as folder:
            for name, content in SECRETS.items():
                file = pathlib.Path(folder) / name
                file.parent.mkdir(exist_ok=True)
                file.write_text(content)
                file.chmod(0o600)
            certify(pathlib.Path(folder))
            for text in config["data"].values():
                accepts(text if KNOWS_CLUSTERS else CLUSTER.sub("", text), folder)


@check
def chart_shows_redis_who_it_is():
    """The certificate for Redis is mounted where the configuration says, from its own secret, and not without one."""
    def told(values):
        objects = rendered(values)
        configs = next(it for it in of_kind(objects, "ConfigMap") if it["metadata"]["name"].endswith("-config"))["data"]
        redis = [tomllib.loads(text)["cluster"].get("redis", {}) for text in configs.values()]
        files = {(it.get("cert_file"), it.get("key_file")) for it in redis}
        pod = of_kind(objects, "StatefulSet")[0]["spec"]["template"]["spec"]
        mounts = {it["name"]: it["mountPath"] for it in pod["containers"][0]["volumeMounts"]}
        secrets = {it["name"]: it["secret"] for it in pod["volumes"] if "secret" in it}
        return files, mounts.get("redis-client"), secrets.get("redis-client")
    folder = "/run/secrets/redis-client"
    wanted = ({(f"{folder}/tls.crt", f"{folder}/tls.key")}, folder,
              {"secretName": "telehealth-redis-client", "defaultMode": 0o440})
    if told(LARGE) != wanted:
        raise Wrong(f"with a certificate: {told(LARGE)}")
    without = LARGE | {"cluster": LARGE["cluster"] | {"redis": {"kind": "servers"}}}
    if told(without) != ({(None, None)}, None, None):
        raise Wrong(f"without one: {told(without)}")


@check
def chart_opens_the_edge():
    """Each server of a region has an edge at its own address, whose port the network lets in; without one none is open."""
    objects = rendered(LARGE)
    config = next(it for it in of_kind(objects, "ConfigMap") if it["metadata"]["name"].endswith("-config"))
    for number, (name, text) in enumerate(sorted(config["data"].items()), 1):
        cluster = tomllib.loads(text)["cluster"]
        told = (cluster["region"], cluster["edge"])
        if told != ("west", {"udp_port": 3577, "advertise": [f"203.0.113.{number}"]}):
            raise Wrong(f"{name}: {told}")
    def opened(made):
        policies = [it["spec"].get("ingress", []) for it in of_kind(made, "NetworkPolicy")]
        from_anywhere = [rule["ports"] for rules in policies for rule in rules if "from" not in rule]
        return {"protocol": "UDP", "port": 3577} in [port for ports in from_anywhere for port in ports]
    if not opened(objects) or opened(rendered(SMALL)):
        raise Wrong("the port of the edge in the network policy")
    server = of_kind(objects, "StatefulSet")[0]["spec"]["template"]["spec"]["containers"][0]
    if {"name": "edge", "containerPort": 3577, "protocol": "UDP"} not in server["ports"]:
        raise Wrong("the port of the edge in the pod")
    peers = [rule for it in of_kind(objects, "NetworkPolicy") for rule in it["spec"].get("ingress", [])
             if {"ipBlock": {"cidr": "10.1.0.0/16"}} in rule.get("from", [])]
    if [rule["ports"] for rule in peers] != [[{"protocol": "TCP", "port": "cluster"}]]:
        raise Wrong(f"servers of other regions: {peers}")


@check
def chart_rules():
    """The rules in the chart are those of deploy/watch, with a runbook that can be opened."""
    spec = of_kind(rendered(LARGE), "PrometheusRule")[0]["spec"]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "rules.yml"
        file.write_text(yaml.safe_dump(spec))
        run("promtool", "check", "rules", "--lint-fatal", file)
    urls = [it["annotations"]["runbook_url"] for group in spec["groups"] for it in group["rules"] if "alert" in it]
    wrong_if([it for it in urls if not it.startswith("https://runbooks.example.org/")], "runbooks")


@check
def chart_refuses():
    """The chart refuses values that cannot work."""
    bad = {
        "no store": {"site": SMALL["site"]},
        "no host": {"store": SMALL["store"]},
        "a word that it does not know": SMALL | {"replica": 2},
        "a password": SMALL | {"store": {"existingSecret": "x", "key": "url", "password": "hunter2"}},
        "the tag latest": SMALL | {"image": {"repository": "r", "tag": "latest"}},
        "two servers without shared keys": SMALL | {"replicas": 2},
        "scaling without a cluster": SMALL | {"autoscaling": {"enabled": True}},
        "a cluster without its secrets": SMALL | {"cluster": {"enabled": True}},
        "Sentinels that nobody knows what to ask": SMALL | {"cluster": LARGE["cluster"] | {"redis": {"kind": "sentinel"}}},
        "a secret of a client whose name is a path": LARGE | {
            "cluster": LARGE["cluster"] | {"redis": {"kind": "servers", "clientSecret": "../x"}}},
        "an edge without a region": LARGE | {"cluster": LARGE["cluster"] | {"region": ""}},
        "an edge without an address for each server": LARGE | {
            "cluster": LARGE["cluster"] | {"edge": {"enabled": True, "advertise": ["203.0.113.1"]}}},
        "a region with a capital": LARGE | {"cluster": LARGE["cluster"] | {"region": "West"}},
        "an object store without keys": SMALL | {"objects": {"enabled": True}},
        "less time to stop than rooms need": SMALL | {"terminationGracePeriodSeconds": 30},
    }
    taken = []
    for name, values in bad.items():
        try:
            rendered(values)
            taken.append(name)
        except Exception as error:  # noqa: BLE001  (whatever Helm says no with)
            if not type(error).__name__.startswith("Helm"):
                raise
    wrong_if(taken, "taken")
