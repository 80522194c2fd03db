/* The C program that a cold CGI start is compared with: linked with what the program needs (libfcgi, SQLite, libcurl,
 * libcrypto), it looks up one row, reads one file, checks its digest, and answers.
 *
 *     cc -O2 -o reference-cgi reference-cgi.c -lfcgi -lsqlite3 -lcurl -lcrypto
 *     REFERENCE_DATABASE=… REFERENCE_FILE=… reference-cgi
 */
#include <curl/curl.h>
#include <fcgiapp.h>
#include <openssl/sha.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static char body[1 << 20];

int main(void) {
    if (!FCGX_IsCGI()) return 2;
    curl_version();
    sqlite3 *database;
    sqlite3_stmt *statement;
    const char *sql = "SELECT ig_account_id FROM client_page_mapping WHERE client_id = 'client_001' LIMIT 1";
    if (sqlite3_open_v2(getenv("REFERENCE_DATABASE"), &database, SQLITE_OPEN_READWRITE, NULL)) return 3;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) || sqlite3_step(statement) != SQLITE_ROW) return 4;
    FILE *file = fopen(getenv("REFERENCE_FILE"), "r");
    if (!file) return 5;
    size_t length = fread(body, 1, sizeof body, file);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((unsigned char *)body, length, digest);
    printf("Status: 200 OK\r\nContent-Type: application/json\r\nETag: \"%02x%02x\"\r\nContent-Length: %zu\r\n\r\n",
           digest[0], digest[1], length);
    fwrite(body, 1, length, stdout);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return 0;
}
