// Classes that an aggregator and honest clients teach and liars spoil, by the rules of a real aggregator and with the
// embeddings of a real encoder: what docs/poison.md measures.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "knowledge/family.h"
#include "learners/prototypical/admission.h"
#include "learners/prototypical/class_state.h"
#include "learners/prototypical/pretrained.h"

namespace outrider::simulations {

// Embeddings of pictures, by class: n x dimension.
using EmbeddedClasses = std::map<std::string, std::vector<float>>;

class PoisonedClasses {
 public:
  // `to_learn`: from which clients, also those that lie, draw their pictures; `to_test`: nobody has them.
  PoisonedClasses(Pretrained pretrained, EmbeddedClasses to_learn, EmbeddedClasses to_test);

  // Anew: the aggregator has taught the base classes, the first so many of them, and nobody has said anything.
  void begin(AdmissionRules rules, std::size_t base = SIZE_MAX);
  // Says it as the client of this number, unless it is refused; returns whether it was not.
  bool say(std::uint32_t client, const std::string& class_name, const ClassState& said);
  // What pictures `first` and on of a class, `count` of them, come to.
  ClassState state(const std::string& class_name, std::size_t first, std::size_t count) const;

  struct Recall {
    double all = 0;                    // over the test pictures' classes
    std::map<std::string, double> of;  // each class
    double mean_of(const std::set<std::string>& classes) const;
  };
  // Of what is known, by a client that has no pictures of its own; `cautious`: as learners/prototypical/caution.h.
  Recall recall(bool cautious = true) const;

  std::vector<std::string> base() const;
  const EmbeddedClasses& to_learn() const { return to_learn_; }

  // No measure at all.
  static AdmissionRules no_rules();

 private:
  Topic topic_of(const std::string& class_name) const;

  Pretrained pretrained_;
  EmbeddedClasses to_learn_;
  EmbeddedClasses to_test_;
  std::size_t dimension_ = 0;
  Digest space_;
  std::unique_ptr<Merge> merge_;
  std::set<std::string> known_;
};

// A class as it is, said to be of more pictures.
ClassState louder(ClassState state, std::uint64_t count);
// Its mean times a factor, without a spread.
ClassState scaled(ClassState state, float factor);

}  // namespace outrider::simulations
