/* A wall clock that shows another time, for tests: preloaded, it adds to the real-time clock what stands in
 * the file WALL_CLOCK_OFFSET names, as seconds in eight bytes, whenever it is read. The monotonic clock goes
 * on as it does, and waits take as long as they would: librdkafka's are made by cnd_timedwait.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_seconds;

__attribute__((constructor)) static void find_offset(void)
{
    const char *path = getenv("WALL_CLOCK_OFFSET");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        abort();
    void *page = mmap(NULL, sizeof *offset_seconds, PROT_READ, MAP_SHARED, file, 0);
    if (page == MAP_FAILED)
        abort();
    offset_seconds = page;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *shown)
{
    int failed = syscall(SYS_clock_gettime, clock, shown);
    if (!failed && clock == CLOCK_REALTIME && offset_seconds)
        shown->tv_sec += *offset_seconds;
    return failed;
}

int gettimeofday(struct timeval *restrict shown, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    shown->tv_sec = now.tv_sec;
    shown->tv_usec = now.tv_nsec / 1000;
    return 0;
}

int timespec_get(struct timespec *shown, int base)
{
    return base == TIME_UTC && !clock_gettime(CLOCK_REALTIME, shown) ? base : 0;
}

time_t time(time_t *shown)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (shown)
        *shown = now.tv_sec;
    return now.tv_sec;
}

/* Its deadline was made from the clock that it is shown. The C library's condition is POSIX's. */
int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
                  const struct timespec *restrict deadline)
{
    struct timespec real = *deadline;
    if (offset_seconds)
        real.tv_sec -= *offset_seconds;
    switch (pthread_cond_clockwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex,
                                   CLOCK_REALTIME, &real)) {
    case 0:
        return thrd_success;
    case ETIMEDOUT:
        return thrd_timedout;
    default:
        return thrd_error;
    }
}
