"""GStreamer at a standard door: publishes a colour and a tone in H.264 and Opus, or plays.

It runs in the system's Python, where GStreamer's bindings are. Every line that it prints is JSON:
what was answered, and what was decoded so far. It ends when its input is closed, with a DELETE.

    gst_client.py publish|play ENDPOINT TICKET [RED GREEN BLUE PITCH_HZ]
"""

import json
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

WIDTH, HEIGHT, FRAMES_PER_S = 320, 180, 15

SEND = """
webrtcbin name=rtc bundle-policy=max-bundle
videotestsrc is-live=true pattern=solid-color foreground-color={colour}
  ! video/x-raw,format=I420,width={width},height={height},framerate={rate}/1
  ! x264enc tune=zerolatency speed-preset=ultrafast bitrate=300 key-int-max={rate} bframes=0
  ! video/x-h264,profile=constrained-baseline
  ! rtph264pay aggregate-mode=zero-latency config-interval=-1
  ! application/x-rtp,media=video,encoding-name=H264,payload=96 ! queue ! rtc.
audiotestsrc is-live=true wave=sine freq={pitch} volume=0.3
  ! audio/x-raw,rate=48000,channels=2 ! opusenc frame-size=20
  ! rtpopuspay ! application/x-rtp,media=audio,encoding-name=OPUS,payload=111 ! queue ! rtc.
"""
SLOTS = {
    "audio": "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,"
    "encoding-params=(string)2",
    "video": "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000",
}


def tell(**fields: object) -> None:
    """Prints one line."""
    print(json.dumps(fields), flush=True)


def elliptic_certificate() -> str:
    """A fresh certificate on P-256 with its key, as PEM."""
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30"
    command = [*words.split(), "-subj", "/CN=gst", "-keyout", "-", "-out", "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def fingerprint(pem: str) -> str:
    """The certificate's fingerprint as an SDP writes it."""
    command = "openssl x509 -noout -fingerprint -sha256".split()
    told = subprocess.run(command, input=pem, check=True, capture_output=True, text=True).stdout
    return f"a=fingerprint:sha-256 {told.strip().split('=')[1]}"


class Client:
    """One pipeline with one session."""

    def __init__(self, endpoint: str, ticket: str) -> None:
        self.endpoint = endpoint
        self.ticket = ticket
        self.url = ""
        self.offered = False
        self.posted = False
        self.decoded = {"audio": 0, "video": 0}
        self.colour = (0, 0)
        self.pem = elliptic_certificate()
        self.loop = GLib.MainLoop()
        self.pipeline: Gst.Pipeline
        self.rtc: Gst.Element

    def publish(self, colour: int, pitch_hz: int) -> None:
        """Builds a pipeline that sends."""
        text = SEND.format(
            colour=colour, width=WIDTH, height=HEIGHT, rate=FRAMES_PER_S, pitch=pitch_hz
        )
        self.pipeline = Gst.parse_launch(text)
        self.rtc = self.pipeline.get_by_name("rtc")
        for index in range(2):
            slot = self.rtc.emit("get-transceiver", index)
            slot.set_property("direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
        self._start()

    def play(self) -> None:
        """Builds a pipeline that receives one tone and one picture."""
        self.pipeline = Gst.Pipeline.new("play")
        self.rtc = Gst.ElementFactory.make("webrtcbin", "rtc")
        self.rtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(self.rtc)
        recvonly = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
        for caps in SLOTS.values():
            self.rtc.emit("add-transceiver", recvonly, Gst.Caps.from_string(caps))
        self.rtc.connect("pad-added", self._slot)
        self._start()
        # Without a source nobody asks webrtcbin for an offer.
        self._negotiate(self.rtc)

    def run(self) -> None:
        """Works until the input is closed."""
        threading.Thread(target=self._wait_for_the_end, daemon=True).start()
        GLib.timeout_add(200, self._report)
        self.loop.run()
        if self.url:
            status, _, _ = self._call("DELETE", self.url, {}, None)
            tell(deleted=status)
        self.pipeline.set_state(Gst.State.NULL)

    def _start(self) -> None:
        for element in self._elements(self.rtc):
            self._certify(element)
        self.rtc.connect("deep-element-added", lambda _rtc, _bin, element: self._certify(element))
        self.rtc.connect("on-negotiation-needed", self._negotiate)
        self.rtc.connect("notify::ice-gathering-state", self._gathered)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self._failed)
        self.pipeline.set_state(Gst.State.PLAYING)

    def _elements(self, bin: Gst.Bin) -> list[Gst.Element]:
        found = []
        elements = bin.iterate_recurse()
        while True:
            result, element = elements.next()
            if result != Gst.IteratorResult.OK:
                return found
            found.append(element)

    def _certify(self, element: Gst.Element) -> None:
        # The server's DTLS takes no RSA certificates, which are what GStreamer makes. The transport
        # is added after its first certificate has been written into the offer; `_post` corrects that.
        if element.get_factory() is not None and element.get_factory().get_name() == "dtlsdec":
            element.set_property("pem", self.pem)

    def _negotiate(self, rtc: Gst.Element) -> None:
        if not self.offered:
            self.offered = True
            rtc.emit("create-offer", None, Gst.Promise.new_with_change_func(self._offer))

    def _offer(self, promise: Gst.Promise) -> None:
        promise.wait()
        # The reply owns the offer.
        reply = promise.get_reply()
        self.rtc.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())

    def _gathered(self, rtc: Gst.Element, _: object) -> None:
        complete = GstWebRTC.WebRTCICEGatheringState.COMPLETE
        if rtc.get_property("ice-gathering-state") == complete and not self.posted:
            self.posted = True
            GLib.idle_add(self._post)

    def _post(self) -> bool:
        offer = self.rtc.get_property("local-description").sdp.as_text()
        offer = re.sub(r"a=fingerprint:\S+ [0-9A-F:]+", fingerprint(self.pem), offer)
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {self.ticket}"}
        status, fields, body = self._call("POST", self.endpoint, headers, offer.encode())
        tell(answered=status, body="" if status == 201 else body)
        if status != 201:
            self.loop.quit()
            return False
        self.url = urllib.parse.urljoin(self.endpoint, fields["location"])
        _, message = GstSdp.SDPMessage.new_from_text(body)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.rtc.emit("set-remote-description", answer, Gst.Promise.new())
        return False

    def _call(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, dict[str, str], str]:
        call = urllib.request.Request(url, method=method, data=body, headers=headers)
        try:
            with urllib.request.urlopen(call, timeout=30) as answer:
                fields = {name.lower(): value for name, value in answer.headers.items()}
                return answer.status, fields, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, {}, error.read().decode()

    def _slot(self, _: Gst.Element, pad: Gst.Pad) -> None:
        if pad.direction != Gst.PadDirection.SRC:
            return
        kind = pad.get_current_caps().get_structure(0).get_string("media")
        if kind == "audio":
            text = "rtpopusdepay ! opusdec ! audioconvert ! appsink name=sink emit-signals=true"
        else:
            text = (
                "rtpvp8depay ! vp8dec ! videoconvert ! video/x-raw,format=I420 "
                "! appsink name=sink emit-signals=true"
            )
        branch = Gst.parse_bin_from_description(f"queue ! {text}", True)
        sink = branch.get_by_name("sink")
        sink.set_property("sync", False)
        sink.connect("new-sample", self._sample, kind)
        self.pipeline.add(branch)
        branch.sync_state_with_parent()
        pad.link(branch.get_static_pad("sink"))

    def _sample(self, sink: Gst.Element, kind: str) -> Gst.FlowReturn:
        sample = sink.emit("pull-sample")
        self.decoded[kind] += 1
        if kind == "video":
            shape = sample.get_caps().get_structure(0)
            width, height = shape.get_int("width")[1], shape.get_int("height")[1]
            stride, half = (width + 3) // 4 * 4, ((width + 1) // 2 + 3) // 4 * 4
            rows, half_rows = (height + 1) // 2 * 2, (height + 1) // 2
            middle = half_rows // 2 * half + width // 4
            planes = sample.get_buffer().extract_dup(0, sample.get_buffer().get_size())
            blue = stride * rows + middle
            self.colour = (planes[blue], planes[blue + half * half_rows])
        return Gst.FlowReturn.OK

    def _report(self) -> bool:
        blue, red = self.colour
        state = self.rtc.get_property("connection-state").value_nick
        tell(state=state, audio=self.decoded["audio"], video=self.decoded["video"], blue=blue, red=red)
        return True

    def _failed(self, _: Gst.Bus, message: Gst.Message) -> None:
        error, debug = message.parse_error()
        tell(error=error.message, debug=debug)
        self.loop.quit()

    def _wait_for_the_end(self) -> None:
        sys.stdin.read()
        self.loop.quit()


def main() -> None:
    """Reads the command line."""
    Gst.init(None)
    way, endpoint, ticket, *look = sys.argv[1:]
    client = Client(endpoint, ticket)
    if way == "publish":
        red, green, blue, pitch_hz = (int(word) for word in look)
        client.publish(0xFF000000 | red << 16 | green << 8 | blue, pitch_hz)
    else:
        client.play()
    client.run()


if __name__ == "__main__":
    main()
