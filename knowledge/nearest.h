// The word that somebody probably meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrider {

// The most similar of the words, where it is similar enough to be a slip of the fingers: at most a third of its letters
// are other, missing, superfluous or exchanged with their neighbour (Damerau 1964).
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words);

// "; did you mean WORD?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& words);

}  // namespace outrider
