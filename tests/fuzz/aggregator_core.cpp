// The aggregator's core, whatever clients say: it does not throw, what it says can be sent, and a restart finds what it
// knew.
#include "aggregator/core/core.h"
#include "storage/memory_store.h"
#include "tests/fuzz/core_target.h"

namespace outrider::fuzz {
namespace {

class World {
 public:
  explicit World(Draw& draw) : draw_(draw) {
    limits_.inline_bytes = 64;  // what is large travels in parts
    limits_.uploads.part_bytes = 32;
    restart();
    const std::vector<Bytes>& definitions = all_definitions();
    take(core_->publish(definitions[draw_.below(static_cast<std::uint32_t>(definitions.size()))], {}));
  }

  void run() {
    for (const char client : {'a', 'b', 'c', 'd'})
      hear({ClientId::from_public_key(bytes_of(std::string(1, client))), protocol::Hello{"client", Revision{}, 1}});
    while (!draw_.done()) {
      switch (draw_.below(16)) {
        case 0:
          now_ += Instant{draw_.below(100'000)};
          take(core_->tick(now_));
          break;
        case 1:
          if (++restarts_ < 4) require_same_after_restart();
          break;
        default:
          hear({draw_.client(), body()});
      }
    }
    require_same_after_restart();
  }

 private:
  // As it comes from the wire: what the codec refuses is not heard.
  void hear(const protocol::Message& message) {
    const auto heard = over_the_wire(message);
    if (!heard) return;
    now_ += Instant{1};
    take(core_->receive(*heard, now_));
  }

  void take(const aggregator::Effects& effects) {
    store_.commit(effects.writes);
    for (const protocol::Message& message : effects.messages) protocol::encode(message);
    if (!effects.writes.empty()) {  // a client's next number follows what was decided
      for (const protocol::Message& message : effects.messages) {
        if (const auto* accepted = std::get_if<protocol::Accepted>(&message.body))
          next_[message.client] += accepted->contributions.size();
        if (const auto* refused = std::get_if<protocol::Refused>(&message.body);
            refused != nullptr && refused->permanent)
          ++next_[message.client];
      }
    }
  }

  void restart() { core_ = std::make_unique<aggregator::Core>(self_, store_, all_families(), limits_); }
  void require_same_after_restart() {
    const Digest knowledge = core_->knowledge_digest();
    const Revision revision = core_->revision();
    restart();
    must(core_->knowledge_digest() == knowledge && core_->revision() == revision, "a restart finds what was known");
  }

  Contribution contribution(const ClientId& from, std::uint64_t ahead) {
    const std::uint64_t sequence = draw_.below(8) == 0 ? draw_.number() : next_[from] + 1 + ahead;
    return {draw_.below(16) == 0 ? draw_.client() : from, SequenceNumber{sequence}, Revision{draw_.below(4)},
            draw_.topic(), draw_.payload()};
  }

  protocol::Body body() {
    const ClientId from = draw_.client();
    switch (draw_.below(12)) {
      case 0:
        return protocol::Hello{
            draw_.word(), Revision{draw_.number()}, draw_.number(), {draw_.number(), draw_.number()}};
      case 1:
      case 2:
      case 3: {
        protocol::Contribute contribute;
        const std::uint32_t count = 1 + draw_.below(3);
        for (std::uint32_t i = 0; i < count; ++i) contribute.contributions.push_back(contribution(from, i));
        return contribute;
      }
      case 4:
      case 5: {
        const Contribution whole = contribution(from, 0);
        protocol::Offer offer{whole.id(), whole, whole.payload.size(), draw_.below(4)};
        if (draw_.below(4) == 0) offer.bytes = draw_.number();
        offer.header.payload.clear();
        offered_ = whole;
        return offer;
      }
      case 6: {
        protocol::PayloadPart part{offered_.id(), 0, 0, offered_.payload};
        part.offset = draw_.coin() ? 32 * draw_.below(8) : draw_.number();
        const std::size_t begin = std::min<std::size_t>(part.offset, part.content.size());
        part.content.erase(part.content.begin(), part.content.begin() + static_cast<std::ptrdiff_t>(begin));
        part.content.resize(std::min<std::size_t>(part.content.size(), draw_.below(4) == 0 ? draw_.below(64) : 32));
        return part;
      }
      case 7:
        return protocol::Want{Revision{draw_.number()}, draw_.coin()};
      case 8:
        return protocol::WantBlob{draw_.digest(Digest::of(kEncoder)), draw_.number(), draw_.number32()};
      case 9:
        return protocol::Heartbeat{Revision{draw_.number()}, draw_.number32()};
      case 10:
        return protocol::StatusQuery{};
      default:
        return protocol::Goodbye{};
    }
  }

  Draw& draw_;
  ClientId self_ = ClientId::from_public_key(bytes_of("the aggregator"));
  aggregator::Limits limits_;
  MemoryStore store_;
  std::unique_ptr<aggregator::Core> core_;
  Instant now_{0};
  int restarts_ = 0;
  std::map<ClientId, std::uint64_t> next_;  // as far as it was decided
  Contribution offered_;
};

}  // namespace
}  // namespace outrider::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return outrider::fuzz::happen_to<outrider::fuzz::World>(data, size);
}
