// Preloaded into a process that binds AFUNIX_SWAP_PATH: puts a link to AFUNIX_SWAP_TARGET there at the worst moment,
// just before the file's mode is changed, and says so on stderr.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void swap(const char *path, const char *call) {
  const char *swapped = getenv("AFUNIX_SWAP_PATH");
  if (swapped == NULL || strcmp(path, swapped) != 0) return;
  unlink(path);
  if (symlink(getenv("AFUNIX_SWAP_TARGET"), path) != 0) return;
  fprintf(stderr, "swapped before %s\n", call);
}

// Of the directory that was checked.
int openat(int directory, const char *name, int flags, ...) {
  int (*real)(int, const char *, int, int) = dlsym(RTLD_NEXT, "openat");
  const char *swapped = getenv("AFUNIX_SWAP_PATH");
  if ((flags & O_PATH) && swapped != NULL && strcmp(name, strrchr(swapped, '/') + 1) == 0) {
    swap(swapped, "openat");
  }
  __builtin_va_list arguments;
  __builtin_va_start(arguments, flags);
  const int mode = flags & O_CREAT ? __builtin_va_arg(arguments, int) : 0;
  __builtin_va_end(arguments);
  return real(directory, name, flags, mode);
}

int openat64(int directory, const char *name, int flags, ...) __attribute__((alias("openat")));

int chmod(const char *path, mode_t mode) {
  int (*real)(const char *, mode_t) = dlsym(RTLD_NEXT, "chmod");
  swap(path, "chmod");
  return real(path, mode);
}
