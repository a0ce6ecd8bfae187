#include "learners/prototypical/pretrained.h"

#include <fstream>
#include <iterator>

#include "knowledge/name.h"
#include "knowledge/utf8.h"
#include "knowledge/wire.h"
#include "learners/prototypical/pretrained.capnp.h"

namespace outrider {
namespace {

constexpr wire::Limits kFileLimits{.bytes = std::size_t{512} << 20, .nesting = 8};

Bytes content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file))  // a folder opens, but cannot be read
    throw InputError("the pre-trained encoder " + file.string() +
                     " cannot be opened; `outrider pretrain --output` writes such a file");
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

void save_pretrained(const Pretrained& pretrained, const std::filesystem::path& file) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::Pretrained>();
  builder.setEncoder(wire::data(pretrained.encoder));
  auto classes = builder.initClasses(static_cast<unsigned>(pretrained.classes.size()));
  unsigned index = 0;
  for (const auto& [name, state] : pretrained.classes) {
    check_name("the name of base class " + std::to_string(index), name);
    auto entry = classes[index++];
    entry.setName(wire::text(name));
    entry.setState(wire::data(encode(state)));
  }
  const Bytes bytes = wire::flatten(message);
  const std::filesystem::path temporary = file.string() + ".tmp";
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  std::ofstream stream(temporary, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (stream) std::filesystem::rename(temporary, file, error);
  if (!stream || error) throw InputError("the pre-trained encoder cannot be written to " + file.string());
}

Pretrained load_pretrained(const std::filesystem::path& file) {
  const std::string what = "the pre-trained encoder " + file.string();
  return wire::read<wire::Pretrained>(
      content_of(file), what,
      [&](wire::Pretrained::Reader reader) {
        Pretrained pretrained;
        const ByteView encoder = wire::view(reader.getEncoder());
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
