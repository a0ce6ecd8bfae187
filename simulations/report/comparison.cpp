#include "simulations/report/comparison.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"

namespace outrider::simulations {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kNotThere = "–";

bool is_same(const Figure& one, const Figure& other) {
  return std::tie(one.name, one.of, one.unit) == std::tie(other.name, other.of, other.unit);
}

bool have_a_figure_in_common(const Findings& one, const Findings& other) {
  return std::ranges::any_of(one.figures, [&](const Figure& figure) {
    return std::ranges::any_of(other.figures, [&](const Figure& candidate) { return is_same(figure, candidate); });
  });
}

std::vector<ComparedFigure> common_figures(const std::vector<ComparedRun>& runs) {
  std::vector<ComparedFigure> found;
  using Key = std::tuple<std::string, std::string, Unit>;
  std::map<Key, std::size_t> places;
  for (std::size_t run = 0; run < runs.size(); ++run)
    for (const Figure& figure : runs[run].findings.figures) {
      const auto [place, is_new] = places.try_emplace({figure.name, figure.of, figure.unit}, found.size());
      if (is_new) found.push_back({figure, std::vector<std::optional<Summary>>(runs.size())});
      auto& value = found[place->second].values[run];
      if (!value) value = figure.value;
    }
  std::erase_if(found, [](const ComparedFigure& figure) {
    return std::ranges::count_if(figure.values, [](const auto& value) { return value.has_value(); }) < 2;
  });
  std::map<std::string, std::size_t> order;  // of names: as they first come
  for (const ComparedFigure& compared : found) order.try_emplace(compared.figure.name, order.size());
  std::ranges::stable_sort(found, {}, [&](const ComparedFigure& compared) { return order.at(compared.figure.name); });
  return found;
}

std::vector<ComparedSetting> different_settings(const std::vector<ComparedRun>& runs) {
  std::vector<ComparedSetting> found;
  std::map<std::string, std::size_t> places;
  for (std::size_t run = 0; run < runs.size(); ++run)
    for (const auto& [path, value] : runs[run].findings.settings) {
      const auto [place, is_new] = places.try_emplace(path, found.size());
      if (is_new) found.push_back({path, std::vector<std::string>(runs.size(), kNotThere)});
      found[place->second].values[run] = value;
    }
  std::erase_if(found, [](const ComparedSetting& setting) {
    return std::ranges::all_of(setting.values, [&](const auto& value) { return value == setting.values.front(); });
  });
  return found;
}

fs::path directory_of(const fs::path& run) {
  fs::path path = run.lexically_normal();
  if (path.filename() == "report.json") path = path.parent_path();
  if (!path.has_filename()) path = path.parent_path();
  return path;
}

std::vector<std::string> labels_of(const std::vector<fs::path>& runs) {
  std::vector<std::string> labels;
  std::set<std::string> names;
  for (const fs::path& run : runs) {
    const fs::path directory = directory_of(run);
    labels.push_back(directory.empty() || directory == "." ? run.string() : directory.filename().string());
    names.insert(labels.back());
  }
  if (names.size() < runs.size())
    for (std::size_t run = 0; run < runs.size(); ++run) labels[run] = runs[run].string();
  std::map<std::string, int> times;
  for (std::string& label : labels)
    if (const int time = ++times[label]; time > 1) label += fmt::format(" ({})", time);
  return labels;
}

std::string with_noise(const ComparedFigure& figure, std::size_t run) {
  if (!figure.values[0] || !figure.values[run]) return kNotThere;
  const std::string text = difference_text(figure.figure.unit, *figure.values[0], *figure.values[run]);
  const bool noise = text != "0" && within_deviations(*figure.values[0], *figure.values[run]);
  return noise ? "(" + text + ")" : text;
}

json value_as_json(const std::optional<Summary>& value) {
  if (!value) return {};
  return {
      {"mean", number_or_null(value->mean)}, {"deviation", number_or_null(value->deviation)}, {"count", value->count}};
}

json difference_as_json(const ComparedFigure& figure, std::size_t run) {
  if (!figure.values[0] || !figure.values[run]) return {};
  return {{"mean", number_or_null(figure.values[run]->mean - figure.values[0]->mean)},
          {"within_deviations", within_deviations(*figure.values[0], *figure.values[run])}};
}

json compared_figure_json(const Comparison& comparison, const ComparedFigure& figure) {
  json made{{"name", figure.figure.name},
            {"of", figure.figure.of},
            {"unit", name_of(figure.figure.unit)},
            {"better", name_of(figure.figure.better)},
            {"values", json::array()},
            {"differences_to_first", json::array()},
            {"best", figure.best() ? json(comparison.runs[*figure.best()].label) : json()}};
  for (std::size_t run = 0; run < comparison.runs.size(); ++run) {
    made["values"].push_back(value_as_json(figure.values[run]));
    if (run > 0) made["differences_to_first"].push_back(difference_as_json(figure, run));
  }
  return made;
}

}  // namespace

std::optional<std::size_t> ComparedFigure::best() const {
  const Better better = figure.better;
  if (better == Better::neither) return std::nullopt;
  const auto is_known = [&](std::size_t run) { return values[run] && std::isfinite(values[run]->mean); };
  std::optional<std::size_t> best;
  for (std::size_t run = 0; run < values.size(); ++run) {
    if (!is_known(run)) continue;
    if (best && (better == Better::higher ? values[run]->mean <= values[*best]->mean
                                          : values[run]->mean >= values[*best]->mean))
      continue;
    best = run;
  }
  for (std::size_t run = 0; best && run < values.size(); ++run)
    if (run != *best && is_known(run) &&
        (values[run]->mean == values[*best]->mean || within_deviations(*values[run], *values[*best])))
      return std::nullopt;
  return best;
}

Comparison compare(std::vector<ComparedRun> runs) {
  assert(runs.size() >= 2);
  const ComparedRun& first = runs.front();
  for (const ComparedRun& run : runs)
    if (!have_a_figure_in_common(first.findings, run.findings))
      throw InputError(fmt::format("{} (kind '{}') has no figure in common with {} (kind '{}')", run.label,
                                   run.findings.kind, first.label, first.findings.kind));
  auto figures = common_figures(runs);
  auto settings = different_settings(runs);
  return {std::move(runs), std::move(figures), std::move(settings)};
}

Comparison compare_runs(const std::vector<fs::path>& paths) {
  const std::vector<std::string> labels = labels_of(paths);
  std::vector<ComparedRun> runs;
  for (std::size_t run = 0; run < paths.size(); ++run) runs.push_back({labels[run], load_findings(paths[run])});
  return compare(std::move(runs));
}

Table figures_table(const Comparison& comparison) {
  std::vector<std::string> headings{"figure", "of"};
  for (std::size_t run = 0; run < comparison.runs.size(); ++run) {
    headings.push_back(comparison.runs[run].label);
    if (run > 0) headings.emplace_back("difference");
  }
  headings.emplace_back("best");
  Table table(std::move(headings));
  const std::string* name = nullptr;
  for (const ComparedFigure& figure : comparison.figures) {
    if (name != nullptr && *name != figure.figure.name) table.rule();
    name = &figure.figure.name;
    std::vector<std::string> cells{figure.figure.name, figure.figure.of};
    for (std::size_t run = 0; run < comparison.runs.size(); ++run) {
      cells.push_back(figure.values[run] ? to_text(figure.figure.unit, *figure.values[run]) : kNotThere);
      if (run > 0) cells.push_back(with_noise(figure, run));
    }
    cells.push_back(figure.best() ? comparison.runs[*figure.best()].label : "");
    table.row(std::move(cells));
  }
  return table;
}

Table settings_table(const Comparison& comparison) {
  std::vector<std::string> headings{"setting"};
  for (const ComparedRun& run : comparison.runs) headings.push_back(run.label);
  Table table(std::move(headings));
  for (const ComparedSetting& setting : comparison.settings) {
    std::vector<std::string> cells{setting.path};
    cells.insert(cells.end(), setting.values.begin(), setting.values.end());
    table.row(std::move(cells));
  }
  return table;
}

json as_json(const Comparison& comparison) {
  json made{{"runs", json::array()}, {"figures", json::array()}, {"different_settings", json::object()}};
  for (const ComparedRun& run : comparison.runs)
    made["runs"].push_back({{"label", run.label},
                            {"kind", run.findings.kind},
                            {"name", run.findings.name},
                            {"title", run.findings.title}});
  for (const ComparedFigure& figure : comparison.figures)
    made["figures"].push_back(compared_figure_json(comparison, figure));
  for (const ComparedSetting& setting : comparison.settings) made["different_settings"][setting.path] = setting.values;
  return made;
}

}  // namespace outrider::simulations
