// A WAL index that is cut short while SQLite has it mapped: the next look at it is a SIGBUS, which would end the process
// and every request in it. Asking for the file's length before each look would cost more than the look, and SQLite asks
// nobody. So the signal is taken: the missing page becomes an empty one of our own, which lets SQLite go on to its next
// error, and a flag says that nothing it reads or writes counts any more. Everything here is async-signal-safe.
#define _GNU_SOURCE
#include "shim.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile sig_atomic_t was_cut = 0;
static struct sigaction previous;
static long page_size = 4096;

/// Whether the address lies in a mapped file whose name ends in "-shm": read from /proc/self/maps, line by line.
static int is_in_an_index(uintptr_t address) {
  int descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  char chunk[512], tail[16];
  uintptr_t bounds[2] = {0, 0};
  int field = 0, found = 0, ends_here = 0;
  size_t length = 0;
  ssize_t count;
  while (!found && (count = read(descriptor, chunk, sizeof(chunk))) > 0) {
    for (ssize_t i = 0; i < count && !found; i++) {
      char c = chunk[i];
      if (c == '\n') {
        // Also after the file was removed: "-shm (deleted)".
        found = ends_here && address >= bounds[0] && address < bounds[1];
        bounds[0] = bounds[1] = 0;
        field = 0;
        length = 0;
        ends_here = 0;
      } else if (field < 2) {
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) field++;
        else bounds[field] = bounds[field] << 4 | (uintptr_t)digit;
      } else {
        for (size_t k = length < sizeof(tail) - 1 ? length : sizeof(tail) - 1; k > 0; k--) tail[k] = tail[k - 1];
        tail[0] = c;
        if (length < sizeof(tail)) length++;
        if (length >= 4 && tail[0] == 'm' && tail[1] == 'h' && tail[2] == 's' && tail[3] == '-') ends_here = 1;
        else if (c != ' ' && c != '(' && c != ')' && !(c >= 'a' && c <= 'z')) ends_here = 0;
      }
    }
  }
  close(descriptor);
  return found;
}

static void take(int signal_number, siginfo_t *information, void *context) {
  (void)context;
  uintptr_t page = (uintptr_t)information->si_addr & ~((uintptr_t)page_size - 1);
  if (information->si_code == BUS_ADRERR && is_in_an_index(page)
      && mmap((void *)page, (size_t)page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
        != MAP_FAILED) {
    was_cut = 1;
    return;
  }
  // Not ours: whoever had the signal before gets it again when the instruction is repeated.
  sigaction(signal_number, &previous, NULL);
}

void csqlite_survive_cut_index(void) {
  static int is_done = 0;
  if (__atomic_exchange_n(&is_done, 1, __ATOMIC_SEQ_CST)) return;
  page_size = sysconf(_SC_PAGESIZE);
  struct sigaction action = {0};
  action.sa_sigaction = take;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &previous);
}

int csqlite_index_was_cut(void) { return was_cut; }
