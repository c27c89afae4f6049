/* A disk that loses what was not synced.
 *
 * Loaded into the program by LD_PRELOAD, below SQLite: it watches every write
 * to the vault's file, its -wal and its -journal, and keeps for each of them
 * what a disk would still hold after a loss of power: the content of its last
 * sync. At the LOSE_AT-th event (a write, a truncation, a sync, an unlink) the
 * process dies as by kill -9, and the images are left in LOSE_DIR; the test
 * puts them in the place of the files. When the process ends by itself before
 * that, the images are left too: power may be lost a moment after success.
 *
 * LOSE_SEED 0 loses everything that was not synced. Any other seed keeps a
 * random part of it, since a disk may write in any order: each write is kept
 * or not, and some are torn at a sector. An unlink may or may not have
 * happened. A name is durable once its file or its folder was synced.
 *
 * For each file it leaves NAME.image with its content, or NAME.absent; and in
 * `events` how many events there were.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define FILES 3
#define DESCRIPTORS 4096
#define SECTOR 512

/* A write or, with no data, a truncation that no sync has followed. */
struct change {
    off_t at;
    size_t length;
    char *data;
    struct change *next;
};

struct image {
    const char *name; /* vault, wal, journal */
    char path[4096];
    char *bytes; /* what is durable */
    size_t length;
    int known;        /* bytes were read from the file */
    int name_durable; /* the file would be found after a loss */
    int unlinked;     /* gone for the program */
    int gone;         /* gone for good: the folder was synced since */
    struct change *first, **last;
};

static struct image images[FILES] = {{.name = "vault"}, {.name = "wal"}, {.name = "journal"}};
static int file_of[DESCRIPTORS]; /* 1 + index into images */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long events, lose_at;
static uint64_t seed, chance;
static const char *folder;
static int is_ready;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);
static int (*real_fsync)(int);

static void *next_of(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((constructor)) static void set_up(void)
{
    real_write = next_of("write");
    real_pwrite = next_of("pwrite64");
    real_open = next_of("open64");
    real_openat = next_of("openat64");
    real_close = next_of("close");
    real_ftruncate = next_of("ftruncate64");
    real_unlink = next_of("unlink");
    real_rename = next_of("rename");
    real_fsync = next_of("fsync");
    const char *vault = getenv("LOSE_VAULT");
    folder = getenv("LOSE_DIR");
    if (!vault || !folder) return;
    lose_at = atol(getenv("LOSE_AT"));
    seed = strtoull(getenv("LOSE_SEED"), NULL, 10);
    chance = seed * 0x9E3779B97F4A7C15u | 1;
    static const char *ends[FILES] = {"", "-wal", "-journal"};
    for (int i = 0; i < FILES; i++) {
        snprintf(images[i].path, sizeof images[i].path, "%s%s", vault, ends[i]);
        images[i].last = &images[i].first;
        /* What was there before this process has long been durable. */
        images[i].name_durable = access(images[i].path, F_OK) == 0;
    }
    is_ready = 1;
}

static uint64_t draw(uint64_t below)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return chance % below;
}

static struct image *named(const char *path)
{
    if (!is_ready || !path) return NULL;
    for (int i = 0; i < FILES; i++)
        if (strcmp(path, images[i].path) == 0) return &images[i];
    return NULL;
}

static struct image *opened(int fd)
{
    return is_ready && fd >= 0 && fd < DESCRIPTORS && file_of[fd] ? &images[file_of[fd] - 1] : NULL;
}

static void resize(struct image *image, size_t length)
{
    image->bytes = realloc(image->bytes, length + 1);
    if (length > image->length) memset(image->bytes + image->length, 0, length - image->length);
    image->length = length;
}

static void apply(struct image *image, const struct change *change)
{
    if (!change->data) {
        resize(image, change->at);
        return;
    }
    if (change->at + change->length > image->length) resize(image, change->at + change->length);
    memcpy(image->bytes + change->at, change->data, change->length);
}

static void forget_changes(struct image *image)
{
    while (image->first) {
        struct change *done = image->first;
        image->first = done->next;
        free(done->data);
        free(done);
    }
    image->last = &image->first;
}

static void add_change(struct image *image, off_t at, const void *data, size_t length)
{
    struct change *change = calloc(1, sizeof *change);
    change->at = at;
    change->length = length;
    if (data) {
        change->data = malloc(length ? length : 1);
        memcpy(change->data, data, length);
    }
    *image->last = change;
    image->last = &change->next;
}

static void synced(struct image *image)
{
    for (struct change *change = image->first; change; change = change->next) apply(image, change);
    forget_changes(image);
    image->name_durable = 1;
}

static void put(const char *name, const char *end, const void *bytes, size_t length)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, end);
    int fd = real_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) abort();
    for (size_t done = 0; done < length;) {
        ssize_t wrote = real_write(fd, (const char *)bytes + done, length - done);
        if (wrote <= 0) abort();
        done += wrote;
    }
    real_close(fd);
}

/* Leaves what a disk would hold now. */
static void leave_images(void)
{
    for (int i = 0; i < FILES; i++) {
        struct image *image = &images[i];
        for (struct change *change = image->first; seed && change; change = change->next) {
            if (draw(2)) continue;
            if (change->data && change->length > SECTOR && draw(4) == 0)
                change->length = SECTOR * draw(change->length / SECTOR);
            apply(image, change);
        }
        /* What this process never opened is as it was. */
        if (!image->known) continue;
        int is_there = image->name_durable || (seed && draw(2));
        if (image->gone || (image->unlinked && seed && draw(2))) is_there = 0;
        if (is_there) put(image->name, ".image", image->bytes, image->length);
        else put(image->name, ".absent", "", 0);
    }
    char text[32];
    put("events", "", text, snprintf(text, sizeof text, "%ld", events));
}

/* Counts an event that is about to happen; dies when it is the last one. The
 * lock is held. */
static void event(void)
{
    if (++events != lose_at) return;
    leave_images();
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

__attribute__((destructor)) static void end(void)
{
    if (!is_ready) return;
    pthread_mutex_lock(&lock);
    leave_images();
    is_ready = 0;
    pthread_mutex_unlock(&lock);
}

/* Takes note of a descriptor; reads what the file held when it is first seen. */
static int note_open(int fd, const char *path, int flags)
{
    struct image *image = named(path);
    if (fd < 0 || !image || fd >= DESCRIPTORS) return fd;
    pthread_mutex_lock(&lock);
    struct stat info;
    if (!image->known && fstat(fd, &info) == 0) {
        resize(image, info.st_size);
        for (off_t done = 0; done < info.st_size;) {
            ssize_t got = pread(fd, image->bytes + done, info.st_size - done, done);
            if (got <= 0) abort();
            done += got;
        }
        image->known = 1;
    }
    if (image->unlinked && (flags & O_CREAT)) {
        /* A new file under the old name. */
        forget_changes(image);
        resize(image, 0);
        image->unlinked = image->gone = 0;
        image->name_durable = 0;
    }
    if (flags & O_TRUNC) {
        event();
        add_change(image, 0, NULL, 0);
    }
    file_of[fd] = 1 + (image - images);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define MODE_OF(flags, mode)                    \
    mode_t mode = 0;                            \
    if (flags & (O_CREAT | O_TMPFILE)) {        \
        va_list arguments;                      \
        va_start(arguments, flags);             \
        mode = va_arg(arguments, mode_t);       \
        va_end(arguments);                      \
    }

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags, mode)
    return note_open(real_open(path, flags, mode), path, flags);
}

int open(const char *path, int flags, ...)
{
    MODE_OF(flags, mode)
    return note_open(real_open(path, flags, mode), path, flags);
}

int openat64(int at, const char *path, int flags, ...)
{
    MODE_OF(flags, mode)
    return note_open(real_openat(at, path, flags, mode), path, flags);
}

int openat(int at, const char *path, int flags, ...)
{
    MODE_OF(flags, mode)
    return note_open(real_openat(at, path, flags, mode), path, flags);
}

int close(int fd)
{
    if (is_ready && fd >= 0 && fd < DESCRIPTORS) file_of[fd] = 0;
    return real_close(fd);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off_t at)
{
    struct image *image = opened(fd);
    if (!image) return real_pwrite(fd, data, length, at);
    pthread_mutex_lock(&lock);
    event();
    ssize_t wrote = real_pwrite(fd, data, length, at);
    if (wrote > 0) add_change(image, at, data, wrote);
    pthread_mutex_unlock(&lock);
    return wrote;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return pwrite64(fd, data, length, at); }

ssize_t write(int fd, const void *data, size_t length)
{
    struct image *image = opened(fd);
    if (!image) return real_write(fd, data, length);
    pthread_mutex_lock(&lock);
    event();
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t wrote = real_write(fd, data, length);
    if (wrote > 0) add_change(image, at, data, wrote);
    pthread_mutex_unlock(&lock);
    return wrote;
}

int ftruncate64(int fd, off_t length)
{
    struct image *image = opened(fd);
    if (!image) return real_ftruncate(fd, length);
    pthread_mutex_lock(&lock);
    event();
    int result = real_ftruncate(fd, length);
    if (result == 0) add_change(image, length, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

/* Syncs the images; a real sync would only cost time. */
static int sync_file(int fd)
{
    if (!is_ready) return real_fsync(fd);
    struct image *image = opened(fd);
    struct stat info;
    pthread_mutex_lock(&lock);
    if (image) {
        event();
        synced(image);
    } else if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
        event();
        for (int i = 0; i < FILES; i++) {
            images[i].name_durable = images[i].known && !images[i].unlinked;
            images[i].gone = images[i].unlinked;
        }
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) { return sync_file(fd); }

int fdatasync(int fd) { return sync_file(fd); }

int unlink(const char *path)
{
    struct image *image = named(path);
    if (!image) return real_unlink(path);
    pthread_mutex_lock(&lock);
    event();
    int result = real_unlink(path);
    if (result == 0) image->unlinked = 1;
    pthread_mutex_unlock(&lock);
    return result;
}

/* Nobody renames these files; a program that begins to must be noticed. */
int rename(const char *from, const char *to)
{
    if (named(from) || named(to)) abort();
    return real_rename(from, to);
}
