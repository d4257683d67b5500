"""SIP over TCP and TLS: framing, limits, who is let in and who is connected to."""

import socket
import ssl
import tempfile
import time

import certs
from phone import Message
from room import WAIT_S
from scenarios import same
from sipp import Sipp, ack, answer, dial, expect_request, free_port, info, sdp, they_hang_up
from stream import Stream, StreamPhone

CONFIG = """
[phone]
bind = "127.0.0.1:0"
bind_tcp = "127.0.0.1:0"
realm = "clinic.test"

[phone.tls]
bind = "127.0.0.1:0"
certificate_file = "@certs@/clinic.pem"
key_file = "@certs@/clinic.key"
@more@

[phone.limits]
messages_per_second = 5000
calls_per_ten_seconds = 60
calls_max = 50

[[phone.trunks]]
name = "tcp"
addresses = ["127.0.0.1", "127.0.0.8"]
numbers = [{{ number = "+33123456789", facility = "one", language = "fr" }}]
country = "33"
transport = "tcp"

[phone.trunks.outbound]
proxy = "127.0.0.1:{proxy}"
caller = "+33123456789"
countries = ["33"]

[[phone.trunks]]
name = "tls"
addresses = ["127.0.0.1"]
numbers = [{{ number = "+33123456790", facility = "two", language = "fr" }}]
country = "33"
transport = "tls"

[phone.trunks.outbound]
proxy = "127.0.0.1:@tls_proxy@"
tls_name = "carrier.test"
tls_ca_file = "@certs@/ca.pem"
caller = "+33123456790"
countries = ["33"]
"""

TLS_NUMBER = "+33123456790"


def make_room(harness, more=""):
    """A room with its certificates, and the addresses of its doors."""
    folder = tempfile.TemporaryDirectory()
    made = certs.make(folder.name)
    tls_proxy = free_port()
    config = CONFIG.replace("@more@", more).replace("@certs@", str(made)).replace("@tls_proxy@", str(tls_proxy))
    room = harness.new_room(config)
    room.harness, room.kept, room.certs, room.tls_proxy = harness, folder, made, tls_proxy
    streams_of(room)
    return room


def streams_of(room):
    """Where it takes connections."""
    for name in ("tcp", "tls"):
        host, port = room.wait(f"{name} ").split(" ")[1].rsplit(":", 1)
        setattr(room, name, (host, int(port)))


def until(room, words, order="counts"):
    """Asks for counts, or for health, until they have these words."""
    end = time.monotonic() + WAIT_S
    while True:
        room.order(order)
        said = room.wait(f"{order} ")
        if words in said:
            return
        if time.monotonic() > end:
            raise AssertionError(f"no {words!r}: {said}")
        # Whoever asks without a pause keeps the others from their work.
        time.sleep(0.05)


def over_tcp(room):
    """TCP: a call with keys in the sound; our BYE comes by the same connection"""
    with StreamPhone(room.tcp) as phone:
        same(phone.invite().code, 200)
        same(";transport=tcp" in phone.target, True)
        phone.quiet()
        phone.keys("2123456")
        room.wait("play entered")
        room.order("end")
        phone.answer(phone.awaited("BYE"))
        room.wait("play goodbye")


def sipp_over_tcp(room):
    """SIPp by TCP: PIN by INFO, the visit ends"""
    phone = Sipp([*dial(), ack(), *info("2123456", 2), *they_hang_up()], room.tcp, extra=("-t", "t1"))
    room.wait("play entered")
    room.order("end")
    phone.end()


def cut_anyhow(room):
    """TCP: a message byte by byte, two in one piece, and a question whether we are there"""
    with StreamPhone(room.tcp) as phone:
        real = phone.socket.raw
        real.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        phone.socket.sendto = lambda data, _to: [real.sendall(data[at : at + 1]) for at in range(len(data))]
        same(phone.invite().code, 200)
        pieces = []
        phone.socket.sendto = lambda data, _to: pieces.append(data)
        phone.request("OPTIONS")
        phone.request("INFO")
        phone.cseq -= 2
        real.sendall(b"\r\n" + b"".join(pieces))
        same([phone.response().code, phone.response().code], [200, 200])
        phone.cseq += 2
        del phone.socket.sendto
        real.sendall(b"\r\n\r\n")
        same(phone.socket.more(), b"\r\n")
        same(phone.bye().code, 200)


def torn(room):
    """TCP: what has no true end closes the connection without a word, and nobody else's"""
    with StreamPhone(room.tcp) as phone:
        same(phone.invite().code, 200)
        head = b"OPTIONS sip:x SIP/2.0\r\nFrom: a\r\n"
        for bad in (
            head + b"\r\n",
            head + b"Content-Length: 1\r\nl: 2\r\n\r\nxx",
            head + b"Content-Length: -1\r\n\r\n",
            head + b"Content-Length: 20000\r\n\r\n",
            b"x" * 20_000,
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        ):
            stream = Stream.to(room.tcp)
            stream.sendto(bad, None)
            same((bad[:40], stream.closed()), (bad[:40], b""))
            stream.close()
        # One bad message with a true end is left out, and what stands behind it is heard.
        stream = Stream.to(room.tcp)
        stream.sendto(b"OPTIONS http:x SIP/7.0\r\nl: 2\r\n\r\nxx" * 20, None)
        with StreamPhone(room.tcp, stream=stream) as other:
            same(other.within("OPTIONS").code, 200)
        stream.sendto(b"OPTIONS http:x SIP/7.0\r\nl: 2\r\n\r\nxx" * 40, None)
        same(stream.closed(), b"")
        stream.close()
        same(phone.bye().code, 200)


def asked(stream):
    """What is said to a question that a trunk is answered, before the connection is closed."""
    try:
        stream.sendto(
            b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n"
            b"To: <sip:x>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
            None,
        )
        return stream.raw.recv(65_536)
    except (BrokenPipeError, ConnectionResetError):
        return b""


def strangers(room):
    """a stranger is hung up on without a byte and without a handshake, by TCP and by TLS"""
    for server in (room.tcp, room.tls):
        stream = Stream.to(server, host="127.0.0.9")
        same(asked(stream), b"")
        stream.close()
    try:
        Stream.to(room.tls, host="127.0.0.9", tls=certs.client(room.certs)).close()
    except (ssl.SSLError, ConnectionResetError):
        pass
    else:
        raise AssertionError("a handshake with a stranger")


def connections(room):
    """one address has 16 connections at once; one more is closed, and the others go on"""
    streams = [Stream.to(room.tcp, host="127.0.0.8") for _ in range(16)]
    # All of them are taken when the last one is answered.
    with StreamPhone(room.tcp, host="127.0.0.8", stream=streams[-1]) as phone:
        same(phone.within("OPTIONS").code, 200)
    one_more = Stream.to(room.tcp, host="127.0.0.8")
    same(asked(one_more), b"")
    same(asked(streams[0])[:11], b"SIP/2.0 200")
    with StreamPhone(room.tcp) as phone:
        same(phone.within("OPTIONS").code, 200)
    for stream in (*streams, one_more):
        stream.close()


def flood(room):
    """TCP: 300 calls of one caller on a connection are told to wait, another one on it is answered"""
    with StreamPhone(room.tcp, number="+33600000066") as loud, StreamPhone(room.tcp, stream=loud.socket) as phone:
        shouts = []
        loud.socket.sendto = lambda data, _to: shouts.append(data)
        for _ in range(300):
            loud.new_call()
            loud.request("INVITE", ["Require: nothing"], loud.offer())
        del loud.socket.sendto
        loud.socket.raw.sendall(b"".join(shouts))
        codes = {}
        while codes.get(503, 0) < 200:
            message = loud.receive()
            codes[message.code] = codes.get(message.code, 0) + 1
            if message.code == 503:
                same(message.get("Retry-After"), "5")
        phone.request("INVITE", (), phone.offer())
        final = phone.response()
        while final.get("Call-ID") != phone.call_id:
            final = phone.response()
        same(final.code, 200)
        phone.to, phone.target = final.get("To"), final.get("Contact").strip("<>")
        phone.request("ACK", cseq=1)
        phone.request("BYE")
        while (final := phone.response()).get("Call-ID") != phone.call_id:
            pass
        same(final.code, 200)


def over_tls(room):
    """TLS: our certificate is believed, a call is answered; the same number by UDP or TCP is refused"""
    with StreamPhone(room.tls, tls=certs.client(room.certs), called=TLS_NUMBER) as phone:
        same(phone.invite().code, 200)
        same(";transport=tls" in phone.target, True)
        phone.quiet()
        phone.keys("2123456")
        room.wait("entered ••• 78")
        same(phone.bye().code, 200)
    with StreamPhone(room.tcp, called=TLS_NUMBER) as phone:
        same(phone.invite().code, 403)


def lost_and_found(room):
    """a call outlives its connection: BYE by another one of theirs, and by one of ours to where they are"""
    with StreamPhone(room.tcp) as phone:
        same(phone.invite().code, 200)
        phone.socket.close()
        phone.connect_again()
        same(phone.bye().code, 200)
    with StreamPhone(room.tcp) as phone:
        same(phone.invite().code, 200)
        phone.quiet()
        phone.keys("2123456")
        room.wait("play entered")
        phone.socket.close()
        # We know that it is gone before we need it.
        until(room, "connections: 0")
        room.order("end")
        phone.called_back()
        phone.answer(phone.awaited("BYE"))


def call_by_tcp(room):
    """SIPp is called by TCP, answers, and is hung up on by the same connection"""
    steps = [expect_request("INVITE", ["Via: SIP/2.0/TCP", "transport=tcp"]), answer(180, "Ringing"), answer(200, "OK", (), sdp())]
    steps += [expect_request("ACK"), expect_request("BYE"), answer(200, "OK", tag=False)]
    phone = Sipp(steps, port=room.proxy, extra=("-t", "t1"))
    ring_until_there(room)
    room.wait("progress Answered")
    room.order("hang-up")
    phone.end()


def ring_until_there(room):
    """Calls until SIPp listens: only then does it take a connection."""
    while True:
        room.order("dial +33698765432 20 tcp")
        line = room.wait("progress ")
        if "code: 503" not in line:
            return


def nobody_there(room):
    """nobody listens, and a connection that ends while it rings: both end the call at once"""
    room.order("dial +33698765432 20 tcp")
    same("code: 503" in room.wait("progress Ended"), True)
    with socket.create_server(("127.0.0.1", room.proxy)) as door:
        room.order("dial +33698765432 60 tcp")
        stream = Stream(door.accept()[0])
        with StreamPhone(room.tcp, stream=stream) as phone:
            invite = Message(stream.recv(0))
            phone.answer(invite, 180, "Ringing")
        room.wait("progress Ringing")
        stream.close()
    same("code: 503" in room.wait("progress Ended"), True)


def far_end(room):
    """TLS: who is called must have the right name and be signed by the right authority"""
    for shows, is_taken in (("stranger", False), ("clinic", False), ("carrier", True)):
        with socket.create_server(("127.0.0.1", room.tls_proxy)) as door:
            room.order("dial +33698765432 20 tls")
            raw, _ = door.accept()
            raw.settimeout(WAIT_S)
            try:
                stream = Stream(certs.server(room.certs, shows).wrap_socket(raw, server_side=True))
                invite = Message(stream.recv(0))
            except (ssl.SSLError, EOFError, ConnectionResetError):
                same((shows, is_taken), (shows, False))
                raw.close()
                same("code: 503" in room.wait("progress Ended"), True)
                continue
            same((shows, is_taken, invite.method), (shows, True, "INVITE"))
            with StreamPhone(room.tcp, stream=stream) as phone:
                phone.answer(invite, 486, "Busy Here", [])
            same("outcome: Busy" in room.wait("progress Ended"), True)
            stream.close()


def who_calls(first):
    """TLS: where certificates of callers are asked for, one without and one of a stranger are refused"""
    room = make_room(first.harness, 'client_ca_file = "@certs@/ca.pem"')
    try:
        for shows in (None, "stranger"):
            try:
                stream = Stream.to(room.tls, tls=certs.client(room.certs, shows))
                # In TLS 1.3 the client hears of it after its own part of the handshake.
                stream.raw.sendall(b"\r\n\r\n")
                same((shows, stream.closed()), (shows, b""))
            except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
                pass
        with StreamPhone(room.tls, tls=certs.client(room.certs, "carrier"), called=TLS_NUMBER) as phone:
            same(phone.within("OPTIONS").code, 200)
    finally:
        room.close()


SCENARIOS = [
    over_tcp,
    sipp_over_tcp,
    cut_anyhow,
    torn,
    strangers,
    connections,
    flood,
    over_tls,
    lost_and_found,
    call_by_tcp,
    nobody_there,
    far_end,
    who_calls,
]
