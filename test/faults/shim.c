// Makes system calls of the addon fail, and no others: LD_PRELOAD, with AFUNIX_FAULTS a list of
//
//   CALL=FAULT/EVERY[,...]      recvmsg=EINTR/2,sendmsg=short/1
//
// FAULT is an errno's name, or `short`: fewer bytes on a stream, fewer messages of a batch, of any
// number; or `each`: of every number from 1 to LENGTHS in turn, and then whole. One call in EVERY
// gets it, in a sequence that is always the same and has no period: what makes several calls fails
// at each of them now and then, and succeeds too. When the process exits, a line for each rule goes
// to the file that AFUNIX_FAULTS_REPORT names:
//
//   CALL FAULT calls injected lengths     lengths: how many numbers `each` has been through
//
// It is longer than other files, for a preloaded library is one file, and most of it is one line a call.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SHORT = -1, EACH = -2, MAX_RULES = 64, LENGTHS = 1000 };

struct rule {
  char call[16], name[16];
  int fault;
  unsigned long every;
  atomic_ulong calls, injected;
  unsigned long lengths;       // how many `each` has been through
  char done[LENGTHS + 1];      // which
};

static struct rule rules[MAX_RULES];
static int rule_count;

static int fault_named(const char* name) {
  static const struct {
    const char* name;
    int fault;
  } faults[] = {
      {"short", SHORT},     {"each", EACH},     {"EINTR", EINTR},   {"EAGAIN", EAGAIN}, {"ENOMEM", ENOMEM},
      {"ENOBUFS", ENOBUFS}, {"EMFILE", EMFILE}, {"ENFILE", ENFILE}, {"ETOOMANYREFS", ETOOMANYREFS},
      {"ECONNABORTED", ECONNABORTED},
  };
  for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
    if (strcmp(faults[i].name, name) == 0) return faults[i].fault;
  }
  fprintf(stderr, "AFUNIX_FAULTS: no such fault: %s\n", name);
  _exit(99);
}

__attribute__((constructor)) static void read_rules(void) {
  const char* from = getenv("AFUNIX_FAULTS");
  while (from != NULL && rule_count < MAX_RULES) {
    struct rule* rule = &rules[rule_count];
    if (sscanf(from, "%15[^=]=%15[^/]/%lu", rule->call, rule->name, &rule->every) != 3) break;
    rule->fault = fault_named(rule->name);
    rule_count++;
    from = strchr(from, ',');
    if (from != NULL) from++;
  }
}

__attribute__((destructor)) static void report(void) {
  const char* path = getenv("AFUNIX_FAULTS_REPORT");
  FILE* file = path == NULL ? NULL : fopen(path, "a");
  if (file == NULL) return;
  for (int i = 0; i < rule_count; i++) {
    fprintf(file, "%s %s %lu %lu %lu\n", rules[i].call, rules[i].name, rules[i].calls,
            rules[i].injected, rules[i].lengths);
  }
  fclose(file);
}

// Node and libuv make the same calls: theirs are left alone.
static int is_addon(const void* caller) {
  static _Atomic(const void*) base;
  Dl_info info;
  if (dladdr(caller, &info) == 0) return 0;
  if (info.dli_fbase == base) return 1;
  if (strstr(info.dli_fname, "afunix.node") == NULL) return 0;
  base = info.dli_fbase;
  return 1;
}

static unsigned long scattered(unsigned long x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ul;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebul;
  return x ^ (x >> 31);
}

// The rule by which this call is to fail, if it is.
static struct rule* rule_for(const char* call, const void* caller) {
  struct rule* found = NULL;
  for (int i = 0; i < rule_count; i++) {
    struct rule* rule = &rules[i];
    if (strcmp(rule->call, call) != 0 || !is_addon(caller)) continue;
    if (scattered(++rule->calls + 1000003ul * i) % rule->every != 0) continue;
    rule->injected++;
    found = rule;
  }
  return found;
}

#define CALLER __builtin_return_address(0)
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_stream(int fd) {
  int type = 0;
  socklen_t length = sizeof(type);
  return REAL(getsockopt)(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

static int is_short(const struct rule* rule) {
  return rule != NULL && (rule->fault == SHORT || rule->fault == EACH);
}

// 1 to `length`; by `each`, the first that it has not been through.
static size_t shorter(const struct rule* rule, size_t length) {
  static atomic_ulong state = 88172645463325252ul;
  if (length < 2) return length;
  for (size_t i = 1; rule->fault == EACH && i <= length && i <= LENGTHS; i++) {
    if (!rule->done[i]) return i;
  }
  if (rule->fault == EACH) return length;
  unsigned long x = state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  state = x;
  return 1 + x % (x % 3 == 0 && length > 8 ? 8 : length);
}

// The call was for `length`, and did that much.
static ssize_t did(struct rule* rule, size_t length, ssize_t result) {
  if (is_short(rule) && result == (ssize_t)length && length > 0 && length <= LENGTHS &&
      !rule->done[length]) {
    rule->done[length] = 1;
    rule->lengths++;
  }
  return result;
}

#define FAIL_IF_INJECTED_AS(name, failed)              \
  struct rule* const rule = rule_for(name, CALLER);    \
  if (rule != NULL && rule->fault > 0) {               \
    errno = rule->fault;                               \
    return failed;                                     \
  }
#define FAIL_IF_INJECTED(name) FAIL_IF_INJECTED_AS(#name, -1)

#define PLAIN(name, parameters, arguments) \
  int name parameters {                    \
    FAIL_IF_INJECTED(name)                 \
    return REAL(name) arguments;           \
  }

PLAIN(socket, (int domain, int type, int protocol), (domain, type, protocol))
PLAIN(socketpair, (int domain, int type, int protocol, int fds[2]), (domain, type, protocol, fds))
PLAIN(bind, (int fd, const struct sockaddr* address, socklen_t length), (fd, address, length))
PLAIN(connect, (int fd, const struct sockaddr* address, socklen_t length), (fd, address, length))
PLAIN(listen, (int fd, int backlog), (fd, backlog))
PLAIN(accept4, (int fd, struct sockaddr* address, socklen_t* length, int flags),
      (fd, address, length, flags))
PLAIN(shutdown, (int fd, int how), (fd, how))
PLAIN(getsockname, (int fd, struct sockaddr* address, socklen_t* length), (fd, address, length))
PLAIN(getsockopt, (int fd, int level, int name, void* value, socklen_t* length),
      (fd, level, name, value, length))
PLAIN(setsockopt, (int fd, int level, int name, const void* value, socklen_t length),
      (fd, level, name, value, length))
PLAIN(getpeername, (int fd, struct sockaddr* address, socklen_t* length), (fd, address, length))
PLAIN(renameat, (int from, const char* path, int to, const char* other), (from, path, to, other))
PLAIN(linkat, (int from, const char* path, int to, const char* other, int flags),
      (from, path, to, other, flags))
PLAIN(getentropy, (void* data, size_t length), (data, length))
PLAIN(chmod, (const char* path, mode_t mode), (path, mode))
PLAIN(memfd_create, (const char* name, unsigned flags), (name, flags))
PLAIN(poll, (struct pollfd* fds, nfds_t count, int timeout), (fds, count, timeout))
PLAIN(epoll_ctl, (int epoll, int operation, int fd, struct epoll_event* event),
      (epoll, operation, fd, event))
PLAIN(epoll_wait, (int epoll, struct epoll_event* events, int most, int timeout),
      (epoll, events, most, timeout))
PLAIN(flock, (int fd, int operation), (fd, operation))
PLAIN(fchmod, (int fd, mode_t mode), (fd, mode))
PLAIN(fallocate64, (int fd, int mode, off64_t offset, off64_t length), (fd, mode, offset, length))
PLAIN(fstatfs64, (int fd, struct statfs64* system), (fd, system))
PLAIN(fchownat, (int fd, const char* path, uid_t owner, gid_t group, int flags),
      (fd, path, owner, group, flags))
PLAIN(unlinkat, (int fd, const char* path, int flags), (fd, path, flags))

// The descriptor is gone all the same, close(2).
int close(int fd) {
  const struct rule* rule = rule_for("close", CALLER);
  const int result = REAL(close)(fd);
  if (rule == NULL || result != 0) return result;
  errno = rule->fault;
  return -1;
}

int fcntl64(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  void* argument = va_arg(list, void*);
  va_end(list);
  FAIL_IF_INJECTED_AS(command == F_DUPFD_CLOEXEC ? "dup" : "fcntl", -1)
  return REAL(fcntl64)(fd, command, argument);
}

int open64(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const int mode = va_arg(list, int);
  va_end(list);
  FAIL_IF_INJECTED(open)
  return REAL(open64)(path, flags, mode);
}

int openat64(int directory, const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const int mode = va_arg(list, int);
  va_end(list);
  FAIL_IF_INJECTED(openat)
  return REAL(openat64)(directory, path, flags, mode);
}

int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void* argument = va_arg(list, void*);
  va_end(list);
  FAIL_IF_INJECTED(ioctl)
  return REAL(ioctl)(fd, request, argument);
}

char* getcwd(char* buffer, size_t size) {
  FAIL_IF_INJECTED_AS("getcwd", NULL)
  return REAL(getcwd)(buffer, size);
}

ssize_t readlink(const char* path, char* buffer, size_t size) {
  FAIL_IF_INJECTED(readlink)
  return REAL(readlink)(path, buffer, size);
}

off_t lseek64(int fd, off_t offset, int whence) {
  FAIL_IF_INJECTED(lseek)
  return REAL(lseek64)(fd, offset, whence);
}

ssize_t write(int fd, const void* data, size_t length) {
  FAIL_IF_INJECTED(write)
  if (is_short(rule)) length = shorter(rule, length);
  return did(rule, length, REAL(write)(fd, data, length));
}

ssize_t sendfile64(int socket, int file, off64_t* from, size_t count) {
  FAIL_IF_INJECTED(sendfile)
  if (is_short(rule)) count = shorter(rule, count);
  return did(rule, count, REAL(sendfile64)(socket, file, from, count));
}

void* mmap64(void* at, size_t size, int protection, int flags, int fd, off64_t offset) {
  FAIL_IF_INJECTED_AS("mmap", MAP_FAILED)
  return REAL(mmap64)(at, size, protection, flags, fd, offset);
}

// Calls that glibc has no function for, or did not have in 2.28.
static const char* name_of(long number) {
  switch (number) {
    case SYS_renameat2:
      return "renameat2";
    case SYS_fstat:
      return "fstat";
    case SYS_newfstatat:
      return "fstatat";
    case SYS_pidfd_open:
      return "pidfd_open";
    case SYS_pidfd_send_signal:
      return "pidfd_signal";
    case SYS_pidfd_getfd:
      return "pidfd_getfd";
    default:
      return "syscall";
  }
}

long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (int i = 0; i < 6; i++) arguments[i] = va_arg(list, long);
  va_end(list);
  FAIL_IF_INJECTED_AS(name_of(number), -1)
  return REAL(syscall)(number, arguments[0], arguments[1], arguments[2], arguments[3],
                       arguments[4], arguments[5]);
}

ssize_t sendto(int fd, const void* data, size_t length, int flags, const struct sockaddr* address,
               socklen_t address_length) {
  FAIL_IF_INJECTED(sendto)
  if (is_short(rule) && is_stream(fd)) length = shorter(rule, length);
  return did(rule, length, REAL(sendto)(fd, data, length, flags, address, address_length));
}

ssize_t recv(int fd, void* data, size_t length, int flags) {
  FAIL_IF_INJECTED(recv)
  if (is_short(rule) && is_stream(fd)) length = shorter(rule, length);
  return did(rule, length, REAL(recv)(fd, data, length, flags));
}

// The message with only a part of its first piece of memory.
static struct iovec first_part(const struct rule* rule, const struct msghdr* message) {
  struct iovec part = message->msg_iov[0];
  part.iov_len = shorter(rule, part.iov_len);
  return part;
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  FAIL_IF_INJECTED(sendmsg)
  if (!is_short(rule) || message->msg_iovlen == 0 || !is_stream(fd)) {
    return REAL(sendmsg)(fd, message, flags);
  }
  struct iovec part = first_part(rule, message);
  struct msghdr less = *message;
  less.msg_iov = &part;
  less.msg_iovlen = 1;
  return did(rule, part.iov_len, REAL(sendmsg)(fd, &less, flags));
}

ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  FAIL_IF_INJECTED(recvmsg)
  if (!is_short(rule) || message->msg_iovlen == 0 || !is_stream(fd)) {
    return REAL(recvmsg)(fd, message, flags);
  }
  struct iovec part = first_part(rule, message);
  struct iovec* whole = message->msg_iov;
  const size_t count = message->msg_iovlen;
  message->msg_iov = &part;
  message->msg_iovlen = 1;
  const ssize_t result = REAL(recvmsg)(fd, message, flags);
  message->msg_iov = whole;
  message->msg_iovlen = count;
  return did(rule, part.iov_len, result);
}

int sendmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags) {
  FAIL_IF_INJECTED(sendmmsg)
  if (is_short(rule)) count = shorter(rule, count);
  return did(rule, count, REAL(sendmmsg)(fd, messages, count, flags));
}

int recvmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags, struct timespec* timeout) {
  FAIL_IF_INJECTED(recvmmsg)
  if (is_short(rule)) count = shorter(rule, count);
  return did(rule, count, REAL(recvmmsg)(fd, messages, count, flags, timeout));
}
