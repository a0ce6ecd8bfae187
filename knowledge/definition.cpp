#include "knowledge/definition.h"

#include <utility>

#include "knowledge/error.h"
#include "knowledge/name.h"
#include "knowledge/utf8.h"

namespace outrider {
namespace {

// None of the definitions without an envelope begins so.
constexpr std::string_view kEnvelope = "outrider definition\n";

void check_kind(const std::string& kind) {
  utf8::check("the kind of a definition", kind, Definition::kMostKindBytes);
  check_name("the kind of a definition", kind);
}

}  // namespace

Bytes Definition::encode() const {
  check_kind(kind);
  std::string head(kEnvelope);
  head.push_back(static_cast<char>(kind.size()));
  head += kind;
  Bytes bytes = to_bytes(head);
  bytes.insert(bytes.end(), content.begin(), content.end());
  return bytes;
}

std::optional<Definition> Definition::decode(ByteView bytes) {
  if (!text_of(bytes).starts_with(kEnvelope)) return std::nullopt;
  const ByteView rest = bytes.subspan(kEnvelope.size());
  const std::size_t size = rest.empty() ? 0 : rest[0];
  require(size > 0 && rest.size() > size, "a definition of what to learn with ends before its kind does");
  Definition definition{std::string(text_of(rest.subspan(1, size))), to_bytes(rest.subspan(1 + size))};
  check_kind(definition.kind);
  return definition;
}

Bytes Definition::content_of(ByteView bytes) {
  auto definition = decode(bytes);
  return definition ? std::move(definition->content) : to_bytes(bytes);
}

}  // namespace outrider
