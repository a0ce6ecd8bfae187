#include "learners/prototypical/class_memory.h"

#include <cassert>

#include "knowledge/wire.h"
#include "learners/prototypical/class_memory.capnp.h"

namespace outrider {
namespace {

constexpr wire::Limits kMemoryLimits{.bytes = std::size_t{1} << 30, .nesting = 4};

}  // namespace

void ClassMemory::add(const Digest& example, std::span<const float> embedding) {
  assert(!knows(example));
  if (examples_.size() >= kMaxContributors)
    throw InputError("a class holds at most " + std::to_string(kMaxContributors) + " examples");
  ClassStateBuilder one(embedding.size());
  one.add(embedding);
  sum_.add(one.state());
  examples_.insert(example);
}

Bytes ClassMemory::encode() const {
  Bytes digests;
  digests.reserve(examples_.size() * Digest::kSize);
  for (const Digest& example : examples_) digests.insert(digests.end(), example.bytes.begin(), example.bytes.end());
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::ClassMemory>();
  builder.setSum(wire::data(sum_.bytes()));
  builder.setExamples(wire::data(digests));
  builder.setSpentMicroseconds(static_cast<std::uint64_t>(spent.count()));
  builder.setFollowsFolder(follows_folder);
  return wire::flatten(message);
}

ClassMemory ClassMemory::decode(ByteView bytes) {
  return wire::read<wire::ClassMemory>(
      bytes, "the memory of a class",
      [](wire::ClassMemory::Reader reader) {
        ClassMemory memory(0);
        memory.sum_ = ExactClassSum::from_bytes(wire::view(reader.getSum()));
        const ByteView digests = wire::view(reader.getExamples());
        if (digests.size() % Digest::kSize != 0) throw InputError("the memory of a class has a torn list of examples");
        for (std::size_t at = 0; at < digests.size(); at += Digest::kSize)
          memory.examples_.insert(Digest::from_bytes(digests.subspan(at, Digest::kSize)));
        memory.spent = std::chrono::microseconds(reader.getSpentMicroseconds());
        memory.follows_folder = reader.getFollowsFolder();
        return memory;
      },
      kMemoryLimits);
}

}  // namespace outrider
