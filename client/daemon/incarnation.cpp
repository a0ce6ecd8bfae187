#include "client/daemon/incarnation.h"

#include <fstream>
#include <random>
#include <string>

#include <sys/stat.h>

#include "knowledge/digest.h"

namespace outrider::client {
namespace {

constexpr std::string_view kRecord = "incarnation";

// A copy lies under another inode, and on another machine unless that one is an image of the first.
Digest place_of(const std::filesystem::path& state) {
  Hasher hasher;
  struct stat found {};
  if (::stat(state.c_str(), &found) == 0) hasher.field(std::to_string(found.st_ino));
  std::string machine;
  std::getline(std::ifstream("/etc/machine-id"), machine);
  return hasher.field(machine).finish();
}

std::uint64_t draw() {
  std::random_device device;
  return (std::uint64_t{device()} << 32 | device()) | 1;
}

// Digest of the place, then the numbers, the latest first.
Bytes record_of(const protocol::Incarnation& incarnation, const Digest& place) {
  Bytes record = to_bytes(place.view());
  record = key_of(record, incarnation.number);
  for (const std::uint64_t number : incarnation.earlier) record = key_of(record, number);
  return record;
}

}  // namespace

protocol::Incarnation begin_incarnation(Store& store, const std::filesystem::path& state) {
  protocol::Incarnation incarnation{.number = draw(), .earlier = {}};
  const Digest place = place_of(state);
  if (const auto record = store.get(Column::meta, to_bytes(kRecord)); record && record->size() >= Digest::kSize) {
    incarnation.relocated = Digest::from_bytes(ByteView(*record).first(Digest::kSize)) != place;
    for (std::size_t at = Digest::kSize; at + sizeof(std::uint64_t) <= record->size(); at += sizeof(std::uint64_t))
      if (incarnation.earlier.size() < protocol::Incarnation::kMaxEarlier)
        incarnation.earlier.push_back(number_in_key(*record, at));
  }
  WriteSet writes;
  writes.put(Column::meta, to_bytes(kRecord), record_of(incarnation, place));
  store.commit(writes);
  return incarnation;
}

}  // namespace outrider::client
