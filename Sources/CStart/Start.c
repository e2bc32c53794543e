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
// Before the initialisers of all libraries.
__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = start;
#else
__attribute__((constructor)) static void first(void) { start(); }
#endif
