#include "simulations/world/hostile_packets.h"

#include <limits>

#include "learners/prototypical/merge.h"
#include "learners/random.h"
#include "protocol/codec.h"
#include "simulations/world/world_options.h"

namespace outrider::simulations {
namespace {

Bytes noise(Random& dice) {
  Bytes bytes(8 * (1 + dice.below(64)));
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(dice());
  return bytes;
}

Bytes contribution_packet(const ClientId& sender, Contribution contribution) {
  return protocol::encode({sender, protocol::Contribute{{std::move(contribution)}}});
}

Bytes hostile_packet(Random& dice, const ClientId& self, const ClientId& other) {
  const Topic topic{std::string(kPrototypeKind), Digest::of(bytes_of("no such space")), "class 0"};
  const SequenceNumber next{1 + dice.below(4)};
  const Digest offered = Digest::of(key_of(dice.below(3)));
  switch (dice.below(10)) {
    case 0:
      return noise(dice);
    case 1: {  // cut off
      Bytes bytes = protocol::encode({self, protocol::Hello{"liar", Revision{}}});
      bytes.resize(8 * dice.below(static_cast<std::uint32_t>(bytes.size() / 8)));
      return bytes;
    }
    case 2: {  // flipped bits
      Bytes bytes = protocol::encode({self, protocol::Heartbeat{Revision{3}, 1}});
      for (int i = 0; i < 5; ++i)
        bytes[dice.below(static_cast<std::uint32_t>(bytes.size()))] ^= static_cast<std::uint8_t>(1U << dice.below(8));
      return bytes;
    }
    case 3:  // in another's name
      return contribution_packet(self, {other, next, Revision{}, topic, {1, 2, 3, 4, 5, 6, 7, 8}});
    case 4:  // no class state
      return contribution_packet(self, {self, next, Revision{}, topic, noise(dice)});
    case 5:  // far ahead of itself
      return contribution_packet(self, {self, SequenceNumber{std::numeric_limits<std::uint64_t>::max() - dice.below(9)},
                                        Revision{}, topic, noise(dice)});
    case 6:  // more than it has, or in another's name, or much too much
      return protocol::encode({self, protocol::Offer{offered,
                                                     {dice.below(3) == 0 ? other : self, next, Revision{}, topic, {}},
                                                     dice.below(2) == 0 ? 48 + dice.below(48) : ~std::uint64_t{0},
                                                     dice()}});
    case 7:
    case 8: {  // of what it never offered, or not what it offered
      Bytes content = noise(dice);
      if (dice.below(2) == 0) content.resize(24);
      return protocol::encode({self, protocol::PayloadPart{offered, 24 * dice.below(4), dice(), std::move(content)}});
    }
    default:  // of a kind that nobody knows
      return contribution_packet(self, {self, next, Revision{}, {"gossip", {}, "x"}, noise(dice)});
  }
}

}  // namespace

std::vector<Bytes> hostile_packets(std::uint64_t seed, std::uint32_t client, std::uint32_t round,
                                   std::uint32_t clients) {
  Random dice(seed, "hostile packets", client, round);
  std::vector<Bytes> packets(1 + dice.below(6));
  for (Bytes& packet : packets) packet = hostile_packet(dice, id_of_client(client), id_of_client(dice.below(clients)));
  return packets;
}

}  // namespace outrider::simulations
