// A client's core, whatever somebody who plays the aggregator tells it and its user teaches it: it does not throw, what
// it says can be sent, and it starts again from its store.
#include "client/core/core.h"
#include "storage/memory_store.h"
#include "tests/fuzz/core_target.h"

namespace outrider::fuzz {
namespace {

class World {
 public:
  explicit World(Draw& draw) : draw_(draw) { restart(); }

  void run() {
    while (!draw_.done()) {
      now_ += Instant{draw_.below(20'000)};
      switch (draw_.below(16)) {
        case 0:
          restart();
          break;
        case 1:
          take(core_->reconnected(now_));
          break;
        case 2:
          take(core_->leave());
          break;
        case 3:
        case 4:
          refusing([&] { take(core_->learned({draw_.topic(), draw_.payload(), draw_.bytes(20)}, now_)); });
          break;
        default:
          hear(body());
      }
      take(core_->tick(now_));
    }
    restart();
  }

 private:
  void restart() {
    core_ = std::make_unique<client::Core>(self_, "client", store_, Random(1), client::Timing{},
                                           client::PartSizes{.inline_bytes = 64, .part_bytes = 32});
    take(core_->tick(now_));
  }

  void hear(protocol::Body body) {
    if (const auto heard = over_the_wire({self_, std::move(body)})) take(core_->receive(*heard, now_));
  }

  void take(const client::Effects& effects) {
    constexpr std::size_t kMostWrites = 100'000;
    must(effects.writes.operations.size() <= kMostWrites, "one event does not write without a bound");
    store_.commit(effects.writes);
    for (const protocol::Message& message : effects.messages) {
      protocol::encode(message);
      if (const auto* hello = std::get_if<protocol::Hello>(&message.body)) conversation_ = hello->conversation;
      if (const auto* offer = std::get_if<protocol::Offer>(&message.body)) said_ = offer->contribution;
      if (const auto* contribute = std::get_if<protocol::Contribute>(&message.body))
        if (!contribute->contributions.empty()) said_ = contribute->contributions.front().id();
      if (const auto* want = std::get_if<protocol::WantBlob>(&message.body)) wanted_ = *want;
    }
  }

  protocol::Knowledge knowledge() {
    protocol::Knowledge knowledge{core_->replica(), Revision{number(core_->replica()) + 1 + draw_.below(3)}, {}};
    if (draw_.below(4) == 0) knowledge.since = Revision{draw_.number()};
    if (draw_.below(4) == 0) knowledge.through = Revision{draw_.number()};
    for (std::uint32_t i = draw_.below(4); i > 0; --i) {
      protocol::KnowledgeEntry entry{draw_.topic(), {}, draw_.digest(Digest::of(kEncoder)), 0};
      if (entry.digest.empty())
        entry.payload = draw_.payload();
      else
        entry.bytes = draw_.coin() ? kEncoder.size() : draw_.number();
      knowledge.entries.push_back(std::move(entry));
    }
    return knowledge;
  }

  protocol::Body chunk() {
    protocol::BlobChunk chunk{wanted_.blob, wanted_.offset, kEncoder.size(), kEncoder};
    if (draw_.below(4) == 0) chunk.total = draw_.number();
    if (draw_.below(4) == 0) chunk.offset = draw_.number();
    const std::size_t begin = std::min<std::size_t>(chunk.offset, chunk.content.size());
    chunk.content.erase(chunk.content.begin(), chunk.content.begin() + static_cast<std::ptrdiff_t>(begin));
    if (draw_.below(4) == 0) chunk.content.resize(draw_.below(40));
    return chunk;
  }

  protocol::Body body() {
    const auto revision = [&] {
      return Revision{draw_.below(4) == 0 ? draw_.number() : number(core_->newest()) + draw_.below(3)};
    };
    switch (draw_.below(9)) {
      case 0:
      case 1:
        return protocol::Welcome{draw_.client(),
                                 revision(),
                                 draw_.digest(Digest::of(kEncoder)),
                                 SequenceNumber{draw_.coin() ? draw_.below(4) : draw_.number()},
                                 draw_.number32(),
                                 draw_.coin() ? conversation_ : draw_.number(),
                                 draw_.coin()};
      case 2:
        return protocol::Held{said_,
                              draw_.coin() ? 32 * draw_.below(8) : draw_.number(),
                              draw_.coin() ? 32 : draw_.number32(),
                              draw_.number32(),
                              draw_.number(),
                              draw_.coin(),
                              draw_.coin()};
      case 3:
        return protocol::Accepted{{said_, draw_.digest(said_)}, revision()};
      case 4:
        return protocol::Refused{draw_.digest(said_), draw_.word(), draw_.coin()};
      case 5:
        return knowledge();
      case 6:
      case 7:
        return chunk();
      default:
        return protocol::Announce{draw_.client(), revision(), draw_.digest(Digest::of(kEncoder))};
    }
  }

  Draw& draw_;
  ClientId self_ = ClientId::from_public_key(bytes_of("the client"));
  MemoryStore store_;
  std::unique_ptr<client::Core> core_;
  Instant now_{0};
  std::uint64_t conversation_ = 0;  // that it tries to open
  Digest said_;                     // what it contributed last
  protocol::WantBlob wanted_;
};

}  // namespace
}  // namespace outrider::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return outrider::fuzz::happen_to<outrider::fuzz::World>(data, size);
}
