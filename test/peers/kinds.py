# Sends one descriptor of each kind over the Unix socket that is descriptor 3, then acts on each line of its stdin:
# `eventfd`, `timerfd`, `inotify` or `tty` makes that one readable.
import array, ctypes, os, socket, sys, tempfile

libc = ctypes.CDLL(None, use_errno=True)
sock = socket.socket(fileno=3)
eventfd = os.eventfd(0, os.EFD_NONBLOCK) if hasattr(os, "eventfd") else libc.eventfd(0, 0o4000)
timerfd = libc.timerfd_create(1, 0o4000)
inotify = libc.inotify_init1(0o4000)
directory = tempfile.mkdtemp()
libc.inotify_add_watch(inotify, directory.encode(), 0x100)  # IN_CREATE
master, tty = os.openpty()
epoll_free = tempfile.TemporaryFile()
fds = array.array("i", [eventfd, timerfd, inotify, tty, epoll_free.fileno()])
sock.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
for line in sys.stdin:
    what = line.strip()
    if what == "eventfd":
        os.write(eventfd, (1).to_bytes(8, sys.byteorder))
    elif what == "timerfd":
        spec = array.array("l", [0, 0, 0, 1])  # at once, not again
        libc.timerfd_settime(timerfd, 0, ctypes.c_void_p(spec.buffer_info()[0]), None)
    elif what == "inotify":
        open(directory + "/file", "w").close()
    elif what == "tty":
        os.write(master, b"line\n")
if os.path.exists(directory + "/file"):
    os.unlink(directory + "/file")
os.rmdir(directory)
