// libpq for Swift: PostgreSQL's client library, loaded when a server is named and never otherwise.
//
// Used by SQL alone. The declarations are ours, of what libpq 14 and later offer under the soname that it has had since
// 2006: neither a build nor a host that keeps its rows in SQLite needs the library or its headers.

#pragma once

#include <stddef.h>

#pragma clang assume_nonnull begin

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;

/// As libpq has it: what an address says under one keyword.
typedef struct {
  char *keyword;
  char *_Nullable variable;
  char *_Nullable standard;
  char *_Nullable value;
  char *_Nullable label;
  char *_Nullable character;
  int size;
} PQconninfoOption;

typedef void (*cpostgres_receiver)(void *_Nullable context, const PGresult *_Nonnull notice);

/// The functions that we call, by the names that libpq gives them behind `PQ`.
struct cpostgres {
  PQconninfoOption *_Nullable (*_Nonnull conninfoParse)(const char *_Nonnull address, char *_Nullable *_Nullable error);
  void (*_Nonnull conninfoFree)(PQconninfoOption *_Nonnull options);
  void (*_Nonnull freemem)(void *_Nonnull memory);
  PGconn *_Nullable (*_Nonnull connectStartParams)(
      const char *_Nullable const *_Nonnull keywords, const char *_Nullable const *_Nonnull values, int expand);
  int (*_Nonnull connectPoll)(PGconn *_Nonnull connection);
  int (*_Nonnull setErrorVerbosity)(PGconn *_Nonnull connection, int verbosity);
  int (*_Nonnull socket)(const PGconn *_Nonnull connection);
  char *_Nonnull (*_Nonnull errorMessage)(const PGconn *_Nonnull connection);
  char *_Nullable (*_Nonnull pass)(const PGconn *_Nonnull connection);
  const char *_Nullable (*_Nonnull parameterStatus)(const PGconn *_Nonnull connection, const char *_Nonnull name);
  int (*_Nonnull transactionStatus)(const PGconn *_Nonnull connection);
  void (*_Nonnull finish)(PGconn *_Nonnull connection);
  int (*_Nonnull setnonblocking)(PGconn *_Nonnull connection, int on);
  cpostgres_receiver _Nullable (*_Nonnull setNoticeReceiver)(
      PGconn *_Nonnull connection, cpostgres_receiver _Nonnull receiver, void *_Nullable context);
  int (*_Nonnull sendQuery)(PGconn *_Nonnull connection, const char *_Nonnull text);
  int (*_Nonnull sendQueryParams)(
      PGconn *_Nonnull connection, const char *_Nonnull text, int count, const unsigned int *_Nullable types,
      const char *_Nullable const *_Nullable values, const int *_Nullable lengths, const int *_Nullable formats,
      int resultFormat);
  int (*_Nonnull flush)(PGconn *_Nonnull connection);
  int (*_Nonnull consumeInput)(PGconn *_Nonnull connection);
  int (*_Nonnull isBusy)(PGconn *_Nonnull connection);
  PGresult *_Nullable (*_Nonnull getResult)(PGconn *_Nonnull connection);
  int (*_Nonnull resultStatus)(const PGresult *_Nonnull result);
  char *_Nullable (*_Nonnull resultErrorField)(const PGresult *_Nonnull result, int field);
  char *_Nullable (*_Nonnull cmdStatus)(PGresult *_Nonnull result);
  char *_Nullable (*_Nonnull cmdTuples)(PGresult *_Nonnull result);
  int (*_Nonnull ntuples)(const PGresult *_Nonnull result);
  unsigned int (*_Nonnull ftype)(const PGresult *_Nonnull result, int column);
  int (*_Nonnull getisnull)(const PGresult *_Nonnull result, int row, int column);
  int (*_Nonnull getlength)(const PGresult *_Nonnull result, int row, int column);
  char *_Nonnull (*_Nonnull getvalue)(const PGresult *_Nonnull result, int row, int column);
  void (*_Nonnull clear)(PGresult *_Nonnull result);
};

/// The functions, once they are loaded, from whichever thread comes first; NULL where they cannot be.
const struct cpostgres *_Nullable cpostgres_functions(void);

/// A sentence that says what is missing, after `cpostgres_functions` has returned NULL. Lives for ever.
const char *cpostgres_unavailable(void);

#pragma clang assume_nonnull end
