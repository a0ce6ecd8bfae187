// What is found where a state is looked through: a bounded list of damages.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace outrider {

class Damages {
 public:
  static constexpr std::size_t kMostNamed = 100;

  // One sentence, which names the thing.
  void add(std::string sentence) {
    ++count_;
    if (named_.size() < kMostNamed) named_.push_back(std::move(sentence));
  }
  // The first of them.
  const std::vector<std::string>& named() const { return named_; }
  std::size_t count() const { return count_; }

 private:
  std::vector<std::string> named_;
  std::size_t count_ = 0;
};

}  // namespace outrider
