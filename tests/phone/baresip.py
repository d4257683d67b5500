"""baresip, a telephone with codecs of its own, without loudspeaker and microphone."""

import json
import math
import pathlib
import queue
import socket
import struct
import subprocess
import tempfile
import threading
import wave

from sipp import free_port

CONFIG = """
sip_listen 127.0.0.1:{sip}
audio_player aufile,{folder}/heard.wav
audio_source aufile,{folder}/said.wav
audio_alert aufile,{folder}/alert.wav
audio_srate {rate}
rtp_ports 20000-60000
module_path /usr/lib/baresip/modules
module g722.so
module g711.so
module aufile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
"""


class Baresip:
    """`account` and `config` are added to its files (@folder@ is where they are); it listens on `port`, and with TLS on the next one."""

    def __init__(self, codec="G722", account="", config="", port=None):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        control = free_port()
        # The file must have the rate of the codec.
        rate = 16_000 if codec == "G722" else 8_000
        self.port = port or free_port()
        text = CONFIG.format(sip=self.port, control=control, folder=folder, rate=rate)
        (folder / "config").write_text(text + config.replace("@folder@", str(folder)))
        (folder / "accounts").write_text(
            f"<sip:+33612345678@127.0.0.1>;regint=0;audio_codecs={codec}/{rate}/1{account}\n"
        )
        (folder / "contacts").write_text("")
        with wave.open(str(folder / "said.wav"), "wb") as said:
            said.setparams((1, 2, rate, 0, "NONE", ""))
            tone = (int(12_000 * math.sin(2 * math.pi * 300 * at / rate)) for at in range(rate * 20))
            said.writeframes(b"".join(struct.pack("<h", sample) for sample in tone))
        self.process = subprocess.Popen(
            ["baresip", "-f", str(folder)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
        )
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._until("is ready")
        self.control = socket.create_connection(("127.0.0.1", control), timeout=40)
        self.buffer = b""

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def _until(self, words):
        said = []
        while True:
            line = self.lines.get(timeout=40)
            if line is None:
                raise AssertionError(f"baresip has ended: {said[-5:]}")
            said.append(line)
            if words in line:
                return

    def order(self, command, params=""):
        text = json.dumps({"command": command, "params": params, "token": "t"}).encode()
        self.control.sendall(b"%d:%s," % (len(text), text))

    def wait(self, kind):
        """The next event of this kind."""
        while True:
            while b":" not in self.buffer:
                self.buffer += self._more()
            length, _, rest = self.buffer.partition(b":")
            while len(rest) <= int(length):
                rest += self._more()
            self.buffer = rest[int(length) + 1:]
            message = json.loads(rest[: int(length)])
            if message.get("type") == kind:
                return message

    def _more(self):
        came = self.control.recv(65_536)
        if not came:
            raise AssertionError("baresip has closed its control")
        return came

    def close(self):
        self.order("quit")
        self.process.wait(timeout=40)
        self.control.close()
        self.folder.cleanup()
