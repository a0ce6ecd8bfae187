// How many bytes may wait to be sent, to one peer and to all together.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrider::protocol {

// A peer that does not read must not make us keep what it asks for. Each message takes its bytes out of the budget for
// as long as ZeroMQ has it; what does not fit is not sent, and who wants it asks again.
//
// One peer may have so much that as much again remains for others (dynamic thresholds, Choudhury and Hahne 1998): few
// peers get much, many get little each, and there is always something for a newcomer.
class SendBudget {
 public:
  struct Limits {
    std::size_t of_peer = 8u << 20;    // bytes that wait for one peer, unless it is a single message
    std::size_t of_all = 256u << 20;   // bytes that wait for all
    std::size_t of_small = 32u << 20;  // beyond that, only for peers for whom no more than `small` bytes wait
    std::size_t small = 64u << 10;
    std::chrono::seconds patience{20};  // a peer that takes nothing for so long is to be disconnected
  };

 private:
  struct Total {
    std::atomic<std::size_t> bytes{0};
  };
  struct Account {
    std::atomic<std::size_t> waiting{0};  // bytes that ZeroMQ has
    std::atomic<std::size_t> leaving{0};  // of the message that it has encoded and sends
    std::atomic<std::uint64_t> taken{0};  // messages that it has begun to send
    std::size_t held() const { return waiting + leaving; }
  };

 public:
  // Of one message. Gives its bytes back when it goes, on whatever thread.
  class Ticket {
   public:
    Ticket(std::shared_ptr<Total> total, std::shared_ptr<Account> account, std::size_t bytes, bool encoded);
    ~Ticket();
    Ticket(Ticket&& other) noexcept = default;
    Ticket& operator=(Ticket&&) = delete;

   private:
    std::shared_ptr<Total> total_;
    std::shared_ptr<Account> account_;  // null after a move
    std::size_t bytes_;
    bool encoded_;  // ZeroMQ keeps an encrypted copy while it sends
  };

  // What of a connection goes on, by its descriptor.
  struct Progress {
    std::uint64_t acknowledged = 0;  // bytes
    bool empty = true;               // nothing waits in the operating system
  };

  explicit SendBudget(Limits limits, bool encrypts) : limits_(limits), encrypts_(encrypts) {}

  // Room for a message of so many bytes to the peer with this ZeroMQ routing id, on that connection.
  std::optional<Ticket> take(std::string_view routing_id, int descriptor, std::size_t bytes);

  // Call it now and then. Which connections to end: something waits for them, and nothing has left for `patience`.
  template <typename Look>
  std::vector<int> stalled(std::chrono::steady_clock::time_point now, Look&& look) {
    std::vector<int> result;
    for (auto at = peers_.begin(); at != peers_.end();) {
      Peer& peer = at->second;
      const Progress progress = look(peer.descriptor);
      if (progress.empty && peer.account->waiting == 0) total_->bytes -= peer.account->leaving.exchange(0);
      if (peer.account->held() == 0) {
        at = peers_.erase(at);
        continue;
      }
      const std::uint64_t done = peer.account->taken + progress.acknowledged;
      if (!peer.since || done != peer.done) {
        peer.done = done;
        peer.since = now;
      } else if (now - *peer.since >= limits_.patience) {
        result.push_back(peer.descriptor);
        peer.since = now;
      }
      ++at;
    }
    return result;
  }

  std::size_t waiting() const { return total_->bytes; }
  // Peers for whom something waits, or did a moment ago.
  std::size_t peers() const { return peers_.size(); }

 private:
  struct Peer {
    std::shared_ptr<Account> account = std::make_shared<Account>();
    int descriptor = -1;
    std::uint64_t done = 0;
    std::optional<std::chrono::steady_clock::time_point> since;  // it has done no more
  };

  bool fits(std::size_t held, std::size_t bytes) const;

  Limits limits_;
  bool encrypts_;
  std::shared_ptr<Total> total_ = std::make_shared<Total>();
  std::map<std::string, Peer, std::less<>> peers_;
};

}  // namespace outrider::protocol
