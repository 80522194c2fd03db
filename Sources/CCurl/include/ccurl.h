// libcurl for Swift: loaded when the first transfer needs it, its variadic setters made typed functions.
//
// Used by HTTPClient alone. Call ccurl_unavailable() first; the other functions may be called only after it
// has returned NULL.

#pragma once

#include <stdbool.h>
#include <stddef.h>

// Distinct types for CURL and CURLM instead of `void`, whatever the version of the header.
#ifndef CURL_STRICTER
#define CURL_STRICTER
#endif
#include <curl/curl.h>

#pragma clang assume_nonnull begin

/// Loads and initialises libcurl once per process, from whichever thread comes first.
/// Returns NULL when it is there, else a sentence that says what is missing. The sentence lives for ever.
const char *_Nullable ccurl_unavailable(void);

/// "libcurl/7.88.1 OpenSSL/3.0.15 …". Owned by libcurl.
const char *ccurl_version(void);

// One transfer ("easy handle").

CURL *_Nullable ccurl_easy_new(void);
void ccurl_easy_free(CURL *easy);

/// Takes back every option; the connections stay with the multi handle.
void ccurl_easy_reset(CURL *easy);

/// Sets what holds for all requests, on a new or reset handle: no redirects, no proxy, no credentials from
/// files, verified TLS, HTTP only.
CURLcode ccurl_set_policy(CURL *easy);

/// Where a transfer may connect to.
enum ccurl_reach { ccurl_anywhere, ccurl_public, ccurl_loopback };

/// What one transfer may do, and whether it tried more. Must live until it is over or the handle is reset.
struct ccurl_leash {
  enum ccurl_reach reach;
  /// An address was refused.
  bool pulled;
};

/// Looked at for each address before anything is sent to it, whatever name it was found under.
CURLcode ccurl_set_leash(CURL *easy, struct ccurl_leash *leash);
bool ccurl_may_reach(enum ccurl_reach reach, const struct sockaddr *address);
/// The same for an address in digits; anything else may not be reached.
bool ccurl_may_reach_text(enum ccurl_reach reach, const char *text);

CURLcode ccurl_set_url(CURL *easy, const char *url);
CURLcode ccurl_set_user_agent(CURL *easy, const char *agent);
/// Only the certificates in this PEM file are trusted.
CURLcode ccurl_set_ca_file(CURL *easy, const char *path);
CURLcode ccurl_set_timeout_ms(CURL *easy, long milliseconds);
CURLcode ccurl_set_connect_timeout_ms(CURL *easy, long milliseconds);

CURLcode ccurl_set_method_get(CURL *easy);
CURLcode ccurl_set_method_head(CURL *easy);
/// Any other method; the bytes are copied.
CURLcode ccurl_set_method_with_body(CURL *easy, const char *method, const void *_Nullable bytes, size_t count);

/// The list is not copied: it must live until the transfer is over or the handle is reset.
CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *_Nullable headers);
/// Returns the list with a copy of the line, or NULL when out of memory; the old list is then still there.
struct curl_slist *_Nullable ccurl_slist_append(struct curl_slist *_Nullable list, const char *line);
void ccurl_slist_free(struct curl_slist *_Nullable list);

/// Gets bytes of the answer; returns `count`, or anything else to end the transfer.
typedef size_t (*ccurl_receiver)(char *_Nullable bytes, size_t one, size_t count, void *_Nullable context);

CURLcode ccurl_set_receivers(CURL *easy, ccurl_receiver header, ccurl_receiver body, void *context);

/// The HTTP status of the finished transfer; 0 when there was no answer.
long ccurl_get_status(CURL *easy);

// Many transfers on one thread, and the connections kept between them ("multi handle").

CURLM *_Nullable ccurl_multi_new(long kept_connections);
void ccurl_multi_free(CURLM *multi);
CURLMcode ccurl_multi_add(CURLM *multi, CURL *easy);
CURLMcode ccurl_multi_remove(CURLM *multi, CURL *easy);
/// Does what can be done without waiting.
CURLMcode ccurl_multi_step(CURLM *multi);
/// Waits until a socket is ready, one of libcurl's own timers is due, a signal comes or the time is up.
CURLMcode ccurl_multi_wait(CURLM *multi, int milliseconds);
/// Takes one finished transfer; NULL when there is none. `code` says how it ended.
CURL *_Nullable ccurl_multi_finished(CURLM *multi, CURLcode *code);

#pragma clang assume_nonnull end
