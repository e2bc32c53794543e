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
// OpenMP's threads wait for each other by spinning, for milliseconds unless told otherwise.
// Where other processes want the processors, they so keep off the very thread that they wait for;
// told so, they sleep after some ten microseconds. libgomp reads the environment that the process
// began with, which no code of ours precedes: so the program starts anew with another one. Where
// that fails it is only slower.
static void spin_briefly(char **arguments, char **environment) {
  size_t count = 0;
  for (; environment[count]; count++) {
    if (!strncmp(environment[count], "OMP_WAIT_POLICY=", 16)) return;
    if (!strncmp(environment[count], "GOMP_SPINCOUNT=", 15)) return;
  }
  char *extended[count + 2];
  memcpy(extended, environment, count * sizeof *environment);
  extended[count] = "GOMP_SPINCOUNT=1000";
  extended[count + 1] = NULL;
  execve("/proc/self/exe", arguments, extended);
}

static void first(int count, char **arguments, char **environment) {
  (void)count;
  spin_briefly(arguments, environment);
  start();
}

// Before the initialisers of all libraries.
typedef void entry(int, char **, char **);
__attribute__((section(".preinit_array"), used)) static entry *const entries = first;
#else
__attribute__((constructor)) static void first(void) { start(); }
#endif
