// Updates of clients that hold a part of the network.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowledge/error.h"
#include "learners/averaging/test_updates.h"
#include "learners/averaging/update_wire.h"
#include "learners/surgery/narrow.h"
#include "learners/surgery/test_networks.h"

namespace outrider::averaging {
namespace {

using testing::HasSubstr;

// Whether a place lies within the leading corner of a tensor; true for networks without concatenation.
bool in_corner(std::size_t place, const std::vector<std::int64_t>& dims, const std::vector<std::int64_t>& corner) {
  for (std::size_t d = dims.size(); d-- > 0;) {
    if (static_cast<std::int64_t>(place) % dims[d] >= corner[d]) return false;
    place /= static_cast<std::size_t>(dims[d]);
  }
  return true;
}

std::vector<Update> updates_of_widths(const nn::NetworkSpec& network, const Strategy& strategy,
                                      const std::vector<double>& widths) {
  Random random(4, "widths");
  std::vector<Update> updates;
  for (const double width : widths) {
    updates.push_back(random_update(random, static_cast<unsigned>(updates.size()), 0,
                                    surgery::narrow_network(network, width), strategy));
    updates.back().width = width;
  }
  return updates;
}

// What the holders of a weight say of it.
struct Said {
  std::vector<double> values;
  double sum = 0;
  double samples = 0;
};

Said said_of(const std::vector<Update>& updates, std::size_t tensor, const nn::TensorSpec& spec, std::size_t place) {
  Said said;
  for (const Update& update : updates) {
    const nn::Tensor& delta = update.delta.tensors[tensor];
    if (!in_corner(place, spec.dims, delta.spec.dims)) continue;
    std::size_t own = 0;  // the place in the corner
    std::size_t rest = place;
    std::size_t stride = 1;
    for (std::size_t d = spec.dims.size(); d-- > 0;) {
      own += rest % static_cast<std::size_t>(spec.dims[d]) * stride;
      rest /= static_cast<std::size_t>(spec.dims[d]);
      stride *= static_cast<std::size_t>(delta.spec.dims[d]);
    }
    const auto value = static_cast<double>(delta.values[own]);
    said.values.push_back(value);
    said.sum += static_cast<double>(update.samples) * value;
    said.samples += static_cast<double>(update.samples);
  }
  std::ranges::sort(said.values);
  return said;
}

TEST(NarrowUpdates, CountForTheWeightsThatTheyHold) {
  for (const char* text : {surgery::kTestNetworks[0], surgery::kTestNetworks[1]})
    for (const char* strategy_text : {"fedavg rate 0.5", "median", "fedbn"}) {
      const auto network = nn::parse_network(text);
      const Strategy strategy = parse_strategy(strategy_text);
      const auto state = ServerState::initial(network, strategy, surgery::random_weights(network, 1));
      const auto updates = updates_of_widths(network, strategy, {0.75, 0.25, 0.5, 0.25});
      const auto next = apply_round(network, strategy, state, updates);
      std::size_t unheld = 0;
      const auto tensors = shared_tensors(network, strategy);
      for (std::size_t t = 0; t < tensors.size(); ++t)
        for (std::size_t i = 0; i < tensors[t].size(); ++i) {
          const float before = state.weights.at(tensors[t].name).values[i];
          const float after = next.weights.at(tensors[t].name).values[i];
          const Said said = said_of(updates, t, tensors[t], i);
          const std::size_t n = said.values.size();
          double expected = 0;
          if (n > 0)
            expected = std::holds_alternative<Median>(strategy.combination)
                           ? (said.values[(n - 1) / 2] + said.values[n / 2]) / 2
                           : said.sum / said.samples;
          if (n == 0) {
            ++unheld;
            EXPECT_EQ(after, before);
          }
          const double rate = tensors[t].trainable() ? strategy.rate : 1;
          ASSERT_NEAR(after, before + rate * expected, 1e-6) << tensors[t].name << " " << i;
        }
      EXPECT_GT(unheld, 10U);
    }
}

TEST(NarrowUpdates, GiveTheSameBitsInAnyOrderAndForAnyThreads) {
  const auto network = nn::parse_network(surgery::kTestNetworks[2]);
  const Strategy strategy = parse_strategy("fedadam; clip 1");
  const auto state = ServerState::initial(network, strategy, surgery::random_weights(network, 1));
  auto updates = updates_of_widths(network, strategy, {0.75, 0.25, 1, 0.25});
  const auto expected = apply_round(network, strategy, state, updates);
  std::ranges::reverse(updates);
  EXPECT_EQ(apply_round(network, strategy, state, updates, {.threads = 3}), expected);
}

TEST(NarrowUpdates, TravelWithTheirWidth) {
  const auto network = nn::parse_network(surgery::kTestNetworks[1]);
  const auto updates = updates_of_widths(network, Strategy{}, {0.75, 0.1, 1});
  for (const Update& update : updates)
    EXPECT_EQ(decode_update(encode_update(update, Encoding::kFloat32), update.client, network, Strategy{}), update);
  const auto error = [&](double width, const char* strategy = "fedavg") {
    Update update = updates[0];
    update.width = width;
    return objection_of([&] {
             decode_update(encode_update(update, Encoding::kFloat16), update.client, network, parse_strategy(strategy));
           })
        .value_or("no error");
  };
  EXPECT_THAT(error(0), HasSubstr("is of width 0; expected more than 0 and at most 1"));
  EXPECT_THAT(error(std::nan("")), HasSubstr("is of width nan"));
  EXPECT_THAT(error(2), HasSubstr("is of width 2"));
  EXPECT_THAT(error(0.25), HasSubstr("0.weight comes in"));
  EXPECT_THAT(error(0.75, "krum 1"), HasSubstr("krum compares and scaffold corrects whole networks only"));
}

}  // namespace
}  // namespace outrider::averaging
