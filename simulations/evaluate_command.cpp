#include "simulations/evaluate_command.h"

#include <algorithm>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/evaluation.h"
#include "client/families/prototypical/own_pictures.h"
#include "knowledge/json_text.h"
#include "knowledge/utf8.h"
#include "simulations/output_file.h"
#include "simulations/report/confusion.h"
#include "simulations/report/figure.h"
#include "simulations/report/page.h"
#include "simulations/report/table.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kMistakesListed = 20;
constexpr double kWeakRecall = 0.5;
constexpr std::size_t kFewPictures = 3;

std::string shown(const std::string& text) {
  return utf8::printable(text, SIZE_MAX);
}

nlohmann::json number_or_null(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

void print_line(const nlohmann::json& json) {
  std::cout << json_text(json, 2) << '\n';
}

std::optional<double> f1_of(const ConfusionMatrix& counts, std::size_t k) {
  const auto recall = counts.recall(k), precision = counts.precision(k);
  if (!recall || !precision || *recall + *precision <= 0) return std::nullopt;
  return 2 * *recall * *precision / (*recall + *precision);
}

nlohmann::json as_json(const client::Evaluation& evaluation) {
  nlohmann::json classes = nlohmann::json::object(), mistakes = nlohmann::json::array();
  for (std::size_t k = 0; k < evaluation.classes.size(); ++k)
    classes[evaluation.classes[k]] = {{"pictures", evaluation.counts.occurrences(k)},
                                      {"recall", number_or_null(evaluation.counts.recall(k))},
                                      {"precision", number_or_null(evaluation.counts.precision(k))},
                                      {"f1", number_or_null(f1_of(evaluation.counts, k))}};
  for (const auto& mistake : evaluation.mistakes)
    mistakes.push_back(
        {{"image", shown(mistake.picture.string())}, {"class", mistake.truth}, {"taken_for", mistake.taken_for}});
  return {
      {"accuracy", number_or_null(evaluation.counts.accuracy())},
      {"balanced_accuracy", number_or_null(evaluation.counts.balanced_accuracy())},
      {"pictures", evaluation.counts.total()},
      {"classes", std::move(classes)},
      {"confusion", as_json(Confusion{evaluation.classes, evaluation.counts})},
      {"mistakes", std::move(mistakes)},
      {"untaught", evaluation.untaught},
      {"unlike_anything", evaluation.unlike ? nlohmann::json({{"of_known_classes", evaluation.unlike->of_known},
                                                              {"of_untaught_classes", evaluation.unlike->of_untaught}})
                                            : nlohmann::json()},
      {"unusable", evaluation.unusable},
      {"unusable_folders", evaluation.unusable_folders}};
}

Table class_table(const client::Evaluation& evaluation) {
  Table table({"class", "pictures", "recall", "precision", "F1", "taken most for"});
  for (std::size_t k = 0; k < evaluation.classes.size(); ++k) {
    const ConfusionMatrix& counts = evaluation.counts;
    if (counts.occurrences(k) == 0 && counts.predictions(k) == 0) continue;
    std::size_t worst = k;
    for (std::size_t other = 0; other < evaluation.classes.size(); ++other)
      if (other != k && counts.at(k, other) > (worst == k ? 0 : counts.at(k, worst))) worst = other;
    table.row({shown(evaluation.classes[k]), std::to_string(counts.occurrences(k)), share_text(counts.recall(k)),
               share_text(counts.precision(k)), share_text(f1_of(counts, k)),
               worst == k ? "" : fmt::format("{} ({})", shown(evaluation.classes[worst]), counts.at(k, worst))});
  }
  return table;
}

std::string headline(const client::Evaluation& evaluation) {
  return fmt::format("{} of {} pictures recognised: accuracy {}, mean recall of the classes {}",
                     evaluation.counts.total() - evaluation.mistakes.size(), evaluation.counts.total(),
                     share_text(evaluation.counts.accuracy()), share_text(evaluation.counts.balanced_accuracy()));
}

std::vector<std::string> left_out(const client::Evaluation& evaluation) {
  std::vector<std::string> lines;
  for (const auto& [name, pictures] : evaluation.untaught)
    lines.push_back(fmt::format("not taught, so not counted: {} pictures of {}", pictures, utf8::quoted(name)));
  if (evaluation.unlike)
    lines.push_back(fmt::format("unlike any class: {} pictures of the classes that are known, and {} of others",
                                evaluation.unlike->of_known, evaluation.unlike->of_untaught));
  if (evaluation.unusable > 0) lines.push_back(fmt::format("not readable: {} pictures", evaluation.unusable));
  if (evaluation.unusable_folders > 0)
    lines.push_back(fmt::format("left out: {} entries of the folder that are no class's", evaluation.unusable_folders));
  return lines;
}

Page page_of(const client::Evaluation& evaluation, const EvaluateOptions& options) {
  Page page;
  page.title = "How well pictures are told apart";
  page.lead = headline(evaluation) + ".";
  page.figures = {{"accuracy", share_text(evaluation.counts.accuracy())},
                  {"mean recall", share_text(evaluation.counts.balanced_accuracy())},
                  {"pictures", std::to_string(evaluation.counts.total())}};
  page.sections.push_back(confusion_section(Confusion{evaluation.classes, evaluation.counts}));
  Table mistakes({"picture", "class", "taken for"});
  for (const auto& mistake : evaluation.mistakes)
    mistakes.row({shown(mistake.picture.string()), mistake.truth, mistake.taken_for});
  Section& section = page.section("Mistakes");
  for (const std::string& line : left_out(evaluation)) section.add(Paragraph{line});
  section.add(PageTable{"Each picture that was taken for another class", std::move(mistakes)});
  page.facts = {{"pictures", shown(options.pictures.string())}, {"state", shown(options.state)}};
  return page;
}

void print(const client::Evaluation& evaluation) {
  std::cout << headline(evaluation) << "\n\n" << class_table(evaluation);
  for (const std::string& line : left_out(evaluation)) std::cout << line << '\n';
  for (std::size_t i = 0; i < std::min(kMistakesListed, evaluation.mistakes.size()); ++i) {
    const auto& mistake = evaluation.mistakes[i];
    std::cout << fmt::format("{}{}: {}, not {}\n", i == 0 ? "\n" : "", shown(mistake.picture.string()),
                             shown(mistake.taken_for), shown(mistake.truth));
  }
  if (evaluation.mistakes.size() > kMistakesListed)
    std::cout << fmt::format("and {} more: --json or --page lists them\n",
                             evaluation.mistakes.size() - kMistakesListed);
}

std::string weakness_of(const client::OwnPictures::Class& one) {
  if (one.pictures < kFewPictures) return fmt::format("fewer than {} pictures", kFewPictures);
  if (!one.recall || *one.recall < kWeakRecall) return "its pictures resemble other classes";
  return "";
}

nlohmann::json as_json(const client::OwnPictures& own) {
  nlohmann::json classes = nlohmann::json::object(), suspicions = nlohmann::json::array();
  for (const auto& one : own.classes)
    classes[one.name] = {{"pictures", one.pictures},
                         {"recall", number_or_null(one.recall)},
                         {"weak", weakness_of(one).empty() ? nlohmann::json() : nlohmann::json(weakness_of(one))}};
  for (const auto& one : own.suspicions)
    suspicions.push_back({{"image", shown(one.picture.string())},
                          {"class", one.label},
                          {"resembles", one.resembles},
                          {"doubt", one.doubt}});
  return {{"classes", std::move(classes)},
          {"mislabelled", std::move(suspicions)},
          {"less_certain", own.less_certain},
          {"unusable", own.unusable},
          {"unusable_folders", own.unusable_folders}};
}

Table class_table(const client::OwnPictures& own) {
  Table table({"class", "pictures", "recall without itself", "weak"});
  for (const auto& one : own.classes)
    table.row({shown(one.name), std::to_string(one.pictures), share_text(one.recall), weakness_of(one)});
  return table;
}

Table suspicion_table(const client::OwnPictures& own) {
  Table table({"picture", "lies under", "resembles", "doubt"});
  for (const auto& one : own.suspicions)
    table.row({shown(one.picture.string()), shown(one.label), shown(one.resembles), share_text(one.doubt)});
  return table;
}

std::string less_certain_text(const client::OwnPictures& own) {
  return fmt::format("{} more resemble another class: so many that these classes cannot be told apart well enough",
                     own.less_certain);
}

Page page_of(const client::OwnPictures& own, const EvaluateOptions& options) {
  Page page;
  page.title = "What a client has learned from";
  page.lead = own.suspicions.empty() ? "No picture looks mislabelled."
                                     : fmt::format("{} pictures look mislabelled.", own.suspicions.size());
  page.section("Classes").add(PageTable{"Each picture is judged by the others", class_table(own)});
  Section& section = page.section("Pictures that look mislabelled");
  section.add(PageTable{"The most certain first; move them to the right folder, or delete them", suspicion_table(own)});
  if (own.less_certain > 0) section.add(Paragraph{less_certain_text(own)});
  page.facts = {{"pictures", shown(options.pictures.string())}, {"state", shown(options.state)}};
  return page;
}

void print(const client::OwnPictures& own) {
  std::cout << class_table(own) << '\n';
  if (own.suspicions.empty()) {
    std::cout << "no picture looks mislabelled\n";
  } else {
    std::cout << fmt::format("{} pictures look mislabelled, the most certain first:\n\n", own.suspicions.size())
              << suspicion_table(own);
  }
  if (own.less_certain > 0) std::cout << less_certain_text(own) << '\n';
}

template <typename Result>
int show(const Result& result, const EvaluateOptions& options) {
  if (!options.page.empty()) save_html(page_of(result, options), options.page);
  if (options.json)
    print_line(as_json(result));
  else
    print(result);
  return result.unusable == 0 && result.unusable_folders == 0 ? 0 : 1;
}

}  // namespace

void add_options(CLI::App& app, EvaluateOptions& options) {
  app.add_option("pictures", options.pictures, "A folder with pictures, one folder for each class")->required();
  app.add_option("--state", options.state, "A client's state directory; the client may be running")->required();
  for (const auto& family : *options.families) family->add_predictor_options(app);
  app.add_flag("--own", options.own,
               "The pictures are those that the client learns from: tell which look mislabelled and which classes are "
               "weak, judging each picture by the others");
  app.add_option("--page", options.page, "Also write a page to look at to this file");
  add_replace_option(app, options.replace);
  app.add_flag("--json", options.json, "For programs");
}

int run_evaluate(const EvaluateOptions& options) {
  if (!options.page.empty()) require_output(options.page, options.replace);
  const auto store = open_store_read_only(options.state);
  const auto complain = [](const std::string& sentence) { std::cerr << "outrider: " << sentence << '\n'; };
  if (options.own) return show(client::review_own_pictures(*store, options.pictures, complain), options);
  const auto predictor = client::open_predictor(*options.families, *store, options.state);
  return show(client::evaluate(*predictor, options.pictures, complain), options);
}

}  // namespace outrider::simulations
