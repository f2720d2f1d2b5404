/* SPDX-License-Identifier: MIT */
/* The program has so many thread-local variables that they would take most of the agent's stack, or all of it. */
#include "drive.h"

#define LOCALS 400000u /* bytes */
#define LEAST 300000u

static _Thread_local volatile char many[LOCALS] = { 1 };

static uint64_t stack_pointer(uint32_t thread)
{
    char path[64], line[256];
    unsigned long long pointer = 0;
    snprintf(path, sizeof path, "/proc/self/task/%" PRIu32 "/syscall", thread);
    while (pm_text_read(path, line, sizeof line) > 0 && strncmp(line, "running", 7) == 0)
        usleep(1000);
    if (sscanf(line, "%*d %*x %*x %*x %*x %*x %*x %llx", &pointer) != 1)
        SKIP("the kernel does not say where threads have their stack");
    return pointer;
}

static uint64_t room_below(uint64_t address)
{
    char line[512];
    unsigned long long begin = 0, end = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    CHECK(maps != NULL);
    do
        CHECK(fgets(line, sizeof line, maps) != NULL && sscanf(line, "%llx-%llx", &begin, &end) == 2);
    while (address < begin || address >= end);
    fclose(maps);
    return address - begin;
}

static bool is_agent(uint32_t thread, void *found)
{
    if (thread == (uint32_t)getpid())
        return false;
    *(uint32_t *)found = thread;
    return true;
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a thread of its own");
    setup(argv);
    many[LOCALS - 1] = 1;
    peermap_segment *segment;
    uint32_t agent = 0;
    CHECK_INT(peermap_create(seg(), NULL, &segment), 0);
    CHECK(pm_proc_any_number("/proc/self/task", is_agent, &agent, NULL));
    uint64_t room = room_below(stack_pointer(agent));
    if (room < LEAST)
        FAIL("%" PRIu64 " bytes of stack are left to the agent", room);
    peermap_detach(segment);
    return 0;
}
