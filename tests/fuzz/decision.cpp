// What the aggregator writes down, and where something large lies.
#include "aggregator/core/decision.h"

#include "client/core/replica.h"
#include "storage/format.h"
#include "tests/fuzz/refusing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outrider;
  const ByteView bytes(data, size);
  fuzz::refusing([&] {
    const aggregator::Decision decision = aggregator::decode_decision(bytes);
    const Bytes again = aggregator::encode(decision);
    fuzz::must(aggregator::encode(aggregator::decode_decision(again)) == again, "a decision is written as it was read");
    aggregator::payload_bytes(decision);
  });
  fuzz::refusing([&] {
    const Bytes again = aggregator::encode(aggregator::decode_client_record(bytes));
    fuzz::must(aggregator::encode(aggregator::decode_client_record(again)) == again,
               "a client's record is written as it was read");
  });
  fuzz::refusing([&] {
    const Large large = decode_large(bytes);
    fuzz::must(decode_large(encode(large)) == large, "where something large lies is written as it was read");
    fuzz::must(large.parts() == 0 || large.size_of(large.parts() - 1) <= large.part_bytes,
               "the last part is no larger");
  });
  fuzz::refusing([&] {
    const Topic topic = client::topic_of(bytes);
    fuzz::must(client::topic_of(client::topic_key(topic)) == topic, "a topic's key is written as it was read");
  });
  fuzz::refusing([&] { require_format(to_bytes(bytes), "the store"); });
  return 0;
}
