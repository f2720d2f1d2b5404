/* SPDX-License-Identifier: MIT */
/* hurried.c - preloaded: the waits of the C library that have an end are over at once, as where time runs fast. */
#include <errno.h>
#include <pthread.h>

int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until)
{
    (void)condition, (void)mutex, (void)clock, (void)until;
    return ETIMEDOUT;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until)
{
    return pthread_cond_clockwait(condition, mutex, 0, until);
}
