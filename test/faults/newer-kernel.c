// Has the running kernel answer the addon as Linux 7.3 does with SO_RIGHTS_NOTRUNC: LD_PRELOAD. A
// socket knows the option. Where it is on, a directory among the descriptors of a message is refused:
// it is closed, and -EACCES is in its place. Where it is off, the list ends before the first
// directory (MSG_CTRUNC). Everything else is the running kernel's.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RIGHTS_NOTRUNC = 85, MOST = 4096 };
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int keeps_places[MOST];  // by number

static int is_known(int fd, int level, int name) {
  return level == SOL_SOCKET && name == RIGHTS_NOTRUNC && fd >= 0 && fd < MOST;
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t length) {
  if (!is_known(fd, level, name)) return REAL(setsockopt)(fd, level, name, value, length);
  memcpy(&keeps_places[fd], value, sizeof(int));
  return 0;
}

int getsockopt(int fd, int level, int name, void* value, socklen_t* length) {
  if (!is_known(fd, level, name)) return REAL(getsockopt)(fd, level, name, value, length);
  memcpy(value, &keeps_places[fd], sizeof(int));
  *length = sizeof(int);
  return 0;
}

int close(int fd) {
  if (fd >= 0 && fd < MOST) keeps_places[fd] = 0;
  return REAL(close)(fd);
}

static void refuse(int fd, struct msghdr* message) {
  for (struct cmsghdr* part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    int* slots = (int*)CMSG_DATA(part);
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    int cut = 0;
    for (size_t i = 0; i < count; i++) {
      struct stat stat;
      if (!cut && (fstat(slots[i], &stat) != 0 || !S_ISDIR(stat.st_mode))) continue;
      REAL(close)(slots[i]);
      slots[i] = -EACCES;
      if (cut || keeps_places[fd]) continue;
      cut = 1;
      message->msg_flags |= MSG_CTRUNC;
      part->cmsg_len = CMSG_LEN(i * sizeof(int));  // the last part of the message, as nothing else is asked for
      message->msg_controllen = (size_t)((char*)part - (char*)message->msg_control) + CMSG_SPACE(i * sizeof(int));
    }
  }
}

ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  const ssize_t result = REAL(recvmsg)(fd, message, flags);
  if (result >= 0 && fd < MOST) refuse(fd, message);
  return result;
}

int recvmmsg(int fd, struct mmsghdr* messages, unsigned count, int flags, struct timespec* timeout) {
  const int result = REAL(recvmmsg)(fd, messages, count, flags, timeout);
  for (int i = 0; i < result && fd < MOST; i++) refuse(fd, &messages[i].msg_hdr);
  return result;
}
