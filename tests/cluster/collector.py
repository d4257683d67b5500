"""A collector of OTLP over HTTP that keeps what it gets, or misbehaves when it is told to."""

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass
class Told:
    """One span, and who told it."""

    node: str
    trace: str
    span: str
    parent: str
    name: str
    kind: int
    begin_ns: int
    end_ns: int
    failed: bool
    attributes: dict[str, Any]


class Collector:
    """The server; `status` is what it answers, `hold` keeps every answer back while it is not set."""

    def __init__(self, host: str, secret: str) -> None:
        self.spans: list[Told] = []
        self.raw = bytearray()
        self.problems: list[str] = []
        self.status = 200
        self.hold = threading.Event()
        self.hold.set()
        self._secret = secret
        self._lock = threading.Lock()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.hold.wait()
                collector._take(self.path, dict(self.headers), body)
                answer = ExportTraceServiceResponse().SerializeToString()
                try:
                    self.send_response(collector.status)
                    self.send_header("Content-Type", "application/x-protobuf")
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:
                    pass

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        with self._lock:
            lower = {name.lower(): value for name, value in headers.items()}
            if path != "/v1/traces":
                self.problems.append(f"posted to {path}")
            if lower.get("content-type") != "application/x-protobuf":
                self.problems.append(f"sent as {lower.get('content-type')}")
            if lower.get("authorization") != self._secret:
                self.problems.append("without the header of the file")
            self.raw += body
            request = ExportTraceServiceRequest.FromString(body)
            # What the published messages do not know was written wrong.
            if request.SerializeToString() and len(request.SerializeToString()) != len(body):
                self.problems.append("bytes that the published messages do not know")
            for resource in request.resource_spans:
                about = {it.key: it.value.string_value for it in resource.resource.attributes}
                if about.get("service.name") != "telehealth" or not about.get("service.version"):
                    self.problems.append(f"a resource of {about}")
                for scope in resource.scope_spans:
                    self.spans += [told(about.get("service.instance.id", ""), it) for it in scope.spans]

    def named(self, name: str) -> list[Told]:
        """The spans of a name."""
        with self._lock:
            return [span for span in self.spans if span.name == name]

    def of(self, trace: str) -> list[Told]:
        """The spans of a trace."""
        with self._lock:
            return [span for span in self.spans if span.trace == trace]

    def forget(self) -> None:
        """Forgets the spans, not the bytes."""
        with self._lock:
            self.spans.clear()


def told(node: str, span: Any) -> Told:
    """A span in our words."""
    values = {it.key: getattr(it.value, it.value.WhichOneof("value")) for it in span.attributes}
    return Told(
        node, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name, span.kind,
        span.start_time_unix_nano, span.end_time_unix_nano, span.status.code == 2, values,
    )
