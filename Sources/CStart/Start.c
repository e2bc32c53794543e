#include "CStart.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void start(void) {
  // Else a file would get the number of a closed standard stream, and what is written for people.
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    if (fcntl(descriptor, F_GETFD) < 0) (void)open("/dev/null", O_RDWR);
  }
  // MKL, while libtorch is loaded, ends the process in a working folder that was removed.
  char path[PATH_MAX];
  if (!getcwd(path, sizeof path) && errno == ENOENT) {
    dprintf(2, "Error: the working folder cannot be used: %s\n", strerror(ENOENT));
    _exit(1);
  }
}

#ifdef __linux__
static int is_set(char **environment, const char *setting) {
  size_t name = (size_t)(strchr(setting, '=') - setting) + 1;
  for (; *environment; environment++) {
    if (!strncmp(*environment, setting, name)) return 1;
  }
  return 0;
}

// Starts the program anew with settings in its environment that it lacks; where that fails it is
// only slower, or larger.
//
// OpenMP's threads wait for each other by spinning, for milliseconds unless told otherwise. Where
// other processes want the processors, they so keep off the very thread that they wait for; told
// so, they sleep after some ten microseconds. libgomp reads the environment that the process began
// with, which no code of ours precedes.
//
// The other two are those of CTorch/Engine.cpp, which then has nothing to set: where Swift's
// libraries are linked into the program, they find its arguments beside the environment that it
// began with, and nothing may have replaced that by then.
static void with_settings(char **arguments, char **environment) {
  static char *const settings[] = {
      "GOMP_SPINCOUNT=1000", "ONEDNN_PRIMITIVE_CACHE_CAPACITY=32", "LRU_CACHE_CAPACITY=32"};
  const size_t settings_count = sizeof settings / sizeof *settings;
  size_t count = 0;
  while (environment[count]) count++;
  char *extended[count + settings_count + 1];
  memcpy(extended, environment, count * sizeof *environment);
  size_t total = count;
  for (size_t i = is_set(environment, "OMP_WAIT_POLICY=") ? 1 : 0; i < settings_count; i++) {
    if (!is_set(environment, settings[i])) extended[total++] = settings[i];
  }
  if (total == count) return;
  extended[total] = NULL;
  execve("/proc/self/exe", arguments, extended);
}

static void first(int count, char **arguments, char **environment) {
  (void)count;
  with_settings(arguments, environment);
  start();
}

// Before the initialisers of all libraries.
typedef void entry(int, char **, char **);
__attribute__((section(".preinit_array"), used)) static entry *const entries = first;
#else
__attribute__((constructor)) static void first(void) { start(); }
#endif
