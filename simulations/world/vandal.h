// What a hostile client says beside what its core does: nasty words and sizes in every kind of message, in
// the names of many whom it invents.
#pragma once

#include <vector>

#include "simulations/world/twisted_message.h"
#include "simulations/world/world_options.h"

namespace outrider::simulations {

// Draws all from a seed. A value.
class Vandal {
 public:
  // Pre: the world has samples.
  Vandal(const WorldOptions& options, std::uint32_t client, std::uint32_t round);

  // What it sends now, in this order. Each message names who says it.
  std::vector<Bytes> requests();
  // What somebody who plays the aggregator tells the client. `definition`: what clients learn with.
  std::vector<Bytes> answers(const Digest& definition);
  // What a folder with a nasty name comes to: lessons on topics that no honest client teaches.
  std::vector<client::Lesson> lessons();
  // What the client calls itself.
  std::string name() { return values_.word(); }
  HostileValues& values() { return values_; }

 private:
  ClientId somebody();
  ClientId invented(std::uint32_t number) const;
  Topic topic();
  Bytes payload();
  Digest digest();
  std::vector<Contribution> contributions(const ClientId& from);
  protocol::Body request(const ClientId& from);
  protocol::Body answer(const Digest& definition);
  void say(const ClientId& from, protocol::Body body, std::vector<Bytes>& said);
  void crowd(std::vector<Bytes>& said);

  const WorldOptions& options_;
  std::uint32_t client_;
  HostileValues values_;
};

}  // namespace outrider::simulations
