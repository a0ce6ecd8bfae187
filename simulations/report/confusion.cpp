#include "simulations/report/confusion.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "simulations/report/figure.h"

namespace outrider::simulations {
namespace {

constexpr std::size_t kMostClassesMapped = 24;
constexpr std::size_t kPairsListed = 30;

std::string count_text(std::uint64_t count) {
  return grouped(static_cast<double>(count));
}

std::optional<double> share_of(const Confusion& confusion, std::size_t truth, std::size_t predicted) {
  const std::uint64_t all = confusion.counts.occurrences(truth);
  if (all == 0) return std::nullopt;
  return static_cast<double>(confusion.counts.at(truth, predicted)) / static_cast<double>(all);
}

HeatMap confusion_map(const Confusion& confusion) {
  HeatMap map;
  map.title = "Of the pictures of each class, the share taken for each, in percent";
  map.row_label = "true class";
  map.column_label = "predicted class";
  map.rows = map.columns = confusion.classes;
  map.scale = 100;
  map.unit = "%";
  for (std::size_t truth = 0; truth < confusion.classes.size(); ++truth) {
    auto& values = map.values.emplace_back();
    auto& notes = map.notes.emplace_back();
    for (std::size_t predicted = 0; predicted < confusion.classes.size(); ++predicted) {
      values.push_back(share_of(confusion, truth, predicted));
      notes.push_back(fmt::format("{} of {}", count_text(confusion.counts.at(truth, predicted)),
                                  count_text(confusion.counts.occurrences(truth))));
    }
  }
  return map;
}

PageTable most_confused(const Confusion& confusion) {
  struct Pair {
    std::size_t truth = 0, predicted = 0;
    double share = 0;
  };
  std::vector<Pair> pairs;
  for (std::size_t truth = 0; truth < confusion.classes.size(); ++truth)
    for (std::size_t predicted = 0; predicted < confusion.classes.size(); ++predicted)
      if (truth != predicted && confusion.counts.at(truth, predicted) > 0)
        pairs.push_back({truth, predicted, share_of(confusion, truth, predicted).value_or(0)});
  std::ranges::stable_sort(pairs, std::greater<>(), &Pair::share);
  pairs.resize(std::min(pairs.size(), kPairsListed));
  Table table({"true class", "taken for", "share of the class", "judged"});
  for (const Pair& pair : pairs)
    table.row({confusion.classes[pair.truth], confusion.classes[pair.predicted], share_text(pair.share),
               count_text(confusion.counts.at(pair.truth, pair.predicted))});
  return {"The pairs that are confused most", std::move(table)};
}

PageTable class_by_class(const Confusion& confusion) {
  Table table({"class", "recall", "precision", "judged"});
  for (std::size_t i = 0; i < confusion.classes.size(); ++i)
    table.row({confusion.classes[i], share_text(confusion.counts.recall(i)), share_text(confusion.counts.precision(i)),
               count_text(confusion.counts.occurrences(i))});
  return {"Recall (of the class's pictures, those recognised) and precision (of those taken for it, those of it)",
          std::move(table), 200, "report.json"};
}

}  // namespace

nlohmann::json as_json(const Confusion& confusion) {
  nlohmann::json made = nlohmann::json::object();
  for (std::size_t truth = 0; truth < confusion.classes.size(); ++truth) {
    nlohmann::json row = nlohmann::json::object();
    for (std::size_t predicted = 0; predicted < confusion.classes.size(); ++predicted)
      if (const std::uint64_t times = confusion.counts.at(truth, predicted); times > 0)
        row[confusion.classes[predicted]] = times;
    made[confusion.classes[truth]] = std::move(row);
  }
  return made;
}

Section confusion_section(const Confusion& confusion) {
  Section section{"What is taken for what"};
  if (confusion.classes.size() <= kMostClassesMapped)
    section.add(confusion_map(confusion));
  else
    section.add(most_confused(confusion));
  section.add(class_by_class(confusion));
  return section;
}

}  // namespace outrider::simulations
