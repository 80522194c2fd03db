#pragma once
#include <sqlite3.h>
#include <sys/vfs.h>

/// The kind of file system at `path` as a magic number, -1 with `errno` where there is none. Swift's Glibc
/// lacks statfs(2); the number is 32 bits wide, and on some machines negative without the mask.
static inline long long csqlite_file_system(const char *path) {
  struct statfs status;
  return statfs(path, &status) == 0 ? (long long)(status.f_type & 0xFFFFFFFF) : -1;
}

// sqlite3_db_config() is variadic, and Swift cannot call variadic C.

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

// Extended result codes are expressions of shifts, which Swift does not import either.
static const int csqlite_ioerr_nomem = SQLITE_IOERR_NOMEM;
static const int csqlite_constraint_unique = SQLITE_CONSTRAINT_UNIQUE;
static const int csqlite_constraint_foreign_key = SQLITE_CONSTRAINT_FOREIGNKEY;
static const int csqlite_readonly_dbmoved = SQLITE_READONLY_DBMOVED;
