"""nginx and Caddy with their examples in front of a live server."""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse

from kit import DEPLOY, Wrong, check, program, run

SITE = "localhost"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def changed(text, changes):
    """The text with every change made; each must have something to change."""
    for before, after in changes.items():
        if before not in text:
            raise Wrong(f"the example no longer holds {before!r}")
        text = text.replace(before, after)
    return text


def certificate(folder):
    """A key and a certificate of its own for the site."""
    key, chain = f"{folder}/key.pem", f"{folder}/cert.pem"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", f"/CN={SITE}", "-keyout", key, "-out", chain)
    return key, chain


def nginx(folder, port):
    """nginx.conf with a port, files and an upstream of this test."""
    key, chain = certificate(folder)
    text = (DEPLOY / "proxy/nginx.conf").read_text()
    text = changed(text, {
        "/etc/telehealth/cert.pem": chain,
        "/etc/telehealth/key.pem": key,
        "/run/nginx.pid": f"{folder}/pid",
        "/var/log/nginx/": f"{folder}/",
        "listen 80 default_server": f"listen 127.0.0.1:{free_port()} default_server",
        "listen 443 ssl http2": f"listen 127.0.0.1:{port} ssl http2",
        "        listen [::]:80 default_server;\n": "",
        "        listen [::]:443 ssl http2;\n": "",
        "server 127.0.0.1:8080": f"server {urllib.parse.urlsplit(os.environ['BASE_URL']).netloc}",
    })
    file = pathlib.Path(folder) / "nginx.conf"
    file.write_text(text)
    run(program("nginx"), "-t", "-q", "-c", file)
    return [program("nginx"), "-c", file, "-g", "daemon off;"], {}


def caddy(folder, port):
    """The Caddyfile with a port and an upstream of this test; it leaves this machine's trust alone."""
    text = (DEPLOY / "proxy/Caddyfile").read_text()
    file = pathlib.Path(folder) / "Caddyfile"
    more = "admin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n"
    file.write_text(changed(text, {"admin off\n": more}))
    upstream = urllib.parse.urlsplit(os.environ["BASE_URL"]).netloc
    env = {"SITE": f"{SITE}:{port}", "UPSTREAM": upstream, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
    return ["caddy", "run", "--adapter", "caddyfile", "--config", file], env


@contextlib.contextmanager
def running(make):
    """A proxy while it runs, as its port."""
    with tempfile.TemporaryDirectory() as folder:
        # Workers of nginx give up root.
        os.chmod(folder, 0o755)
        port = free_port()
        command, env = make(folder, port)
        with open(f"{folder}/said", "w+") as said:
            child = subprocess.Popen([str(it) for it in command], env=os.environ | env, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
            try:
                for _ in range(300):
                    with contextlib.suppress(OSError):
                        ask(port, "GET", "/livez")
                        break
                    if child.poll() is not None:
                        break
                    time.sleep(0.1)
                else:
                    raise Wrong("it does not answer")
                if child.poll() is not None:
                    said.seek(0)
                    raise Wrong(f"it stopped: {said.read()[-2000:]}")
                yield port
            finally:
                child.terminate()
                child.wait(30)


def ask(port, method, path, headers=None, body=None):
    """One request by TLS."""
    context = ssl._create_unverified_context()  # noqa: S323  (a certificate that this test has made)
    connection = http.client.HTTPSConnection(SITE, port, context=context, timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        # A socket that was upgraded has no end.
        return answer, b"" if answer.status == 101 else answer.read()
    finally:
        connection.close()


def judge(port):
    """What every proxy has to do."""
    answer, body = ask(port, "GET", "/livez")
    if answer.status != 200 or body != b"alive\n":
        raise Wrong(f"/livez: {answer.status} {body!r}")
    if "max-age=31536000" not in (answer.getheader("Strict-Transport-Security") or ""):
        raise Wrong("no Strict-Transport-Security")
    answer, _ = ask(port, "GET", "/metrics")
    if answer.status != 404:
        raise Wrong(f"/metrics is answered with {answer.status}")
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    for origin, wanted in {f"https://{SITE}:{port}": 101, "https://stranger.example": 403}.items():
        answer, _ = ask(port, "GET", "/signal/v1", upgrade | {"Origin": origin})
        if answer.status != wanted:
            raise Wrong(f"a WebSocket of {origin}: {answer.status}")
    uploads(port)


def uploads(port):
    """A patient keeps a document that is larger than what proxies let through by themselves; one of 20 MB does
    not get through. (Ten would: `uploads_fit` compares the limits. Sealing them takes a debug build seconds.)"""
    patient = {"X-Requested-With": "telehealth", "Content-Type": "application/json"}
    answer, body = ask(port, "POST", "/api/v1/auth/login", patient, json.dumps({"email": "patient@demo.clinic", "password": "demo-clinic-2026"}))
    if answer.status != 200:
        raise Wrong(f"signing in: {answer.status}")
    signed_in = {"Authorization": f"Bearer {json.loads(body)['access_token']}"}
    record = json.loads(ask(port, "GET", "/api/v1/me", signed_in)[1])["patient"]
    about = signed_in | {"Content-Type": "application/pdf", "X-Document": "title=Bilan&class=laboratory"}
    # The same document twice is refused, so each has its own end.
    document = b"%PDF-1.4\n" + bytes(1_500_000) + os.urandom(8)
    answer, body = ask(port, "POST", f"/api/v1/patients/{record}/documents", about, document)
    if answer.status != 201:
        raise Wrong(f"a document of 1.5 MB: {answer.status} {body[:200]!r}")
    try:
        status = ask(port, "POST", f"/api/v1/patients/{record}/documents", about, bytes(20 << 20))[0].status
    except (ConnectionError, ssl.SSLError):
        # It was hung up on before the answer could be read, which is a no as well.
        status = 413
    if status != 413:
        raise Wrong(f"a document of 20 MB: {status}")


@check
def through_nginx():
    """Through nginx go pages, WebSockets and uploads, and no metrics."""
    with running(nginx) as port:
        judge(port)


@check
def through_caddy():
    """Through Caddy go pages, WebSockets and uploads, and no metrics."""
    with running(caddy) as port:
        judge(port)
