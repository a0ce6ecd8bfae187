#include "simulations/report/findings.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "knowledge/error.h"
#include "knowledge/json_text.h"
#include "knowledge/whole_file.h"

namespace outrider::simulations {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kMostReportBytes = std::uint64_t{256} << 20U;
constexpr std::size_t kMostSettings = 1'000'000;
constexpr int kDeepestJson = 64;
constexpr const char* kReportFile = "report.json";

json figure_json(const Figure& figure) {
  json made{{"name", figure.name},
            {"unit", name_of(figure.unit)},
            {"better", name_of(figure.better)},
            {"mean", number_or_null(figure.value.mean)},
            {"deviation", number_or_null(figure.value.deviation)},
            {"count", figure.value.count}};
  if (!figure.of.empty()) made["of"] = figure.of;
  return made;
}

json curve_as_json(const Chart& chart) {
  json made{{"title", chart.title}, {"x", chart.x_label}, {"y", chart.y_label}, {"series", json::array()}};
  if (chart.y_from) made["y_from"] = *chart.y_from;
  if (chart.y_to) made["y_to"] = *chart.y_to;
  for (const ChartSeries& series : chart.series) {
    json points = json::array();
    for (const ChartPoint& point : series.points)
      points.push_back({number_or_null(point.x), number_or_null(point.y), number_or_null(point.spread)});
    made["series"].push_back({{"name", series.name}, {"points", std::move(points)}});
  }
  return made;
}

// For messages of one line.
std::string on_a_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, ' ');
  return text;
}

// Reads members of objects and says in which report what is amiss.
class FindingsReader {
 public:
  explicit FindingsReader(const std::string& origin) : origin_(origin) {}

  [[noreturn]] void refuse(const std::string& what) const {
    throw InputError(fmt::format("the report {} {}", origin_, what));
  }

  const json& member(const json& object, const char* key) const {
    if (!object.is_object() || !object.contains(key))
      refuse(
          fmt::format("lacks '{}', by which runs are compared; an earlier version of outrider may have written it, "
                      "and a new run will have it",
                      key));
    return object.at(key);
  }
  const json& list(const json& object, const char* key) const {
    const json& found = member(object, key);
    if (!found.is_array()) refuse(fmt::format("has '{}' that is no list", key));
    return found;
  }
  std::string text(const json& object, const char* key) const {
    const json& found = member(object, key);
    if (!found.is_string()) refuse(fmt::format("has '{}' that is no text", key));
    return found.get<std::string>();
  }
  double number(const json& value, const char* key) const {
    if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
    if (!value.is_number()) refuse(fmt::format("has '{}' that is no number", key));
    return value.get<double>();
  }
  double number_of(const json& object, const char* key) const { return number(member(object, key), key); }

  Figure figure(const json& value) const {
    Figure read;
    read.name = text(value, "name");
    if (value.contains("of")) read.of = text(value, "of");
    const auto unit = unit_named(text(value, "unit"));
    const auto better = better_named(text(value, "better"));
    if (!unit) refuse(fmt::format("has a figure of the unknown unit '{}'", on_a_line(text(value, "unit"))));
    if (!better)
      refuse(fmt::format("has a figure of which the unknown '{}' is better", on_a_line(text(value, "better"))));
    read.unit = *unit;
    read.better = *better;
    const json& count = member(value, "count");
    if (!count.is_number_unsigned()) refuse("has 'count' that is no whole number");
    read.value = {count.get<std::size_t>(), number_of(value, "mean"), number_of(value, "deviation")};
    return read;
  }

  Chart curve(const json& value) const {
    Chart read;
    read.title = text(value, "title");
    read.x_label = text(value, "x");
    read.y_label = text(value, "y");
    if (value.contains("y_from")) read.y_from = limit(value, "y_from");
    if (value.contains("y_to")) read.y_to = limit(value, "y_to");
    for (const json& series : list(value, "series")) {
      ChartSeries& made = read.series.emplace_back();
      made.name = text(series, "name");
      for (const json& point : list(series, "points")) {
        if (!point.is_array() || point.size() != 3) refuse("has a point that is not of three numbers");
        made.points.push_back({number(point[0], "points"), number(point[1], "points"), number(point[2], "points")});
      }
    }
    return read;
  }

 private:
  std::optional<double> limit(const json& object, const char* key) const {
    const double value = number_of(object, key);
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
  }

  const std::string& origin_;
};

// All digits that tell a number from others; earlier versions wrote what is float with a double's.
std::string setting_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    const auto narrow = static_cast<float>(number);
    return static_cast<double>(narrow) == number ? fmt::format("{}", narrow) : fmt::format("{}", number);
  }
  if (!value.is_array()) return json_text(value);
  std::string text;
  for (const json& element : value) {
    std::string one = setting_text(element);
    if (one.find_first_of(",\"") != std::string::npos) one = json_text(element);  // else two lists could look alike
    text += (text.empty() ? "" : ", ") + one;
  }
  return text;
}

json parsed(const fs::path& file) {
  const auto content = [&] {
    try {
      return read_file(file, kMostReportBytes);
    } catch (const InputError& error) {
      throw InputError(fmt::format("the report {} cannot be read: {}", shown(file), error.what()));
    }
  }();
  const std::string_view text = text_of(content);
  const auto not_too_deep = [&](int depth, json::parse_event_t, const json&) {
    if (depth > kDeepestJson) throw InputError(fmt::format("the report {} is nested too deeply", file.string()));
    return true;
  };
  try {
    return json::parse(text, not_too_deep);
  } catch (const json::parse_error& mistake) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(text.size(), mistake.byte));
    throw InputError(fmt::format("the report {} is no JSON: line {} does not go on as JSON does", file.string(),
                                 1 + std::count(text.begin(), end, '\n')));
  }
}

}  // namespace

json number_or_null(const std::optional<double>& number) {
  return number && std::isfinite(*number) ? json(*number) : json();
}

void add_findings(const Findings& findings, json& report) {
  report["kind"] = findings.kind;
  report["name"] = findings.name;
  report["title"] = findings.title;
  report["figures"] = json::array();
  for (const Figure& figure : findings.figures) report["figures"].push_back(figure_json(figure));
  report["curves"] = json::array();
  for (const Chart& curve : findings.curves) report["curves"].push_back(curve_as_json(curve));
}

Findings findings_in(const json& report, const std::string& origin) {
  const FindingsReader reader(origin);
  Findings findings;
  findings.kind = on_a_line(reader.text(report, "kind"));
  findings.name = reader.text(report, "name");
  findings.title = reader.text(report, "title");
  for (const json& figure : reader.list(report, "figures")) findings.figures.push_back(reader.figure(figure));
  for (const json& curve : reader.list(report, "curves")) findings.curves.push_back(reader.curve(curve));
  findings.settings = settings_in(report);
  return findings;
}

Settings settings_in(const json& report) {
  Settings settings;
  if (!report.contains("scenario")) return settings;
  std::vector<std::pair<std::string, const json*>> open{{"", &report.at("scenario")}};
  while (!open.empty()) {
    if (settings.size() == kMostSettings)
      throw InputError(fmt::format("a report has more than {} settings, which are not compared", kMostSettings));
    const auto [path, value] = open.back();
    open.pop_back();
    if (!value->is_object()) {
      settings.emplace_back(path, setting_text(*value));
      continue;
    }
    std::vector<std::pair<std::string, const json*>> members;
    for (const auto& [key, member] : value->items())
      members.emplace_back(path.empty() ? key : fmt::format("{}.{}", path, key), &member);
    open.insert(open.end(), members.rbegin(), members.rend());
  }
  return settings;
}

Findings load_findings(const fs::path& run) {
  std::error_code error;
  const bool directory = fs::is_directory(run, error);
  const fs::path file = directory ? run / kReportFile : run;
  if (!fs::exists(run, error))
    throw InputError(fmt::format("{} does not exist; expected a run's directory or its {}", run.string(), kReportFile));
  if (!fs::is_regular_file(file, error))
    throw InputError(
        directory ? fmt::format("the directory {} holds no {}; expected the directory of a finished run", run.string(),
                                kReportFile)
                  : fmt::format("{} is no file; expected a run's directory or its {}", run.string(), kReportFile));
  return findings_in(parsed(file), file.string());
}

}  // namespace outrider::simulations
