"""Certificates of an authority that lives as long as the tests."""

import pathlib
import ssl
import subprocess

CONFIG = """
[req]
distinguished_name = dn
prompt = no
x509_extensions = ext
[dn]
CN = {name}
[ext]
basicConstraints = critical,CA:{is_ca}
{names}
"""


def _make(folder, stem, name, signer=None):
    names = "" if signer is None else f"subjectAltName = DNS:{name},IP:127.0.0.1"
    config = folder / f"{stem}.cnf"
    config.write_text(CONFIG.format(name=name, is_ca="TRUE" if signer is None else "FALSE", names=names))
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-config", config, "-keyout", folder / f"{stem}.key", "-out", folder / f"{stem}.pem"]
    if signer:
        command += ["-CA", folder / f"{signer}.pem", "-CAkey", folder / f"{signer}.key"]
    subprocess.run(command, check=True, capture_output=True)
    both = (folder / f"{stem}.pem").read_text() + (folder / f"{stem}.key").read_text()
    (folder / f"{stem}-both.pem").write_text(both)


def make(folder):
    """The authority, another one that nobody believes, the clinic and the telephone company."""
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    _make(folder, "ca", "authority")
    _make(folder, "other", "nobody")
    _make(folder, "clinic", "clinic.test", "ca")
    _make(folder, "carrier", "carrier.test", "ca")
    _make(folder, "stranger", "carrier.test", "other")
    return folder


def client(folder, shows=None):
    """TLS of who calls: it believes the authority alone."""
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    if shows:
        context.load_cert_chain(folder / f"{shows}.pem", folder / f"{shows}.key")
    return context


def server(folder, shows):
    """TLS of who is called."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{shows}.pem", folder / f"{shows}.key")
    return context
