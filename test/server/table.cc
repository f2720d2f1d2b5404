/* SPDX-License-Identifier: MIT */
/*
 * table.cc - a type of C++ in a library: what the program that uses it says nothing of.
 */
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace ns {

struct counted {
    std::uint32_t uses = 3;
};

template <class T> struct box {
    T held;
};

struct table : counted {
    enum class state : std::uint8_t { empty, filled };
    static int tables;
    std::atomic<int> rows{ 12 };
    std::atomic<table *> next{ this };
    std::atomic<bool> closed{ true };
    state is = state::filled;
    box<long> boxed{ -5 };
    std::uint32_t &first = uses;
};

int table::tables = 1;

} // namespace ns

extern "C" std::size_t table_make(void *at)
{
    new (at) ns::table;
    return sizeof(ns::table);
}
