// A message as it comes from the wire: what is read can be written, and that is read as the same.
#include "protocol/codec.h"
#include "protocol/frame.h"
#include "tests/fuzz/refusing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  using fuzz::must;
  const ByteView bytes(data, size);
  fuzz::refusing([&] {
    const protocol::Message message = protocol::decode(bytes);
    const Bytes again = protocol::encode(message);
    must(protocol::encode(protocol::decode(again)) == again, "a message that was read is written as it was read");
  });
  if (size < sizeof(protocol::Preamble)) return 0;
  fuzz::refusing([&] {
    const auto read =
        protocol::decode_frames(bytes.first(sizeof(protocol::Preamble)), bytes.subspan(sizeof(protocol::Preamble)));
    if (const auto* message = std::get_if<protocol::Message>(&read)) protocol::encode_frames(*message);
  });
  return 0;
}
