#include "knowledge/invariant.h"

#include <string>

namespace outrider {
namespace {

// From the sources' root: "aggregator/core/core.cpp".
std::string_view last_folders_of(std::string_view file) {
  std::size_t begin = file.size();
  for (int folders = 0; folders < 3 && begin != std::string_view::npos && begin > 0; ++folders)
    begin = file.rfind('/', begin - 1);
  return begin == std::string_view::npos ? file : file.substr(begin + 1);
}

}  // namespace

BrokenInvariant::BrokenInvariant(std::string_view sentence, std::string_view file, int line)
    : std::logic_error("a mistake in Outrider itself, please report it: it does not hold that " +
                       std::string(sentence) + " (" + std::string(last_folders_of(file)) + ":" + std::to_string(line) +
                       "); stopped before anything of it was written") {}

}  // namespace outrider
