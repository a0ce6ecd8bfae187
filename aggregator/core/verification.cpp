#include "aggregator/core/verification.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "aggregator/core/core.h"
#include "aggregator/core/decision.h"
#include "aggregator/core/meta_names.h"
#include "knowledge/error.h"
#include "knowledge/invariant.h"

namespace outrider::aggregator {
namespace {

constexpr std::size_t kKeyBytes = ClientId::kSize + sizeof(std::uint64_t);

std::string title(ByteView decision_key) {
  return "contribution " + std::to_string(number_in_key(decision_key, ClientId::kSize)) + " of client " +
         ClientId::from_bytes(decision_key.first(ClientId::kSize)).brief();
}

// A whole sentence, that names the thing.
class Damage : public InputError {
 public:
  using InputError::InputError;
};

void expect(bool holds, const std::string& sentence) {
  if (!holds) throw Damage(sentence);
}

class Verifier {
 public:
  Verifier(const Store& store, Verification& found) : store_(store), found_(found) {}

  void look() {
    if (const auto revision = store_.get(Column::meta, revision_name()))
      found_.revision = Revision{number_in_key(*revision)};
    each(Column::clients, "the record of a client", [&](ByteView key, ByteView value) {
      highest_.emplace(ClientId::from_bytes(key), decode_client_record(value).highest_decided);
      ++found_.clients;
    });
    each(Column::contributions, "a decision", [&](ByteView key, ByteView value) { look_at_decision(key, value); });
    each(Column::revisions, "the record of a revision",
         [&](ByteView key, ByteView value) { look_at_revision(key, value); });
    each(Column::blobs, "a definition", [&](ByteView key, ByteView content) {
      const Digest name = Digest::from_bytes(key);
      expect(Digest::of(content) == name, "the definition " + name.brief() + " is not the one that its name says");
      ++found_.definitions;
    });
  }

 private:
  template <typename Check>
  void each(Column column, const std::string& what, Check&& check) {
    store_.scan(column, {}, [&](ByteView key, ByteView value) {
      try {
        check(key, value);
      } catch (const Damage& damage) {
        found_.damages.add(damage.what());
      } catch (const InputError& error) {
        found_.damages.add(what + " cannot be read: " + error.what());
      }
    });
  }

  void look_at_decision(ByteView key, ByteView value) {
    ++found_.decisions;
    expect(key.size() == kKeyBytes, "a decision lies under a name that is none");
    const std::string what = title(key);
    const Decision decision = decode_decision(value);
    const ClientId client = ClientId::from_bytes(key.first(ClientId::kSize));
    const auto known = highest_.find(client);
    expect(known != highest_.end(), what + " is decided, and there is no record of that client");
    expect(SequenceNumber{number_in_key(key, ClientId::kSize)} <= known->second,
           what + " is decided, and is beyond what its client's record says is");
    if (!decision.is_accepted()) return;
    expect(decision_key(decision.accepted->client, decision.accepted->sequence) == to_bytes(key),
           what + " is recorded as another");
    expect(decision.revision <= found_.revision, what + " is accepted in a revision that was never made");
    if (!decision.taken_back) ++accepted_[decision.revision];
    if (decision.dropped || decision.taken_back) return;
    std::optional<Contribution> whole_one;
    if (const auto reason = objection_of([&] { whole_one = whole(decision, store_); }))
      expect(false, what + " is not whole: " + *reason);
    expect(whole_one->id() == decision.id, what + " is not the one that was acknowledged");
    ++found_.payloads;
  }

  // A revision whose decisions are not all kept has no record any more.
  void look_at_revision(ByteView key, ByteView decisions) {
    const Revision revision{number_in_key(key)};
    const std::string what = "revision " + std::to_string(number(revision));
    expect(revision <= found_.revision,
           what + " is on record, and the newest is " + std::to_string(number(found_.revision)));
    expect(decisions.size() % kKeyBytes == 0, "the record of " + what + " names no whole contributions");
    std::uint64_t accepted = 0;
    for (std::size_t at = 0; at < decisions.size(); at += kKeyBytes) {
      const ByteView one = decisions.subspan(at, kKeyBytes);
      const auto stored = store_.get(Column::contributions, one);
      expect(stored.has_value(), what + " names " + title(one) + ", which is lost");
      const Decision decision = decode_decision(*stored);
      if (decision.is_accepted() && !decision.taken_back && decision.revision == revision) ++accepted;
    }
    const auto found = accepted_.find(revision);
    const std::uint64_t expected = found == accepted_.end() ? 0 : found->second;
    expect(accepted == expected, what + " accepted " + std::to_string(expected) +
                                     " contributions, and its record names " + std::to_string(accepted) + " of them");
  }

  const Store& store_;
  Verification& found_;
  std::map<ClientId, SequenceNumber> highest_;
  std::map<Revision, std::uint64_t> accepted_;  // and not taken back
};

}  // namespace

Verification verify(const ClientId& self, const Store& store, const std::vector<std::unique_ptr<Family>>& families) {
  Verification found;
  Verifier(store, found).look();
  try {
    const Core core(self, store, families);
    for (const std::string& complaint : core.complaints()) found.damages.add(complaint);
    found.knowledge = core.knowledge_digest();
    found.topics = core.topics();
    if (core.revision() != found.revision)
      found.damages.add("the log folds to revision " + std::to_string(number(core.revision())) +
                        "; the newest on record is " + std::to_string(number(found.revision)));
  } catch (const InputError& error) {
    found.damages.add(std::string("the log cannot be folded: ") + error.what());
  } catch (const BrokenInvariant& broken) {  // of a log that no core has written
    found.damages.add(std::string("the log cannot be folded: ") + broken.what());
  }
  return found;
}

}  // namespace outrider::aggregator
