// Makes system calls of the addon fail, and no others: LD_PRELOAD, with AFUNIX_FAULTS a list of
//
//   CALL=FAULT/EVERY[,...]      recvmsg=EINTR/2,sendmsg=short/1
//
// FAULT is an errno's name, or `short`: fewer bytes on a stream, fewer messages of a batch. Every
// EVERY-th call gets it. When the process exits, a line for each rule goes to the file that
// AFUNIX_FAULTS_REPORT names: CALL FAULT calls injected.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHORT = -1, MAX_RULES = 16 };

struct rule {
  char call[16], name[16];
  int fault;
  unsigned long every;
  atomic_ulong calls, injected;
};

static struct rule rules[MAX_RULES];
static int rule_count;

static int fault_named(const char* name) {
  static const struct {
    const char* name;
    int fault;
  } faults[] = {
      {"short", SHORT},     {"EINTR", EINTR},   {"EAGAIN", EAGAIN}, {"ENOMEM", ENOMEM},
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
    fprintf(file, "%s %s %lu %lu\n", rules[i].call, rules[i].name, rules[i].calls,
            rules[i].injected);
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

// What this call gets: 0 for nothing.
static int fault_of(const char* call, const void* caller) {
  int fault = 0;
  for (int i = 0; i < rule_count; i++) {
    struct rule* rule = &rules[i];
    if (strcmp(rule->call, call) != 0 || !is_addon(caller)) continue;
    if (++rule->calls % rule->every != 0) continue;
    rule->injected++;
    fault = rule->fault;
  }
  return fault;
}

#define CALLER __builtin_return_address(0)
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_stream(int fd) {
  int type = 0;
  socklen_t length = sizeof(type);
  return REAL(getsockopt)(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

// 1 to `length`, every one of them sooner or later.
static size_t shorter(size_t length) {
  static atomic_ulong state = 88172645463325252ul;
  if (length < 2) return length;
  unsigned long x = state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  state = x;
  return 1 + x % (x % 3 == 0 && length > 8 ? 8 : length);
}

#define FAIL_IF_INJECTED(name)                   \
  const int fault = fault_of(#name, CALLER);     \
  if (fault > 0) {                               \
    errno = fault;                               \
    return -1;                                   \
  }

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
PLAIN(rename, (const char* from, const char* to), (from, to))
PLAIN(flock, (int fd, int operation), (fd, operation))
PLAIN(unlink, (const char* path), (path))
PLAIN(fchmod, (int fd, mode_t mode), (fd, mode))
PLAIN(unlinkat, (int fd, const char* path, int flags), (fd, path, flags))

// The descriptor is gone all the same, close(2).
int close(int fd) {
  const int fault = fault_of("close", CALLER);
  const int result = REAL(close)(fd);
  if (fault <= 0 || result != 0) return result;
  errno = fault;
  return -1;
}

int fcntl64(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  void* argument = va_arg(list, void*);
  va_end(list);
  FAIL_IF_INJECTED(fcntl)
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

ssize_t sendto(int fd, const void* data, size_t length, int flags, const struct sockaddr* address,
               socklen_t address_length) {
  FAIL_IF_INJECTED(sendto)
  if (fault == SHORT && is_stream(fd)) length = shorter(length);
  return REAL(sendto)(fd, data, length, flags, address, address_length);
}

ssize_t recv(int fd, void* data, size_t length, int flags) {
  FAIL_IF_INJECTED(recv)
  if (fault == SHORT && is_stream(fd)) length = shorter(length);
  return REAL(recv)(fd, data, length, flags);
}

// The message with only a part of its first piece of memory.
static struct iovec first_part(const struct msghdr* message) {
  struct iovec part = message->msg_iov[0];
  part.iov_len = shorter(part.iov_len);
  return part;
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  FAIL_IF_INJECTED(sendmsg)
  if (fault != SHORT || message->msg_iovlen == 0 || !is_stream(fd)) {
    return REAL(sendmsg)(fd, message, flags);
  }
  struct iovec part = first_part(message);
  struct msghdr less = *message;
  less.msg_iov = &part;
  less.msg_iovlen = 1;
  return REAL(sendmsg)(fd, &less, flags);
}

ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  FAIL_IF_INJECTED(recvmsg)
  if (fault != SHORT || message->msg_iovlen == 0 || !is_stream(fd)) {
    return REAL(recvmsg)(fd, message, flags);
  }
  struct iovec part = first_part(message);
  struct iovec* whole = message->msg_iov;
  const size_t count = message->msg_iovlen;
  message->msg_iov = &part;
  message->msg_iovlen = 1;
  const ssize_t result = REAL(recvmsg)(fd, message, flags);
  message->msg_iov = whole;
  message->msg_iovlen = count;
  return result;
}

int sendmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags) {
  FAIL_IF_INJECTED(sendmmsg)
  return REAL(sendmmsg)(fd, messages, fault == SHORT ? shorter(count) : count, flags);
}

int recvmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags, struct timespec* timeout) {
  FAIL_IF_INJECTED(recvmmsg)
  return REAL(recvmmsg)(fd, messages, fault == SHORT ? shorter(count) : count, flags, timeout);
}
