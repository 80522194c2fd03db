#pragma once
#include <sqlite3.h>

// sqlite3_db_config() is variadic, and Swift cannot call variadic C.

/// A connection that closes does not checkpoint: only the holder of the write lock may (WAL-reset bug).
static inline int csqlite_no_checkpoint_on_close(sqlite3 *connection) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

/// SQL alone can no longer damage the file.
static inline int csqlite_defensive(sqlite3 *connection) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}
