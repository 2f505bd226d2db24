// The benchmarks' cases in C, without a runtime around them: what the machine can do.
//
//   limit CASE ROLE PATH SIZE COUNT RATE
//   limit spin
//
// The program speaks lines, as child.mjs does: it prints "ready", and for each line that it reads it plays a round
// and prints what it measured, as JSON. A datagram client is bound to PATH.c, where the server sends. `spin` is the
// busy neighbour.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
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
static struct sockaddr_un receiver;  // of messages to an address
static socklen_t receiver_length;    // 0: to the connected peer

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

static void await_events(int fd, short events) {
  struct pollfd wait = {.fd = fd, .events = events};
  check(poll(&wait, 1, -1), "poll");
}

static size_t receive_some(int fd) {
  if (epoll_fd >= 0) await_ready();
  const ssize_t length = check(recv(fd, buffer, size, 0), "recv");
  if (length == 0) exit(0);
  return (size_t)length;
}

static void send_message(int fd) {
  const struct sockaddr *to = receiver_length > 0 ? (struct sockaddr *)&receiver : NULL;
  while (sendto(fd, buffer, size, MSG_NOSIGNAL, to, receiver_length) < 0) {
    if (errno != EAGAIN) die("sendto");
    await_events(fd, POLLOUT);
  }
}

static void acknowledge(int fd, int type) {
  struct sockaddr_un name = address(".c");
  const socklen_t length = type == SOCK_DGRAM ? sizeof name : 0;
  check(sendto(fd, "", 1, MSG_NOSIGNAL, length ? (struct sockaddr *)&name : NULL, length), "sendto");
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

static void receive_messages(int fd) {
  struct batch batch;
  prepare(&batch, 1);
  for (long left = count; left > 0;)
    left -= check(recvmmsg(fd, batch.headers, BATCH, MSG_WAITFORONE, NULL), "recvmmsg");
}

static void send_messages(int fd) {
  struct batch batch;
  prepare(&batch, 0);
  for (long left = count; left > 0;)
    left -= check(sendmmsg(fd, batch.headers, left < BATCH ? (unsigned)left : BATCH, 0), "sendmmsg");
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
  if (check(recvmsg(fd, &header, MSG_CMSG_CLOEXEC), "recvmsg") == 0) exit(0);
  int received;
  memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof received);
  check(close(received), "close");
}

static int compare(const void *a, const void *b) {
  const long long x = *(const long long *)a, y = *(const long long *)b;
  return (x > y) - (x < y);
}

// One datagram every 1/rate seconds, whether the last was answered or not. The time of each counts from the moment it
// was due.
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
      else if (errno == EAGAIN)
        await_events(fd, POLLIN | POLLOUT);
      else
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
  printf("{\"wall\":%lld,\"p50\":%lld,\"p99\":%lld,\"p99.9\":%lld}\n", now() - start,
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

static int has(const char *name, const char *part) { return strstr(name, part) != NULL; }

static int type_of(const char *name) {
  return has(name, "stream") ? SOCK_STREAM : has(name, "seqpacket") ? SOCK_SEQPACKET : SOCK_DGRAM;
}

static void allow_descriptors(void) {
  struct rlimit limit;
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

static void serve_connections(int listener, const char *name) {
  watch(listener);
  puts("ready");
  for (;;) {
    const int fd = await_ready();
    if (fd == listener) {
      watch((int)check(accept4(fd, NULL, NULL, SOCK_CLOEXEC), "accept4"));
    } else if (has(name, "rights")) {
      receive_descriptor(fd);
      acknowledge(fd, type_of(name));
    } else {
      if (check(recv(fd, buffer, size, 0), "recv") == 0) exit(0);
      send_message(fd);
    }
  }
}

static void serve(const char *name) {
  const int type = type_of(name);
  int fd = open_socket(type);
  bind_to(fd, "");
  if (type != SOCK_DGRAM) check(listen(fd, 511), "listen");
  if (type != SOCK_DGRAM && has(name, "epoll")) serve_connections(fd, name);
  puts("ready");
  if (type != SOCK_DGRAM) {
    fd = (int)check(accept4(fd, NULL, NULL, SOCK_CLOEXEC), "accept4");
  } else {
    // The client is bound by the time that its first message arrives.
    check(recv(fd, buffer, size, MSG_PEEK), "recv");
    if (!has(name, "bulk")) connect_to(fd, ".c");
  }
  if (has(name, "epoll")) watch(fd);
  for (;;) {
    if (has(name, "bulk")) {
      type == SOCK_STREAM ? receive_bytes(fd) : receive_messages(fd);
      acknowledge(fd, type);
    } else {
      receive_some(fd);
      send_message(fd);
    }
  }
}

// CASE=SOCKETS: round trips on one after the other of many connections, all in one epoll set.
static long sockets_of(const char *name) {
  const char *number = strchr(name, '=');
  return number == NULL ? 1 : atol(number + 1);
}

static void round_of(const char *name, const int *fds) {
  static long next;
  const int fd = fds[0];
  const long sockets = sockets_of(name);
  if (has(name, "saturate")) {
    saturate(fd);
  } else if (has(name, "bulk")) {
    char byte;
    if (type_of(name) == SOCK_DGRAM && receiver_length == 0)
      send_messages(fd);
    else
      for (long i = 0; i < count; i++) send_message(fd);
    if (check(recv(fd, &byte, 1, 0), "recv") == 0) exit(0);
  } else {
    for (long i = 0; i < count; i++) {
      // A prime step: no neighbours in a row.
      next = (next + 7919) % sockets;
      has(name, "rights") ? send_descriptor(fd) : send_message(fds[next]);
      receive_some(fds[next]);
    }
  }
}

static void use(const char *name) {
  const long sockets = sockets_of(name);
  int *fds = calloc((size_t)sockets, sizeof *fds);
  if (fds == NULL) die("calloc");
  for (long i = 0; i < sockets; i++) {
    fds[i] = open_socket(type_of(name));
    if (type_of(name) == SOCK_DGRAM) bind_to(fds[i], ".c");
    if (has(name, "address"))
      receiver = address(""), receiver_length = sizeof receiver;
    else
      connect_to(fds[i], "");
    if (has(name, "epoll")) watch(fds[i]);
  }
  if (has(name, "rights")) descriptor = (int)check(open("/dev/null", O_RDONLY | O_CLOEXEC), "open");
  puts("ready");
  for (char line[64]; fgets(line, sizeof line, stdin) != NULL;) {
    const long long start = now();
    if (has(name, "load")) {
      open_loop(fds[0]);
    } else {
      round_of(name, fds);
      printf("{\"wall\":%lld}\n", now() - start);
    }
  }
}

// Keeps a processor busy until the harness ends, however it ends.
static void spin(void) {
  check(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
  for (volatile int forever = 1; forever;) continue;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "spin") == 0) spin();
  if (argc != 7) return fputs("usage: limit CASE ROLE PATH SIZE COUNT RATE\n", stderr), 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  path = argv[3];
  size = strtoul(argv[4], NULL, 10);
  count = strtol(argv[5], NULL, 10);
  rate = strtol(argv[6], NULL, 10);
  prctl(PR_SET_TIMERSLACK, 1);
  buffer = calloc(BATCH, size);
  if (buffer == NULL) die("calloc");
  allow_descriptors();
  strcmp(argv[2], "server") == 0 ? serve(argv[1]) : use(argv[1]);
  return 0;
}
