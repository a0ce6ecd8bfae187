#include "learners/averaging/excuse.h"

#include <fmt/format.h>

#include "knowledge/error.h"
#include "knowledge/wire.h"
#include "learners/averaging/averaging.capnp.h"

namespace outrider::averaging {
namespace {

constexpr wire::Limits kExcuseLimits{.bytes = kMostExcuseBytes, .nesting = 2};

}  // namespace

Bytes encode(const Excuse& excuse) {
  capnp::MallocMessageBuilder message;
  auto builder = message.initRoot<wire::AveragingExcuse>();
  builder.setCause(static_cast<std::uint8_t>(excuse.cause));
  builder.setRound(excuse.round);
  return wire::flatten(message);
}

Excuse decode_excuse(ByteView bytes, const std::string& what) {
  return wire::read<wire::AveragingExcuse>(
      bytes, what,
      [&](wire::AveragingExcuse::Reader reader) {
        const auto cause = static_cast<Cause>(reader.getCause());
        require(cause == Cause::kNoPictures || cause == Cause::kDiverged,
                fmt::format("{} has the cause {}; known are 1 and 2", what, reader.getCause()));
        return Excuse{cause, reader.getRound()};
      },
      kExcuseLimits);
}

}  // namespace outrider::averaging
