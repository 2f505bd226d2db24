"""Python's socket module sends and receives descriptors, over a connected socket it inherits.

    rights.py send FD COUNT...     one message for each COUNT
    rights.py receive FD MESSAGES

Prints a line for each message: how many descriptors went or came (or the error's name), whether
the control part was cut, and how many more this process has open than before.
"""

import array
import errno
import os
import socket
import sys


def opened():
    return len(os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd"))


def send(sock, count):
    before = opened()
    rights = array.array("i", [0] * count)
    try:
        sock.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if count else [])
        print("sent", count, opened() - before, flush=True)
    except OSError as error:
        print(errno.errorcode[error.errno], count, opened() - before, flush=True)


def receive(sock):
    before = opened()
    data, control, flags, _ = sock.recvmsg(16, socket.CMSG_SPACE(300 * 4))
    fds = array.array("i")
    for level, kind, value in control:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(value)
    grown = opened() - before
    for fd in fds:
        os.close(fd)
    cut = bool(flags & socket.MSG_CTRUNC)
    print("received", len(fds), grown, opened() - before, cut, len(data), flush=True)


def main(mode, fd, *numbers):
    sock = socket.socket(fileno=int(fd))
    sock.setblocking(True)
    if mode == "send":
        for count in numbers:
            send(sock, int(count))
        # Until the other side has read all of it: a count there must not see ours go.
        sys.stdin.read()
    else:
        for _ in range(int(numbers[0])):
            receive(sock)


main(*sys.argv[1:])
