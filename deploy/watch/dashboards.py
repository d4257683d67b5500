#!/usr/bin/env python3
"""Writes the four Grafana dashboards into `dashboards`; `--check` says whether they are up to date.

A dashboard is rows of panels, a panel is a title, a unit and its queries with their legends. What
Grafana wants besides is the same everywhere, and is added here.
"""

import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).parent / "dashboards"
ONE = '{instance=~"$instance"}'


def rate(metric, by="", labels="", window="$__rate_interval"):
    """The sum of a counter's rate, over all chosen servers."""
    chosen = f'{{instance=~"$instance"{"," if labels else ""}{labels}}}'
    return f"sum{f' by ({by})' if by else ''} (rate({metric}{chosen}[{window}]))"


def quantile(q, metric, by=""):
    """A quantile of a histogram, over all chosen servers."""
    by = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, {rate(metric + '_bucket', by)})"


def total(metric, by="", labels=""):
    """The sum of a gauge over all chosen servers."""
    chosen = f'{{instance=~"$instance"{"," if labels else ""}{labels}}}'
    return f"sum{f' by ({by})' if by else ''} ({metric}{chosen})"


def stat(title, unit, query, limits=(), description=""):
    """One number. `limits`: from here on yellow, from here on red."""
    return ("stat", title, unit, [(query, "")], limits, description)


def lines(title, unit, *queries, description=""):
    """Lines over time."""
    return ("timeseries", title, unit, list(queries), (), description)


API = 'route!="pages"'
CLINIC = [
    stat("Requests", "reqps", rate("http_requests_total")),
    stat("Failing", "percentunit", "telehealth:errors:ratio5m", (0.001, 0.0144), "The budget is 0.1 % a month."),
    stat("Slower than 3 s", "percentunit", "telehealth:slow:ratio5m", (0.001, 0.01)),
    stat("Audit not signed, 1 h", "short", f"sum (increase(audit_checkpoint_failures_total{ONE}[1h]))", (1, 1)),
    lines("Answers by status", "reqps", (rate("http_requests_total", "status"), "{{status}}")),
    lines(
        "Time of an answer of the API",
        "s",
        *((f"histogram_quantile({q}, {rate('http_request_seconds_bucket', 'le', API)})", f"p{q * 100:g}") for q in (0.5, 0.95, 0.99)),
    ),
    lines(
        "Error budget, burn rate",
        "short",
        ("telehealth:errors:ratio5m / 0.001", "5 min"),
        ("telehealth:errors:ratio1h / 0.001", "1 h"),
        ("telehealth:errors:ratio6h / 0.001", "6 h"),
        description="1 uses up the month's budget in a month, 14.4 in two days.",
    ),
    lines("Busiest routes", "reqps", (f"topk(8, {rate('http_requests_total', 'route')})", "{{route}}")),
    lines("Slowest routes, p95", "s", (f"topk(8, {quantile(0.95, 'http_request_seconds', 'route')})", "{{route}}")),
    lines("Failing routes", "reqps", (rate("http_requests_total", "route, status", 'status=~"5.."'), "{{route}} {{status}}")),
    lines("Laboratory messages by acknowledgement", "cps", (rate("lab_messages_total", "code"), "{{code}}")),
    lines("Questions to the language model of others", "cps", (rate("model_questions_total", "outcome"), "{{outcome}}")),
    lines(
        "Checkpoints of the audit",
        "cps",
        (rate("audit_checkpoints_total"), "signed"),
        (rate("audit_checkpoint_failures_total"), "failed"),
    ),
]
CALLS = [
    stat("Open pages", "short", total("signal_connections")),
    stat("Rooms", "short", total("signal_rooms")),
    stat("Telephones", "short", total("phone_calls")),
    stat("Rooms ended by a fault, 1 h", "short", f"sum (increase(signal_room_panics_total{ONE}[1h]))", (1, 1)),
    lines("Pages, rooms, telephones", "short", (total("signal_connections"), "pages"), (total("signal_rooms"), "rooms"), (total("phone_calls"), "telephones")),
    lines("How waiting and visits end", "cps", (rate("signal_admissions_total", "outcome"), "{{outcome}}")),
    lines("Time in the waiting room", "s", (quantile(0.5, "signal_admission_wait_seconds"), "p50"), (quantile(0.9, "signal_admission_wait_seconds"), "p90")),
    lines("Messages of pages", "cps", (rate("signal_messages_total", "type"), "{{type}}")),
    lines("Refusals", "cps", (rate("signal_refused_total", "code"), "{{code}}")),
    lines(
        "Between signaling, clinic and media",
        "cps",
        (rate("signal_clinic_failures_total", "call"), "the clinic did not answer: {{call}}"),
        (rate("signal_clinic_dropped_total"), "too many questions"),
        (rate("signal_media_failures_total"), "media did not take an order"),
        (rate("sfu_events_lost_total"), "signaling did not take an event"),
    ),
    lines("Rooms of each server", "short", (total("signal_cluster_rooms", "instance"), "{{instance}}"), (total("signal_cluster_carried", "instance"), "carried by {{instance}}")),
    lines(
        "Between servers",
        "cps",
        (rate("signal_cluster_takeovers_total"), "rooms taken over"),
        (rate("signal_cluster_lost_total"), "rooms lost to another"),
        (rate("signal_cluster_orders_dropped_total"), "orders dropped"),
        (rate("signal_cluster_register_failures_total"), "the register did not answer"),
        (total("signal_cluster_register_up"), "servers with a register"),
    ),
    lines("Programs at the standard doors", "short", (total("signal_door_sessions", "door"), "{{door}}")),
    lines(
        "Telephones in trouble",
        "cps",
        (rate("phone_ticks_left_out_total"), "20 ms left out"),
        (rate("phone_packets_unsent_total"), "packets not sent"),
        (rate("phone_leg_events_lost_total"), "events lost"),
        (rate("sfu_phone_events_lost_total"), "sound lost before the bridge"),
        (rate("phone_lines_failed_total"), "calls ended by a fault"),
        (rate("phone_speakers_failed_total"), "people left out by a fault"),
    ),
    lines("Captions: rooms and recognisers", "short", (total("captions_rooms"), "rooms"), (total("captions_recogniser_up"), "recognisers")),
    lines("Captions: delay of texts", "s", (quantile(0.5, "captions_lag_seconds"), "p50"), (quantile(0.9, "captions_lag_seconds"), "p90")),
    lines(
        "Captions: texts and losses",
        "cps",
        (rate("captions_texts_total", "stage"), "{{stage}}"),
        (rate("captions_dropped_total", "what"), "dropped: {{what}}"),
        (rate("captions_recogniser_starts_total"), "recogniser started"),
    ),
    lines("Ways to telephone companies", "short", (total("phone_trunk_reachable", "trunk"), "{{trunk}} answers"), (total("phone_trunk_registered", "trunk"), "{{trunk}} knows us")),
    lines("SIP messages", "cps", (rate("phone_sip_messages_total", "verdict"), "{{verdict}}")),
    lines("SIP calls", "short", (total("phone_sip_calls"), "calls"), (total("phone_sip_transactions"), "transactions")),
]
MEDIA = [
    stat("Connections", "short", total("sfu_connections")),
    stat("Rooms with media", "short", total("sfu_rooms")),
    stat(
        "Poor or lost",
        "percentunit",
        f"""{total("sfu_quality", labels='quality=~"poor|lost"')} / {total("sfu_quality")}""",
        (0.1, 0.2),
    ),
    stat("Sound only", "short", total("sfu_audio_only")),
    lines("Quality of connections", "short", (total("sfu_quality", "quality"), "{{quality}}")),
    lines("Packets", "pps", (rate("sfu_packets_received_total"), "received"), (rate("sfu_packets_forwarded_total"), "forwarded")),
    lines("Bits", "bps", (f"8 * {rate('sfu_bytes_received_total')}", "received"), (f"8 * {rate('sfu_bytes_forwarded_total')}", "forwarded")),
    lines("Dropped datagrams", "pps", (rate("sfu_datagrams_dropped_total", "reason"), "{{reason}}")),
    lines("Gaps in pictures", "cps", (rate("sfu_video_gaps_total", "at_least_ms"), "{{at_least_ms}} ms"), (rate("sfu_video_freezes_total"), "freezes")),
    lines("What the allocator decides", "cps", (rate("sfu_allocator_decisions_total", "decision"), "{{decision}}"), (rate("sfu_layer_switches_total"), "layer switched")),
    lines("Key frames", "cps", (rate("sfu_keyframes_wanted_total"), "wanted"), (rate("sfu_keyframes_requested_total"), "asked for")),
    lines(
        "Media threads, share of a core",
        "percentunit",
        (f"sum by (instance) (rate(sfu_cpu_seconds_total{ONE}[$__rate_interval])) / count by (instance) (sfu_rooms{ONE})", "{{instance}}"),
    ),
    lines("Datagrams", "pps", (rate("sfu_datagrams_received_total"), "received"), (rate("sfu_datagrams_sent_total"), "sent")),
    lines("Media over TCP", "short", (total("sfu_tcp_connections"), "open"), (rate("sfu_tcp_connections_ended_total", "reason"), "{{reason}}/s"), (rate("sfu_tcp_connections_refused_total"), "refused/s")),
    lines(
        "Media of other nodes' visits (edge)",
        "short",
        (total("sfu_edge_flows"), "addresses"),
        (rate("sfu_edge_datagrams_total", "way"), "{{way}}/s"),
        (rate("sfu_edge_dropped_total", "reason"), "dropped: {{reason}}/s"),
    ),
    lines(
        "Data lanes",
        "cps",
        (rate("sfu_data_messages_total"), "messages"),
        (rate("sfu_data_messages_dropped_total"), "dropped"),
        (rate("sfu_data_lanes_closed_total"), "lanes closed"),
    ),
    lines(
        "Lost and faulty",
        "cps",
        (rate("sfu_unrecorded_total"), "not recorded"),
        (rate("sfu_unscribed_total"), "not heard by captions"),
        (rate("sfu_packets_unplayable_total"), "no codec for it"),
        (rate("sfu_peer_panics_total"), "faults of the program"),
    ),
]
PLATFORM = [
    stat("Servers up", "short", 'sum (up{job="telehealth"})'),
    stat("Databases that answer", "short", total("telehealth_store_up")),
    stat("Running since", "dateTimeFromNow", f"1000 * min (process_start_time_seconds{ONE})"),
    stat("Recordings that wait", "short", total("telehealth_recordings_waiting_for_store"), (1, 10)),
    lines("Processor time, cores", "short", (rate("process_cpu_seconds_total", "instance"), "{{instance}}")),
    lines("Memory", "bytes", (f"process_resident_memory_bytes{ONE}", "{{instance}}")),
    lines("Open files", "short", (f"process_open_fds{ONE}", "{{instance}} open"), (f"process_max_fds{ONE}", "{{instance}} allowed")),
    lines("Threads", "short", (f"process_threads{ONE}", "{{instance}}")),
    lines("Tasks", "short", (f"runtime_tasks{ONE}", "{{instance}}")),
    lines("The database's answer", "s", (quantile(0.5, "telehealth_store_ping_seconds", "instance"), "{{instance}} p50"), (quantile(0.95, "telehealth_store_ping_seconds", "instance"), "{{instance}} p95")),
    lines("The database answers", "short", (f"telehealth_store_up{ONE}", "{{instance}}")),
    lines(
        "Replicas of the database",
        "short",
        (f"telehealth_store_replica_up{ONE}", "{{instance}} {{replica}} used"),
        (f"telehealth_store_replica_lag_seconds{ONE}", "{{instance}} {{replica}} late, s"),
        (rate("telehealth_store_stale_reads_total", "by"), "by the {{by}}/s"),
    ),
    lines("Versions", "short", (f"count by (version) (telehealth_build_info{ONE})", "{{version}}")),
    lines("Traces that were not told", "cps", (rate("telemetry_spans_dropped_total"), "the queue was full"), (rate("telemetry_spans_unsent_total"), "the collector took none")),
    lines("Restarts", "short", (f"changes(process_start_time_seconds{ONE}[1h])", "{{instance}}")),
]
ALL = {
    "clinic": ("Telehealth: clinic", CLINIC),
    "calls": ("Telehealth: calls", CALLS),
    "media": ("Telehealth: media", MEDIA),
    "platform": ("Telehealth: platform", PLATFORM),
}
SOURCE = {"type": "prometheus", "uid": "${source}"}


def panel(number, place, described):
    """Grafana's form of a panel."""
    kind, title, unit, queries, limits, description = described
    steps = [{"color": "green", "value": None}]
    steps += [{"color": color, "value": value} for color, value in zip(("yellow", "red"), limits)]
    return {
        "id": number,
        "type": kind,
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {"unit": unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "options": {"reduceOptions": {"calcs": ["lastNotNull"]}} if kind == "stat" else {"tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(65 + index), "datasource": SOURCE, "expr": expr, "legendFormat": legend or "__auto"}
            for index, (expr, legend) in enumerate(queries)
        ],
    }


def places(panels):
    """Numbers four in a row, lines two in a row."""
    x = y = row = 0
    for described in panels:
        width, height = (6, 4) if described[0] == "stat" else (12, 8)
        if x + width > 24 or (x and height != row):
            x, y = 0, y + row
        row = height
        yield {"x": x, "y": y, "w": width, "h": height}
        x += width


def variable(name, kind, label, query, **more):
    return {"name": name, "type": kind, "label": label, "query": query, **more}


def dashboard(uid, title, panels):
    """Grafana's form of a dashboard."""
    return {
        "uid": f"telehealth-{uid}",
        "title": title,
        "tags": ["telehealth"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "links": [{"type": "dashboards", "title": "Telehealth", "tags": ["telehealth"], "asDropdown": True}],
        "templating": {
            "list": [
                variable("source", "datasource", "Source", "prometheus"),
                variable(
                    "instance",
                    "query",
                    "Server",
                    "label_values(telehealth_build_info, instance)",
                    datasource=SOURCE,
                    multi=True,
                    includeAll=True,
                    allValue=".*",
                    current={"text": "All", "value": "$__all"},
                    refresh=2,
                ),
            ]
        },
        "panels": [panel(number, place, it) for number, (place, it) in enumerate(zip(places(panels), panels), 1)],
    }


def written(made):
    """One line a panel: what changed can be read."""
    rows = ",\n  ".join(json.dumps(it) for it in made.pop("panels"))
    return f'{json.dumps(made)[:-1]},\n "panels": [\n  {rows}\n ]}}\n'


def main():
    old = []
    for uid, (title, panels) in ALL.items():
        path = FOLDER / f"{uid}.json"
        text = written(dashboard(uid, title, panels))
        if "--check" in sys.argv:
            old += [] if path.exists() and path.read_text() == text else [path.name]
        else:
            path.write_text(text)
    if old:
        sys.exit(f"not up to date: {', '.join(old)}; run deploy/watch/dashboards.py")


if __name__ == "__main__":
    main()
