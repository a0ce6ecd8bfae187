#include "learners/prototypical/merge.h"

#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/exact_class_sum.h"
#include "learners/random.h"

namespace outrider {
namespace {

constexpr std::size_t kDimension = 7;
const Digest kSpace = Digest::of(bytes_of("encoder"));

// A definition says its dimension in its first byte.
std::size_t first_byte(ByteView definition) {
  if (definition.empty()) throw InputError("the encoder is empty");
  return definition[0];
}

std::unique_ptr<Merge> make_merge() {
  auto merge = PrototypicalFamily(first_byte).make_merge();
  EXPECT_EQ(merge->open_space(kSpace, Bytes{kDimension}), std::nullopt);
  return merge;
}

ClientId client(unsigned index) {
  ClientId id;
  id.bytes[0] = static_cast<std::uint8_t>(index);
  return id;
}

Topic topic(unsigned index) {
  return {std::string(kPrototypeKind), kSpace, "class " + std::to_string(index)};
}

// States of very different size, so that floating point sums would depend on their order.
ClassState random_state(Random& random, bool deviations = true) {
  ClassState state{1 + random.below(1000), std::vector<float>(kDimension), {}};
  const float magnitude = std::ldexp(1.0f, static_cast<int>(random.below(40)) - 20);
  for (float& component : state.sum) component = magnitude * random.normal();
  if (!deviations) return state;
  state.deviations.resize(kDimension);
  for (float& deviation : state.deviations) deviation = magnitude * random.uniform();
  return state;
}

Contribution contribution(unsigned who, unsigned what, const ClassState& state,
                          Precision precision = Precision::float32) {
  Contribution result;
  result.client = client(who);
  result.sequence = SequenceNumber{1};
  result.topic = topic(what);
  result.payload = encode(state, precision);
  return result;
}

ClassState merged_state(const Merge& merge, unsigned what) {
  return decode_class_state(merge.merged(topic(what)), kMergedLimits);
}

// Chan, Golub and LeVeque's pairwise formula in double precision.
struct Moments {
  double count = 0, mean = 0, deviations = 0;

  void merge(const Moments& other) {
    const double total = count + other.count;
    const double difference = other.mean - mean;
    deviations += other.deviations + count * other.count / total * difference * difference;
    mean += difference * other.count / total;
    count = total;
  }
};

TEST(PrototypicalMerge, EqualsChansFormulaAndTheSumInDoublePrecision) {
  Random random(1, "test");
  const auto merge = make_merge();
  std::vector<Moments> moments(kDimension);
  std::vector<double> sums(kDimension);
  std::uint64_t count = 0;
  for (unsigned i = 0; i < 50; ++i) {
    ClassStateBuilder builder(kDimension);
    std::vector<float> embeddings(kDimension * (1 + random.below(20)));
    for (float& value : embeddings) value = random.normal() + static_cast<float>(i % 5);
    builder.add(embeddings);
    const ClassState state = builder.state();
    merge->put(contribution(i, 0, state));
    count += state.count;
    for (std::size_t j = 0; j < kDimension; ++j) {
      const double n = static_cast<double>(state.count);
      sums[j] += static_cast<double>(state.sum[j]);
      moments[j].merge({n, static_cast<double>(state.sum[j]) / n, static_cast<double>(state.deviations[j])});
    }
  }
  const ClassState merged = merged_state(*merge, 0);
  EXPECT_EQ(merged.count, count);
  for (std::size_t j = 0; j < kDimension; ++j) {
    EXPECT_FLOAT_EQ(merged.sum[j], static_cast<float>(sums[j]));
    EXPECT_FLOAT_EQ(merged.deviations[j], static_cast<float>(moments[j].deviations));
  }
}

TEST(PrototypicalMerge, EqualsOneLearnerThatSawEverything) {
  Random random(2, "test");
  const auto merge = make_merge();
  ClassStateBuilder whole(kDimension);
  for (unsigned i = 0; i < 10; ++i) {
    std::vector<float> embeddings(kDimension * 8);
    for (float& value : embeddings) value = random.normal();
    whole.add(embeddings);
    ClassStateBuilder part(kDimension);
    part.add(embeddings);
    merge->put(contribution(i, 0, part.state()));
  }
  const ClassState merged = merged_state(*merge, 0);
  for (std::size_t j = 0; j < kDimension; ++j) {
    EXPECT_NEAR(merged.sum[j], whole.state().sum[j], 1e-5);
    EXPECT_NEAR(merged.deviations[j], whole.state().deviations[j], 1e-4);
  }
}

TEST(PrototypicalMerge, OneContributorIsReturnedUnchanged) {
  const auto merge = make_merge();
  ClassState state{3, {1, 2.5f, -3, 1e6f, 0.1f, 0, 1e-6f}, {0, 1e-5f, 2, 1e7f, 0.3f, 0, 1e-7f}};
  merge->put(contribution(1, 0, state));
  EXPECT_EQ(merged_state(*merge, 0), state);
}

TEST(PrototypicalMerge, IsExactWhereFloatingPointIsNot) {
  const auto merge = make_merge();
  const ClassState small{1, std::vector<float>(kDimension, 0x1p-40f), {}};
  const ClassState large{1, std::vector<float>(kDimension, 0x1p40f), {}};
  const ClassState opposite{1, std::vector<float>(kDimension, -0x1p40f), {}};
  merge->put(contribution(1, 0, large));
  merge->put(contribution(2, 0, small));
  merge->put(contribution(3, 0, opposite));
  EXPECT_EQ(merged_state(*merge, 0).sum, small.sum);
}

TEST(PrototypicalMerge, SurvivesTheLargestStatesThatAreAccepted) {
  const auto merge = make_merge();
  const ClassState large{kContributedLimits.count, std::vector<float>(kDimension, 0x1p40f),
                         std::vector<float>(kDimension, 0x1p51f)};
  for (unsigned i = 0; i < 200; ++i) merge->put(contribution(i, 0, large));
  const ClassState merged = merged_state(*merge, 0);
  EXPECT_EQ(merged.count, 200 * large.count);
  EXPECT_EQ(merged.sum[0], 200 * 0x1p40f);
  EXPECT_EQ(merged.deviations[0], 200 * 0x1p51f);
}

TEST(PrototypicalMerge, KeepsDeviationsOnlyIfEveryContributorDoes) {
  Random random(3, "test");
  const auto merge = make_merge();
  merge->put(contribution(1, 0, random_state(random)));
  const Bytes with = merge->merged(topic(0));
  merge->put(contribution(2, 0, random_state(random, false)));
  EXPECT_FALSE(merged_state(*merge, 0).keeps_deviations());
  merge->erase(client(2), topic(0));
  EXPECT_EQ(merge->merged(topic(0)), with);
  EXPECT_TRUE(merged_state(*merge, 0).keeps_deviations());
}

TEST(PrototypicalMerge, ClassWithoutSpreadStaysWithoutSpread) {
  const auto merge = make_merge();
  for (unsigned i = 0; i < 30; ++i)
    merge->put(contribution(i, 0, {1, std::vector<float>(kDimension, 0.1f), std::vector<float>(kDimension)}));
  for (const float deviation : merged_state(*merge, 0).deviations) {
    EXPECT_GE(deviation, 0);
    EXPECT_LE(deviation, 1e-12);
  }
}

// A world of clients and classes with what every client said last, which is what the merge must depend on alone.
using Said = std::map<std::pair<unsigned, unsigned>, Contribution>;

std::map<Topic, Bytes> merged_of(const Merge& merge, unsigned classes) {
  std::map<Topic, Bytes> result;
  for (unsigned what = 0; what < classes; ++what) result[topic(what)] = merge.merged(topic(what));
  return result;
}

std::map<Topic, Bytes> merged_afresh(const Said& said, unsigned classes, Random& random) {
  std::vector<const Contribution*> order;
  for (const auto& [key, value] : said) order.push_back(&value);
  random.shuffle(std::span(order));
  const auto merge = make_merge();
  for (const Contribution* value : order) merge->put(*value);
  return merged_of(*merge, classes);
}

TEST(PrototypicalMerge, DependsOnTheSetOfContributionsAlone) {
  constexpr unsigned kClients = 12, kClasses = 3;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed, "test");
    const auto merge = make_merge();
    Said said;
    for (int step = 0; step < 300; ++step) {
      const std::pair key{random.below(kClients), random.below(kClasses)};
      if (random.below(3) == 0) {
        merge->erase(client(key.first), topic(key.second));
        said.erase(key);
      } else {
        const auto precision = static_cast<Precision>(random.below(3));
        const auto fresh = contribution(key.first, key.second, random_state(random, random.below(8) != 0), precision);
        for (unsigned repeats = 1 + random.below(2); repeats > 0; --repeats) merge->put(fresh);
        said[key] = fresh;
      }
      if (step % 30 == 29) {
        ASSERT_EQ(merged_of(*merge, kClasses), merged_afresh(said, kClasses, random)) << seed << " " << step;
      }
    }
  }
}

TEST(PrototypicalMerge, ErasingGivesTheVeryBytesFromBefore) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed, "test");
    const auto merge = make_merge();
    std::vector<Bytes> history;
    for (unsigned i = 0; i < 20; ++i) {
      history.push_back(merge->merged(topic(0)));
      merge->put(contribution(i, 0, random_state(random)));
    }
    for (unsigned i = 20; i-- > 0;) {
      merge->erase(client(i), topic(0));
      ASSERT_EQ(merge->merged(topic(0)), history[i]);
    }
    EXPECT_TRUE(history[0].empty());
  }
}

TEST(PrototypicalMerge, ErasingTheUnknownChangesNothing) {
  Random random(4, "test");
  const auto merge = make_merge();
  merge->put(contribution(1, 0, random_state(random)));
  const Bytes before = merge->merged(topic(0));
  merge->erase(client(2), topic(0));
  merge->erase(client(1), topic(1));
  EXPECT_EQ(merge->merged(topic(0)), before);
  EXPECT_TRUE(merge->merged(topic(1)).empty());
}

// By a number that follows from its id only for the aggregator.
TEST(PrototypicalMerge, TellsNobodyWhoTeachesAlone) {
  Random random(6, "test");
  const ClassState state = random_state(random);
  const auto told = [&](const Digest& secret) {
    AdmissionRules rules;
    rules.pseudonyms = secret;
    const auto merge = PrototypicalFamily([](ByteView) { return kDimension; }, rules).make_merge();
    EXPECT_EQ(merge->open_space(kSpace, {}), std::nullopt);
    merge->put(contribution(1, 0, state));
    return std::pair(decode_class_state(merge->merged(topic(0)), kMergedLimits).sole_teacher, merge->rules());
  };
  const auto ours = told(Digest::of(bytes_of("ours")));
  EXPECT_NE(ours.first, 0U);
  EXPECT_EQ(ours, told(Digest::of(bytes_of("ours"))));
  const auto theirs = told(Digest::of(bytes_of("theirs")));
  EXPECT_NE(ours.first, theirs.first);
  EXPECT_NE(ours.first, told({}).first);
  EXPECT_NE(ours.second, theirs.second) << "replicas hear of other numbers as of other rules";
}

TEST(PrototypicalMerge, TellsWhichClassesOneClientAloneTeaches) {
  Random random(6, "test");
  const auto merge = make_merge();
  const auto teacher_of = [&](unsigned label) {
    return decode_class_state(merge->merged(topic(label)), kMergedLimits).sole_teacher;
  };
  for (const unsigned label : {0U, 1U, 2U}) merge->put(contribution(1, label, random_state(random)));
  merge->put(contribution(2, 3, random_state(random)));
  EXPECT_NE(teacher_of(0), 0U);
  EXPECT_EQ(teacher_of(0), teacher_of(1));
  EXPECT_NE(teacher_of(0), teacher_of(3));
  const Bytes before = merge->merged(topic(1));
  merge->put(contribution(2, 1, random_state(random)));
  EXPECT_EQ(teacher_of(1), 0U);
  merge->erase(client(2), topic(1));
  EXPECT_EQ(merge->merged(topic(1)), before);
}

TEST(PrototypicalMerge, KeepsSpacesApart) {
  Random random(5, "test");
  const auto merge = make_merge();
  const Digest other = Digest::of(bytes_of("another encoder"));
  ASSERT_EQ(merge->open_space(other, Bytes{kDimension}), std::nullopt);
  Contribution here = contribution(1, 0, random_state(random));
  Contribution there = contribution(1, 0, random_state(random));
  there.topic.space = other;
  merge->put(here);
  merge->put(there);
  for (const Contribution& said : {here, there})
    EXPECT_EQ(decode_class_state(merge->merged(said.topic), kMergedLimits), decode_class_state(said.payload));
}

TEST(PrototypicalMerge, OpensSpacesOnce) {
  const auto merge = PrototypicalFamily(first_byte).make_merge();
  const ClassState state{1, std::vector<float>(kDimension, 1.0f), {}};
  EXPECT_TRUE(merge->objection(contribution(1, 0, state)).has_value());
  EXPECT_EQ(merge->open_space(kSpace, {}), "the encoder is empty");
  EXPECT_TRUE(merge->open_space(kSpace, Bytes{0}).has_value());
  EXPECT_TRUE(merge->objection(contribution(1, 0, state)).has_value());
  EXPECT_EQ(merge->open_space(kSpace, Bytes{kDimension}), std::nullopt);
  EXPECT_EQ(merge->open_space(kSpace, Bytes{kDimension}), std::nullopt);
  EXPECT_EQ(merge->objection(contribution(1, 0, state)), std::nullopt);
}

TEST(PrototypicalMerge, ObjectsInOneSentence) {
  const auto merge = make_merge();
  const ClassState state{1, std::vector<float>(kDimension, 1.0f), {}};
  auto objection = [&](auto change) {
    Contribution changed = contribution(1, 0, state);
    change(changed);
    const auto reason = merge->objection(changed);
    EXPECT_TRUE(reason.has_value());
    EXPECT_THROW(merge->put(changed), InputError);
    return reason.value_or("");
  };
  EXPECT_EQ(merge->objection(contribution(1, 0, state)), std::nullopt);
  EXPECT_NE(objection([](auto& c) { c.topic.kind = "mask"; }).find("'mask'"), std::string::npos);
  objection([](auto& c) { c.topic.subject.clear(); });
  objection([](auto& c) { c.topic.subject.assign(256, 'x'); });
  objection([](auto& c) { c.topic.space.bytes[0] ^= 1; });
  objection([](auto& c) { c.payload.clear(); });
  objection([](auto& c) { c.payload.resize(c.payload.size() - 8); });
  EXPECT_NE(objection([](auto& c) { c.payload = encode({1, {1, 2}, {}}); }).find("2 dimensions"), std::string::npos);
  objection([](auto& c) { c.payload = encode({0, std::vector<float>(kDimension), {}}); });
  objection([](auto& c) {
    c.payload = encode({1, std::vector<float>(kDimension, std::numeric_limits<float>::infinity()), {}});
  });
  EXPECT_TRUE(merge->merged(topic(0)).empty());
}

TEST(PrototypicalFamily, NamesItsKind) {
  EXPECT_EQ(PrototypicalFamily(first_byte).kind(), "prototype");
}

}  // namespace
}  // namespace outrider
