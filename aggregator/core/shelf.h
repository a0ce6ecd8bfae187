// What clients fetch in parts, at hand: one copy of each, the least recently asked for is put away first.
#pragma once

#include <cstddef>
#include <list>
#include <map>

#include "knowledge/digest.h"

namespace outrider::aggregator {

// A client that is slow may go on with what has meanwhile changed as long as it lies here. Not thread-safe.
class Shelf {
 public:
  // Holds so many bytes at most, but always the latest.
  explicit Shelf(std::size_t bytes) : capacity_(bytes) {}

  void put(const Digest& name, Bytes content);
  // Null: it is not here. Valid until the next put.
  const Bytes* find(const Digest& name);

 private:
  struct Item {
    Digest name;
    Bytes content;
  };

  std::size_t capacity_;
  std::size_t used_ = 0;
  std::list<Item> by_use_;  // the latest first
  std::map<Digest, std::list<Item>::iterator> by_name_;
};

}  // namespace outrider::aggregator
