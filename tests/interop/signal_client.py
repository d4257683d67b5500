"""The signaling WebSocket, as a foreign client speaks it."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

# Other work on the machine may make any single step slow; a lost message is what a wait is to find.
PATIENCE_S = 60


class SignalClient:
    """One WebSocket session: what was said is kept in order, and the room's state beside it."""

    def __init__(self, socket: ClientConnection, name: str) -> None:
        self._socket = socket
        self._name = name
        self._news = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None
        self.heard: list[dict[str, Any]] = []
        self.people: dict[str, dict[str, Any]] = {}
        self.slots: dict[str, dict[str, Any]] = {}
        self.me: dict[str, Any] = {}
        self.resume_token = ""
        # The last failover ticket, and where else pages are served.
        self.failover: dict[str, Any] = {"ticket": "", "nodes": []}
        # Of the last frame. A resumed session goes on counting, a refused one does not: None takes both.
        self.seq: int | None = 0
        self.closed = False

    @classmethod
    async def open(cls, base: str, path: str, ticket: str, name: str) -> "SignalClient":
        """Connects and introduces itself with a one-use ticket."""
        client = await cls.dial(base, path, name)
        await client.say("hello", version=1, auth={"by": "ticket", "ticket": ticket})
        return client

    @classmethod
    async def dial(cls, base: str, path: str, name: str) -> "SignalClient":
        """Connects and says nothing yet."""
        url = base.replace("http", "ws", 1) + path
        client = cls(await connect(url, compression=None, max_size=65_536, proxy=None), name)
        client._reader = asyncio.create_task(client._read())
        return client

    async def say(self, kind: str, **fields: Any) -> None:
        """Sends one message."""
        await self._socket.send(json.dumps({"type": kind, **fields}))

    async def until(
        self, what: str, wanted: Callable[[dict[str, Any]], bool], after: int = 0
    ) -> dict[str, Any]:
        """The first message from position `after` on that is wanted."""
        place = after

        def found() -> dict[str, Any] | None:
            nonlocal place
            while place < len(self.heard):
                message = self.heard[place]
                place += 1
                if wanted(message):
                    return message
            return None

        async with self._news:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    while (message := found()) is None:
                        if self.closed:
                            raise AssertionError(f"{self._name}: the socket closed before {what}")
                        await self._news.wait()
                    return message
            except TimeoutError:
                kinds = [message["type"] for message in self.heard]
                raise AssertionError(f"{self._name}: no {what} in {PATIENCE_S} s, only {kinds}") from None

    async def until_kind(self, kind: str, after: int = 0) -> dict[str, Any]:
        """The first message of a type from position `after` on."""
        return await self.until(kind, lambda message: message["type"] == kind, after)

    async def until_state(self, what: str, wanted: Callable[[], bool]) -> None:
        """Waits until the room's state, as told by the server, is as wanted."""
        if not wanted():
            await self.until(what, lambda _: wanted(), len(self.heard))

    async def until_closed(self) -> None:
        """Waits until the server has closed the socket."""
        async with asyncio.timeout(PATIENCE_S):
            async with self._news:
                await self._news.wait_for(lambda: self.closed)

    async def close(self) -> None:
        """Closes the socket."""
        await self._socket.close()
        if self._reader is not None:
            await self._reader

    def drop(self) -> None:
        """Lets the socket go without a farewell: its other end may not be there."""
        self._socket.transport.abort()

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                frame = json.loads(text)
                if self.seq is None:
                    self.seq = frame["seq"] - 1
                assert frame["seq"] == self.seq + 1, "frames are numbered without gaps"
                self.seq = frame["seq"]
                self._keep(frame["message"])
                async with self._news:
                    self.heard.append(frame["message"])
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        finally:
            async with self._news:
                self.closed = True
                self._news.notify_all()

    def _keep(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind in ("welcome", "admitted"):
            snapshot = message["snapshot"]
            self.me = snapshot["me"]
            self.people = {person["id"]: person for person in snapshot["others"]}
            self.slots = {slot["mid"]: slot for slot in snapshot["slots"]}
            self.resume_token = message.get("resume_token", self.resume_token)
        elif kind == "failover":
            self.failover = message
        elif kind == "participant":
            person = message["participant"]
            self.people[person["id"]] = person
        elif kind == "gone":
            self.people.pop(message["participant"], None)
        elif kind == "slots":
            self.slots = {slot["mid"]: slot for slot in message["slots"]}
