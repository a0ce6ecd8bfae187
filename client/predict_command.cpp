#include "client/predict_command.h"

#include <algorithm>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/pictures/picture_files.h"
#include "knowledge/checked_option.h"
#include "knowledge/error.h"
#include "knowledge/json_text.h"
#include "knowledge/utf8.h"

namespace outrider::client {
namespace {

nlohmann::json ranked(const Ranking& ranking, std::string_view measure, std::size_t most) {
  nlohmann::json list = nlohmann::json::array();
  for (std::size_t i = 0; i < std::min(most, ranking.classes.size()); ++i)
    list.push_back({{"class", ranking.classes[i].name}, {std::string(measure), ranking.classes[i].score}});
  return list;
}

void print_json(const std::string& image, const Ranking& ranking, std::string_view measure, std::size_t top) {
  const std::string key(measure);
  nlohmann::json line{{"image", image}, {"class", ranking.classes[0].name}, {key, ranking.classes[0].score}};
  if (ranking.classes.size() > 1) {
    line["runner_up"] = ranking.classes[1].name;
    line["runner_up_" + key] = ranking.classes[1].score;
  }
  if (ranking.strangeness) {
    line["strangeness"] = *ranking.strangeness;
    line["unlike_anything"] = ranking.is_unlike_all();
  }
  if (!ranking.task.empty()) line["task"] = ranking.task;
  if (top > 0) line["top"] = ranked(ranking, measure, top);
  std::cout << json_text(line) << '\n';
}

std::string score_text(double score, std::string_view measure) {
  return measure == "distance" ? fmt::format("{:.4g}", score) : fmt::format("{:.3f}", score);
}

void print_text(const std::string& image, const Ranking& ranking, std::string_view measure, std::size_t top) {
  const auto shown = [](const std::string& text) { return utf8::printable(text, SIZE_MAX); };
  std::string line =
      fmt::format("{}: {}{}  {} {}", shown(image), ranking.is_unlike_all() ? "unlike any class, nearest " : "",
                  shown(ranking.classes[0].name), measure, score_text(ranking.classes[0].score, measure));
  if (ranking.classes.size() < 2) line += "  (no other class is known)";
  for (std::size_t i = 1; i < std::min(std::max<std::size_t>(top, 2), ranking.classes.size()); ++i)
    line += fmt::format("  {}{} {}", i == 1 && top < 2 ? "runner-up " : "", shown(ranking.classes[i].name),
                        score_text(ranking.classes[i].score, measure));
  if (!ranking.task.empty()) line += "  task " + shown(ranking.task);
  std::cout << line << '\n';
}

}  // namespace

void add_options(CLI::App& app, PredictOptions& options) {
  app.add_option("images", options.images, "Pictures (PNG, JPEG) of any size, or folders of them")->required();
  app.add_option("--state", options.state, "A client's state directory; the client may be running")->required();
  for (const auto& family : *options.families) family->add_predictor_options(app);
  app.add_option("--top", options.top, "Name so many classes, the likeliest first (default: two)")
      ->check(whole_number(1, 1'000'000));
  app.add_flag("--json", options.json, "For programs: one object a line");
}

// What is wrong with one picture does not keep the others from being answered.
int run_predict(const PredictOptions& options) {
  const auto store = open_store_read_only(options.state);
  const auto predictor = open_predictor(*options.families, *store, options.state);
  bool all_good = true;
  const auto attempt = [&](auto&& action) {
    const auto complaint = objection_of(action);
    if (!complaint) return;
    std::cerr << "outrider: " << *complaint << '\n';
    all_good = false;
  };
  for (const std::string& named : options.images)
    attempt([&] {
      for (const std::filesystem::path& file : picture_files(named))
        attempt([&] {
          const Ranking ranking = predictor->rank(load_image(file));
          const auto print = options.json ? print_json : print_text;
          print(file.string(), ranking, predictor->measure(), options.top);
        });
    });
  return all_good ? 0 : 1;
}

}  // namespace outrider::client
