"""Kamailio in front of the telephones, as a telephone company has it: UDP to its customers, TLS to us,
in every dialog by Record-Route."""

import pathlib
import subprocess
import tempfile

import certs
from baresip import Baresip
from phone import Phone
from room import SECRET, WAIT_S
from scenarios import same
from sipp import free_port
from transports import until

HOST = "127.0.0.6"
ROOM = """
[phone]
bind = "127.0.0.1:0"
realm = "clinic.test"

[phone.tls]
bind = "127.0.0.1:@clinic@"
certificate_file = "@certs@/clinic.pem"
key_file = "@certs@/clinic.key"
client_ca_file = "@certs@/ca.pem"

[[phone.trunks]]
name = "proxied"
addresses = ["127.0.0.6"]
numbers = [{{ number = "+33123456790", facility = "one", language = "fr" }}]
country = "33"
codecs = ["pcma"]
transport = "tls"
srtp = "allowed"

[phone.trunks.outbound]
proxy = "127.0.0.6:@tls_port@"
tls_name = "carrier.test"
tls_ca_file = "@certs@/ca.pem"
ask_every_s = 10
user = "clinic"
secret_file = "{secret}"
register = {{ domain = "carrier.test", expires_s = 45 }}
caller = "+33123456790"
countries = ["33"]
"""
TLS = """
[server:default]
method = TLSv1.2+
certificate = @certs@/carrier.pem
private_key = @certs@/carrier.key
ca_list = @certs@/ca.pem
verify_certificate = no
require_certificate = no

[client:default]
method = TLSv1.2+
certificate = @certs@/carrier.pem
private_key = @certs@/carrier.key
ca_list = @certs@/ca.pem
verify_certificate = yes
require_certificate = yes
"""
ROUTES = """
debug = 1
log_stderror = yes
children = 2
tcp_children = 2
auto_aliases = no
dns = no
rev_dns = no
enable_tls = yes
tcp_source_ipv4 = 127.0.0.6
listen = udp:127.0.0.6:@udp_port@
listen = tls:127.0.0.6:@tls_port@

loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "tls.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
modparam("tls", "config", "@folder@/tls.cfg")
modparam("rr", "enable_double_rr", 1)
modparam("tm", "fr_timer", 3000)
modparam("auth", "nonce_count", 1)
modparam("auth", "qop", "auth")

request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (is_method("OPTIONS") && $rU == $null && !has_totag()) { sl_send_reply("200", "OK"); exit; }
    if (is_method("REGISTER")) {
        if (!pv_auth_check("carrier.test", "@secret@", "0", "1")) { auth_challenge("carrier.test", "1"); exit; }
        save("location");
        exit;
    }
    if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
    if (has_totag()) {
        if (loose_route()) { t_relay(); exit; }
        if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } exit; }
        sl_send_reply("404", "Not Here");
        exit;
    }
    t_check_trans();
    if (is_method("INVITE")) { record_route(); }
    if ($pr == "tls") {
        $du = "sip:127.0.0.1:@phone@";
    } else {
        # A caller to our number alone is led to where we have said that we are.
        if ($rU == "clinic") {
            $rd = "carrier.test";
            if (!lookup("location")) { sl_send_reply("404", "Not Registered"); exit; }
        } else {
            $du = "sip:127.0.0.1:@clinic@;transport=tls";
        }
    }
    if (!t_relay()) { sl_reply_error(); }
}
"""


class Kamailio:
    def __init__(self, folder, made, ports):
        self.folder = pathlib.Path(folder)
        for name, text in (("tls.cfg", TLS), ("kamailio.cfg", ROUTES)):
            for word, value in {"certs": made, "folder": folder, "secret": SECRET, **ports}.items():
                text = text.replace(f"@{word}@", str(value))
            (self.folder / name).write_text(text)
        self.ports = ports
        self.begin()

    def begin(self):
        command = ["kamailio", "-f", self.folder / "kamailio.cfg", "-DD", "-E", "-Y", self.folder, "-w", self.folder]
        command += ["-m", "32", "-M", "8"]
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        with Phone((HOST, self.ports["udp_port"])) as probe:
            # It answers as soon as it listens: to a request within no call it has 404.
            probe.to += ";tag=none"
            for _ in range(WAIT_S * 4):
                probe.request("OPTIONS")
                try:
                    same(probe.receive(0.25).code, 404)
                    return
                except TimeoutError:
                    if self.process.poll() is not None:
                        break
        raise AssertionError(f"Kamailio does not answer: {(self.folder / 'log').read_text()[-600:]}")

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=WAIT_S)
            self.log.close()


def make_room(harness):
    folder = tempfile.TemporaryDirectory()
    made = certs.make(pathlib.Path(folder.name) / "certs")
    ports = {"udp_port": free_port(HOST), "tls_port": free_port(HOST), "phone": free_port()}
    ports["clinic"] = free_port()
    kamailio = Kamailio(folder.name, made, ports)
    config = ROOM.replace("@certs@", str(made))
    for word in ("tls_port", "clinic"):
        config = config.replace(f"@{word}@", str(ports[word]))
    room = harness.new_room(config)
    room.kept, room.kamailio = folder, kamailio
    close = room.close

    def close_both():
        room.kamailio.end()
        close()

    room.close = close_both
    return room


def telephone(room, account="", config=""):
    return Baresip("PCMA", account, config, room.kamailio.ports["phone"])


def called_through(room, phone, user="+33123456790"):
    phone.order("dial", f"sip:{user}@{HOST}:{room.kamailio.ports['udp_port']}")
    phone.wait("CALL_ESTABLISHED")
    for key in "2123456":
        phone.order("sndcode", key)
    room.wait("pin right from ••• 78")
    room.wait("heard in the room")


def in_hangs_up(room):
    """Kamailio: baresip by UDP, we by TLS: PIN, sound, hold and resume, and they hang up"""
    phone = telephone(room)
    called_through(room, phone)
    phone.order("hold")
    room.wait("sound hold true")
    phone.order("resume")
    room.wait("sound hold false")
    phone.order("hangup")
    room.wait("left")
    phone.close()


def in_encrypted(room):
    """Kamailio: the sound is encrypted from end to end, and the visit ends: BYE along the route"""
    phone = telephone(room, ";mediaenc=srtp-mand", "module srtp.so\n")
    called_through(room, phone)
    room.wait("encrypted true")
    room.order("end")
    phone.wait("CALL_CLOSED")
    phone.close()


def ring(room, phone):
    room.order("dial +33612345678 20 proxied")
    phone.wait("CALL_INCOMING")
    phone.order("accept")
    phone.wait("CALL_ESTABLISHED")
    room.wait("play press-one")
    phone.order("sndcode", "1")
    room.wait("heard in the room")


def out(room):
    """Kamailio: we call through it, in clear because the telephone does not encrypt, and hang up"""
    phone = telephone(room)
    ring(room, phone)
    room.wait("encrypted false")
    room.order("hang-up")
    phone.wait("CALL_CLOSED")
    same("outcome: Finished" in room.wait("progress Ended"), True)
    phone.close()


def declined(room):
    """Kamailio: the telephone declines, and nobody is there at all"""
    phone = telephone(room)
    room.order("dial +33612345678 20 proxied")
    phone.wait("CALL_INCOMING")
    phone.order("hangup")
    room.wait("progress Ended")
    phone.close()
    room.order("dial +33612345678 2 proxied")
    same("outcome: NoAnswer" in room.wait("progress Ended"), True)


def begun_anew(room):
    """Kamailio begins anew in the middle of a call: our BYE goes along the route by a new connection"""
    phone = telephone(room)
    ring(room, phone)
    room.kamailio.end()
    until(room, "connections: 0")
    room.kamailio.begin()
    room.order("hang-up")
    phone.wait("CALL_CLOSED")
    phone.close()


def registered(room):
    """Kamailio is the registrar, with a password; a caller to our user there reaches us"""
    until(room, "is_registered: Some(true)", "health")
    until(room, "Reachable", "health")
    # Both were asked for at once, and one connection is enough.
    until(room, "connections: 1")
    phone = telephone(room)
    called_through(room, phone, "clinic")
    phone.order("hangup")
    room.wait("left")
    phone.close()


def asked(room):
    """Kamailio is asked every ten seconds by OPTIONS: reachable, and silent when it has ended (10 s)"""
    until(room, "Reachable", "health")
    room.kamailio.end()
    until(room, "Silent", "health")
    until(room, "connections: 0")


SCENARIOS = [registered, in_hangs_up, in_encrypted, out, declined, begun_anew, asked]
