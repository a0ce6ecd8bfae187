// How many files and connections this process may have open at once. Whoever listens keeps some back for the store.
#pragma once

#include <cstddef>

namespace outrider {

// Raises the limit as far as the process may (`ulimit -Hn`), and returns what it is now.
std::size_t raise_descriptor_limit();
// What the limit is: `ulimit -n`.
std::size_t descriptor_limit();
// How many are open.
std::size_t descriptors_in_use();

// The tables that an open store keeps open at most, under such a limit: 256, or a quarter of what there is.
int most_open_tables(std::size_t limit);
// What must be kept back for an open store that has yet to open its files: its tables, logs and what it writes anew.
std::size_t descriptors_of_store(std::size_t limit);

}  // namespace outrider
