// libcurl, loaded on first use.
//
// Why not linked: libcurl.so.4 brings 30 further libraries (TLS, LDAP, Kerberos, SSH …), and loading them cost
// 3.3 ms of every cold CGI start, while a request answered from cache or database needs none of them. A host
// without libcurl can then still do everything but ask Graph, and says so in a sentence.

#define _GNU_SOURCE  // SOCK_CLOEXEC
#include "ccurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef CCURL_LIBRARY
#define CCURL_LIBRARY "libcurl.so.4"  // The soname since 2006. A test compiles this file with another one.
#endif
#ifndef CCURL_OWN_LIBRARY
#define CCURL_OWN_LIBRARY "libmeta-curl.so.4"  // In the lib/ of nginx/bundle: for hosts that have none, or an older one.
#endif

#define EACH_FUNCTION(X) \
  X(global_init)         \
  X(version)             \
  X(easy_init)           \
  X(easy_cleanup)        \
  X(easy_reset)          \
  X(easy_setopt)         \
  X(easy_getinfo)        \
  X(slist_append)        \
  X(slist_free_all)      \
  X(multi_init)          \
  X(multi_cleanup)       \
  X(multi_setopt)        \
  X(multi_add_handle)    \
  X(multi_remove_handle) \
  X(multi_perform)       \
  X(multi_poll)          \
  X(multi_info_read)

static struct {
#define X(name) __typeof__(curl_##name) *name;
  EACH_FUNCTION(X)
#undef X
} curl;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char failure[512];  // Written under `once` alone; empty when libcurl is there.

/// The host's library knows where the host keeps its certificates; ours is told.
static const char *certificates;

static bool take_functions(const char *name, char *reason, size_t capacity) {
  // RTLD_NOW: what the library itself lacks shows here as an error, not later as the end of the process.
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *error = dlerror();
    snprintf(reason, capacity, "libcurl cannot be loaded: %s", error ? error : name);
    return false;
  }
#define X(function)                                                                                      \
  if (!(curl.function = (__typeof__(curl_##function) *)dlsym(library, "curl_" #function))) {            \
    snprintf(reason, capacity, "%s lacks curl_%s: version 7.66 or newer is needed", name, #function);   \
    dlclose(library);                                                                                    \
    return false;                                                                                        \
  }
  EACH_FUNCTION(X)
#undef X
  return true;
}

static void load(void) {
  if (!take_functions(CCURL_LIBRARY, failure, sizeof failure)) {
    if (!take_functions(CCURL_OWN_LIBRARY, NULL, 0)) return;
    failure[0] = 0;
    static const char *const places[] = {
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem"};
    for (size_t i = 0; i < sizeof places / sizeof *places && !certificates; i++) {
      if (access(places[i], R_OK) == 0) certificates = places[i];
    }
  }
  // Older versions are not thread-safe here: pthread_once is what makes it so. There is no counterpart at
  // exit on purpose: other threads may still be inside libcurl, and the process ends anyway.
  CURLcode code = curl.global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) {
    snprintf(failure, sizeof failure, "libcurl cannot be initialised: its error %d", (int)code);
  }
}

const char *ccurl_unavailable(void) {
  pthread_once(&once, load);
  return failure[0] ? failure : NULL;
}

const char *ccurl_version(void) { return curl.version(); }

CURL *ccurl_easy_new(void) { return curl.easy_init(); }

void ccurl_easy_free(CURL *easy) { curl.easy_cleanup(easy); }

void ccurl_easy_reset(CURL *easy) { curl.easy_reset(easy); }

/// libcurl's sockets are not close-on-exec before 8.16: a child process would inherit them.
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)purpose;
  struct ccurl_leash *leash = context;
  if (leash && !ccurl_may_reach(leash->reach, &address->addr)) {
    leash->pulled = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// Options which this header knows and an older library may not: not having them is no failure.
static CURLcode optional(CURLcode code) { return code == CURLE_UNKNOWN_OPTION ? CURLE_OK : code; }

static CURLcode allow_only_http(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  CURLcode code = curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  if (code != CURLE_UNKNOWN_OPTION) return code;
#endif
  // Before 7.85 the list was a number. The constant's name is deprecated; its value is part of the ABI.
  enum { protocols_before_7_85 = CURLOPTTYPE_LONG + 181 };
  return curl.easy_setopt(easy, (CURLoption)protocols_before_7_85, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
}

#define TRY(expression)                        \
  do {                                         \
    CURLcode try_code = (expression);          \
    if (try_code != CURLE_OK) return try_code; \
  } while (0)

CURLcode ccurl_set_policy(CURL *easy) {
  // Where a request may go: to the host of its URL, as the URL is written, and nowhere else.
  TRY(allow_only_http(easy));
  TRY(curl.easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
  TRY(curl.easy_setopt(easy, CURLOPT_PROXY, ""));  // Not unset: then http_proxy and ALL_PROXY would count.
  TRY(curl.easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L));  // Else `/v26.0/1/../../me` became `/me`.
  TRY(curl.easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L));
  TRY(curl.easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED));

  // TLS. These are libcurl's defaults; they stand here so that nobody has to know them.
  TRY(curl.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L));
  TRY(curl.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L));
  TRY(curl.easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
  if (certificates) TRY(curl.easy_setopt(easy, CURLOPT_CAINFO, certificates));

  // What is understood: HTTP/2 where TLS negotiates it, HTTP/1.1 otherwise; gzip.
  CURLcode version = curl.easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  if (version != CURLE_OK && version != CURLE_UNSUPPORTED_PROTOCOL) return version;  // It may be built without HTTP/2.
  TRY(curl.easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L));
  TRY(curl.easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip"));

  // Signals belong to the program: without this, a name lookup could take SIGALRM for its timeout.
  TRY(curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
  TRY(curl.easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket));
  TRY(curl.easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L));
  // A connection idle for longer has often been forgotten by something on the way; a new one costs less than
  // a request that runs into its timeout.
  TRY(curl.easy_setopt(easy, CURLOPT_MAXAGE_CONN, 60L));
#if LIBCURL_VERSION_NUM >= 0x075700
  // Ends a transfer at its timeout though its name is still being looked up. Otherwise removing it waits for
  // getaddrinfo, which with a dead name server takes 10 seconds and more, and all transfers wait with it.
  TRY(optional(curl.easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L)));
#endif
  return CURLE_OK;
}

CURLcode ccurl_set_leash(CURL *easy, struct ccurl_leash *leash) {
  return curl.easy_setopt(easy, CURLOPT_OPENSOCKETDATA, leash);
}

CURLcode ccurl_set_url(CURL *easy, const char *url) { return curl.easy_setopt(easy, CURLOPT_URL, url); }

CURLcode ccurl_set_user_agent(CURL *easy, const char *agent) {
  return curl.easy_setopt(easy, CURLOPT_USERAGENT, agent);
}

CURLcode ccurl_set_ca_file(CURL *easy, const char *path) {
  TRY(curl.easy_setopt(easy, CURLOPT_CAINFO, path));
  // The folder of the system's certificates would still be trusted beside the file.
  return optional(curl.easy_setopt(easy, CURLOPT_CAPATH, NULL));
}

CURLcode ccurl_set_timeout_ms(CURL *easy, long milliseconds) {
  return curl.easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds);
}

CURLcode ccurl_set_connect_timeout_ms(CURL *easy, long milliseconds) {
  return curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
}

CURLcode ccurl_set_method_get(CURL *easy) { return curl.easy_setopt(easy, CURLOPT_HTTPGET, 1L); }

CURLcode ccurl_set_method_head(CURL *easy) { return curl.easy_setopt(easy, CURLOPT_NOBODY, 1L); }

CURLcode ccurl_set_method_with_body(CURL *easy, const char *method, const void *bytes, size_t count) {
  TRY(curl.easy_setopt(easy, CURLOPT_POST, 1L));
  TRY(curl.easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method));
  // The size first: COPYPOSTFIELDS copies that many bytes, and up to the first NUL without it.
  TRY(curl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count));
  return curl.easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, count ? (const char *)bytes : "");
}

CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *headers) {
  return curl.easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
}

struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *line) {
  return curl.slist_append(list, line);
}

void ccurl_slist_free(struct curl_slist *list) { curl.slist_free_all(list); }

CURLcode ccurl_set_receivers(CURL *easy, ccurl_receiver header, ccurl_receiver body, void *context) {
  TRY(curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, header));
  TRY(curl.easy_setopt(easy, CURLOPT_HEADERDATA, context));
  TRY(curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, body));
  return curl.easy_setopt(easy, CURLOPT_WRITEDATA, context);
}

long ccurl_get_status(CURL *easy) {
  long status = 0;
  return curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : 0;
}

CURLM *ccurl_multi_new(long kept_connections) {
  CURLM *multi = curl.multi_init();
  if (!multi) return NULL;
  if (curl.multi_setopt(multi, CURLMOPT_MAXCONNECTS, kept_connections) != CURLM_OK) {
    curl.multi_cleanup(multi);
    return NULL;
  }
  return multi;
}

void ccurl_multi_free(CURLM *multi) { curl.multi_cleanup(multi); }

CURLMcode ccurl_multi_add(CURLM *multi, CURL *easy) { return curl.multi_add_handle(multi, easy); }

CURLMcode ccurl_multi_remove(CURLM *multi, CURL *easy) { return curl.multi_remove_handle(multi, easy); }

CURLMcode ccurl_multi_step(CURLM *multi) {
  int running = 0;
  return curl.multi_perform(multi, &running);
}

CURLMcode ccurl_multi_wait(CURLM *multi, int milliseconds) {
  return curl.multi_poll(multi, NULL, 0, milliseconds, NULL);
}

CURL *ccurl_multi_finished(CURLM *multi, CURLcode *code) {
  int left = 0;
  for (;;) {
    CURLMsg *message = curl.multi_info_read(multi, &left);
    if (!message) return NULL;
    if (message->msg == CURLMSG_DONE) {
      *code = message->data.result;
      return message->easy_handle;
    }
  }
}
