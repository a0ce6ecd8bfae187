// Many readers or one change, without the ban on recursion of std::shared_mutex: a reader may read again meanwhile.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace outrider {

class ReaderGate {
 public:
  // Holds the gate for one reader while it lives.
  class Pass {
   public:
    explicit Pass(ReaderGate& gate) : gate_(gate) {
      const std::lock_guard lock(gate_.mutex_);
      ++gate_.readers_;
    }
    ~Pass() {
      const std::lock_guard lock(gate_.mutex_);
      if (--gate_.readers_ == 0) gate_.idle_.notify_all();
    }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    ReaderGate& gate_;
  };

  // Runs change() when no reader is inside; readers that come wait until it is done.
  template <typename Change>
  void exclusive(Change&& change) {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return readers_ == 0; });
    std::forward<Change>(change)();
  }

 private:
  std::mutex mutex_;
  std::condition_variable idle_;
  int readers_ = 0;
};

}  // namespace outrider
