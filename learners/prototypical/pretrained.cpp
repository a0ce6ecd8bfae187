#include "learners/prototypical/pretrained.h"

#include "knowledge/name.h"
#include "knowledge/sealed_file.h"
#include "knowledge/utf8.h"
#include "knowledge/whole_file.h"
#include "knowledge/wire.h"
#include "learners/prototypical/pretrained.capnp.h"

namespace outrider {
namespace {

constexpr wire::Limits kFileLimits{.bytes = std::size_t{512} << 20, .nesting = 8};

std::string named(const std::filesystem::path& file) {
  return "the pre-trained encoder " + file.string();
}

Bytes content_of(const std::filesystem::path& file) {
  try {
    return read_file(file, kFileLimits.bytes + kSealBytes);
  } catch (const InputError& error) {
    throw InputError("the pre-trained encoder cannot be opened: " + std::string(error.what()) +
                     "; `outrider pretrain --output` writes such a file");
  }
}

}  // namespace

void save_pretrained(const Pretrained& pretrained, const std::filesystem::path& file) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::Pretrained>();
  builder.setSealed(true);
  builder.setEncoder(wire::data(pretrained.encoder));
  auto classes = builder.initClasses(static_cast<unsigned>(pretrained.classes.size()));
  unsigned index = 0;
  for (const auto& [name, state] : pretrained.classes) {
    check_name("the name of base class " + std::to_string(index), name);
    auto entry = classes[index++];
    entry.setName(wire::text(name));
    entry.setState(wire::data(encode(state)));
  }
  write_durably(file, seal(wire::flatten(message)));
}

Pretrained load_pretrained(const std::filesystem::path& file) {
  const std::string what = named(file);
  const Bytes bytes = content_of(file);
  const Unsealed unsealed = unseal(bytes, what);
  return wire::read<wire::Pretrained>(
      unsealed.content, what,
      [&](wire::Pretrained::Reader reader) {
        require(unsealed.was_sealed || !reader.getSealed(), what + " is damaged: it has lost its digest");
        Pretrained pretrained;
        const ByteView encoder = wire::view(reader.getEncoder());
        require(!encoder.empty(), what + " holds no encoder");
        pretrained.encoder.assign(encoder.begin(), encoder.end());
        for (const auto entry : reader.getClasses()) {
          std::string name = wire::text(entry.getName());
          ClassState state = decode_class_state(wire::view(entry.getState()), kContributedLimits,
                                                what + ", class " + utf8::quoted(name));
          pretrained.classes.emplace_back(std::move(name), std::move(state));
        }
        return pretrained;
      },
      kFileLimits);
}

}  // namespace outrider
