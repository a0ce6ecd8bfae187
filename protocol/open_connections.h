// Who is connected, and who has to go when more are than may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace outrider::protocol {

// A value without sockets: connections are named by their descriptors. Not thread-safe.
class OpenConnections {
 public:
  struct Connection {
    std::string host;
    bool greeted = false;       // the handshake is over
    bool proven = false;        // a message that makes sense has come over it
    bool leaving = false;       // named by excess(), and not closed yet
    std::uint64_t heard = 0;    // when last, or when it was accepted: later is more
    std::uint64_t taken = 0;    // bytes of the messages that have come over it
    bool took = false;          // one of them since it was looked at last
    std::uint64_t untaken = 0;  // bytes that had come and were no message yet then
    std::uint64_t swollen = 0;  // memory that they seem to take beyond that, being many small frames
  };

  // most > 0
  explicit OpenConnections(std::size_t most);

  void accepted(int descriptor, std::string host);
  void closed(int descriptor);
  // A message of so many bytes has come over it. That may be told before accepted().
  void heard(int descriptor, std::uint64_t bytes, bool makes_sense);
  void greeted(int descriptor);

  // Whom to disconnect so that no more than `most` remain; they are named once. Who has not said anything that makes
  // sense goes first, of the host that has most of those the one that came first; so that a newcomer has time to say
  // it, even where strangers come in numbers, an eighth is for them. Then, of the host with most connections, the one
  // silent for longest.
  std::vector<int> excess() { return most_leave(most_); }
  // The same, as if fewer might stay: something has no descriptors left.
  std::vector<int> make_room();

  std::size_t size() const { return open_.size(); }
  // Those that are neither greeted nor proven.
  std::size_t greeting() const { return greeting_.size(); }
  template <typename Visit>
  void for_each_greeting(Visit&& visit) const {
    for (const int descriptor : greeting_) visit(descriptor, open_.at(descriptor));
  }
  template <typename Visit>
  void for_each(Visit&& visit) {
    for (auto& [descriptor, connection] : open_) visit(descriptor, connection);
  }
  // It is disconnected for another reason than excess.
  void leaves(int descriptor);
  const Connection* find(int descriptor) const;

 private:
  std::vector<int> most_leave(std::size_t most);
  void name_from(bool proven, std::size_t count, std::vector<int>& named);

  std::size_t most_;
  std::uint64_t time_ = 0;
  std::map<int, Connection> open_;
  std::set<int> early_;     // heard of before accepted() was called
  std::set<int> greeting_;  // not leaving
  std::size_t leaving_ = 0;
  std::size_t unproven_ = 0;  // of those that are not leaving
};

}  // namespace outrider::protocol
