#pragma once

// libfcgi, and the few Linux calls around it that Swift cannot make itself: epoll's packed structure and
// macro constants, socket addresses with their tails of bytes, accept4.

#include <arpa/inet.h>
#include <errno.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/// The process's environment; Swift refuses the C global, which is not safe to use from several threads.
static inline char **cfastcgi_environment(void) {
    extern char **environ;
    return environ;
}

// MARK: epoll

static inline int cfastcgi_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int cfastcgi_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

static inline int cfastcgi_signalfd(const sigset_t *signals) {
    return signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static inline int cfastcgi_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t tag) {
    struct epoll_event event = {.events = events, .data = {.u64 = tag}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

/// Watches a descriptor until it is readable once, or takes bytes once; `again`: one whose one event was taken.
static inline int cfastcgi_watch_once(int epoll, int descriptor, uint64_t tag, bool again, bool for_room) {
    uint32_t events = for_room ? EPOLLOUT : EPOLLIN | EPOLLRDHUP;
    return cfastcgi_epoll_control(epoll, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor, events | EPOLLONESHOT, tag);
}

/// Watches a descriptor which, once readable, wakes every thread that waits, now or later.
static inline int cfastcgi_watch_always(int epoll, int descriptor, uint64_t tag) {
    return cfastcgi_epoll_control(epoll, EPOLL_CTL_ADD, descriptor, EPOLLIN, tag);
}

/// Waits for one event and stores its tag. 1: an event, 2: one of a descriptor that is of no further use, 0: none in
/// time, -1: errno.
static inline int cfastcgi_wait(int epoll, int milliseconds, uint64_t *tag) {
    struct epoll_event event;
    int count = epoll_wait(epoll, &event, 1, milliseconds);
    if (count != 1) return count;
    *tag = event.data.u64;
    return event.events & (EPOLLHUP | EPOLLERR) ? 2 : 1;
}

// MARK: sockets

/// Linux's accept4: the descriptor is close-on-exec from its first moment.
/// Declared here because the header hides it unless _GNU_SOURCE is defined.
extern int accept4(int, struct sockaddr *__restrict, socklen_t *__restrict, int);

static inline int cfastcgi_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }

/// A new stream socket; it does not block on connect, which is only ever asked whether somebody listens.
static inline int cfastcgi_socket(int family) {
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/// The longest path of a unix socket, in bytes.
static inline size_t cfastcgi_longest_path(void) { return sizeof(((struct sockaddr_un *)0)->sun_path) - 1; }

static inline struct sockaddr_un cfastcgi_unix_address(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    return address;
}

static inline int cfastcgi_bind_unix(int descriptor, const char *path) {
    struct sockaddr_un address = cfastcgi_unix_address(path);
    return bind(descriptor, (struct sockaddr *)&address, sizeof(address));
}

static inline int cfastcgi_connect_unix(int descriptor, const char *path) {
    struct sockaddr_un address = cfastcgi_unix_address(path);
    return connect(descriptor, (struct sockaddr *)&address, sizeof(address));
}

static inline int cfastcgi_is_loopback(const struct sockaddr_storage *address) {
    if (address->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    return address->ss_family == AF_INET6
        && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/// Reads a numeric address. AF_INET or AF_INET6, or 0 when it is neither.
static inline int cfastcgi_parse_address(const char *host, uint16_t port, struct sockaddr_storage *storage) {
    memset(storage, 0, sizeof(*storage));
    struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_port = htons(port);
        return v4->sin_family = AF_INET;
    }
    memset(storage, 0, sizeof(*storage));
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_port = htons(port);
        return v6->sin6_family = AF_INET6;
    }
    return 0;
}

static inline int cfastcgi_bind_ip(int descriptor, const struct sockaddr_storage *address) {
    int on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    socklen_t size = address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    return bind(descriptor, (const struct sockaddr *)address, size);
}

/// The family of a listening socket, its address stored; -1 when the descriptor is none.
static inline int cfastcgi_listening_family(int descriptor, struct sockaddr_storage *address) {
    int listening = 0;
    socklen_t size = sizeof(listening);
    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening) return -1;
    size = sizeof(*address);
    if (getsockname(descriptor, (struct sockaddr *)address, &size) != 0) return -1;
    return address->ss_family;
}

/// An answer goes out in one piece: waiting for the peer's acknowledgement would only delay it.
static inline void cfastcgi_set_no_delay(int descriptor) {
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/// What a read would find now: 1 bytes, 0 the end, -1 nothing yet or an error.
static inline ssize_t cfastcgi_peek(int descriptor) {
    char byte;
    return recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
}

/// Declared here because the header hides it unless _GNU_SOURCE is defined.
extern int memfd_create(const char *, unsigned int);

/// A file without a name, which lives in memory until it is closed.
static inline int cfastcgi_memory_file(void) {
    // Without MFD_NOEXEC_SEAL a hardened kernel refuses it (vm.memfd_noexec), with it one before 6.3.
    int descriptor = memfd_create("request", 1 /* MFD_CLOEXEC */ | 8 /* MFD_NOEXEC_SEAL */);
    return descriptor >= 0 || errno != EINVAL ? descriptor : memfd_create("request", 1);
}

/// Writes what is taken at once, and without SIGPIPE, whatever the program does with that signal.
static inline ssize_t cfastcgi_send(int descriptor, struct iovec *parts, size_t count) {
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    return sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}
