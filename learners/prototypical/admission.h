// What an aggregator accepts as the state of a class: plausible counts, means that the encoder can give, not too many
// classes of one client. A first measure against poison; what it cannot tell is in docs/poison.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "knowledge/contribution.h"
#include "learners/prototypical/class_state.h"

namespace outrider {

struct AdmissionRules {
  static constexpr std::size_t kMostClasses = 256;  // of an aggregator that is told nothing else

  // Of an aggregator that is told nothing else.
  static AdmissionRules usual() {
    AdmissionRules rules;
    rules.most_classes = kMostClasses;
    return rules;
  }

  std::uint64_t most_pictures = 10'000;  // of a class, from one client; more is refused
  std::size_t most_classes = SIZE_MAX;   // that one client teaches in a space; more are refused
  // A client counts for at most so many times the pictures of the next largest of a class's teachers…
  std::uint64_t most_of_next = 2;
  std::uint64_t always_counted = 50;  // … and for at least so many of its own.
  bool open_base = false;             // clients weigh in base classes as in others, see weighed_class.h
  bool trust_alone = false;           // nobody is told which classes one client alone has taught, see caution.h
  // Of these rules, those by which a merged class follows from what is said.
  std::string merging() const;
  std::optional<ClientId> base_teacher = {};  // the aggregator; it may say what it wants
  // By which sole teachers are told apart: only who knows this can tell who they are.
  Digest pseudonyms = {};

  bool operator==(const AdmissionRules&) const = default;
};

// Where the embeddings of a space lie.
struct EmbeddingSpace {
  // NOLINTNEXTLINE(google-explicit-constructor): often the dimension is all that is known
  EmbeddingSpace(std::size_t dimensions) : dimension(dimensions) {}

  std::size_t dimension;
  double largest_norm = 0;      // of base pictures; 0: not measured
  bool never_negative = false;  // no component of an embedding is

  // The mean and the spread of a class of base pictures; widens what was not measured.
  void saw_base(const ClassState& state);
  // Why no honest client can have such a class, as the end of a sentence about it; nothing if one can. Every mean lies
  // within the ball that holds the embeddings, so new classes pass as long as their pictures' embeddings are at most
  // kMargin times as long as the longest of the base pictures.
  std::optional<std::string> objection(const ClassState& state, const AdmissionRules& rules) const;
  // The longest mean that is accepted.
  double longest() const;

  static constexpr double kMargin = 2;
  static constexpr double kUnknown = 1e6;  // where there is nothing to measure by

 private:
  double base_norm_ = 0;
};

}  // namespace outrider
