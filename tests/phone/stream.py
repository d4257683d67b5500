"""The small telephone over TCP and TLS."""

import secrets
import socket

from phone import WAIT_S, Message, Phone


class Stream:
    """A connection that is used like a socket of datagrams: each message by itself."""

    def __init__(self, raw):
        self.raw = raw
        self.buffer = b""
        raw.settimeout(WAIT_S)

    @classmethod
    def to(cls, server, host="127.0.0.1", tls=None, name="clinic.test"):
        raw = socket.create_connection(server, timeout=WAIT_S, source_address=(host, 0))
        return cls(tls.wrap_socket(raw, server_hostname=name) if tls else raw)

    def sendto(self, data, _to):
        self.raw.sendall(data)

    def recv(self, _size):
        while True:
            self.buffer = self.buffer.lstrip(b"\r\n")
            head, end, rest = self.buffer.partition(b"\r\n\r\n")
            if end:
                length = int(Message(head + end).get("Content-Length"))
                if len(rest) >= length:
                    self.buffer = rest[length:]
                    return head + end + rest[:length]
            self.buffer += self.more()

    def more(self):
        came = self.raw.recv(65_536)
        if not came:
            raise EOFError("the connection was closed")
        return came

    def closed(self):
        """Waits until the other end closes; whatever it said before."""
        said = b""
        try:
            while came := self.raw.recv(65_536):
                said += came
        except ConnectionResetError:
            pass
        return said

    def settimeout(self, seconds):
        self.raw.settimeout(seconds)

    def getsockname(self):
        return self.raw.getsockname()[:2]

    def close(self):
        self.raw.close()


class StreamPhone(Phone):
    """A telephone whose SIP goes over a connection that it opens, or over one that it was given."""

    def __init__(self, server, host="127.0.0.1", tls=None, stream=None, **names):
        super().__init__(server, host, **names)
        self.socket.close()
        self.transport = "TLS" if tls else "TCP"
        self.tls = tls
        # Where it is called back, if its connection is gone.
        self.door = socket.create_server((host, 0))
        self.shares = stream is not None
        self.socket = stream or Stream.to(server, host, tls)
        self.port = self.socket.getsockname()[1]
        number = self.from_.split("@")[0]
        self.from_ = f"{number}@{host}:{self.port}>;tag={secrets.token_hex(6)}"

    def contact(self):
        return f"sip:me@{self.host}:{self.door.getsockname()[1]};transport={self.transport.lower()}"

    def connect_again(self):
        self.socket = Stream.to(self.server, self.host, self.tls)

    def called_back(self):
        """Waits until it is connected to."""
        self.door.settimeout(WAIT_S)
        raw, _ = self.door.accept()
        self.socket = Stream(raw)

    def close(self):
        self.door.close()
        self.sound.close()
        if not self.shares:
            self.socket.close()
