// SPDX-License-Identifier: MIT
/* Programs that would be wrong in the next process.  Each is refused by the sentence that begins as the comment says, and by no other error. */
#include <peermap.hpp>

#include <memory_resource>

struct shape {
    virtual ~shape() = default;
};
struct node {
    node *next;
};
struct order {
    int number;
    double parts[3];
    struct {
        int zip;
        std::string name;
    } customer;
};
struct holder {
    explicit holder(const peermap::allocator<char> &segment) : names(segment) {}
    peermap::vector<std::string> names;
};

void refused(peermap::segment &s)
{
    s.find_or_construct<int &>("x");                                             // a reference cannot lie
    s.find_or_construct<node *>("x");                                            // a root names an object
    s.find_or_construct<shape>("x");                                             // a type with virtual functions
    s.find_or_construct<std::string>("x");                                       // a std::string keeps
    (void)s.find<peermap::vector<std::string>>("x");                             // a std::string keeps
    s.find_or_construct<holder>("x")->names.emplace_back("y");                   // a std::string keeps
    s.find_or_construct<peermap::map<peermap::string, std::vector<int>>>("x");   // a container with std::allocator
    s.find_or_construct<peermap::map<const char *, int>>("x");                   // a const char * points
    s.find_or_construct<std::pmr::vector<int>>("x");                             // a std::pmr container
    s.find_or_construct<std::shared_ptr<int>>("x");                              // a std::shared_ptr counts
    (void)s.construct<std::unique_ptr<int>>();                                   // a std::unique_ptr frees
    s.find_or_construct<std::pair<int, void (*)()>>("x");                        // code is at another address
    s.find_or_construct<std::mutex>("x");                                        // a std::mutex is for the threads
    s.find_or_construct<order>("x");                                             // a member of the class
    s.find_or_construct<double[]>("x", "y");                                     // of T[] the first argument
}
