# Runs a command on an older kernel, as it were: without-calls.py CALLS COMMAND... CALLS is a list of `number=errno`, or
# `number/argument=errno` for the calls whose second argument is that, as seccomp(2) has them fail on this x86-64.
import ctypes, os, struct, sys

LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000


def instruction(code, k, true=0, false=0):
    return struct.pack("HBBI", code, true, false, k)


program = []
for rule in sys.argv[1].split(","):
    call, errno = rule.split("=")
    number, _, argument = call.partition("/")
    program.append(instruction(LOAD, 0))  # seccomp_data.nr
    program.append(instruction(EQUAL, int(number), 0, 3 if argument else 1))
    if argument:
        program.append(instruction(LOAD, 24))  # the lower half of args[1]
        program.append(instruction(EQUAL, int(argument, 0), 0, 1))
    program.append(instruction(RETURN, ERRNO | int(errno)))
program.append(instruction(RETURN, ALLOW))
code = ctypes.create_string_buffer(b"".join(program))
fprog = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
if libc.prctl(22, 2, fprog, 0, 0) != 0:  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
    sys.exit("seccomp: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[2], sys.argv[2:])
