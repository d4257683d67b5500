"""Runs a browser inside a network namespace, and lets it be remote-controlled from outside.

    enter.py NAMESPACE PROGRAM [ARGUMENT...]

When the browser is to listen for its remote control at a port of its choice, it gets one that is free
outside, and what connects to it there is passed on to the same port inside.
"""

import ctypes
import socket
import subprocess
import sys
import threading

CLONE_NEWNET = 0x40000000
ANY_PORT = "--remote-debugging-port=0"


def pass_on(source, target):
    """Copies one direction until its end."""
    try:
        while read := source.recv(65_536):
            target.sendall(read)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(listener):
    while True:
        outside, _ = listener.accept()
        inside = socket.create_connection(listener.getsockname())
        for one, other in ((outside, inside), (inside, outside)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=pass_on, args=(one, other), daemon=True).start()


def main():
    path, *command = sys.argv[1:]
    # A socket belongs to the namespace in which it was made.
    listener = socket.create_server(("127.0.0.1", 0))
    with open(path, "rb") as net:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(net.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {path}")
    port = listener.getsockname()[1]
    command = [f"--remote-debugging-port={port}" if word == ANY_PORT else word for word in command]
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    # Others are controlled by pipes that they inherit.
    sys.exit(subprocess.call(command, close_fds=False))


if __name__ == "__main__":
    main()
