"""The other end of the interop tests: Python's own socket module.

    peer.py serve NETWORK ADDRESS echo|descriptors
    peer.py dial  NETWORK ADDRESS echo SIZE...
    peer.py dial  NETWORK ADDRESS give|take FILE

NETWORK is unix, unixpacket or unixgram; an ADDRESS that begins with @ is abstract. A server prints
"ready" when it listens and goes on until its stdin ends. A client prints "ok" or fails.
peer.go is the same program in Go.
"""

import os
import socket
import sys
import threading

TYPES = {
    "unix": socket.SOCK_STREAM,
    "unixpacket": getattr(socket, "SOCK_SEQPACKET", None),
    "unixgram": socket.SOCK_DGRAM,
}
LARGEST = 1 << 18


def name_of(address):
    return "\0" + address[1:] if address.startswith("@") else address


def pattern(size, seed):
    return bytes((i + seed) % 251 for i in range(size))


def contents(descriptors):
    parts = []
    for fd in descriptors:
        with os.fdopen(fd, "rb") as file:
            parts.append(file.read())
    return b"".join(parts)


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: got {len(got)} bytes {got[:40]!r}, wanted {len(wanted)} {wanted[:40]!r}")


# Servers


def echo_stream(conn):
    total = 0
    while chunk := conn.recv(65536):
        total += len(chunk)
        conn.sendall(chunk)
    conn.sendall(b"end after %d" % total)


def echo_packets(conn):
    # An empty packet and the end look alike: two in a row are the end.
    empty = 0
    while empty < 2:
        packet = conn.recv(LARGEST)
        empty = 0 if packet else empty + 1
        conn.send(packet)


def send(sock, data, fd=None, to=None):
    # socket.send_fds() of Python 3.11 forgets its address argument.
    rights = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fd.to_bytes(4, sys.byteorder))]
    sock.sendmsg([data], rights, 0, *([] if to is None else [to]))


def descriptors_once(sock):
    data, fds, _flags, sender = socket.recv_fds(sock, 4096, 8)
    sender = sender or None  # of a connection it is empty
    if fds:
        send(sock, contents(fds), to=sender)
    elif data:
        with open(data, "rb") as file:
            send(sock, b"opened", file.fileno(), sender)
    return bool(data)


def serve_connection(conn, network, mode):
    with conn:
        try:
            if mode == "descriptors":
                while descriptors_once(conn):
                    pass
            elif network == "unix":
                echo_stream(conn)
            else:
                echo_packets(conn)
        except (BrokenPipeError, ConnectionResetError):
            pass


def serve(network, address, mode):
    sock = socket.socket(socket.AF_UNIX, TYPES[network])
    sock.bind(name_of(address))
    if network != "unixgram":
        sock.listen()
    print("ready", flush=True)
    threading.Thread(target=serve_for_ever, args=(sock, network, mode), daemon=True).start()
    sys.stdin.buffer.read()


def serve_for_ever(sock, network, mode):
    while network != "unixgram":
        conn, _ = sock.accept()
        threading.Thread(target=serve_connection, args=(conn, network, mode), daemon=True).start()
    while mode == "echo":
        data, sender = sock.recvfrom(LARGEST)
        sock.sendto(data, sender)
    while True:
        descriptors_once(sock)


# Clients


def dial(network, address, mode, *args):
    with socket.socket(socket.AF_UNIX, TYPES[network]) as sock:
        if network == "unixgram":
            sock.bind(name_of(address + ".client"))
        try:
            sock.connect(name_of(address))
            if mode == "give":
                give(sock, *args)
            elif mode == "take":
                take(sock, *args)
            else:
                echo(sock, network, [pattern(int(size), i) for i, size in enumerate(args)])
        finally:
            if network == "unixgram" and not address.startswith("@"):
                os.unlink(address + ".client")
    print("ok", flush=True)


def echo(sock, network, messages):
    if network == "unix":
        answer = []
        reader = threading.Thread(target=lambda: answer.append(sock.makefile("rb").read()))
        reader.start()
        for message in messages:
            sock.sendall(message)
        sock.shutdown(socket.SHUT_WR)
        reader.join()
        sent = b"".join(messages)
        expect("echo", answer[0], sent + b"end after %d" % len(sent))
        return
    for message in messages:
        sock.send(message)
    for message in messages:
        expect("echo", sock.recv(LARGEST), message)


def give(sock, path):
    with open(path, "rb") as file:
        send(sock, b"read this", file.fileno())
    with open(path, "rb") as file:
        wanted = file.read()
    answer = b""
    while len(answer) < len(wanted):
        chunk = sock.recv(LARGEST)
        if not chunk:
            break
        answer += chunk
    expect("contents", answer, wanted)


def take(sock, path):
    sock.send(path.encode())
    data, fds, _flags, _from = socket.recv_fds(sock, 4096, 8)
    expect("answer", data, b"opened")
    with open(path, "rb") as file:
        expect("contents", contents(fds), file.read())


if __name__ == "__main__":
    {"serve": serve, "dial": dial}[sys.argv[1]](*sys.argv[2:])
