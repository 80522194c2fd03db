// An unlock that fails. On a network's file system it may (EIO, ENOLCK), and SQLite takes no notice: from then on it believes
// that another connection of this process holds the lock, and whoever wants it waits until the process ends. So an unlock
// is tried again; sqlite3_vfs.xSetSystemCall is the way in.
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

enum { tries = 10, pause_microseconds = 1000 };

static int insisting_fcntl(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  // What it is depends on the command; all of them fit into a pointer.
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  int result = fcntl(descriptor, command, argument);
  if (command != F_SETLK || ((struct flock *)argument)->l_type != F_UNLCK) return result;
  for (int i = 1; i < tries && result != 0; i++) {
    usleep(pause_microseconds);
    result = fcntl(descriptor, command, argument);
  }
  return result;
}

int csqlite_insist_on_unlocking(void) {
  sqlite3_vfs *files = sqlite3_vfs_find(NULL);
  if (files == NULL || files->iVersion < 3) return SQLITE_NOTFOUND;
  return files->xSetSystemCall(files, "fcntl", (sqlite3_syscall_ptr)insisting_fcntl);
}
