"""The same things said otherwise: keys, hold, timers and reliable answers in the forms that telephone
companies use besides the usual one."""

import math
import re
import socket
import struct
import time

from phone import Phone
from room import CONFIG
from scenarios import ring, same, they_hang_up
from sipp import answer, expect_request, sdp
from transports import until

ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)
PAD = ("123", "456", "789", "*0#")


def make_room(harness):
    room = harness.new_room()
    room.harness = harness
    return room


def alaw(value):
    """One sample of 16 bits as one of 8 (ITU-T G.711)."""
    mask, value = (0xD5, value >> 3) if value >= 0 else (0x55, (-value - 1) >> 3)
    segment = max(value.bit_length() - 5, 0)
    return (segment << 4 | (value >> max(segment, 1)) & 0x0F) ^ mask


def tones(key, milliseconds=200):
    row = next(index for index, keys in enumerate(PAD) if key in keys)
    hertz = ROWS[row], COLUMNS[PAD[row].index(key)]
    count = 8 * milliseconds
    return bytes(alaw(int(sum(7_000 * math.sin(2 * math.pi * f * n / 8_000) for f in hertz))) for n in range(count))


class Talking(Phone):
    """Sends its sound at the pace of sound."""

    def say(self, sound):
        for at in range(0, len(sound), 160):
            self.timestamp = (self.timestamp + 160) & 0xFFFFFFFF
            self._rtp(8, sound[at : at + 160], self.timestamp)
            self.due = max(getattr(self, "due", 0) + 0.02, time.monotonic() - 0.1)
            time.sleep(max(self.due - time.monotonic(), 0))


def in_band(room):
    """keys as tones, because no telephone-events were offered"""
    with Talking(room.address) as phone:
        offer = phone.offer().replace("8 101", "8")
        same(phone.invite((), "".join(line for line in offer.splitlines(True) if ":101" not in line)).code, 200)
        silence = b"\xd5" * 8
        phone.say(silence * 400)
        for key in "2123456":
            phone.say(tones(key) + silence * 160)
        room.wait("pin right from ••• 78")
        room.wait("play entered English")
        phone.say(tones("5") + silence * 160)
        room.wait("hand true")
        same(phone.bye().code, 200)


def other_events(room):
    """RFC 4733: events of type 96 and 127, of which only some packets came, the last ones never"""
    for number in (96, 127):
        with Phone(room.address) as phone:
            same(phone.invite((), phone.offer().replace("101", str(number))).code, 200)
            phone.quiet()
            for key in "2123456":
                phone.timestamp = (phone.timestamp + 3_200) & 0xFFFFFFFF
                for step in (2, 3):
                    phone._rtp(number, struct.pack("!BBH", int(key), 10, step * 160), phone.timestamp)
            room.wait("pin right from ••• 78")
            room.wait("play entered English")
            same(phone.bye().code, 200)
            room.wait("left")


def plain_info(room):
    """INFO as application/dtmf; keys that come as INFO and in the sound count once"""
    with Phone(room.address) as phone:
        same(phone.invite().code, 200)
        phone.quiet()
        for key in "2123456":
            same(phone.within("INFO", ["Content-Type: application/dtmf"], key).code, 200)
            phone.keys(key)
        room.wait("pin right from ••• 78")
        room.wait("play entered English")
        same(phone.within("INFO", ["Content-Type: application/dtmf-relay"], "Signal=5\r\nDuration=100\r\n").code, 200)
        room.wait("hand true")
        same(phone.bye().code, 200)


def hold_by_update(room):
    """hold by UPDATE in each form, twice the same, and from one form to another"""
    with Phone(room.address) as phone:
        same(phone.invite().code, 200)
        forms = (("sendonly", "recvonly"), ("inactive", "inactive"), ("inactive", "inactive"), ("0.0.0.0", "recvonly"))
        for form, wanted in forms:
            body = phone.offer("sendrecv" if form == "0.0.0.0" else form)
            if form == "0.0.0.0":
                body = re.sub(r"c=IN IP4 \S+", "c=IN IP4 0.0.0.0", body)
            final = phone.within("UPDATE", (), body)
            same((form, final.code, f"a={wanted}" in final.body), (form, 200, True))
        room.wait("sound hold true")
        same("a=sendrecv" in phone.within("UPDATE", (), phone.offer()).body, True)
        room.wait("sound hold false")
        room.drain()
        same(phone.within("UPDATE").code, 200)
        same([line for line in room.passed if line.startswith("sound hold")], [])
        same(phone.bye().code, 200)


def longer_session(room):
    """SIPp is called and wants a longer session: the call is asked for again with it"""
    short = answer(422, "Session Interval Too Small", ("Min-SE: 3600",))
    steps = [expect_request("INVITE", ["Session-Expires: 1800"]), short, expect_request("ACK")]
    again = expect_request("INVITE", ["Session-Expires: 3600", "Min-SE: 3600", "CSeq: 2 INVITE"])
    phone = ring(room, [*steps, again, answer(486, "Busy Here"), expect_request("ACK")])
    same("outcome: Busy" in room.wait("progress Ended"), True)
    phone.end()


def reliable_when_called(room):
    """SIPp is called and rings reliably: PRACK, before it answers"""
    headers = ("Require: 100rel", "RSeq: 77")
    steps = [expect_request("INVITE", ["Supported: .*100rel"]), answer(183, "Session Progress", headers, sdp(), retrans=True)]
    steps += [expect_request("PRACK", ["RAck: 77 1 INVITE"]), answer(200, "OK", tag=False)]
    final = answer(200, "OK", (), sdp()).replace("[last_CSeq:]", "CSeq: 1 INVITE").replace("[last_Via:]", "[$via]")
    remember = '<ereg regexp="SIP.*" search_in="hdr" header="Via:" check_it="true" assign_to="via"/></action></recv>'
    steps[0] = steps[0].replace("</action></recv>", remember)
    phone = ring(room, [*steps, final.replace("[$via]", "Via: [$via]"), expect_request("ACK"), *they_hang_up()])
    room.wait("progress Early")
    room.wait("progress Answered")
    room.order("hang-up")
    phone.end()


def registrar(first):
    """a registrar wants a longer time (423) and a password, and has them in the same registration"""
    line = 'register = {{ domain = "carrier.test", expires_s = 45 }}\n'
    room = first.harness.new_room(CONFIG.replace('countries = ["33"]\n', 'countries = ["33"]\n' + line))
    with Phone(room.address) as phone:
        phone.socket.close()
        phone.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        phone.socket.bind(("127.0.0.1", room.proxy))
        asked = phone.awaited("REGISTER")
        same((asked.first, asked.get("Expires")), ("REGISTER sip:carrier.test SIP/2.0", "45"))
        same(asked.get("To"), "<sip:clinic@carrier.test>")
        phone.answer(asked, 423, "Interval Too Brief", ["Min-Expires: 90"])
        longer = newer(phone, asked)
        same((longer.get("Expires"), longer.get("Call-ID")), ("90", asked.get("Call-ID")))
        same("<sip:+33123456789@127.0.0.1:" in longer.get("Contact"), True)
        challenge = 'WWW-Authenticate: Digest realm="carrier.test", nonce="n1", qop="auth", algorithm=SHA-256'
        phone.answer(longer, 401, "Unauthorized", [challenge])
        proven = newer(phone, longer)
        same('username="clinic"' in proven.get("Authorization"), True)
        phone.answer(proven, 200, "OK", ["Contact: <sip:x@y>;expires=60"])
        until(room, "is_registered: Some(true)", "health")
    room.close()


def newer(phone, before):
    """The next REGISTER that is no repetition."""
    while (request := phone.awaited("REGISTER")).get("CSeq") == before.get("CSeq"):
        pass
    return request


SCENARIOS = [in_band, other_events, plain_info, hold_by_update, longer_session, reliable_when_called, registrar]
