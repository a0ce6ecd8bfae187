#include "simulations/virtual_fleet/embedded_data.h"

#include <algorithm>
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/families/prototypical/prototype_learner.h"
#include "knowledge/error.h"
#include "knowledge/temporary_directory.h"
#include "learners/data/image.h"
#include "learners/prototypical/class_memory.h"
#include "learners/prototypical/merge.h"
#include "simulations/test_studies.h"
#include "storage/memory_store.h"

namespace outrider::simulations {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

constexpr std::size_t kClassesThere = 6;
constexpr std::size_t kTrainOfEach = 8;
constexpr std::size_t kTestsOfEach = 5;

// As a client learns them from files: the state of each class.
std::map<std::string, ClassState> learned_by_a_client(const Dataset& pictures, const Bytes& encoder,
                                                      const std::filesystem::path& folder) {
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const std::filesystem::path of_class = folder / pictures.classes[pictures.labels[i]];
    std::filesystem::create_directories(of_class);
    save_png(of_class / (std::to_string(i) + ".png"), pictures.shape, pictures.image(i));
  }
  MemoryStore store;
  WriteSet writes;
  const Digest id = Digest::of(encoder);
  writes.put(Column::blobs, {id.bytes.begin(), id.bytes.end()}, encoder);
  store.commit(writes);
  client::PrototypeLearner learner(folder, store, 1);
  learner.use(id);
  std::map<std::string, ClassState> learned;
  learner.learn([&](const client::Lesson& lesson,
                    const std::string&) { learned[lesson.topic.subject] = ClassMemory::decode(lesson.memory).state(); },
                [](const std::string& sentence) { ADD_FAILURE() << sentence; }, {});
  return learned;
}

class EmbeddedFederation : public testing::Test {
 protected:
  EmbeddedFederation() {
    save_as_mnist(bright_places(kClassesThere, kTrainOfEach, 0), directory_.path(), "train");
    save_as_mnist(bright_places(kClassesThere, kTestsOfEach, 1), directory_.path(), "t10k");
    federation_.data = {"mnist", directory_.path()};
    federation_.pretraining.architecture = "lenet-300-100";
    federation_.pretraining.input = {1, 10, 10};  // the pictures are smaller
    federation_.pretraining.mean = 0.4F;
    federation_.pretraining.deviation = 0.2F;
    federation_.pretraining.classes = {"4", "1"};
    federation_.pretraining.way = 2;
    federation_.pretraining.shots = 2;
    federation_.pretraining.queries = 2;
    federation_.pretraining.episodes = 2;
    federation_.pretraining.threads = 1;
  }

  EmbeddedData embed(std::uint64_t seed = 1) {
    std::ostringstream nowhere;
    ProgressDisplay display(nowhere, false);
    return embed_federation(federation_, seed, display);
  }

  TemporaryDirectory directory_;
  Federation federation_;
};

TEST_F(EmbeddedFederation, HasTheBitsThatAClientGetsForThePictures) {
  const EmbeddedData data = embed();
  const Dataset pictures = select_pictures(federation_, 1).train;
  const auto learned = learned_by_a_client(pictures, data.encoder, directory_.path() / "client");
  ASSERT_THAT(learned, SizeIs(4));
  std::map<std::string, ClassMemory> memories;
  for (std::size_t i = 0; i < data.train.size(); ++i) {
    EXPECT_EQ(data.train.examples[i], Digest::of(pictures.image(i)));
    const std::string& name = data.train.pictures.classes[data.train.pictures.labels[i]];
    memories.try_emplace(name, data.dimension).first->second.add(data.train.examples[i], data.train.embedding(i));
  }
  for (const auto& [name, state] : learned) EXPECT_EQ(memories.at(name).state(), state) << name;
}

TEST_F(EmbeddedFederation, TeachesClientsAllClassesButTheNamedBase) {
  const EmbeddedData data = embed();
  EXPECT_THAT(data.train.pictures.labels, SizeIs(4 * kTrainOfEach));
  EXPECT_THAT(data.train.pictures.labels, Each(::testing::AnyOf(0u, 2u, 3u, 5u)));
  EXPECT_TRUE(data.train.pictures.pixels.empty());
  EXPECT_EQ(data.train.pictures.classes, data.test.pictures.classes);
  EXPECT_EQ(data.test.size(), kClassesThere * kTestsOfEach);
  EXPECT_THAT(data.base_classes, ElementsAre(4u, 1u));
  ASSERT_THAT(data.base, SizeIs(2));
  EXPECT_EQ(data.base[0].first, "4");
  EXPECT_EQ(data.base[0].second.count, kTrainOfEach);
  EXPECT_EQ(data.dimension, 100u);
  EXPECT_EQ(data.train.dimension(), 100u);
  EXPECT_EQ(data.space, Digest::of(data.encoder));
  const auto knowledge = data.base_knowledge();
  ASSERT_THAT(knowledge, SizeIs(2));
  EXPECT_EQ(knowledge[1].kind, kPrototypeKind);
  EXPECT_EQ(knowledge[1].subject, "1");
  EXPECT_EQ(decode_class_state(knowledge[1].payload), data.base[1].second);
}

TEST_F(EmbeddedFederation, WithoutANamedBaseTeachesAllClasses) {
  federation_.pretraining.classes.clear();
  federation_.plan.test_pictures = 2;
  const EmbeddedData data = embed();
  EXPECT_EQ(data.train.size(), kClassesThere * kTrainOfEach);
  EXPECT_EQ(data.test.size(), kClassesThere * 2);
  EXPECT_TRUE(data.base.empty());
  EXPECT_TRUE(data.base_classes.empty());
}

TEST_F(EmbeddedFederation, IsTheSameForTheSameSeed) {
  const EmbeddedData first = embed(1);
  const EmbeddedData again = embed(1);
  EXPECT_EQ(again.encoder, first.encoder);
  EXPECT_EQ(again.train.embeddings, first.train.embeddings);
  EXPECT_EQ(again.test.embeddings, first.test.embeddings);
  EXPECT_EQ(again.sha256, first.sha256);
  EXPECT_NE(embed(2).encoder, first.encoder);
}

TEST_F(EmbeddedFederation, RefusesWhatTheDataDoNotHave) {
  const auto select = [&] { select_pictures(federation_, 1); };
  federation_.pretraining.classes = {"4", "hat"};
  EXPECT_THAT(select, ThrowsMessage<InputError>(HasSubstr("no class 'hat'")));
  federation_.pretraining.classes = {"4", "4"};
  EXPECT_THAT(select, ThrowsMessage<InputError>(HasSubstr("'4' is named twice")));
  federation_.pretraining.classes = {"0", "1", "2", "3", "4", "5"};
  EXPECT_THAT(select, ThrowsMessage<InputError>(HasSubstr("none is left")));
}

class GaussianFederation : public testing::Test {
 protected:
  GaussianFederation() {
    federation_.data.kind = "gaussians";
    federation_.gaussians = {.classes = 4, .dimension = 3, .examples = 402, .encoder_bytes = 1000};
  }

  EmbeddedData embed(std::uint64_t seed = 1) {
    std::ostringstream nowhere;
    ProgressDisplay display(nowhere, false);
    return embed_federation(federation_, seed, display);
  }

  Federation federation_;
};

TEST_F(GaussianFederation, HasPointsOfEveryClassAndAStandInForAnEncoder) {
  const EmbeddedData data = embed();
  EXPECT_EQ(data.train.size(), 402u);
  EXPECT_EQ(data.test.size(), 100u);
  EXPECT_EQ(data.dimension, 3u);
  EXPECT_THAT(data.encoder, SizeIs(1000));
  EXPECT_EQ(data.space, Digest::of(data.encoder));
  EXPECT_TRUE(data.base.empty());
  EXPECT_EQ(data.train.pictures.labels, select_pictures(federation_, 1).train.labels);
  std::vector<Digest> examples = data.train.examples;
  examples.insert(examples.end(), data.test.examples.begin(), data.test.examples.end());
  std::ranges::sort(examples);
  EXPECT_EQ(std::ranges::adjacent_find(examples), examples.end());
}

TEST_F(GaussianFederation, HasOneCentreForEachClassInBothParts) {
  federation_.gaussians.examples = 8000;
  const EmbeddedData data = embed();
  const auto centre = [&](const EmbeddedPictures& part, std::uint32_t label) {
    ClassStateBuilder builder(data.dimension);
    for (std::size_t i = 0; i < part.size(); ++i)
      if (part.pictures.labels[i] == label) builder.add(part.embedding(i));
    EXPECT_NEAR(builder.state().deviations[0] / static_cast<double>(builder.count()), 1, 0.2);
    return builder.state().prototype();
  };
  for (std::uint32_t label = 0; label < 4; ++label) {
    const std::vector<float> learned = centre(data.train, label);
    const std::vector<float> judged = centre(data.test, label);
    for (std::size_t k = 0; k < data.dimension; ++k) EXPECT_NEAR(learned[k], judged[k], 0.25);
  }
}

TEST_F(GaussianFederation, DependsOnTheSeedAlone) {
  const EmbeddedData first = embed(1);
  EXPECT_EQ(embed(1).train.embeddings, first.train.embeddings);
  EXPECT_EQ(embed(1).sha256, first.sha256);
  EXPECT_NE(embed(2).train.embeddings, first.train.embeddings);
  EXPECT_NE(embed(2).encoder, first.encoder);
}

}  // namespace
}  // namespace outrider::simulations
