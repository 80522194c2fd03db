// libpq, loaded on first use. Why not linked: it brings Kerberos, LDAP and TLS, a cold CGI start with SQLite needs none of
// them, and a shared host may not have it.

#include "cpostgres.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#ifndef CPOSTGRES_LIBRARY
#define CPOSTGRES_LIBRARY "libpq.so.5"
#endif

static struct cpostgres functions;
static bool is_loaded;
static char failure[512];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  void *library = dlopen(CPOSTGRES_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *error = dlerror();
    snprintf(failure, sizeof failure, "%s", error ? error : CPOSTGRES_LIBRARY);
    return;
  }
#define TAKE(function)                                                                        \
  if (!(functions.function = (__typeof__(functions.function))dlsym(library, "PQ" #function))) { \
    snprintf(failure, sizeof failure, "%s lacks PQ%s", CPOSTGRES_LIBRARY, #function);         \
    dlclose(library);                                                                         \
    return;                                                                                   \
  }
  TAKE(conninfoParse) TAKE(conninfoFree) TAKE(freemem) TAKE(connectStartParams) TAKE(connectPoll)
  TAKE(setErrorVerbosity) TAKE(socket) TAKE(errorMessage) TAKE(pass) TAKE(parameterStatus)
  TAKE(transactionStatus) TAKE(finish) TAKE(setnonblocking) TAKE(setNoticeReceiver) TAKE(sendQuery)
  TAKE(sendQueryParams) TAKE(flush) TAKE(consumeInput) TAKE(isBusy) TAKE(getResult) TAKE(resultStatus)
  TAKE(resultErrorField) TAKE(cmdStatus) TAKE(cmdTuples) TAKE(ntuples) TAKE(ftype) TAKE(getisnull)
  TAKE(getlength) TAKE(getvalue) TAKE(clear)
#undef TAKE
  is_loaded = true;
}

const struct cpostgres *cpostgres_functions(void) {
  pthread_once(&once, load);
  return is_loaded ? &functions : NULL;
}

const char *cpostgres_unavailable(void) { return failure; }
