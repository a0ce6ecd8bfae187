// How well a client's state tells pictures apart whose classes are known.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/any_predictor.h"
#include "learners/evaluation/confusion_matrix.h"

namespace outrider::client {

// Pictures that are told to be unlike any class.
struct UnlikeAnyClass {
  std::size_t of_known = 0;  // classes: false alarms
  std::size_t of_untaught = 0;
};

struct Evaluation {
  std::vector<std::string> classes;  // that the state knows, sorted
  ConfusionMatrix counts{0};         // by index into `classes`; of classes that the state knows
  struct Mistake {
    std::filesystem::path picture;
    std::string truth;
    std::string taken_for;
  };
  std::vector<Mistake> mistakes;
  std::map<std::string, std::size_t> untaught;  // pictures of classes that the state does not know: not in `counts`
  std::size_t unusable = 0;                     // pictures that could not be read
  std::size_t unusable_folders = 0;             // of classes
  std::optional<UnlikeAnyClass> unlike;         // nothing: the state cannot tell
};

// Has every picture below `folder`, one folder for each class, told by the predictor. What is wrong with a picture or a
// class's folder goes to `complain`. Throws InputError when the folder cannot be read or has no picture of a class that
// is known.
Evaluation evaluate(AnyPredictor& predictor, const std::filesystem::path& folder,
                    const std::function<void(const std::string& sentence)>& complain);

}  // namespace outrider::client
