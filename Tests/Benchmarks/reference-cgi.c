/* The C program that a cold CGI start is compared with: the least that answers a grid. It opens the database once,
 * selects one row, reads one file, and writes both out; it checks no key and logs nothing. It links what the program
 * needs, as a C program that does the same work would.
 *
 *     cc -O2 -o reference-cgi reference-cgi.c -Wl,--no-as-needed -lfcgi -lsqlite3 -lcurl -lcrypto
 *     REFERENCE_DATABASE=… REFERENCE_FILE=… reference-cgi
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

static char body[1 << 20], head[200];

int main(void) {
    sqlite3 *database;
    sqlite3_stmt *statement;
    const char *sql = "SELECT ig_account_id FROM client_page_mapping WHERE client_id = 'client_001' LIMIT 1";
    if (sqlite3_open_v2(getenv("REFERENCE_DATABASE"), &database, SQLITE_OPEN_READWRITE, NULL)) return 3;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) || sqlite3_step(statement) != SQLITE_ROW) return 4;
    int file = open(getenv("REFERENCE_FILE"), O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, body, sizeof body);
    if (length < 0) return 5;
    int head_length = snprintf(
        head, sizeof head, "Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zd\r\n\r\n", length);
    struct iovec parts[] = {{head, head_length}, {body, length}};
    return writev(1, parts, 2) != head_length + length;
}
