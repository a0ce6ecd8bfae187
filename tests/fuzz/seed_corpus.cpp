// Writes what fuzzing begins from, one folder a target: seed_corpus DIRECTORY. Small, valid inputs of every kind.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "aggregator/core/decision.h"
#include "client/core/replica.h"
#include "knowledge/sealed_file.h"
#include "knowledge/whole_file.h"
#include "learners/averaging/client_memory.h"
#include "learners/averaging/round_record.h"
#include "learners/data/image.h"
#include "learners/data/test_sounds.h"
#include "learners/growing/growing_memory.h"
#include "learners/growing/growth_record.h"
#include "learners/prototypical/class_memory.h"
#include "learners/prototypical/partial_training.h"
#include "learners/prototypical/pretrained.h"
#include "learners/supermask/mask_code.h"
#include "protocol/codec.h"
#include "protocol/frame.h"
#include "simulations/kinds.h"
#include "tests/fuzz/all_families.h"

namespace outrider::fuzz {
namespace {

namespace fs = std::filesystem;

class Corpus {
 public:
  explicit Corpus(fs::path directory) : directory_(std::move(directory)) {}

  void add(const std::string& target, ByteView bytes) {
    fs::create_directories(directory_ / target);
    const fs::path file = directory_ / target / ("seed-" + std::to_string(count_++));
    std::ofstream(file, std::ios::binary) << text_of(bytes);
  }
  void add(const std::string& target, std::string_view text) { add(target, bytes_of(text)); }

 private:
  fs::path directory_;
  int count_ = 0;
};

void add_messages(Corpus& corpus) {
  const ClientId client = ClientId::from_public_key(bytes_of("client"));
  const Payload payload = all_payloads().front();
  const Contribution contribution{client, SequenceNumber{1}, Revision{2}, payload.topic, payload.bytes};
  Contribution header = contribution;
  header.payload.clear();
  const Digest digest = Digest::of(kEncoder);
  const std::vector<protocol::Body> bodies{
      protocol::Hello{"client", Revision{3}, 7, {1'000'000, 2'000'000}},
      protocol::Contribute{{contribution}},
      protocol::Offer{contribution.id(), header, 100, 1},
      protocol::PayloadPart{contribution.id(), 0, 1, {1, 2, 3}},
      protocol::Want{Revision{1}, true},
      protocol::WantBlob{digest, 0, 100},
      protocol::Heartbeat{Revision{1}, 2},
      protocol::Goodbye{},
      protocol::StatusQuery{},
      protocol::Welcome{client, Revision{1}, digest, SequenceNumber{1}, 5, 7, true},
      protocol::Held{contribution.id(), 3, 3, 8, 1, true, false},
      protocol::Accepted{{contribution.id()}, Revision{2}},
      protocol::Refused{contribution.id(), "because", true},
      protocol::Knowledge{Revision{1}, Revision{2}, {{payload.topic, payload.bytes}, {payload.topic, {}, digest, 9}}},
      protocol::BlobChunk{digest, 0, 28, kEncoder},
      protocol::Announce{client, Revision{2}, digest},
      protocol::Status{client, Revision{2}, digest, {{client, "client"}}, {{payload.topic, 1, Revision{2}}}}};
  for (const protocol::Body& body : bodies) {
    corpus.add("message", protocol::encode({client, body}));
    const protocol::Frames frames = protocol::encode_frames({client, body});
    Bytes both = to_bytes(ByteView(frames.preamble));
    both.insert(both.end(), frames.body.begin(), frames.body.end());
    corpus.add("message", both);
  }
  corpus.add("contribution", encode(contribution));
  const Large large{PartsOwner::contribution, digest, 100, 32};
  corpus.add("contribution", encode(StoredContribution{header, encode(large)}));
  const aggregator::Decision accepted{.id = contribution.id(), .accepted = contribution, .revision = Revision{1}};
  corpus.add("decision", aggregator::encode(accepted));
  aggregator::Decision in_parts = accepted;
  in_parts.accepted = header;
  in_parts.large = large;
  corpus.add("decision", aggregator::encode(in_parts));
  aggregator::Decision taken_back = in_parts;
  taken_back.large.reset();
  taken_back.taken_back = true;
  corpus.add("decision", aggregator::encode(taken_back));
  corpus.add("decision", aggregator::encode(aggregator::Decision{.id = contribution.id(), .refused = "no"}));
  corpus.add("decision", aggregator::encode(aggregator::ClientRecord{"client", SequenceNumber{1}, {}}));
  corpus.add("decision", encode(large));
  corpus.add("decision", client::topic_key(payload.topic));
}

void add_learned(Corpus& corpus) {
  const ClassState state{3, {1, 2, 0.5F}, {1, 0.25F, 1}};
  for (const Precision precision : {Precision::float32, Precision::float16, Precision::int8})
    corpus.add("class_state", encode(state, precision));
  ClassMemory memory(2);
  const std::vector<float> point{1, 2};
  memory.add(Digest::of(kEncoder), point);
  corpus.add("class_state", memory.encode());
  Random random(1);
  for (const bool values : {true, false}) {
    const TaskRecord record = random_record(random, small_base(), {.values = values, .ranks = values});
    corpus.add("task_record", record.encode());
    for (const LayerMask& layer : record.layers) corpus.add("task_record", encode_mask(layer.kept));
  }
  const averaging::LearningTask rounds = small_learning_task();
  for (const Payload& payload : all_payloads()) {
    if (payload.topic.kind == averaging::kAveragingKind) corpus.add("update", payload.bytes);
    if (payload.topic.kind == growing::kGrowingKind) corpus.add("growth", payload.bytes);
  }
  corpus.add("update", averaging::encode_state(rounds.initial_state()));
  averaging::RoundRecord record;
  record.state = rounds.initial_state();
  corpus.add("update", averaging::encode(record));
  corpus.add("update", averaging::ClientMemory{}.encode());
  const growing::GrowingTask growing = small_growing_task();
  const std::vector<growing::MixtureNetwork> parts{growing::random_mixture(growing.small, 1),
                                                   growing::random_mixture(growing.small, 2)};
  corpus.add("growth", growing::GrowingMemory{{}, {}, growing::encode_mixture(parts[0])}.encode());
  corpus.add("growth", growing::GrowthEvent{{Digest::of(kEncoder), Digest::of(bytes_of("another"))}, {}}.encode());
}

void add_definitions(Corpus& corpus, const fs::path& directory) {
  Encoder encoder;
  encoder.name = "small";
  encoder.preprocessing = {{1, 2, 2}, false, 0.5F, 0.5F};
  encoder.network = nn::parse_network("input 1x2x2; conv 2 k1; batchnorm; relu; flatten; linear 2");
  encoder.parameters = nn::Parameters::initial(encoder.network, 1);
  corpus.add("definition", encoder.encode());
  for (const Bytes& definition : all_definitions()) corpus.add("definition", definition);
  const fs::path file = directory / "encoder.outrider";
  save_pretrained({encoder.encode(), {{"bag", ClassState{3, {1, 2}, {}}}}}, file);
  std::ifstream stream(file, std::ios::binary);
  corpus.add("pretrained", std::string(std::istreambuf_iterator<char>(stream), {}));
  fs::remove(file);
  nn::OptimizerState optimizer{1, {}};
  for (const nn::Tensor& tensor : encoder.parameters.tensors)
    if (tensor.spec.trainable()) optimizer.moments.push_back({tensor.values, std::vector<float>(tensor.values.size())});
  save_partial({{{"--way", "5"}}, {1, encoder.parameters, optimizer}}, file);
  const Bytes partial = read_file(file, kMostPartialBytes);
  corpus.add("partial_training", unseal(partial, "it").content);
  fs::remove(file);
  corpus.add("network_text", encoder.network.text());
  corpus.add("network_text", "fedadam rate 0.01; fedprox 0.1; clip 5; late sqrt limit 4");
}

void add_files(Corpus& corpus) {
  for (const simulations::ExperimentKind& kind : simulations::kinds()) corpus.add("scenario", kind.example("x"));
  corpus.add("picture", encode_png({1, 2, 2}, Bytes{0, 50, 100, 255}));
  corpus.add("picture", encode_png({3, 2, 2}, Bytes{0, 50, 100, 255, 1, 2, 3, 4, 5, 6, 7, 8}));
  corpus.add("picture", wav_of({0, 100, -100, 32'767}));
  const Bytes idx{0, 28, 0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2,
                  3, 4,  5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 8, 1, 0, 0, 0, 2, 3, 4};
  corpus.add("idx", idx);
  for (const char* text : {"tcp://127.0.0.1:7701", "tcp://[::1]:*", "tcp://host:1#0123456789"})
    corpus.add("address", text);
  for (const char* text : {"64MB", "1.5 GiB", "2 GFLOPS", "bag%0A", "\xe5\xad\x97\xe2\x80\xae", "../x"})
    corpus.add("text", text);
  Bytes many(600);
  Random random(1);
  for (int i = 0; i < 20; ++i) {
    for (std::uint8_t& byte : many) byte = static_cast<std::uint8_t>(random());
    for (const char* target : {"aggregator_core", "client_core"}) corpus.add(target, many);
  }
}

}  // namespace
}  // namespace outrider::fuzz

int main(int argc, char** argv) {
  using namespace outrider::fuzz;
  if (argc != 2) {
    std::cerr << "usage: seed_corpus DIRECTORY\n";
    return 1;
  }
  const std::filesystem::path directory(argv[1]);
  std::filesystem::create_directories(directory);
  Corpus corpus(directory);
  add_messages(corpus);
  add_learned(corpus);
  add_definitions(corpus, directory);
  add_files(corpus);
  return 0;
}
