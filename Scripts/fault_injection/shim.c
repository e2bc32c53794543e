/* Preloaded into the tool: makes one call on a file fail, or the wall clock go back.

   FAULT_CALL   open, read, write, fsync, close, ftruncate, rename, unlink, mkdir, mmap
   FAULT_AT     the number of the call that fails, from 1; those behind it, too, if FAULT_STICKY
   FAULT_ERRNO  the error's number
   FAULT_BELOW  only files whose path contains this count
   FAULT_LOG    a file that gets a line when the call fails
   FAULT_CLOCK  seconds by which the wall clock goes back at its thirtieth reading */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static long setting(const char *name, long absent) {
  const char *text = getenv(name);
  return text ? atol(text) : absent;
}

static void note(const char *call) {
  const char *log = getenv("FAULT_LOG");
  if (!log) return;
  int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (file < 0) return;
  syscall(SYS_write, file, call, strlen(call));
  syscall(SYS_write, file, "\n", 1);
  syscall(SYS_close, file);
}

/* Whether this call on `path` is the one that has to fail; errno is set then. */
static int fails(const char *call, const char *path) {
  static atomic_long calls;
  const char *chosen = getenv("FAULT_CALL"), *below = getenv("FAULT_BELOW");
  if (!chosen || strcmp(chosen, call) || !path || (below && !strstr(path, below))) return 0;
  long number = ++calls, at = setting("FAULT_AT", 0);
  if (number != at && !(number > at && getenv("FAULT_STICKY"))) return 0;
  note(call);
  errno = (int)setting("FAULT_ERRNO", EIO);
  return 1;
}

static int fails_at(const char *call, int descriptor) {
  static __thread char path[4096];
  char link[64];
  const char *chosen = getenv("FAULT_CALL");
  if (!chosen || strcmp(chosen, call)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return fails(call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define MODE(flags, last)                                                                        \
  mode_t mode = 0;                                                                               \
  if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
    va_list rest;                                                                                \
    va_start(rest, last);                                                                        \
    mode = va_arg(rest, mode_t);                                                                 \
    va_end(rest);                                                                                \
  }

int open(const char *path, int flags, ...) {
  MODE(flags, flags)
  return fails("open", path) ? -1 : REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE(flags, flags)
  return fails("open", path) ? -1 : REAL(open64)(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
  MODE(flags, flags)
  return fails("open", path) ? -1 : REAL(openat)(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
  MODE(flags, flags)
  return fails("open", path) ? -1 : REAL(openat64)(folder, path, flags, mode);
}
FILE *fopen(const char *path, const char *mode) {
  return fails("open", path) ? NULL : REAL(fopen)(path, mode);
}
FILE *fopen64(const char *path, const char *mode) {
  return fails("open", path) ? NULL : REAL(fopen64)(path, mode);
}
ssize_t read(int file, void *bytes, size_t count) {
  return fails_at("read", file) ? -1 : REAL(read)(file, bytes, count);
}
ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
  return fails_at("read", file) ? -1 : REAL(pread)(file, bytes, count, offset);
}
ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
  return fails_at("read", file) ? -1 : REAL(pread64)(file, bytes, count, offset);
}
ssize_t write(int file, const void *bytes, size_t count) {
  return fails_at("write", file) ? -1 : REAL(write)(file, bytes, count);
}
int fsync(int file) { return fails_at("fsync", file) ? -1 : REAL(fsync)(file); }
int close(int file) {
  /* The descriptor is gone even where closing fails. */
  int failed = fails_at("close", file), reason = errno;
  int result = REAL(close)(file);
  if (failed) errno = reason;
  return failed ? -1 : result;
}
int ftruncate(int file, off_t size) {
  return fails_at("ftruncate", file) ? -1 : REAL(ftruncate)(file, size);
}
int ftruncate64(int file, off64_t size) {
  return fails_at("ftruncate", file) ? -1 : REAL(ftruncate64)(file, size);
}
int rename(const char *from, const char *to) {
  return fails("rename", to) ? -1 : REAL(rename)(from, to);
}
int unlink(const char *path) { return fails("unlink", path) ? -1 : REAL(unlink)(path); }
int unlinkat(int folder, const char *path, int flags) {
  return fails_at("unlink", folder) ? -1 : REAL(unlinkat)(folder, path, flags);
}
int mkdir(const char *path, mode_t mode) {
  return fails("mkdir", path) ? -1 : REAL(mkdir)(path, mode);
}
void *mmap(void *place, size_t size, int protection, int flags, int file, off_t offset) {
  if (file >= 0 && fails_at("mmap", file)) return MAP_FAILED;
  return (void *)syscall(SYS_mmap, place, size, protection, flags, file, offset);
}
void *mmap64(void *place, size_t size, int protection, int flags, int file, off64_t offset) {
  return mmap(place, size, protection, flags, file, offset);
}

static time_t set_back(void) {
  static atomic_long readings;
  return ++readings > 30 ? setting("FAULT_CLOCK", 0) : 0;
}
int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = (int)syscall(SYS_clock_gettime, clock, time);
  if (clock == CLOCK_REALTIME) time->tv_sec -= set_back();
  return result;
}
int gettimeofday(struct timeval *time, void *zone) {
  int result = (int)syscall(SYS_gettimeofday, time, zone);
  time->tv_sec -= set_back();
  return result;
}
