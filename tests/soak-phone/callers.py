"""People who call, and what else comes to a telephone line. Each kind is one function; it answers with a word
for the table."""

import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "phone"))
import torture  # noqa: E402
from phone import WAIT_S, Message, Phone  # noqa: E402

PACKET_S = 0.02
# Requests that a caller of a flood sends without a pause.
FLOOD = 80


def someone(chance):
    return f"+336{chance.randrange(10**8):08d}"


class Caller(Phone):
    """A telephone that hears nothing of calls of others: whoever had its port before may have left answers open."""

    def receive(self, seconds=WAIT_S):
        while True:
            message = super().receive(seconds)
            if message.get("Call-ID") == self.call_id:
                return message


class Line:
    """Where callers call, and who gives them a PIN."""

    def __init__(self, server, number, pins):
        self.server = server
        self.number = number
        self.pins = pins

    def phone(self, chance, called=None):
        return Caller(self.server, number=someone(chance), called=called or self.number)


def tend(phone):
    """Answers what the other end has sent meanwhile, as telephones do: an answer that comes again had no ACK, and
    who hangs up wants to know that it was heard. Whether the other end has hung up."""
    phone.socket.setblocking(False)
    try:
        while True:
            message = Message(phone.socket.recv(65_536))
            if message.get("Call-ID") != phone.call_id:
                continue
            if message.code and message.code // 100 == 2 and message.get("CSeq").endswith("INVITE"):
                phone.request("ACK", cseq=int(message.get("CSeq").split()[0]))
            elif message.method == "BYE":
                phone.answer(message)
                return True
    except BlockingIOError:
        return False


def speak(phone, seconds):
    """Sound at its own pace. Whether the other end has hung up meanwhile."""
    for _ in range(int(seconds / PACKET_S)):
        phone.quiet(1)
        time.sleep(PACKET_S)
        if tend(phone):
            return True
    return False


def final(phone):
    """The final answer to the last request; one to another request that comes again is acknowledged."""
    while True:
        answer = phone.response()
        number, method = answer.get("CSeq").split()
        if int(number) == phone.cseq:
            return answer
        if method == "INVITE":
            phone.request("ACK", cseq=int(number))


def answered(phone):
    code = phone.invite().code
    if code != 200:
        raise AssertionError(f"a call got {code}")


def entered(line, phone, chance, index):
    """Through the menu into the visit."""
    answered(phone)
    speak(phone, chance.uniform(0.1, 0.6))
    phone.keys("12"[chance.randrange(2)])
    speak(phone, 0.3)
    phone.keys(line.pins(index))
    speak(phone, chance.uniform(0.2, 0.5))


def visit(line, chance, index):
    """PIN right, let in, held and resumed, keys, hung up."""
    with line.phone(chance) as phone:
        entered(line, phone, chance, index)
        if speak(phone, chance.uniform(1, 6)):
            raise AssertionError("the line hung up in a visit")
        for flow in ("sendonly", "sendrecv", "inactive", "sendrecv")[: chance.choice((0, 2, 4))]:
            phone.request("INVITE", (), phone.offer(flow))
            code = final(phone).code
            phone.request("ACK", cseq=phone.cseq)
            if code != 200:
                raise AssertionError(f"hold got {code}")
            if speak(phone, chance.uniform(0.1, 1)):
                raise AssertionError("the line hung up in a visit")
        phone.keys("15"[chance.randrange(2)])
        speak(phone, chance.uniform(0.5, 2))
        over(phone)


def leaves_the_visit(line, chance, index):
    """PIN right, and 9 in the visit: the line hangs up."""
    with line.phone(chance) as phone:
        entered(line, phone, chance, index)
        speak(phone, 2)
        phone.keys("9")
        phone.answer(phone.awaited("BYE"))


def lobby(line, chance, index):
    """PIN right, hung up at once."""
    with line.phone(chance) as phone:
        entered(line, phone, chance, index)
        over(phone)


def wrong_pin(line, chance, _index):
    """PIN wrong once to three times."""
    with line.phone(chance) as phone:
        answered(phone)
        speak(phone, 0.3)
        phone.keys("2")
        for _ in range(chance.randint(1, 3)):
            speak(phone, 0.5)
            phone.keys(f"{chance.randrange(10**6):06d}")
            speak(phone, 0.5)
        over(phone)


def hangs_up(line, chance, _index):
    """Hung up during the first prompt, or before the ACK."""
    with line.phone(chance) as phone:
        if chance.random() < 0.5:
            answered(phone)
            speak(phone, chance.uniform(0, 1))
        else:
            phone.request("INVITE", (), phone.offer())
            final = phone.response()
            phone.to, phone.target = final.get("To"), final.get("Contact").strip("<>")
        over(phone)


def cancelled(line, chance, _index):
    """CANCEL while it rings: it is too late, or 487."""
    with line.phone(chance) as phone:
        branch = phone.request("INVITE", ["Require: 100rel"], phone.offer())
        ringing = phone.response(180)
        phone.request("CANCEL", cseq=phone.cseq, branch=branch)
        final = ringing if ringing.code >= 300 else phone.response()
        while not final.get("CSeq").endswith("INVITE"):
            final = phone.response()
        phone.to = final.get("To")
        phone.request("ACK", cseq=phone.cseq, branch=branch)
        if final.code != 487:
            raise AssertionError(f"a cancelled call got {final.code}")


def silent(line, chance, _index):
    """No ACK, no sound, no BYE: whoever called is gone."""
    with line.phone(chance) as phone:
        phone.request("INVITE", (), phone.offer())
        final = phone.response()
        if chance.random() < 0.5:
            phone.to, phone.target = final.get("To"), final.get("Contact").strip("<>")
            phone.request("ACK", cseq=phone.cseq)


def lost(line, chance, index):
    """In the visit, and then nothing more: the line finds out by itself."""
    with line.phone(chance) as phone:
        entered(line, phone, chance, index)
        speak(phone, 1)


def flood(line, chance, _index):
    """Many calls for a number that is nobody's, and of strangers."""
    with line.phone(chance, called="+33199999999") as phone:
        for _ in range(FLOOD):
            phone.new_call()
            phone.request("INVITE", (), phone.offer())
    with Phone(line.server, host="127.0.0.9", number=someone(chance), called=line.number) as stranger:
        for _ in range(FLOOD):
            stranger.new_call()
            stranger.request("INVITE", (), stranger.offer())


def torn(line, chance, _index):
    """Messages of RFC 4475, changed, and one that still works."""
    names = [name for name, *_ in torture.verdicts()]
    with torture.Sender(line.server) as sender:
        for name in chance.sample(names, 12):
            sender.socket.sendto(torture.changed(torture.bytes_of(name), chance), sender.server)
        sender.ping("soak")


def over(phone):
    phone.request("BYE")
    code = final(phone).code
    # The other end may have hung up at the same time.
    if code not in (200, 481):
        raise AssertionError(f"BYE got {code}")


# Which and how often.
KINDS = [
    (visit, 6),
    (leaves_the_visit, 1),
    (lobby, 3),
    (wrong_pin, 3),
    (hangs_up, 4),
    (cancelled, 2),
    (silent, 1),
    (lost, 1),
    (flood, 1),
    (torn, 2),
]


def pick(chance):
    kinds = [kind for kind, often in KINDS for _ in range(often)]
    return chance.choice(kinds)


def seeded(seed, worker):
    return random.Random(f"{seed}-{worker}")
