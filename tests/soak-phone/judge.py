"""Whether a process holds as much after a soak as before it."""

import statistics

MB = 1_000_000
# What must be as it was: how much more there may be at the end, and why.
SLACK = {
    "ports": 0,
    "lines": 0,
    "calls": 0,
    "transactions": 0,
    "sockets": 0,
    "rooms": 0,
    "seats": 0,
    "media_rooms": 0,
    "faults": 0,
    # The pool of the store opens what it needs and keeps it.
    "files": 6,
    # Threads for blocking work end when they have had none for ten seconds.
    "threads": 2,
    # Timers of the server itself come and go.
    "tasks": 4,
}
# Memory may grow by so much in an hour, after the first third of the time: caches fill and never give back.
RSS_SLOPE_MB_PER_HOUR = 12
# In a short soak the caches have not filled yet, and the slope says little: it may be this much in all.
RSS_RISE_MB = 6


def slope(points):
    """Least squares: what is gained in a unit of time."""
    if len(points) < 2:
        return 0.0
    line = statistics.linear_regression([at for at, _ in points], [value for _, value in points])
    return line.slope


def judge(before, after, samples, minutes):
    """What is wrong, as texts, and the growth of memory in MB per hour. `samples` are times in seconds and
    what was seen during the calls; `before` and `after` were seen in quiet."""
    wrong = [
        f"{name}: {before[name]} before, {after[name]} after"
        for name, slack in SLACK.items()
        if after[name] > before[name] + slack
    ]
    late = [(at / 3_600, seen["rss"] / MB) for at, seen in samples if at >= minutes * 60 / 3]
    per_hour = slope(late)
    bound = max(RSS_SLOPE_MB_PER_HOUR, RSS_RISE_MB / (minutes / 60))
    if per_hour > bound:
        wrong.append(f"rss: {per_hour:.1f} MB an hour, and {bound:.1f} are allowed")
    return wrong, per_hour, bound
