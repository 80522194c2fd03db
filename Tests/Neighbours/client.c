/* An HTTP or FastCGI client that costs next to nothing, so that what is measured beside it is the program and not the
   client: sends the requests in FILE… in turn, as they stand, each on a connection of its own.

     client ADDRESS SECONDS LIMIT rate N FILE…       N a second whatever becomes of earlier ones, at the times planned
     client ADDRESS SECONDS LIMIT probe N FILE…      the same, before everybody else where the system lets us: it measures
     client ADDRESS SECONDS LIMIT parallel N FILE…   always N at once

   ADDRESS is a port of this machine, or the path of a socket. Ends after SECONDS or LIMIT requests (0: no limit), when
   all have been answered or 90 s later. The '@' in a file are the digits of a number that counts up. For each request one
   line: FILE'S PLACE, STATUS (0: no answer), microseconds it took, microseconds by which we were late: our own share,
   since the program can do nothing for a client that the machine did not let run. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 4096, HEAD = 512 };

struct file { char *bytes; size_t length; };
struct asked {
  int descriptor, file, headLength;
  size_t sent;
  char *request, head[HEAD + 1];
  int64_t began, late;
};

static struct asked asked[MOST];
static struct sockaddr_storage address;
static socklen_t addressLength;
static int epoll, open_count;
static long counter;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void finish(struct asked *one) {
  one->head[one->headLength] = 0;
  /* "HTTP/1.1 200 OK", or inside a FastCGI record "Status: 404 Not Found". */
  const char *status = strncmp(one->head, "HTTP/1.", 7) == 0 ? one->head + 9 : NULL;
  if (status == NULL) {
    const char *found = memmem(one->head, (size_t)one->headLength, "Status: ", 8);
    if (found != NULL) status = found + 8;
  }
  printf("%d %d %lld %lld\n", one->file, status ? atoi(status) : 0, (long long)(now() - one->began), (long long)one->late);
  close(one->descriptor);
  free(one->request);
  one->descriptor = -1;
  open_count--;
}

static void push(struct asked *one, struct file *files) {
  size_t length = files[one->file].length;
  while (one->sent < length) {
    ssize_t count = send(one->descriptor, one->request + one->sent, length - one->sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) { one->sent = length; break; } /* It may have answered without reading all of it. */
    one->sent += (size_t)count;
  }
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
  epoll_ctl(epoll, EPOLL_CTL_MOD, one->descriptor, &event);
}

static void pull(struct asked *one) {
  char buffer[65536];
  for (;;) {
    ssize_t count = recv(one->descriptor, buffer, sizeof buffer, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) { finish(one); return; }
    int room = HEAD - one->headLength, part = count < room ? (int)count : room;
    memcpy(one->head + one->headLength, buffer, (size_t)part);
    one->headLength += part;
  }
}

static void begin(int file, struct file *files, int64_t planned) {
  struct asked *one = asked;
  while (one < asked + MOST && one->descriptor >= 0) one++;
  if (one == asked + MOST) return;
  one->file = file;
  one->headLength = 0;
  one->sent = 0;
  one->request = malloc(files[file].length);
  if (one->request == NULL) exit(2);
  memcpy(one->request, files[file].bytes, files[file].length);
  long number = counter++;
  for (char *end = one->request + files[file].length; end > one->request; end--) {
    if (end[-1] == '@') { end[-1] = (char)('0' + number % 10); number /= 10; }
  }
  one->began = now();
  one->late = planned ? one->began - planned : 0;
  one->descriptor = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  open_count++;
  if (connect(one->descriptor, (struct sockaddr *)&address, addressLength) != 0 && errno != EINPROGRESS) {
    finish(one); /* A full backlog (EAGAIN, a Unix socket) is an answer of a kind: none. */
    return;
  }
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = one};
  epoll_ctl(epoll, EPOLL_CTL_ADD, one->descriptor, &event);
}

static struct file read_file(const char *path) {
  struct file file = {0};
  FILE *stream = fopen(path, "rb");
  struct stat status;
  if (stream == NULL || fstat(fileno(stream), &status) != 0) { perror(path); exit(2); }
  file.length = (size_t)status.st_size;
  file.bytes = malloc(file.length + 1);
  if (file.bytes == NULL || fread(file.bytes, 1, file.length, stream) != file.length) { perror(path); exit(2); }
  fclose(stream);
  return file;
}

int main(int count, char **words) {
  if (count < 7) { fprintf(stderr, "client ADDRESS SECONDS LIMIT rate|probe|parallel N FILE…\n"); return 2; }
  if (words[1][0] == '/') {
    struct sockaddr_un *name = (struct sockaddr_un *)&address;
    name->sun_family = AF_UNIX;
    strncpy(name->sun_path, words[1], sizeof name->sun_path - 1);
    addressLength = sizeof *name;
  } else {
    struct sockaddr_in *name = (struct sockaddr_in *)&address;
    name->sin_family = AF_INET;
    name->sin_port = htons((uint16_t)atoi(words[1]));
    name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    addressLength = sizeof *name;
  }
  long limit = atol(words[3]);
  int paced = strcmp(words[4], "parallel") != 0, number = atoi(words[5]), files_count = count - 6;
  struct file files[256];
  for (int place = 0; place < files_count && place < 256; place++) files[place] = read_file(words[6 + place]);
  for (int place = 0; place < MOST; place++) asked[place].descriptor = -1;
  if (strcmp(words[4], "probe") == 0) {
    struct sched_param urgent = {.sched_priority = 1};
    if (sched_setscheduler(0, SCHED_FIFO, &urgent) != 0) setpriority(PRIO_PROCESS, 0, -20);
  }
  epoll = epoll_create1(EPOLL_CLOEXEC);
  int64_t start = now(), end = start + (int64_t)(atof(words[2]) * 1e6), step = paced ? 1000000 / number : 0, planned = start;
  long sent = 0;
  for (;;) {
    int64_t moment = now();
    int more = moment < end && (limit == 0 || sent < limit);
    if (!more && (open_count == 0 || moment > end + 90000000)) break;
    int64_t wait = 100000;
    if (more && paced) {
      for (; planned <= moment && (limit == 0 || sent < limit); planned += step) begin((int)(sent++ % files_count), files, planned);
      wait = planned - now();
    } else if (more) {
      while (open_count < number && (limit == 0 || sent < limit)) {
        int before = open_count;
        begin((int)(sent++ % files_count), files, 0);
        if (open_count == before) { wait = 1000; break; }
      }
    }
    struct epoll_event events[256];
    struct timespec time = {.tv_sec = 0, .tv_nsec = (wait > 0 ? wait : 0) * 1000};
    int ready = epoll_pwait2(epoll, events, 256, &time, NULL);
    for (int place = 0; place < ready; place++) {
      struct asked *one = events[place].data.ptr;
      if (one->descriptor >= 0 && events[place].events & EPOLLOUT) push(one, files);
      if (one->descriptor >= 0 && events[place].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) pull(one);
    }
  }
  for (int place = 0; place < MOST; place++)
    if (asked[place].descriptor >= 0) { asked[place].headLength = 0; finish(&asked[place]); }
  return 0;
}
