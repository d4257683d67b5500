"""Messages of RFC 4475 and RFC 5118 to the running shell, over its socket. What becomes of each stands in
signaling/sip/tests/torture/verdicts.txt, which the unit tests read as well."""

import collections
import pathlib
import random
import re
import socket

from phone import Message, Phone

FOLDER = pathlib.Path(__file__).parents[2] / "signaling/sip/tests/torture"
CALLED = "+33123456789"
# Changes of each message, the same in every run.
CHANGES = 12
SEED = 4_475
TRIES = 6
# Sockets that stay open: refusals that nobody acknowledges are repeated for half a minute, and whoever got the
# port meanwhile would take them for its own.
KEPT = collections.deque(maxlen=200)


def verdicts():
    for line in (FOLDER / "verdicts.txt").read_text().splitlines():
        if not line.startswith("#"):
            yield line.split()


def bytes_of(name):
    return (FOLDER / f"{name}.dat").read_bytes()


def header(message, name, short):
    """The first value of a header in what was sent, its lines unfolded."""
    head = re.sub(rb"\r\n[ \t]+", b" ", message.partition(b"\r\n\r\n")[0])
    found = re.search(rb"(?im)^(?:%s|%s)[ \t]*:[ \t]*(.*?)\r?$" % (name, short), head)
    return found[1].strip().decode(errors="replace") if found else None


class Sender:
    """A socket of its own, so that answers to one message are not taken for those to another."""

    def __init__(self, server):
        self.server = server
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        KEPT.append(self.socket)

    def code(self, name, message):
        """The final answer to a message; its lines are those of the message."""
        for _ in range(TRIES):
            self.socket.sendto(message, self.server)
            self.socket.settimeout(5)
            try:
                while True:
                    answer = Message(self.socket.recv(65_536))
                    if answer.code is None or answer.code < 200:
                        continue
                    for long, short in ((b"CSeq", b"CSeq"), (b"Call-ID", b"i")):
                        sent = header(message, long, short)
                        got = answer.get(long.decode())
                        if (sent or "").split() != (got or "").split():
                            raise AssertionError(f"{name}: {long} {got!r} instead of {sent!r}")
                    return answer
            except TimeoutError:
                continue
        raise AssertionError(f"{name}: no answer")

    def silent(self, name, message):
        """Nothing comes until something that was sent later has been answered."""
        self.socket.sendto(message, self.server)
        self.ping(name, alone=True)

    def request(self, method, uri, lines, cseq=1):
        host, port = self.socket.getsockname()
        via = f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{method}{port};rport"
        rest = [f"CSeq: {cseq} {method}", "Max-Forwards: 70", "Content-Length: 0", "", ""]
        return "\r\n".join([f"{method} {uri} SIP/2.0", via, *lines, *rest]).encode()

    def ping(self, name, alone=False):
        """OPTIONS is answered; answers to what was sent before are not looked at, unless nothing may come."""
        host, port = self.socket.getsockname()
        lines = [f"From: <sip:a@{host}>;tag=1", f"To: <sip:b@{host}>", f"Call-ID: ping{port}"]
        ping = self.request("OPTIONS", f"sip:{self.server[0]}", lines)
        for _ in range(TRIES):
            self.socket.sendto(ping, self.server)
            self.socket.settimeout(5)
            try:
                while True:
                    answer = Message(self.socket.recv(65_536))
                    if answer.get("Call-ID") == f"ping{port}":
                        if answer.code == 200:
                            return
                        raise AssertionError(f"{name}: OPTIONS afterwards got {answer.code}")
                    if alone:
                        raise AssertionError(f"{name}: {answer.first!r} instead of nothing")
            except TimeoutError:
                continue
        raise AssertionError(f"{name}: OPTIONS afterwards is not answered")


def to_the_clinic(message, server):
    """The same request as another one, for a number of the clinic, with sound on this machine."""
    head, _, body = message.partition(b"\r\n\r\n")
    head = re.sub(rb"\AINVITE \S+", b"INVITE sip:%s@%s:%d" % (CALLED.encode(), server[0].encode(), server[1]), head)
    head = re.sub(rb"(?im)^((?:call-id|i)[ \t]*:[ \t]*)", rb"\g<1>called-", head)
    body = re.sub(rb"192\.0\.2\.\d+", b"127.0.0.1", body)
    head = re.sub(rb"(?im)^((?:content-length|l)[ \t]*:[ \t]*)\d+", rb"\g<1>%d" % len(body), head)
    return head + b"\r\n\r\n" + body


def hang_up(sender, answer):
    """ACK and BYE of a call that was answered."""
    target = re.search(r"<(.*?)>", answer.get("Contact"))[1]
    cseq = int(answer.get("CSeq").split()[0])
    lines = [f"{name}: {answer.get(name)}" for name in ("From", "To", "Call-ID")]
    sender.socket.sendto(sender.request("ACK", target, lines, cseq), sender.server)
    bye = sender.request("BYE", target, lines, cseq + 1)
    sender.socket.sendto(bye, sender.server)
    for _ in range(20):
        sender.socket.settimeout(5)
        try:
            ended = Message(sender.socket.recv(65_536))
        except TimeoutError:
            sender.socket.sendto(bye, sender.server)
            continue
        if ended.code and ended.get("CSeq").endswith("BYE"):
            return
    raise AssertionError("BYE is not answered")


def a_call(room, number):
    """A whole call: PIN, room, hung up."""
    with Phone(room.address, number=number) as phone:
        code = phone.invite().code
        if code != 200:
            raise AssertionError(f"a call afterwards got {code}")
        phone.quiet()
        phone.keys("2123456")
        room.wait(f"pin right from ••• {number[-2:]}")
        room.wait("entered")
        phone.bye()
        room.wait("left")


def torture(room):
    """RFC 4475 and 5118: 61 messages get the right answers, and a call afterwards works"""
    seen = []
    for name, _, shell, called in verdicts():
        message = bytes_of(name)
        with Sender(room.address) as sender:
            if shell == "-":
                sender.silent(name, message)
            else:
                seen.append((name, int(shell), sender.code(name, message).code))
        if called != "-":
            with Sender(room.address) as sender:
                answer = sender.code(name, to_the_clinic(message, room.address))
                seen.append((f"{name} to the clinic", int(called), answer.code))
                if answer.code == 200:
                    hang_up(sender, answer)
    wrong = [(name, wanted, got) for name, wanted, got in seen if wanted != got]
    if wrong:
        raise AssertionError(f"name, wanted, got: {wrong}")
    a_call(room, "+33600000071")


def changed(message, chance):
    message = bytearray(message)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(message) + 1)
        end = min(at + chance.randint(1, 24), len(message))
        what = chance.randrange(4)
        if what == 0:
            message[at:at + 1] = bytes([chance.choice(b"\0\r\n \"<>;:,=/\\\xff?@[]%")])
        elif what == 1:
            del message[at:end]
        elif what == 2:
            message[at:at] = message[at:end]
        else:
            message[at:] = b"" if chance.random() < 0.3 else message[at:]
    return bytes(message)


def torture_changed(room):
    """seeded changes of these messages: the shell lives, and a call afterwards works"""
    chance = random.Random(SEED)
    for name, *_ in verdicts():
        message = bytes_of(name)
        with Sender(room.address) as sender:
            for _ in range(CHANGES):
                sender.socket.sendto(changed(message, chance), sender.server)
            sender.ping(name)
    a_call(room, "+33600000072")


QUICK = [torture, torture_changed]
