"""SIPp, a SIP telephone that shares no code with this project: scenarios from steps."""

import pathlib
import random
import socket
import subprocess
import tempfile
import threading

OFFER = """v=0
o=user1 53655765 {version} IN IP[local_ip_type] [local_ip]
s=-
c=IN IP4 {address}
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a={flow}
"""


TAKEN = set()
TAKING = threading.Lock()


def free_port(host="127.0.0.1"):
    """A port that nobody has by UDP or by TCP, and that nobody gets for a connection of theirs: it lies below those."""
    while True:
        port = random.randint(20_000, 32_000)
        with TAKING:
            if port in TAKEN:
                continue
            TAKEN.add(port)
        with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                stream.bind((host, port))
                datagrams.bind((host, port))
            except OSError:
                continue
        return port


def sdp(flow="sendrecv", address="[media_ip]", version=1):
    return OFFER.format(flow=flow, address=address, version=version)


def request(method, cseq, headers=(), body=None, to="[service]", in_call=False, branch=None, contact=True):
    """One request as SIPp sends it."""
    uri = "[next_url]" if in_call else "sip:[service]@[remote_ip]:[remote_port]"
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch or '[branch]'}",
        "From: <sip:+33612345678@[local_ip]:[local_port]>;tag=[pid]sipp[call_number]",
        f"To: <sip:{to}@[remote_ip]:[remote_port]>" + ("[peer_tag_param]" if in_call else ""),
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
        "Max-Forwards: 70",
        *(["Contact: <sip:sipp@[local_ip]:[local_port]>"] if contact else []),
        *headers,
    ]
    if body is not None and not any(line.startswith("Content-Type") for line in headers):
        lines.append("Content-Type: application/sdp")
    lines.append("Content-Length: [len]")
    return "\n".join(lines) + "\n\n" + (body or "")


def send(text, retrans=True):
    attribute = ' retrans="500"' if retrans else ""
    return f"<send{attribute}><![CDATA[\n\n{text}\n]]></send>"


def invite(headers=(), body=None, cseq=1, in_call=False):
    return send(request("INVITE", cseq, headers, body, in_call=in_call))


def ack(cseq=1, body=None, to_final=False):
    if to_final:
        text = request("ACK", cseq, in_call=False, contact=False)
        # The branch is that of the INVITE, three steps before (RFC 3261 section 17.1.1.3).
        text = text.replace("[branch]", "[branch-3]")
        return send(text.replace("To: <sip:[service]@[remote_ip]:[remote_port]>", "[last_To:]"), retrans=False)
    return send(request("ACK", cseq, body=body, in_call=True), retrans=False)


def expect(code, checks=(), rrs=False, optional=False, auth=False):
    attributes = f'response="{code}"'
    if rrs:
        attributes += ' rrs="true"'
    if optional:
        attributes += ' optional="true"'
    if auth:
        attributes += ' auth="true"'
    return f"<recv {attributes}>{_actions(checks)}</recv>"


def expect_request(method, checks=()):
    return f'<recv request="{method}">{_actions(checks)}</recv>'


def _actions(checks):
    """Regular expressions that must be found in the message."""
    if not checks:
        return ""
    found = []
    names = []
    for index, check in enumerate(checks):
        name = f"c{index}"
        names.append(name)
        found.append(f'<ereg regexp="{check}" search_in="msg" check_it="true" assign_to="{name}"/>')
    # SIPp refuses variables that are never used.
    found.append("".join(f'<log message="[${name}]"/>' for name in names))
    return "<action>" + "".join(found) + "</action>"


def answer(code, reason, headers=(), body=None, tag=True, retrans=False):
    lines = [
        f"SIP/2.0 {code} {reason}",
        "[last_Via:]",
        "[last_From:]",
        "[last_To:]" + (";tag=[pid]uas[call_number]" if tag else ""),
        "[last_Call-ID:]",
        "[last_CSeq:]",
        "Contact: <sip:[local_ip]:[local_port]>",
        *headers,
    ]
    if body is not None:
        lines.append("Content-Type: application/sdp")
    lines.append("Content-Length: [len]")
    return send("\n".join(lines) + "\n\n" + (body or ""), retrans=retrans)


def dial(body="offer", headers=(), checks=()):
    """A call that is answered."""
    text = sdp() if body == "offer" else body
    return [
        invite(headers, text),
        expect(100, optional=True),
        expect(180, optional=True),
        expect(200, checks, rrs=True),
    ]


def info(keys, cseq):
    steps = []
    for key in keys:
        body = f"Signal={key}\nDuration=160\n"
        headers = ["Content-Type: application/dtmf-relay"]
        steps += [send(request("INFO", cseq, headers, body, in_call=True)), expect(200)]
        cseq += 1
    return steps


def bye(cseq):
    return [send(request("BYE", cseq, in_call=True)), expect(200)]


def they_hang_up():
    return [expect_request("BYE"), answer(200, "OK", tag=False)]


class Sipp:
    """A running SIPp. It ends with 0 when everything came as it was expected."""

    def __init__(self, steps, remote=None, port=None, host="127.0.0.1", called="+33123456789", extra=(), calls=1):
        self.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(self.folder.name) / "scenario.xml"
        body = "\n".join(steps)
        path.write_text(f'<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="s">\n{body}\n</scenario>\n')
        port = port or free_port(host)
        command = ["sipp"]
        if remote:
            command.append(f"{remote[0]}:{remote[1]}")
        command += [
            "-sf", path, "-m", str(calls), "-i", host, "-p", str(port), "-mp", str(free_port(host)),
            "-s", called, "-nostdin", "-timeout", "80s", "-timeout_error", "-recv_timeout", "70000",
            "-trace_err", "-error_file", pathlib.Path(self.folder.name) / "errors", *extra,
        ]
        self.port = port
        self.process = subprocess.Popen(
            command, cwd=self.folder.name, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def end(self):
        """Waits for the end of the scenario, and says what was wrong."""
        output, _ = self.process.communicate(timeout=90)
        errors = pathlib.Path(self.folder.name) / "errors"
        said = errors.read_text(errors="replace")[:1500] if errors.exists() else ""
        self.folder.cleanup()
        if self.process.returncode != 0:
            raise AssertionError(f"SIPp ended with {self.process.returncode}: {said or output[-800:]!r}")
