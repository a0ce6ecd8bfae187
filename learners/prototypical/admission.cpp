#include "learners/prototypical/admission.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "knowledge/digest.h"

namespace outrider {
namespace {

double squared_norm_of_mean(const ClassState& state) {
  double squares = 0;
  for (const float component : state.sum) {
    const double mean = static_cast<double>(component) / static_cast<double>(state.count);
    squares += mean * mean;
  }
  return squares;
}

// The mean squared distance from the mean.
double spread(const ClassState& state) {
  double squares = 0;
  for (const float deviation : state.deviations) squares += static_cast<double>(deviation);
  return squares / static_cast<double>(state.count);
}

}  // namespace

std::string AdmissionRules::merging() const {
  const std::string told =
      pseudonyms.empty() ? "told" : "told as " + Hasher().field("pseudonyms").field(pseudonyms.view()).finish().brief();
  return fmt::format("next {} always {} base {} alone {}", most_of_next, always_counted, open_base ? "open" : "kept",
                     trust_alone ? "trusted" : told);
}

void EmbeddingSpace::saw_base(const ClassState& state) {
  constexpr double kDeviations = 3;  // from the mean, which few embeddings exceed
  const double mean = std::sqrt(squared_norm_of_mean(state));
  base_norm_ = std::max(base_norm_,
                        state.keeps_deviations() ? mean + kDeviations * std::sqrt(spread(state)) : kDeviations * mean);
}

double EmbeddingSpace::longest() const {
  const double norm = largest_norm > 0 ? largest_norm : base_norm_;
  return norm > 0 ? kMargin * norm : kUnknown;
}

std::optional<std::string> EmbeddingSpace::objection(const ClassState& state, const AdmissionRules& rules) const {
  if (state.count > rules.most_pictures)
    return fmt::format("has the count {}; at most {} pictures of a class are accepted from one client", state.count,
                       rules.most_pictures);
  const double mean = squared_norm_of_mean(state);
  if (const double norm = std::sqrt(mean); norm > longest())
    return fmt::format("has a mean of length {:.4g}; this encoder's embeddings are at most {:.4g} long", norm,
                       longest());
  if (const double length = std::sqrt(mean + spread(state)); length > longest())
    return fmt::format("speaks of embeddings {:.4g} long; this encoder's are at most {:.4g} long", length, longest());
  if (!never_negative) return std::nullopt;
  const auto below = std::ranges::find_if(state.sum, [](float component) { return component < 0; });
  if (below == state.sum.end()) return std::nullopt;
  return fmt::format("has component {} of its sum at {:.4g}; this encoder's embeddings are never negative",
                     below - state.sum.begin(), *below);
}

}  // namespace outrider
