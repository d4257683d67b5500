"""The clinic's HTTP interface, as a foreign client sees it."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any


@dataclass
class Answer:
    """What the server answered."""

    status: int
    body: Any


class Clinic:
    """One person's way to the HTTP interface; signed in or not."""

    def __init__(self, base: str, patience_s: float = 60) -> None:
        self.base = base
        # How long a server is asked again that says when to come back.
        self.patience_s = patience_s
        self.token: str | None = None
        self.me: dict[str, Any] = {}

    async def call(self, method: str, path: str, body: Any = None) -> Answer:
        """Calls one operation. An HTTP error is an answer, not an exception."""
        end = time.monotonic() + self.patience_s
        while True:
            answer = await asyncio.to_thread(self._call, method, path, body)
            wait_s = answer.body.get("retry_after_s") if answer.status == 503 and answer.body else None
            if wait_s is None or time.monotonic() + wait_s > end:
                return answer
            await asyncio.sleep(wait_s)

    def _call(self, method: str, path: str, body: Any) -> Answer:
        request = urllib.request.Request(
            f"{self.base}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Requested-With": "telehealth"},
        )
        if body is not None:
            request.add_header("Content-Type", "application/json")
        if self.token is not None:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        return Answer(status, json.loads(text) if text else None)

    async def expect(self, status: int, method: str, path: str, body: Any = None) -> Any:
        """Calls one operation that has to answer with this status."""
        answer = await self.call(method, path, body)
        if answer.status != status:
            raise AssertionError(f"{method} {path}: {answer.status} instead of {status}: {answer.body}")
        return answer.body

    async def sign_in(self, email: str, password: str) -> None:
        """Signs in with e-mail and password."""
        token = await self.expect(
            200, "POST", "/auth/login", {"email": email, "password": password}
        )
        self.token = token["access_token"]
        self.me = token["me"]

    async def book_next(self, doctor: str) -> dict[str, Any]:
        """Books the next free time of a doctor."""
        now_us = int(time.time() * 1_000_000)
        free = await self.expect(
            200, "GET", f"/doctors/{doctor}/slots?from_us={now_us}&days=2"
        )
        for slot in free["slots"]:
            wish = {"doctor": doctor, "start_us": slot["start_us"], "reason": "Toux depuis trois jours"}
            answer = await self.call("POST", "/appointments", wish)
            if answer.status == 201:
                return answer.body
            if answer.status != 409:
                raise AssertionError(f"booking answered {answer.status}: {answer.body}")
        raise AssertionError("no free time in two days")
