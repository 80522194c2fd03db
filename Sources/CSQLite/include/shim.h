#pragma once
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

// sqlite3_config() and sqlite3_db_config() are variadic, and Swift cannot call variadic C.

/// SQLite counts every block of memory under one mutex of the process, for figures that nobody here asks for: threads
/// that open the database at the same time stand in line for it. To be called before anything else of SQLite is.
static inline int csqlite_count_no_memory(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

/// An unlock that fails is tried again: see unlock.c. To be called once, before the first connection.
int csqlite_insist_on_unlocking(void);

/// A connection that closes does not checkpoint: only the holder of the write lock may (WAL-reset bug).
static inline int csqlite_no_checkpoint_on_close(sqlite3 *connection) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

/// SQL alone can no longer damage the file.
static inline int csqlite_defensive(sqlite3 *connection) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}

/// What stands in a file's schema may have been planted: it may not call functions with side effects.
static inline int csqlite_distrust_schema(sqlite3 *connection) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0);
}

// SQLITE_TRANSIENT is a cast that Swift does not import. SQLite copies; what is empty is not NULL.

static inline int csqlite_bind_text(sqlite3_stmt *statement, int position, const char *text, size_t length) {
  return sqlite3_bind_text64(statement, position, text ? text : "", length, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static inline int csqlite_bind_blob(sqlite3_stmt *statement, int position, const void *bytes, size_t length) {
  return sqlite3_bind_blob64(statement, position, bytes ? bytes : "", length, SQLITE_TRANSIENT);
}

// Extended result codes are expressions of shifts, which Swift does not import either.
static const int csqlite_ioerr_nomem = SQLITE_IOERR_NOMEM;
static const int csqlite_constraint_unique = SQLITE_CONSTRAINT_UNIQUE;

// The WAL index, which SQLite maps into every process that has the database open.

/// Where this connection has the WAL index in memory, until it is closed; NULL where it has none. To be asked of a
/// connection that has read something in WAL mode: it is mapped by then, and only its address is looked up here
/// (sqlite3_io_methods.xShmMap). A mapping of our own would need a descriptor, and closing one drops SQLite's locks.
static inline const void *csqlite_wal_index(sqlite3 *connection) {
  enum { region_size = 32768 };
  sqlite3_file *file = NULL;
  if (sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK) return NULL;
  if (file == NULL || file->pMethods == NULL || file->pMethods->iVersion < 2) return NULL;
  volatile void *index = NULL;
  return file->pMethods->xShmMap(file, 0, region_size, 0, &index) == SQLITE_OK ? (const void *)index : NULL;
}

/// The header of the WAL index: which commit is the last one (https://www.sqlite.org/walformat.html, section 2.1).
typedef struct { uint64_t words[6]; } csqlite_wal_index_header;

/// Reads the header while other processes may be writing it: the whole of an old one, the whole of a new one, or a
/// mixture that is like neither.
static inline csqlite_wal_index_header csqlite_read_wal_index_header(const void *index) {
  const volatile uint64_t *words = (const volatile uint64_t *)index;
  csqlite_wal_index_header header;
  for (int i = 0; i < 6; i++) header.words[i] = words[i];
  return header;
}

/// Whether the header is of the one layout there is so far, and in use.
static inline int csqlite_is_wal_index_in_use(const csqlite_wal_index_header *header) {
  const uint8_t *bytes = (const uint8_t *)header;
  uint32_t version;
  __builtin_memcpy(&version, bytes, sizeof(version));
  return version == 3007000 && bytes[12] == 1;
}

/// How long the WAL and the database have to be, as a header tells (walformat, section 2.1).
typedef struct { int64_t wal_bytes, database_bytes; } csqlite_wal_extent;

static inline csqlite_wal_extent csqlite_wal_extent_of(const csqlite_wal_index_header *header) {
  const uint8_t *bytes = (const uint8_t *)header;
  uint16_t size;
  uint32_t frames, pages;
  __builtin_memcpy(&size, bytes + 14, sizeof(size));
  __builtin_memcpy(&frames, bytes + 16, sizeof(frames));
  __builtin_memcpy(&pages, bytes + 20, sizeof(pages));
  int64_t page = size == 1 ? 65536 : size;
  csqlite_wal_extent extent = {frames == 0 ? 0 : 32 + (int64_t)frames * (page + 24), (int64_t)pages * page};
  return extent;
}

/// From now on a WAL index that somebody cuts short does not end the process: see survive.c.
void csqlite_survive_cut_index(void);
/// Whether one was; what SQLite has read since is worth nothing.
int csqlite_index_was_cut(void);
