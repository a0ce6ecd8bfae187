// A whole scenario with real processes: what the clients know in the end is as good as if one machine had seen all.
#include <algorithm>
#include <sstream>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include "tests/process.h"

namespace outrider::testing {
namespace {

using nlohmann::json;

constexpr const char* kScenario = R"(
name = "small"
title = "Four clients & seven <new> classes"
seed = 1
[data]
kind = "fashion-mnist"
[pretraining]
mean = 0.286
deviation = 0.353
classes = ["t-shirt", "trouser", "bag"]
way = 3
shots = 5
queries = 5
episodes = 30
threads = 1
[mission]
clients = 4
steps = 2
shots = 10
test_pictures = 40
)";
constexpr std::size_t kClients = 4;

class Scenario : public ::testing::Test {
 protected:
  // Returns the report.
  json simulate(const std::string& output, const std::vector<std::string>& more_arguments = {}) {
    const Outcome outcome = run(arguments(output, more_arguments), std::chrono::seconds(150));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_THAT(outcome.output, ::testing::HasSubstr("upper bound"));
    return report(output);
  }
  // Stops it as soon as the encoder is trained, and returns the report of what there is.
  json simulate_until_mission(const std::string& output) {
    Process process(arguments(output));
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(path(output) / "journal" / "pre-training.json"); }));
    process.send(SIGTERM);
    const auto outcome = process.wait(std::chrono::seconds(10));
    EXPECT_TRUE(outcome && outcome->exit_code == 143) << process.errors();
    EXPECT_THAT(process.errors(), ::testing::HasSubstr("interrupted with the encoder pre-trained, "));
    return report(output);
  }
  std::vector<std::string> arguments(const std::string& output, const std::vector<std::string>& more = {}) const {
    const std::filesystem::path file = path("small.toml");
    write_text(file, kScenario);
    std::vector<std::string> all{"simulate", file.string(), "--output", path(output).string()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  json report(const std::string& output) const { return json::parse(text_of_file(path(output) / "report.json")); }
  std::filesystem::path path(const std::string& name) const { return directory.path() / name; }

  TemporaryDirectory directory;
};

std::vector<std::vector<std::string>> rows_of(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    rows.emplace_back();
    std::istringstream fields(line + ",");
    for (std::string field; std::getline(fields, field, ',');) rows.back().push_back(field);
  }
  return rows;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

void expect_merged_equals_batch(const json& report) {
  EXPECT_LE(report.at("largest_relative_difference_to_batch_prototypes").get<double>(), 1e-5);
  ASSERT_EQ(report.at("steps").size(), 3u);  // the base alone, and two steps
  for (const json& step : report.at("steps")) {
    const auto before = step.at("accuracy_before").get<std::vector<double>>();
    const auto after = step.at("accuracy_after").get<std::vector<double>>();
    ASSERT_EQ(before.size(), kClients);
    ASSERT_EQ(after.size(), kClients);
    for (std::size_t client = 0; client < kClients; ++client) {
      EXPECT_EQ(after[client], step.at("upper_bound").get<double>()) << "client " << client;
      const bool base_alone = step.at("classes") == 3;
      EXPECT_EQ(before[client] < after[client], !base_alone) << "client " << client;
    }
  }
  EXPECT_EQ(report.at("steps")[2].at("classes"), 10);
  // Ten classes by chance: 0.1. Even a hardly trained encoder does better by far.
  EXPECT_GT(report.at("steps")[2].at("upper_bound").get<double>(), 0.4);
}

void expect_clients_described(const json& report) {
  ASSERT_EQ(report.at("clients").size(), kClients);
  std::size_t classes = 0;
  const auto dimension = report.at("encoder").at("dimension").get<double>();
  for (const json& client : report.at("clients")) {
    classes += client.at("classes").get<std::size_t>();
    EXPECT_GE(client.at("payload_bytes_per_class").get<double>(), 4 * dimension);
    EXPECT_GT(client.at("wire_bytes_per_class").get<double>(), client.at("payload_bytes_per_class").get<double>());
    EXPECT_GT(client.at("seconds_per_class").get<double>(), 0);
  }
  EXPECT_EQ(classes, 7u);
}

void expect_table_repeats(const json& report, const std::string& csv) {
  const auto rows = rows_of(csv);
  ASSERT_EQ(rows.size(), 1 + report.at("steps").size());
  const auto column = [&](const char* name) {
    const auto found = std::ranges::find(rows[0], name);
    EXPECT_NE(found, rows[0].end()) << name;
    return static_cast<std::size_t>(found - rows[0].begin());
  };
  for (std::size_t step = 0; step < report.at("steps").size(); ++step) {
    const json& expected = report.at("steps")[step];
    const auto& row = rows[step + 1];
    ASSERT_EQ(row.size(), rows[0].size());
    EXPECT_EQ(row[column("classes")], std::to_string(expected.at("classes").get<int>()));
    EXPECT_DOUBLE_EQ(std::stod(row[column("accuracy_before")]),
                     mean(expected.at("accuracy_before").get<std::vector<double>>()));
    EXPECT_DOUBLE_EQ(std::stod(row[column("accuracy_after")]),
                     mean(expected.at("accuracy_after").get<std::vector<double>>()));
    EXPECT_DOUBLE_EQ(std::stod(row[column("upper_bound")]), expected.at("upper_bound").get<double>());
  }
}

void expect_chart(const std::string& svg) {
  std::istringstream stream(svg);
  boost::property_tree::ptree tree;
  ASSERT_NO_THROW(boost::property_tree::read_xml(stream, tree)) << "no XML";
  EXPECT_EQ(tree.get<std::string>("svg.<xmlattr>.xmlns"), "http://www.w3.org/2000/svg");
  EXPECT_THAT(svg, ::testing::HasSubstr("Four clients &amp; seven &lt;new&gt; classes"));
}

// All four clients judged 40 pictures of each class, and were right as often as their accuracies say.
void expect_confusion(const json& report) {
  ASSERT_EQ(report.at("confusion").size(), 10u);
  std::size_t right = 0;
  for (const auto& [truth, predictions] : report.at("confusion").items()) {
    std::size_t judged = 0;
    for (const auto& [predicted, times] : predictions.items()) judged += times.get<std::size_t>();
    EXPECT_EQ(judged, kClients * 40) << truth;
    right += predictions.value(truth, std::size_t{0});
  }
  EXPECT_NEAR(static_cast<double>(right) / (kClients * 400), report.at("figures")[0].at("mean").get<double>(), 1e-12);
}

TEST_F(Scenario, GivesEveryClientTheAccuracyOfTheBatchUpperBoundAndReportsIt) {
  const json report = simulate("run");
  expect_merged_equals_batch(report);
  expect_clients_described(report);
  expect_table_repeats(report, text_of_file(path("run") / "accuracy.csv"));
  expect_chart(text_of_file(path("run") / "accuracy.svg"));
  expect_confusion(report);
  EXPECT_EQ(report.at("kind"), "mission");
  EXPECT_THAT(text_of_file(path("run") / "report.html"),
              ::testing::HasSubstr("<h1>Four clients &amp; seven &lt;new&gt; classes</h1>"));
}

// What must not differ between runs: everything but times, and what times have to do with.
json lasting_part(const json& report) {
  json part{{"encoder", report.at("encoder")}, {"data", report.at("data")}};
  for (const json& step : report.at("steps"))
    part["steps"].push_back({step.at("accuracy_before"), step.at("accuracy_after"), step.at("upper_bound")});
  for (const json& client : report.at("clients"))
    part["clients"].push_back({client.at("name"), client.at("classes"), client.at("accuracy_before"),
                               client.at("accuracy_after"), client.at("payload_bytes_per_class")});
  return part;
}

TEST_F(Scenario, GivesTheSameWithTheSameSeedThoughInterruptedAndSomethingElseWithAnother) {
  const json first = simulate("first");
  const json partial = simulate_until_mission("again");
  EXPECT_EQ(partial.at("encoder"), first.at("encoder"));
  EXPECT_EQ(partial.at("complete"), false);
  EXPECT_GE(partial.at("missing").size(), 1u);
  const json again = simulate("again", {"--resume"});
  EXPECT_EQ(again.at("complete"), true);
  EXPECT_EQ(again.at("pretraining_seconds"), partial.at("pretraining_seconds")) << "it is kept";
  EXPECT_EQ(lasting_part(first), lasting_part(again));
  const json other = simulate("other", {"--seed", "2"});
  EXPECT_NE(other.at("encoder").at("id"), first.at("encoder").at("id"));
  expect_merged_equals_batch(other);
}

}  // namespace
}  // namespace outrider::testing
