"""Encrypted sound (SRTP with keys in SDP, RFC 4568): required, allowed and never, both ways of call."""

import cmath
import hashlib
import hmac
import math
import pathlib
import secrets
import struct
import subprocess
import tempfile
import wave
from base64 import b64decode, b64encode

import certs
from baresip import Baresip
from scenarios import same
from sipp import free_port
from stream import StreamPhone
from transports import streams_of

HEAD = """
[phone]
bind = "127.0.0.1:0"
bind_tcp = "127.0.0.1:0"
realm = "clinic.test"

[phone.tls]
bind = "127.0.0.1:0"
certificate_file = "@certs@/clinic.pem"
key_file = "@certs@/clinic.key"

[phone.limits]
messages_per_second = 5000
calls_per_ten_seconds = 2000
calls_max = 50
"""
TRUNK = """
[[phone.trunks]]
name = "@name@"
addresses = ["127.0.0.1"]
numbers = [{{ number = "@number@", facility = "@name@", language = "fr" }}]
country = "33"
codecs = ["pcma"]
transport = "tls"
srtp = "@name@"

[phone.trunks.outbound]
proxy = "127.0.0.1:@port@"
tls_name = "carrier.test"
tls_ca_file = "@certs@/ca.pem"
caller = "@number@"
countries = ["33"]
"""
NUMBERS = {"required": "+33123456791", "allowed": "+33123456792", "disabled": "+33123456793"}


def make_room(harness):
    folder = tempfile.TemporaryDirectory()
    made = certs.make(folder.name)
    ports, config = {}, HEAD
    for name, number in NUMBERS.items():
        ports[name] = free_port()
        config += TRUNK.replace("@name@", name).replace("@number@", number).replace("@port@", str(ports[name]))
    room = harness.new_room(config.replace("@certs@", str(made)))
    room.kept, room.certs, room.ports = folder, made, ports
    streams_of(room)
    return room


def telephone(room, encrypts, port=None):
    """baresip with TLS, which encrypts always ("srtp-mand"), or never ("")."""
    config = f"sip_certificate {room.certs}/carrier-both.pem\nsip_cafile {room.certs}/ca.pem\nmodule srtp.so\nmodule sndfile.so\nsnd_path @folder@\n"
    account = ";mediaenc=srtp-mand" if encrypts else ""
    return Baresip("PCMA", account, config, port)


def dial(room, phone, trunk):
    phone.order("dial", f"sip:{NUMBERS[trunk]}@127.0.0.1:{room.tls[1]};transport=tls")


def share_of_tone(phone, hertz=440):
    """How much of the loudest 50 ms that the telephone has heard is the tone of prompts and room."""
    (heard,) = pathlib.Path(phone.folder.name).glob("*dec*.wav")
    with wave.open(str(heard)) as heard:
        rate, count = heard.getframerate(), heard.getnframes()
        samples = struct.unpack(f"<{count}h", heard.readframes(count))
    length = rate // 20
    parts = [samples[at : at + length] for at in range(0, count - length, length)]
    power, loudest = max((sum(value * value for value in part), part) for part in parts)
    turned = sum(value * cmath.exp(2j * math.pi * hertz * n / rate) for n, value in enumerate(loudest))
    return 2 * abs(turned) ** 2 / ((power or 1) * length)


def with_pin(room, phone):
    """The PIN in encrypted or clear events, and sound both ways."""
    phone.wait("CALL_ESTABLISHED")
    for key in "2123456":
        phone.order("sndcode", key)
    room.wait("pin right from ••• 78")
    room.wait("heard in the room")


def call_in(trunk, encrypts, wanted):
    word = "encrypted" if encrypts else "clear"

    def scenario(room):
        phone = telephone(room, encrypts)
        dial(room, phone, trunk)
        if wanted is None:
            same("488" in phone.wait("CALL_CLOSED")["param"], True)
            phone.close()
            return
        with_pin(room, phone)
        room.wait(f"encrypted {wanted}".lower())
        phone.order("hangup")
        room.wait("left")
        phone.wait("CALL_CLOSED")
        share = share_of_tone(phone)
        phone.close()
        same((share > 0.8, share), (True, share))

    scenario.__doc__ = f"baresip: {word} sound where it is {trunk}: " + ("488" if wanted is None else "sound both ways")
    scenario.__name__ = f"{word}_where_{trunk}"
    return scenario


def call_out(trunk, encrypts, wanted):
    word = "encrypts" if encrypts else "does not encrypt"

    def scenario(room):
        phone = telephone(room, encrypts, room.ports[trunk] - 1)
        room.order(f"dial +33612345678 20 {trunk}")
        if wanted is None:
            same("code: 488" in room.wait("progress Ended"), True)
            phone.close()
            return
        phone.wait("CALL_INCOMING")
        phone.order("accept")
        phone.wait("CALL_ESTABLISHED")
        room.wait("play press-one")
        phone.order("sndcode", "1")
        room.wait("progress Confirmed")
        room.wait("heard in the room")
        room.wait(f"encrypted {wanted}".lower())
        room.order("hang-up")
        phone.wait("CALL_CLOSED")
        phone.close()

    scenario.__doc__ = f"baresip is called where encryption is {trunk} and {word}: " + ("refused" if wanted is None else "sound both ways")
    scenario.__name__ = f"called_{'encrypted' if encrypts else 'clear'}_where_{trunk}"
    return scenario


class Srtp:
    """AES in counter mode with 80 bits of HMAC-SHA1 (RFC 3711), by OpenSSL and not by our library."""

    def __init__(self, master):
        self.key = self._derived(master, 0, 16)
        self.auth = self._derived(master, 1, 20)
        self.salt = self._derived(master, 2, 14)

    @staticmethod
    def _aes(key, counter, data):
        command = ["openssl", "enc", "-aes-128-ctr", "-nopad", "-K", key.hex(), "-iv", counter.hex()]
        return subprocess.run(command, input=data, check=True, capture_output=True).stdout

    def _derived(self, master, label, length):
        salt = bytearray(master[16:] + b"\0\0")
        salt[7] ^= label
        return self._aes(master[:16], bytes(salt), bytes(length))

    def seal(self, packet):
        ssrc, index = packet[8:12], packet[2:4]
        counter = int.from_bytes(self.salt + b"\0\0") ^ int.from_bytes(ssrc) << 64 ^ int.from_bytes(index) << 16
        sealed = packet[:12] + self._aes(self.key, counter.to_bytes(16), packet[12:])
        return sealed + hmac.new(self.auth, sealed + bytes(4), hashlib.sha1).digest()[:10]


class SecurePhone(StreamPhone):
    """Offers one key and uses it, or another one."""

    def __init__(self, room):
        super().__init__(room.tls, tls=certs.client(room.certs), called=NUMBERS["required"])
        self.master = secrets.token_bytes(30)
        self.srtp = Srtp(self.master)
        self.sequence = 100
        self.repeats = 1

    def offer(self, flow="sendrecv"):
        line = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{b64encode(self.master).decode()}\r\n"
        return super().offer(flow).replace("RTP/AVP", "RTP/SAVP") + line

    def _rtp(self, payload_type, payload, timestamp, marker=False):
        self.sequence += 1
        head = struct.pack("!BBHII", 0x80, payload_type | (0x80 if marker else 0), self.sequence, timestamp, self.ssrc)
        packet = head + payload
        for _ in range(self.repeats):
            self.sound.sendto(self.srtp.seal(packet) if self.srtp else packet, self.far)


def right_and_wrong_keys(room):
    """keys of another key or in clear are not heard and end nothing; with the right one each counts once"""
    with SecurePhone(room) as phone:
        final = phone.invite()
        same((final.code, "RTP/SAVP" in final.body, "a=crypto:1 AES_CM_128_HMAC_SHA1_80" in final.body), (200, True, True))
        same(phone.master != b64decode(final.body.split("inline:")[1].split()[0].split("|")[0]), True)
        room.wait("encrypted true")
        right = phone.srtp
        phone.srtp = Srtp(secrets.token_bytes(30))
        phone.quiet()
        phone.keys("2")
        room.wait("sound refused")
        phone.srtp = None
        phone.keys("2")
        # Each packet twice: the second time it is a replay.
        phone.srtp, phone.repeats = right, 2
        phone.quiet()
        phone.keys("1234567")
        # Had one of the others been heard, the language would be English, or the PIN another one.
        room.wait("play enter-pin French")
        room.wait("pin right from ••• 78")
        # Hold and resume keep the keys.
        same(phone.within("UPDATE", (), phone.offer("sendonly")).code, 200)
        same(phone.within("UPDATE", (), phone.offer()).code, 200)
        phone.keys("1")
        room.wait("consent Given")
        same(phone.bye().code, 200)


def other_suites(room):
    """a suite that is not ours is passed over, and alone it is refused"""
    with SecurePhone(room) as phone:
        known = phone.offer()
        unknown = f"a=crypto:7 F8_128_HMAC_SHA1_80 inline:{b64encode(phone.master).decode()}\r\n"
        both = known.replace("a=crypto:1", unknown + "a=crypto:1")
        final = phone.invite((), both)
        same((final.code, "a=crypto:1 " in final.body), (200, True))
        same(phone.bye().code, 200)
        phone.new_call()
        alone = known.split("a=crypto:1")[0] + unknown
        same(phone.invite((), alone).code, 488)


SCENARIOS = [
    call_in("required", True, True),
    call_in("required", False, None),
    call_in("allowed", True, True),
    call_in("allowed", False, False),
    call_in("disabled", True, None),
    call_out("required", True, True),
    call_out("required", False, None),
    call_out("allowed", True, True),
    call_out("allowed", False, False),
    right_and_wrong_keys,
    other_suites,
]
