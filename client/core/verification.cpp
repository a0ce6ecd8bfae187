#include "client/core/verification.h"

#include <optional>
#include <string>

#include "client/core/replica.h"
#include "knowledge/error.h"
#include "knowledge/utf8.h"
#include "storage/parts.h"

namespace outrider::client {
namespace {

// The digest of a large payload is its name.
void check_large(const Store& store, const Large& large, const std::string& what) {
  const auto payload = load(store, large);
  require(payload.has_value(), what + " lacks parts");
  require(Digest::of(*payload) == large.name, what + " is not what its digest says");
}

class Verifier {
 public:
  Verifier(const Store& store, Verification& found) : store_(store), found_(found) {}

  void look() {
    each(Column::contributions, [&](ByteView key, ByteView value) {
      ++found_.contributions;
      const StoredContribution stored = decode_stored_contribution(value);
      const Contribution& contribution = stored.contribution;
      const std::string what = "what it has said on " + utf8::quoted(contribution.topic.subject);
      require(key_of(contribution.client.view(), number(contribution.sequence)) == to_bytes(key),
              what + " lies under the number of another contribution");
      if (!stored.parts.empty()) check_large(store_, decode_large(stored.parts), what);
    });
    const Replica replica(store_);
    found_.revision = replica.revision();
    each(Column::replica, [&](ByteView key, ByteView payload) {
      ++found_.topics;
      const Topic topic = topic_of(key);
      if (!payload.empty()) return;
      const auto large = replica.large().find(topic);
      const std::string what = "what it knows on " + utf8::quoted(topic.subject);
      require(large != replica.large().end(), what + " lies nowhere");
      check_large(store_, large->second, what);
    });
    each(Column::blobs, [&](ByteView key, ByteView content) {
      ++found_.definitions;
      const Digest name = Digest::from_bytes(key);
      require(Digest::of(content) == name, "the definition " + name.brief() + " is not the one that its name says");
    });
    each(Column::meta, [](ByteView, ByteView) {});
    each(Column::parts, [](ByteView, ByteView) {});
  }

 private:
  // `check` throws InputError with the damage.
  template <typename Check>
  void each(Column column, Check&& check) {
    store_.scan(column, {}, [&](ByteView key, ByteView value) {
      if (const auto damage = objection_of([&] { check(key, value); })) found_.damages.add(*damage);
    });
  }

  const Store& store_;
  Verification& found_;
};

}  // namespace

Verification verify(const Store& store) {
  Verification found;
  if (const auto reason = objection_of([&] { Verifier(store, found).look(); })) found.damages.add(*reason);
  return found;
}

}  // namespace outrider::client
