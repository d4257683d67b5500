"""Requests of a clinic's day at a steady rate, and what became of each."""

import asyncio
import random
import time
from dataclasses import dataclass

import aiohttp
from figures import share
from rooms import PASSWORD

HEADERS = {"X-Requested-With": "telehealth"}
# Nobody waits so long; an answer after it is none.
ANSWER_S_MAX = 20.0
WORKERS_MAX = 2_000
# The promise of the pages.
PROMISE_S = 3.0
# Tokens are good for some minutes.
TOKENS_S = 240


@dataclass(frozen=True)
class Asked:
    """One request."""

    at: float
    seconds: float
    status: int
    path: str
    # Says in how many seconds to come again.
    retry_after: bool

    @property
    def is_failed(self) -> bool:
        """No answer, or one that says that the server could not do it."""
        return self.status == 0 or self.status >= 500

    @property
    def is_typed(self) -> bool:
        """An answer that a program understands, failed or not."""
        return self.status != 0 and (self.status < 500 or (self.status == 503 and self.retry_after))


class Load:
    """Asks through the proxy in front until it is told to end."""

    def __init__(self, base: str, chance: random.Random, rate: float) -> None:
        self.base, self.rate = base, rate
        self._chance = chance
        self.asked: list[Asked] = []
        self._tokens: dict[str, str] = {}
        self._paths: list[tuple[str, str, str]] = []
        self._runner: asyncio.Task[None] | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Signs in, and begins."""
        connector = aiohttp.TCPConnector(limit=WORKERS_MAX, force_close=False)
        self._session = aiohttp.ClientSession(
            self.base, connector=connector, headers=HEADERS, timeout=aiohttp.ClientTimeout(total=ANSWER_S_MAX)
        )
        await self._sign_in()
        doctor = await self._json("doctor", "/api/v1/me")
        patients = await self._json("doctor", "/api/v1/patients")
        found = next(iter(patients.values())) if isinstance(patients, dict) else patients
        now_us, day_us = int(time.time() * 1e6), 86_400_000_000
        week = f"/api/v1/appointments?from_us={now_us - 3 * day_us}&to_us={now_us + 4 * day_us}"
        self._paths = [
            ("patient", "GET", "/api/v1/me"),
            ("doctor", "GET", "/api/v1/me"),
            ("patient", "GET", week),
            ("doctor", "GET", week),
            ("patient", "GET", f"/api/v1/doctors/{doctor['id']}/slots?from_us={now_us}&days=2"),
            ("patient", "GET", "/api/v1/threads"),
            ("patient", "GET", "/api/v1/prescriptions"),
            # A write: who looked is on record before anything is shown.
            ("doctor", "GET", f"/api/v1/patients/{found[0]['id']}/chart"),
            # What a proxy may not repeat. The draft is new once; the others are told that there is one.
            ("doctor", "PUT", f"/api/v1/patients/{found[0]['id']}/draft"),
            ("patient", "POST", "/api/v1/connection-tests"),
        ]
        self._runner = asyncio.create_task(self._run())

    async def _sign_in(self) -> None:
        for name in ("patient", "doctor"):
            body = {"email": f"{name}@demo.clinic", "password": PASSWORD}
            async with self._session.post("/api/v1/auth/login", json=body) as answer:
                assert answer.status == 200, await answer.text()
                self._tokens[name] = (await answer.json())["access_token"]

    async def _json(self, who: str, path: str) -> dict[str, list[dict[str, str]]]:
        headers = {"Authorization": f"Bearer {self._tokens[who]}"}
        async with self._session.get(path, headers=headers) as answer:
            assert answer.status == 200, f"{path}: {await answer.text()}"
            return dict(await answer.json())

    async def _run(self) -> None:
        # Open: whoever is slow does not keep the next one from asking.
        due = signed_in = time.monotonic()
        while True:
            due += 1 / self.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() - signed_in > TOKENS_S:
                signed_in = time.monotonic()
                task = asyncio.create_task(self._sign_in())
                task.add_done_callback(lambda it: it.cancelled() or it.exception())
            if len(self._open) < WORKERS_MAX:
                task = asyncio.create_task(self._ask(*self._chance.choice(self._paths)))
                self._open.add(task)
                task.add_done_callback(self._open.discard)

    async def _ask(self, who: str, method: str, path: str) -> None:
        headers = {"Authorization": f"Bearer {self._tokens[who]}"}
        start, status, retry_after = time.monotonic(), 0, False
        try:
            body = {"body": "Toux depuis trois jours.", "version": 0} if method == "PUT" else None
            async with self._session.request(method, path, headers=headers, json=body) as answer:
                await answer.read()
                status, retry_after = answer.status, "Retry-After" in answer.headers
        except (aiohttp.ClientError, TimeoutError):
            pass
        self.asked.append(Asked(start, time.monotonic() - start, status, path.split("?")[0], retry_after))

    def since(self, start: float, end: float | None = None) -> list[Asked]:
        """What was asked from a moment on."""
        return [it for it in self.asked if it.at >= start and (end is None or it.at < end)]

    async def stop(self) -> None:
        """Ends, when what is open was answered."""
        if self._runner is not None:
            self._runner.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=ANSWER_S_MAX)
        await self._session.close()


def told(asked: list[Asked]) -> str:
    """What became of some requests, in a line."""
    if not asked:
        return "nothing was asked"
    seconds = [it.seconds for it in asked]
    statuses: dict[int, int] = {}
    for it in asked:
        statuses[it.status] = statuses.get(it.status, 0) + 1
    return (
        f"{len(asked)} requests, p50 {share(seconds, 0.5):.2f} s, p99 {share(seconds, 0.99):.2f} s, "
        f"max {max(seconds):.2f} s, slower than 3 s {sum(s > PROMISE_S for s in seconds)}, "
        f"not typed {sum(not it.is_typed for it in asked)}, "
        f"statuses {dict(sorted(statuses.items()))}"
    )
