#include "client/evaluation.h"

#include <algorithm>
#include <set>

#include "client/pictures/class_folders.h"
#include "knowledge/error.h"
#include "knowledge/utf8.h"

namespace outrider::client {
namespace {

namespace fs = std::filesystem;

struct Told {
  fs::path picture;
  std::string truth;
  std::string taken_for;
  std::optional<double> strangeness;
  bool is_unlike_all;
};

std::size_t index_in(const std::vector<std::string>& classes, const std::string& name) {
  return static_cast<std::size_t>(std::ranges::lower_bound(classes, name) - classes.begin());
}

}  // namespace

Evaluation evaluate(AnyPredictor& predictor, const fs::path& folder,
                    const std::function<void(const std::string&)>& complain) {
  Evaluation result;
  std::vector<Told> told;
  std::set<std::string> known;
  for (const ClassPictureFiles& found : class_picture_files(folder, counting(complain, result.unusable_folders))) {
    for (const fs::path& picture : found.pictures) {
      const auto complaint = objection_of([&] {
        const Ranking ranking = predictor.rank(load_image(picture));
        if (known.empty())
          for (const RankedClass& ranked : ranking.classes) known.insert(ranked.name);
        told.push_back(
            {picture, found.name, ranking.classes.front().name, ranking.strangeness, ranking.is_unlike_all()});
      });
      if (!complaint) continue;
      complain(*complaint);
      ++result.unusable;
    }
  }
  std::set<std::string> all = known;
  for (const Told& one : told) all.insert(one.taken_for);
  result.classes.assign(all.begin(), all.end());
  result.counts = ConfusionMatrix(result.classes.size());
  if (std::ranges::any_of(told, [](const Told& one) { return one.strangeness.has_value(); })) result.unlike.emplace();
  for (Told& one : told) {
    const bool is_known = all.contains(one.truth);
    if (one.is_unlike_all) ++(is_known ? result.unlike->of_known : result.unlike->of_untaught);
    if (!is_known) {
      ++result.untaught[one.truth];
      continue;
    }
    result.counts.add(index_in(result.classes, one.truth), index_in(result.classes, one.taken_for));
    if (one.truth != one.taken_for)
      result.mistakes.push_back({std::move(one.picture), std::move(one.truth), std::move(one.taken_for)});
  }
  require(result.counts.total() > 0, "the folder " + utf8::quoted(folder.string()) +
                                         " has no picture that can be read of a class that this state knows");
  return result;
}

}  // namespace outrider::client
