"""Stands between the servers and PostgreSQL or Redis, and is late, deaf or gone when told to.

Started by store.py, in a process of its own, so that nothing else makes it late. Arguments: the seed, then
NAME=LISTEN_PORT:HOST:PORT for each. Orders come as lines:

    NAME pass           bytes go on; what was held back as well
    NAME cut            every connection is closed, and nobody listens
    NAME hang           connections stay, and are made; nothing goes on in either direction
    NAME lose           as hang, and those that there are will never carry anything again
    NAME delay LOW HIGH every piece waits between LOW and HIGH seconds, in its order

Each order is answered with its line when it holds.
"""

import asyncio
import random
import sys

ADDRESS = sys.argv[1]
CHUNK_BYTES = 65_536


class Way:
    """The way to one server."""

    def __init__(self, chance: random.Random, port: int, host: str, to: int) -> None:
        self._chance, self._port, self._host, self._to = chance, port, host, to
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._delay = (0.0, 0.0)
        self._generation = 0

    async def order(self, what: str, *bounds: str) -> None:
        """Does what it is told."""
        self._delay = (float(bounds[0]), float(bounds[1])) if what == "delay" else (0.0, 0.0)
        if what in ("hang", "lose"):
            self._flows.clear()
            self._generation += what == "lose"
        else:
            self._flows.set()
        if what == "cut":
            if self._server is not None:
                self._server.close()
                self._server = None
            for writer in list(self._open):
                writer.transport.abort()
        elif self._server is None:
            self._server = await asyncio.start_server(self._serve, ADDRESS, self._port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        ends = [writer]
        try:
            while not self._flows.is_set():
                if reader.at_eof():
                    return
                await asyncio.sleep(0.2)
            there, back = await asyncio.open_connection(self._host, self._to)
            ends.append(back)
            self._open.add(back)
            born = self._generation
            await asyncio.gather(self._carry(reader, back, born), self._carry(there, writer, born))
        except OSError:
            pass
        finally:
            for end in ends:
                self._open.discard(end)
                end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, born: int) -> None:
        while data := await reader.read(CHUNK_BYTES):
            low, high = self._delay
            if high > 0:
                await asyncio.sleep(self._chance.uniform(low, high))
            await self._flows.wait()
            if born != self._generation:
                # Swallowed, and not even an end is told.
                continue
            writer.write(data)
            await writer.drain()
        if born != self._generation:
            await asyncio.Event().wait()
        raise ConnectionResetError


async def main() -> None:
    """Obeys until nobody gives orders any more."""
    chance = random.Random(int(sys.argv[2]))
    ways = {}
    for word in sys.argv[3:]:
        name, address = word.split("=")
        port, host, to = address.split(":")
        ways[name] = Way(chance, int(port), host, int(to))
        await ways[name].order("pass")
    print("ready", flush=True)
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := (await orders.readline()).decode():
        name, *order = line.split()
        await ways[name].order(*order)
        print(line.strip(), flush=True)


asyncio.run(main())
