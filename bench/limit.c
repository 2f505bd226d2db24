// What the machine can do: the benchmarks' cases in C, without a runtime around them. One file, because one call of the
// compiler makes it: over 350 lines.
//
//   limit CASE ROLE PATH SIZE COUNT RATE
//
// Speaks lines, as child.mjs does: says "ready", and for each line it reads, plays a round and says
// what it measured, as JSON. A datagram socket's client is bound to PATH.c, where the server sends.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32 };

static const char *path;
static size_t size;
static long count;
static long rate;
static int epoll_fd = -1;
static char *buffer;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static long check(long result, const char *what) {
  if (result < 0) die(what);
  return result;
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static struct sockaddr_un address(const char *suffix) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  if (snprintf(name.sun_path, sizeof name.sun_path, "%s%s", path, suffix) >=
      (int)sizeof name.sun_path)
    errno = ENAMETOOLONG, die("path");
  return name;
}

static int open_socket(int type) {
  return (int)check(socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "socket");
}

static void bind_to(int fd, const char *suffix) {
  struct sockaddr_un name = address(suffix);
  check(bind(fd, (struct sockaddr *)&name, sizeof name), "bind");
}

static void connect_to(int fd, const char *suffix) {
  struct sockaddr_un name = address(suffix);
  check(connect(fd, (struct sockaddr *)&name, sizeof name), "connect");
}

// With epoll, every receive waits in epoll_wait first, as an event loop does.
static void watch(int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_fd < 0) epoll_fd = (int)check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  check(fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
  check(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static int await_ready(void) {
  struct epoll_event event;
  check(epoll_wait(epoll_fd, &event, 1, -1), "epoll_wait");
  return event.data.fd;
}

static size_t receive_some(int fd) {
  for (;;) {
    if (epoll_fd >= 0) await_ready();
    ssize_t length = recv(fd, buffer, size, 0);
    if (length < 0 && errno == EAGAIN) continue;
    if (length == 0) exit(0);
    return (size_t)check(length, "recv");
  }
}

// A whole message; of a stream, `size` bytes.
static void receive_all(int fd, int type) {
  for (size_t got = 0; got < size;) {
    got += receive_some(fd);
    if (type != SOCK_STREAM) return;
  }
}

static void send_all(int fd, size_t length) {
  for (size_t sent = 0; sent < length;) {
    ssize_t result = send(fd, buffer + sent, length - sent, MSG_NOSIGNAL);
    if (result < 0 && errno == EAGAIN) continue;
    sent += (size_t)check(result, "send");
  }
}

static void acknowledge(int fd, int type) {
  struct sockaddr_un name = address(".c");
  const socklen_t length = type == SOCK_DGRAM ? sizeof name : 0;
  check(sendto(fd, "", 1, MSG_NOSIGNAL, length ? (struct sockaddr *)&name : NULL, length), "sendto");
}

static void await_acknowledgement(int fd) {
  char byte;
  if (check(recv(fd, &byte, 1, 0), "recv") == 0) exit(0);
}

struct batch {
  struct mmsghdr headers[BATCH];
  struct iovec vectors[BATCH];
};

static void prepare(struct batch *batch, int apart) {
  memset(batch, 0, sizeof *batch);
  for (int i = 0; i < BATCH; i++) {
    batch->vectors[i] = (struct iovec){buffer + (apart ? (size_t)i * size : 0), size};
    batch->headers[i].msg_hdr.msg_iov = &batch->vectors[i];
    batch->headers[i].msg_hdr.msg_iovlen = 1;
  }
}

static void receive_messages(int fd, int many) {
  struct batch batch;
  prepare(&batch, 1);
  for (long left = count; left > 0;)
    left -= many ? check(recvmmsg(fd, batch.headers, BATCH, MSG_WAITFORONE, NULL), "recvmmsg")
                 : (receive_some(fd), 1);
}

static void send_messages(int fd, int many) {
  struct batch batch;
  prepare(&batch, 0);
  for (long left = count; left > 0;) {
    unsigned wanted = left < BATCH ? (unsigned)left : BATCH;
    left -= many ? check(sendmmsg(fd, batch.headers, wanted, 0), "sendmmsg")
                 : (check(send(fd, buffer, size, 0), "send"), 1);
  }
}

static void receive_bytes(int fd) {
  for (long long left = (long long)size * count; left > 0;) left -= (long long)receive_some(fd);
}

static int descriptor = -1;

static void send_descriptor(int fd) {
  char control[CMSG_SPACE(sizeof descriptor)] = {0};
  struct iovec vector = {buffer, 1};
  struct msghdr header = {.msg_iov = &vector,
                          .msg_iovlen = 1,
                          .msg_control = control,
                          .msg_controllen = sizeof control};
  struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof descriptor);
  memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  check(sendmsg(fd, &header, MSG_NOSIGNAL), "sendmsg");
}

// Receives one and closes it.
static void receive_descriptor(int fd) {
  char control[CMSG_SPACE(sizeof descriptor)];
  struct iovec vector = {buffer, size};
  struct msghdr header = {.msg_iov = &vector,
                          .msg_iovlen = 1,
                          .msg_control = control,
                          .msg_controllen = sizeof control};
  if (epoll_fd >= 0) await_ready();
  if (check(recvmsg(fd, &header, MSG_CMSG_CLOEXEC), "recvmsg") == 0) exit(0);
  int received;
  memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof received);
  check(close(received), "close");
}

static int compare(const void *a, const void *b) {
  const long long x = *(const long long *)a, y = *(const long long *)b;
  return (x > y) - (x < y);
}

// One datagram every 1/rate seconds, whether the last was answered or not; how long each took from
// the moment it was due.
static void open_loop(int fd) {
  long long *latency = calloc((size_t)count, sizeof *latency);
  if (latency == NULL) die("calloc");
  const long long start = now() + 1000000;
  long sent = 0;
  for (long received = 0; received < count;) {
    const long long due = start + sent * 1000000000LL / rate;
    const long long time = now();
    if (sent < count && time >= due) {
      memcpy(buffer, &due, sizeof due);
      if (send(fd, buffer, size, MSG_DONTWAIT) >= 0)
        sent++;
      else if (errno != EAGAIN)
        die("send");
    } else if (sent < count) {
      struct timespec pause = {0, due - time};
      struct pollfd wait = {.fd = fd, .events = POLLIN};
      ppoll(&wait, 1, &pause, NULL);
    }
    while (received < count && recv(fd, buffer, size, sent < count ? MSG_DONTWAIT : 0) > 0) {
      long long then;
      memcpy(&then, buffer, sizeof then);
      latency[received++] = now() - then;
    }
  }
  qsort(latency, (size_t)count, sizeof *latency, compare);
  printf("{\"time\":%lld,\"p50\":%lld,\"p99\":%lld,\"p999\":%lld}\n", now() - start,
         latency[count / 2], latency[count * 99 / 100], latency[count * 999 / 1000]);
  free(latency);
}

// As many as the server answers, with a few always on their way: the top rate.
static void saturate(int fd) {
  enum { WINDOW = 8 };
  for (long sent = 0, received = 0; received < count; received++) {
    for (; sent < count && sent - received < WINDOW; sent++) check(send(fd, buffer, size, 0), "send");
    check(recv(fd, buffer, size, 0), "recv");
  }
}

static int senders[64];
enum { SENDERS = sizeof senders / sizeof *senders };

static void open_senders(void) {
  for (int i = 0; i < SENDERS; i++) {
    senders[i] = open_socket(SOCK_DGRAM);
    connect_to(senders[i], "");
  }
}

// CASE=SOCKETS: round trips on one after the other of many connections, all in one epoll set.
static long sockets_of(const char *name) {
  const char *number = strchr(name, '=');
  return number == NULL ? 0 : atol(number + 1);
}

static void allow_descriptors(void) {
  struct rlimit limit;
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

static void serve_many(void) {
  allow_descriptors();
  const int listener = open_socket(SOCK_STREAM);
  bind_to(listener, "");
  check(listen(listener, 511), "listen");
  watch(listener);
  puts("ready");
  for (;;) {
    const int fd = await_ready();
    if (fd == listener) {
      watch((int)check(accept4(fd, NULL, NULL, SOCK_CLOEXEC), "accept4"));
      continue;
    }
    if (check(recv(fd, buffer, size, 0), "recv") == 0) exit(0);
    send_all(fd, size);
  }
}

static void use_many(long sockets) {
  allow_descriptors();
  int *fds = calloc((size_t)sockets, sizeof *fds);
  if (fds == NULL) die("calloc");
  for (long i = 0; i < sockets; i++) {
    fds[i] = open_socket(SOCK_STREAM);
    connect_to(fds[i], "");
    watch(fds[i]);
  }
  puts("ready");
  long next = 0;
  for (char line[64]; fgets(line, sizeof line, stdin) != NULL;) {
    const long long start = now();
    for (long i = 0; i < count; i++) {
      next = (next + 7919) % sockets;
      send_all(fds[next], size);
      check(recv(await_ready(), buffer, size, 0), "recv");
    }
    printf("{\"time\":%lld}\n", now() - start);
  }
}

static int has(const char *name, const char *part) { return strstr(name, part) != NULL; }

static int type_of(const char *name) {
  return has(name, "stream") ? SOCK_STREAM : has(name, "seqpacket") ? SOCK_SEQPACKET : SOCK_DGRAM;
}

static void serve(const char *name) {
  const int type = type_of(name);
  int fd = open_socket(type);
  bind_to(fd, "");
  if (type != SOCK_DGRAM) check(listen(fd, 16), "listen");
  puts("ready");
  if (type != SOCK_DGRAM) {
    fd = (int)check(accept4(fd, NULL, NULL, SOCK_CLOEXEC), "accept4");
  } else {
    // The client is bound by the time its first message is here.
    check(recv(fd, buffer, size, MSG_PEEK), "recv");
    if (!has(name, "bulk") || has(name, "mutual")) connect_to(fd, ".c");
  }
  if (has(name, "epoll")) watch(fd);
  for (;;) {
    if (has(name, "bulk")) {
      type == SOCK_STREAM ? receive_bytes(fd) : receive_messages(fd, has(name, "mmsg"));
      acknowledge(fd, type);
    } else if (has(name, "rights")) {
      receive_descriptor(fd);
      acknowledge(fd, type);
    } else {
      receive_all(fd, type);
      send_all(fd, size);
    }
  }
}

static void use(const char *name) {
  const int type = type_of(name);
  const int fd = open_socket(type);
  if (type == SOCK_DGRAM) bind_to(fd, ".c");
  connect_to(fd, "");
  if (has(name, "epoll")) watch(fd);
  if (has(name, "fan-in")) open_senders();
  if (has(name, "rights")) descriptor = (int)check(open("/dev/null", O_RDONLY | O_CLOEXEC), "open");
  puts("ready");
  for (char line[64]; fgets(line, sizeof line, stdin) != NULL;) {
    const long long start = now();
    if (has(name, "load")) {
      open_loop(fd);
      continue;
    }
    if (has(name, "saturate")) {
      saturate(fd);
    } else if (has(name, "bulk")) {
      if (has(name, "fan-in"))
        for (long i = 0; i < count; i++) check(send(senders[i % SENDERS], buffer, size, 0), "send");
      else if (type == SOCK_STREAM)
        for (long i = 0; i < count; i++) send_all(fd, size);
      else
        send_messages(fd, has(name, "mmsg"));
      await_acknowledgement(fd);
    } else if (has(name, "rights")) {
      for (long i = 0; i < count; i++) {
        send_descriptor(fd);
        receive_some(fd);
      }
    } else {
      for (long i = 0; i < count; i++) {
        send_all(fd, size);
        receive_all(fd, type);
      }
    }
    printf("{\"time\":%lld}\n", now() - start);
  }
}

int main(int argc, char **argv) {
  if (argc != 7) return fputs("usage: limit CASE ROLE PATH SIZE COUNT RATE\n", stderr), 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  path = argv[3];
  size = strtoul(argv[4], NULL, 10);
  count = strtol(argv[5], NULL, 10);
  rate = strtol(argv[6], NULL, 10);
  prctl(PR_SET_TIMERSLACK, 1);
  buffer = calloc(BATCH, size);
  if (buffer == NULL) die("calloc");
  const int serves = strcmp(argv[2], "server") == 0;
  const long sockets = sockets_of(argv[1]);
  if (sockets > 0) {
    serves ? serve_many() : use_many(sockets);
  } else {
    serves ? serve(argv[1]) : use(argv[1]);
  }
  return 0;
}
