"""A peer that misbehaves: hostile.py KIND PATH ACTION [COUNT]. KIND: stream, seqpacket or datagram.

Says what it did on stdout, then waits to be killed, or ends.
"""
import array
import os
import socket
import sys
import time

kind, path, action = sys.argv[1:4]
count = int(sys.argv[4]) if len(sys.argv) > 4 else 0
types = {
    "stream": socket.SOCK_STREAM,
    "seqpacket": socket.SOCK_SEQPACKET,
    "datagram": socket.SOCK_DGRAM,
}
LUMP = b"m" * (1 << 16 if kind == "stream" else 1000)


def opened():
    peer = socket.socket(socket.AF_UNIX, types[kind])
    if kind == "datagram":
        peer.bind(f"{path}.{os.getpid()}")
    peer.connect(path)
    return peer


def fill(peer):
    """Sends, without reading, until nothing goes for half a second."""
    peer.settimeout(0.5)
    sent = 0
    try:
        while sent < 32 << 20:
            sent += peer.send(LUMP)
    except OSError:
        pass
    return sent


def with_descriptors(peer, number):
    fds = array.array("i", [0] * number)
    try:
        peer.sendmsg([b"descriptors"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        return "sent"
    except PermissionError:
        return "EPERM"


def die(stage):
    """Goes as far as `stage`, and waits there."""
    peer = opened()
    if stage == "request":
        peer.send(b"request")
    elif stage == "part":
        for _ in range(100):
            peer.send(b"p")
    elif stage == "reading":
        peer.send(b"request")
        peer.recv(3)
        peer.send(b"another")
    elif stage == "full":
        fill(peer)
    elif stage == "descriptors":
        with_descriptors(peer, 2)
    elif stage == "shutdown":
        peer.send(b"request")
        peer.shutdown(socket.SHUT_WR)
    elif stage == "deaf":
        peer.shutdown(socket.SHUT_RD)
        peer.send(b"request")
    print("at", stage, flush=True)
    time.sleep(60)


def by_bytes():
    """Sends a byte at a time, and wants all of them back."""
    peer = opened()
    wanted = bytes(i % 251 for i in range(count))
    got = b""
    # On a stream a hundred go before any is read; the answers to more would not fit into its buffer.
    ahead = 100 if kind == "stream" else 1
    for start in range(0, count, ahead):
        part = wanted[start : start + ahead]
        for byte in part:
            peer.send(bytes([byte]))
        while len(got) < start + len(part):
            got += peer.recv(ahead)
    print("ok" if got == wanted else "different")


def deaf():
    """Never reads: says how much it could send."""
    peer = opened()
    print("sent", fill(peer), flush=True)
    time.sleep(60)


def unwanted():
    """Sends descriptors that nobody wants."""
    seen = {}
    peer = opened()
    for _ in range(count):
        result = with_descriptors(peer, 253)
        seen[result] = seen.get(result, 0) + 1
        if result == "sent":
            peer.recv(1 << 16)
    print(*[f"{name} {number}" for name, number in seen.items()])


def leave():
    """Connects and leaves."""
    for _ in range(count):
        opened().close()
    print("left", flush=True)


if action.startswith("die:"):
    die(action[4:])
else:
    {"bytes": by_bytes, "deaf": deaf, "unwanted": unwanted, "leave": leave}[action]()
