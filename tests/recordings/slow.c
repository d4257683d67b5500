// Makes a disk slow: writing to files below SLOW_DIR, and bringing them to the disk, takes as many
// milliseconds longer as the file SLOW_MS says. For LD_PRELOAD.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void wait_for(int file) {
    const char *dir = getenv("SLOW_DIR"), *ms = getenv("SLOW_MS");
    char link[64], path[PATH_MAX + 1];
    if (!dir || !ms) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX);
    if (length < 0) return;
    path[length] = 0;
    if (strncmp(path, dir, strlen(dir)) != 0) return;
    FILE *setting = fopen(ms, "r");
    unsigned wanted = 0;
    if (!setting) return;
    if (fscanf(setting, "%u", &wanted) == 1) usleep(wanted * 1000);
    fclose(setting);
}

ssize_t write(int file, const void *bytes, size_t count) {
    static ssize_t (*next)(int, const void *, size_t);
    if (!next) next = dlsym(RTLD_NEXT, "write");
    wait_for(file);
    return next(file, bytes, count);
}

int fdatasync(int file) {
    static int (*next)(int);
    if (!next) next = dlsym(RTLD_NEXT, "fdatasync");
    wait_for(file);
    return next(file);
}

int fsync(int file) {
    static int (*next)(int);
    if (!next) next = dlsym(RTLD_NEXT, "fsync");
    wait_for(file);
    return next(file);
}
