// A loop for tests of sockets: turns until something is true.
#pragma once

#include <chrono>
#include <functional>

#include <boost/asio/io_context.hpp>

namespace outrider::protocol {

struct Loop {
  boost::asio::io_context io;

  // False if it takes longer than `patience`.
  bool until(const std::function<bool()>& done, std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io.run_one_for(std::chrono::milliseconds(5));
      io.restart();
    }
    return true;
  }
  void turn(std::chrono::milliseconds time) {
    until([] { return false; }, time);
  }
};

}  // namespace outrider::protocol
