"""Three servers behind a load balancer, and a program that drives pages there: `pages.py PROGRAM ARGUMENT...`."""

import asyncio
import os
import sys

from house import House, Node, free_tcp

LOOK_S = 0.3


class Balancer:
    """Takes connections to the first node that says it is ready, as a load balancer does."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.port = free_tcp()
        self._ready: list[Node] = list(house.nodes.values())
        self._pipes: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until it is cancelled."""
        server = await asyncio.start_server(self._take, "127.0.0.1", self.port)
        async with server:
            while True:
                states = [(node, await asyncio.to_thread(node.status, "/readyz", 1.0)) for node in self._house.nodes.values()]
                self._ready = [node for node, status in states if status == 200] or self._ready
                await asyncio.sleep(LOOK_S)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for node in self._ready:
            try:
                inner, outer = await asyncio.open_connection("127.0.0.1", node.port)
            except OSError:
                continue
            ways = [self._carry(reader, outer), self._carry(inner, writer)]
            self._pipes.update(asyncio.create_task(way) for way in ways)
            return
        writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except (OSError, ConnectionError):
            pass
        finally:
            writer.close()


async def main() -> int:
    """Starts everything, and answers with the program's verdict."""
    house = House()
    balancer = Balancer(house)
    try:
        await house.open()
        await house.see_each_other()
        balancing = asyncio.create_task(balancer.run())
        base = f"http://127.0.0.1:{balancer.port}"
        program = await asyncio.create_subprocess_exec(*sys.argv[1:], env={**os.environ, "BASE_URL": base})
        code = await program.wait()
        balancing.cancel()
        return code
    finally:
        house.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
