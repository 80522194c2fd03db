/* Starts a program again and again and prints the median of its wall-clock times in microseconds. In C, so that what is
 * measured is the program's start and not the measurer's.
 *
 *     spawn-timer COUNT PROGRAM [ARGUMENT…]
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

int main(int count, char **arguments) {
    if (count < 3) return fputs("usage: spawn-timer COUNT PROGRAM…\n", stderr), 2;
    int rounds = atoi(arguments[1]);
    double *times = calloc(rounds, sizeof *times);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    for (int i = 0; i < rounds; i++) {
        struct timespec begin, end;
        pid_t child;
        int status;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        if (posix_spawn(&child, arguments[2], &actions, NULL, arguments + 2, environ)) return 3;
        waitpid(child, &status, 0);
        clock_gettime(CLOCK_MONOTONIC, &end);
        if (status) return fprintf(stderr, "%s ended with status %d\n", arguments[2], status), 4;
        times[i] = (end.tv_sec - begin.tv_sec) * 1e6 + (end.tv_nsec - begin.tv_nsec) / 1e3;
    }
    qsort(times, rounds, sizeof *times, ascending);
    printf("%.1f\n", times[rounds / 2]);
    return 0;
}
