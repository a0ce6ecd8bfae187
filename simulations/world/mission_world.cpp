#include "simulations/world/mission_world.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>
#include <string>
#include <type_traits>

#include <fmt/format.h>

#include "knowledge/invariant.h"
#include "simulations/world/prototype_lessons.h"

namespace outrider::simulations {
namespace {

constexpr Instant kBroken = Instant::min();  // what a rank says instead of its next event when a promise was broken
constexpr Instant kGlance{60'000};           // a world of one part looks up at least so often

static_assert(std::is_trivially_copyable_v<ClientSummary>);

ClientSummary summary_of(const ClientNode& node) {
  ClientSummary summary;
  summary.client = node.number();
  summary.rendezvous = node.counts().rendezvous;
  summary.pictures = node.counts().pictures;
  summary.crashes = node.counts().crashes;
  summary.missed = node.counts().missed;
  summary.sent = node.link().sent;
  summary.sent_bytes = node.link().bytes;
  summary.on_its_way_ms = node.counts().on_its_way.count();
  summary.replica = number(client::Replica(node.disk()).revision());
  summary.knowledge = replica_digest(node.disk());
  summary.done = node.rests() && node.is_done();
  return summary;
}

Bytes summaries_of(const Shard& shard) {
  Bytes bytes(shard.clients().size() * sizeof(ClientSummary));
  std::size_t offset = 0;
  for (const auto& client : shard.clients()) {
    const ClientSummary summary = summary_of(*client);
    std::memcpy(bytes.data() + offset, &summary, sizeof summary);
    offset += sizeof summary;
  }
  return bytes;
}

std::vector<ClientSummary> join(const std::vector<Bytes>& parts) {
  std::vector<ClientSummary> all;
  for (const Bytes& part : parts)
    for (std::size_t offset = 0; offset < part.size(); offset += sizeof(ClientSummary)) {
      ClientSummary summary;
      std::memcpy(&summary, part.data() + offset, sizeof summary);
      all.push_back(summary);
    }
  std::ranges::sort(all, {}, &ClientSummary::client);
  return all;
}

// What each client has said last, for the ledger on rank 0: client | key length | topic key | digest of the payload.
Bytes sayings_of(const Shard& shard, const WorldOptions& options) {
  Bytes bytes;
  const auto append = [&](ByteView more) { bytes.insert(bytes.end(), more.begin(), more.end()); };
  for (const auto& client : shard.clients()) {
    const Traits& traits = options.traits_of(client->number());
    if (traits.dishonest || traits.lies) continue;
    for (const auto& [topic, digest] : client->said()) {
      const Bytes key = client::topic_key(topic);
      append(key_of(client->number()));
      append(key_of(key.size()));
      append(key);
      append(digest.view());
    }
  }
  return bytes;
}

void require_said(const std::vector<Bytes>& parts, const Ledger& ledger) {
  for (const Bytes& part : parts) {
    ByteView rest = part;
    const auto take = [&](std::size_t size) {
      const ByteView taken = rest.first(size);
      rest = rest.subspan(size);
      return taken;
    };
    while (!rest.empty()) {
      const auto client = static_cast<std::uint32_t>(number_in_key(take(sizeof(std::uint64_t))));
      const Topic topic = client::topic_of(take(number_in_key(take(sizeof(std::uint64_t)))));
      const Digest said = Digest::from_bytes(take(Digest::kSize));
      if (ledger.latest(id_of_client(client), topic) != said)
        throw Violation(fmt::format("what {} learned last on '{}' is not what the aggregator has of it",
                                    name_of_client(client), topic.subject));
    }
  }
}

void require_agreement(const WorldSummary& summary, const WorldOptions& options) {
  for (const ClientSummary& client : summary.clients) {
    if (options.traits_of(client.client).dishonest) continue;
    if (!client.done)
      throw Violation(name_of_client(client.client) + " has not delivered or caught up although the weather was fair");
    if (client.replica != number(summary.revision) || client.knowledge != summary.knowledge)
      throw Violation(fmt::format("{} holds revision {} at the end, which is not the aggregator's revision {}",
                                  name_of_client(client.client), client.replica, number(summary.revision)));
  }
}

class WorldRun {
 public:
  WorldRun(const WorldOptions& options, const Curriculum& curriculum, Exchange& exchange, const WorldHooks& hooks)
      : options_(options),
        exchange_(exchange),
        hooks_(hooks),
        shard_(options, curriculum, {exchange.rank(), exchange.ranks()}) {}

  WorldSummary run() {
    for (std::size_t step = 0; step <= options_.steps; ++step) {
      const Instant end =
          step < options_.steps ? options_.step_length * static_cast<Instant::rep>(step + 1) : options_.end();
      run_until(end);
      attempt([&] { hooks_.step_over(step, shard_); });
      agree(kNever);
    }
    return summarise();
  }

 private:
  void run_until(Instant end) {
    for (;;) {
      const Instant next = agree(shard_.next());
      if (next >= end) return;
      // Nobody's messages arrive sooner than the shortest delay; alone, there is nobody to wait for.
      const Instant pace = exchange_.ranks() == 1 ? kGlance : options_.weather.shortest;
      attempt([&] {
        shard_.advance(std::min(end, next + pace));
        hooks_.look(shard_);
      });
      for (Event& event : exchange_.hand_over(shard_.take_outgoing())) shard_.accept(std::move(event));
    }
  }

  template <typename Action>
  void attempt(Action&& action) {
    const auto broken = [&](const std::exception& error) {
      broken_ = fmt::format("at {} ms, event {}: {}", shard_.now().count(), shard_.events(), error.what());
    };
    try {
      action();
    } catch (const Violation& violation) {
      broken(violation);
    } catch (const BrokenInvariant& error) {  // of a core
      broken(error);
    }
  }

  // The least of all ranks' moments. Throws Violation on all ranks when one has found a promise broken.
  Instant agree(Instant mine) {
    const Instant least = exchange_.earliest(broken_ ? kBroken : mine);
    if (least == kBroken) throw_first();
    return least;
  }

  [[noreturn]] void throw_first() {
    const std::string sentence = first_sentence(exchange_, broken_.value_or(""));
    throw Violation(sentence.empty() ? "another rank has found a promise broken" : sentence);
  }

  WorldSummary summarise() {
    WorldSummary summary;
    summary.clients = join(exchange_.gather(summaries_of(shard_)));
    const std::vector<Bytes> own_contributions = exchange_.gather(sayings_of(shard_, options_));
    for (const Bytes& counts : exchange_.gather(join_counts())) {
      summary.events += number_in_key(counts);
      summary.lost += number_in_key(counts, sizeof(std::uint64_t));
    }
    attempt([&] {
      if (const AggregatorNode* aggregator = shard_.aggregator()) judge(*aggregator, own_contributions, summary);
    });
    agree(kNever);
    return summary;
  }

  Bytes join_counts() const {
    Bytes counts = key_of(shard_.events());
    const Bytes lost = key_of(shard_.postman().lost());
    counts.insert(counts.end(), lost.begin(), lost.end());
    return counts;
  }

  void judge(const AggregatorNode& aggregator, const std::vector<Bytes>& own_contributions,
             WorldSummary& summary) const {
    if (!aggregator.is_up()) throw Violation("the aggregator is down at the end");
    for (ClientSummary& client : summary.clients) client.received_bytes = aggregator.link_to(client.client).bytes;
    summary.accepted = aggregator.ledger().accepted();
    summary.revision = aggregator.core().revision();
    summary.knowledge = aggregator.handed_out();
    summary.learned = knowledge_without_teachers(aggregator.core().knowledge());
    summary.aggregator = aggregator.counts();
    require_agreement(summary, options_);
    aggregator.ledger().check_all(aggregator.core());
    aggregator.require_sound(shard_.now());
    if (options_.watch == Watch::full) require_said(own_contributions, aggregator.ledger());
  }

  const WorldOptions& options_;
  Exchange& exchange_;
  const WorldHooks& hooks_;
  Shard shard_;
  std::optional<std::string> broken_;
};

}  // namespace

std::uint64_t WorldSummary::client_crashes() const {
  return std::accumulate(clients.begin(), clients.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const ClientSummary& client) { return sum + client.crashes; });
}

WorldSummary run_world(const WorldOptions& options, const Curriculum& curriculum, Exchange& exchange,
                       const WorldHooks& hooks) {
  return WorldRun(options, curriculum, exchange, hooks).run();
}

}  // namespace outrider::simulations
