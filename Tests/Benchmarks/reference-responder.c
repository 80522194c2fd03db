/* The bare C responder that the program's throughput is compared with: threads, each in a loop around FCGX_Accept_r,
 * which answer the bytes of a file (CGI head and body) from memory. How many threads serve best is measured: more of
 * them than processors only take those from each other. No mutex around the accept: with kept connections it would
 * let one thread at a time wait for its next request.
 *
 *     cc -O2 -o reference-responder reference-responder.c -lfcgi -lpthread
 *     reference-responder /tmp/reference.sock answer.txt 2
 */
#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_THREADS = 64, LIMIT = 1 << 20 };

static char answer[LIMIT];
static int length;
static int listener;

static void *serve(void *unused) {
    FCGX_Request request;
    FCGX_InitRequest(&request, listener, 0);
    while (FCGX_Accept_r(&request) == 0) {
        FCGX_PutStr(answer, length, request.out);
        FCGX_Finish_r(&request);
    }
    return unused;
}

int main(int count, char **arguments) {
    int number = count == 4 ? atoi(arguments[3]) : 0;
    if (number < 1 || number > MOST_THREADS) return fputs("usage: reference-responder SOCKET ANSWER THREADS\n", stderr), 2;
    FILE *file = fopen(arguments[2], "r");
    if (!file) return perror(arguments[2]), 1;
    length = (int)fread(answer, 1, LIMIT, file);
    FCGX_Init();
    signal(SIGPIPE, SIG_IGN);
    listener = FCGX_OpenSocket(arguments[1], 1024);
    if (listener < 0) return 1;
    chmod(arguments[1], 0666);
    pthread_t threads[MOST_THREADS];
    for (int i = 0; i < number; i++) pthread_create(&threads[i], NULL, serve, NULL);
    for (int i = 0; i < number; i++) pthread_join(threads[i], NULL);
    return 0;
}
