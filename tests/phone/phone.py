"""A small telephone: it says exactly what a scenario wants, keeps a nonce, and sends keys in its
sound. Foreign programs cannot be told to do that."""

import hashlib
import re
import secrets
import socket
import struct

WAIT_S = 40


class Message:
    def __init__(self, data):
        head, _, self.body = data.decode(errors="replace").partition("\r\n\r\n")
        self.first, *lines = head.split("\r\n")
        self.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
        self.code = int(self.first.split(" ")[1]) if self.first.startswith("SIP/2.0") else None
        self.method = None if self.code else self.first.split(" ")[0]

    def get(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Phone:
    def __init__(self, server, host="127.0.0.1", number="+33612345678", called="+33123456789"):
        self.server = server
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(WAIT_S)
        self.sound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sound.bind((host, 0))
        self.sound.settimeout(WAIT_S)
        self.host, self.port = self.socket.getsockname()
        self.transport = "UDP"
        self.uri = f"sip:{called}@{server[0]}:{server[1]}"
        self.from_ = f"<sip:{number}@{host}:{self.port}>;tag={secrets.token_hex(6)}"
        self.new_call()

    def new_call(self):
        self.call_id = secrets.token_hex(12)
        self.cseq = 0
        self.to = f"<{self.uri}>"
        self.target = self.uri
        self.sequence = secrets.randbelow(30_000)
        self.timestamp = secrets.randbelow(1 << 31)
        self.ssrc = secrets.randbelow(1 << 32)

    def close(self):
        self.socket.close()
        self.sound.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def contact(self):
        return f"sip:me@{self.host}:{self.port}"

    def offer(self, flow="sendrecv"):
        return (
            f"v=0\r\no=- 1 1 IN IP4 {self.host}\r\ns=-\r\nc=IN IP4 {self.host}\r\nt=0 0\r\n"
            f"m=audio {self.sound.getsockname()[1]} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
            f"a=fmtp:101 0-15\r\na={flow}\r\n"
        )

    def request(self, method, headers=(), body="", cseq=None, branch=None):
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        branch = branch or f"z9hG4bK{secrets.token_hex(8)}"
        lines = [
            f"{method} {self.target} SIP/2.0",
            f"Via: SIP/2.0/{self.transport} {self.host}:{self.port};branch={branch};rport",
            f"From: {self.from_}",
            f"To: {self.to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq} {method}",
            "Max-Forwards: 70",
            f"Contact: <{self.contact()}>",
            *headers,
        ]
        if body and not any(line.lower().startswith("content-type") for line in headers):
            lines.append("Content-Type: application/sdp")
        lines += [f"Content-Length: {len(body.encode())}", "", body]
        self.last = "\r\n".join(lines).encode()
        self.socket.sendto(self.last, self.server)
        return branch

    def receive(self, seconds=WAIT_S):
        self.socket.settimeout(seconds)
        return Message(self.socket.recv(65_536))

    def response(self, least=200):
        """The next answer with at least this code; requests in between wait for nobody."""
        for _ in range(6):
            try:
                while True:
                    message = self.receive(7)
                    if message.code is not None and message.code >= least:
                        return message
            except TimeoutError:
                self.socket.sendto(self.last, self.server)
        raise AssertionError(f"no answer to {self.last[:40]!r}")

    def awaited(self, method, seconds=WAIT_S):
        """The next request with this method."""
        while True:
            message = self.receive(seconds)
            if message.method == method:
                return message

    def answer(self, request, code=200, reason="OK", headers=()):
        lines = [f"SIP/2.0 {code} {reason}"]
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            lines += [f"{name}: {value}" for value in request.all(name)]
        lines += [*headers, "Content-Length: 0", "", ""]
        self.socket.sendto("\r\n".join(lines).encode(), self.server)

    def invite(self, headers=(), body=None):
        """INVITE to its final answer, acknowledged."""
        branch = self.request("INVITE", headers, self.offer() if body is None else body)
        final = self.response()
        self.to = final.get("To") if final.code < 300 else self.to
        if final.code < 300:
            self.target = re.search(r"<(.*?)>", final.get("Contact")).group(1)
            port = re.search(r"m=audio (\d+)", final.body).group(1)
            self.far = (self.server[0], int(port))
            self.request("ACK", cseq=self.cseq)
        else:
            to, self.to = self.to, final.get("To")
            self.request("ACK", cseq=self.cseq, branch=branch)
            self.to = to
        return final

    def within(self, method, headers=(), body=""):
        self.request(method, headers, body)
        return self.response()

    def bye(self):
        return self.within("BYE")

    def _rtp(self, payload_type, payload, timestamp, marker=False):
        self.sequence = (self.sequence + 1) & 0xFFFF
        header = struct.pack(
            "!BBHII", 0x80, payload_type | (0x80 if marker else 0), self.sequence, timestamp, self.ssrc
        )
        self.sound.sendto(header + payload, self.far)

    def quiet(self, packets=4):
        """Some sound of silence, so that the source is known."""
        for _ in range(packets):
            self.timestamp = (self.timestamp + 160) & 0xFFFFFFFF
            self._rtp(8, b"\xd5" * 160, self.timestamp)

    def keys(self, keys):
        """Keys as events (RFC 4733), with doubled ends and without a marker on the first."""
        for key in keys:
            code = "0123456789*#ABCD".index(key)
            self.timestamp = (self.timestamp + 3_200) & 0xFFFFFFFF
            for step in range(1, 9):
                end = 0x80 if step > 5 else 0
                duration = min(step, 6) * 160
                self._rtp(101, struct.pack("!BBH", code, end | 10, duration), self.timestamp)

    def digest(self, challenge, nc, secret, user="carrier", algorithm="SHA-256"):
        get = lambda name: re.search(name + r'="?([^",]+)', challenge).group(1)  # noqa: E731
        hashed = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5
        h = lambda text: hashed(text.encode()).hexdigest()  # noqa: E731
        realm, nonce, cnonce = get("realm"), get("nonce"), "0a4f113b"
        nc = f"{nc:08x}"
        response = h(f"{h(f'{user}:{realm}:{secret}')}:{nonce}:{nc}:{cnonce}:auth:{h(f'INVITE:{self.uri}')}")
        return (
            f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{self.uri}", '
            f'response="{response}", algorithm={algorithm}, qop=auth, nc={nc}, cnonce="{cnonce}"'
        )
