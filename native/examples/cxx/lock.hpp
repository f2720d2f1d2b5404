// SPDX-License-Identifier: MIT
/* lock.hpp - a lock that lies in a segment, for std::lock_guard.  Processes that share it have the same C library. */
#ifndef LOCK_HPP
#define LOCK_HPP

#include <cerrno>
#include <pthread.h>
#include <system_error>

class shared_lock {
public:
    shared_lock()
    {
        pthread_mutexattr_t attributes;
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&mutex, &attributes);
        pthread_mutexattr_destroy(&attributes);
    }
    shared_lock(const shared_lock &) = delete;
    shared_lock &operator=(const shared_lock &) = delete;
    ~shared_lock() { pthread_mutex_destroy(&mutex); }

    /* std::errc::owner_dead: who had it was killed in the middle of a change, and nobody gets it any more. */
    void lock()
    {
        int error = pthread_mutex_lock(&mutex);
        if (error == EOWNERDEAD)
            pthread_mutex_unlock(&mutex);
        if (error != 0)
            throw std::system_error(error, std::generic_category(), "lock");
    }
    void unlock() { pthread_mutex_unlock(&mutex); }

private:
    pthread_mutex_t mutex;
};

#endif
