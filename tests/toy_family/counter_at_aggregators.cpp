#include <map>

#include <CLI/CLI.hpp>

#include "knowledge/error.h"
#include "knowledge/invariant.h"
#include "knowledge/utf8.h"
#include "storage/store.h"
#include "tests/toy_family/counter.h"

namespace outrider::toy {
namespace {

// Of a class, the pictures of all clients; each counts with what it said last.
class CounterMerge : public Merge {
 public:
  explicit CounterMerge(std::uint64_t most) : most_(most) {}

  std::optional<std::string> open_space(const Digest&, ByteView definition) override {
    if (definition.empty()) return std::nullopt;
    return "a counter needs no more than its name";
  }
  std::unique_ptr<Decoded> read(const Contribution& contribution) const override {
    require(contribution.payload.size() == sizeof(std::uint64_t), "a count has 8 bytes");
    const std::uint64_t pictures = number_in_key(contribution.payload);
    require(pictures <= most_, "class " + utf8::quoted(contribution.topic.subject) + " has more than " +
                                   std::to_string(most_) + " pictures");
    return decoded(pictures);
  }
  void take(const Contribution& contribution, Decoded& said) override {
    invariant(contribution.topic.subject != kBreaking, "nobody teaches what this test breaks");
    counts_[contribution.topic].insert_or_assign(contribution.client, as<std::uint64_t>(said));
  }
  void erase(const ClientId& client, const Topic& topic) override {
    const auto known = counts_.find(topic);
    if (known == counts_.end()) return;
    known->second.erase(client);
    if (known->second.empty()) counts_.erase(known);
  }
  Bytes merged(const Topic& topic) const override {
    return counts_.contains(topic) ? key_of(examples(topic)) : Bytes{};
  }
  std::uint64_t examples(const Topic& topic) const override {
    std::uint64_t sum = 0;
    if (const auto known = counts_.find(topic); known != counts_.end())
      for (const auto& [client, count] : known->second) sum += count;
    return sum;
  }
  std::optional<std::uint64_t> most_bytes(const Topic&) const override { return sizeof(std::uint64_t); }

 private:
  std::uint64_t most_;
  std::map<Topic, std::map<ClientId, std::uint64_t>> counts_;
};

class CounterFamily : public Family {
 public:
  explicit CounterFamily(std::uint64_t most) : most_(most) {}
  std::string_view kind() const override { return kCounterKind; }
  std::unique_ptr<Merge> make_merge() const override { return std::make_unique<CounterMerge>(most_); }

 private:
  std::uint64_t most_;
};

class CounterServer : public aggregator::ServerFamily {
 public:
  void add_options(CLI::App& app) override {
    app.add_option("--most-counted", most_, "Pictures of a class, of one client");
  }
  std::unique_ptr<Family> make(const aggregator::Self&) const override {
    return std::make_unique<CounterFamily>(most_);
  }

 private:
  std::uint64_t most_ = 1000;
};

}  // namespace

std::unique_ptr<aggregator::ServerFamily> counter_at_aggregators() {
  return std::make_unique<CounterServer>();
}

}  // namespace outrider::toy
