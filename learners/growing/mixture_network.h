// A network whose hidden weights are mixtures of templates (MixtureGrowth, Pham et al. 2024), as a value.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "learners/growing/mixture_form.h"
#include "learners/nn/derived_weights.h"

namespace outrider::growing {

struct MixtureNetwork {
  MixtureForm form;
  // Of each set, those of part 0 first: templates x out x in x kernel.
  std::vector<std::vector<float>> templates;
  // Of each mixed tensor: parts x parts x templates. Block (i, j) leads from the channels of part j to those of part i
  // and mixes the templates of part i.
  std::vector<std::vector<float>> coefficients;
  nn::Parameters plain;  // all other tensors of the whole network, in its order

  bool operator==(const MixtureNetwork&) const = default;

  // Of one part: templates He-normal (He et al. 2015), the coefficients of the tensors that share a set rows of random
  // orthogonal matrices, so that mixtures are He-normal too; the head 0, so that a part says nothing of classes that it
  // never saw; the rest as Parameters::initial(). Throws InputError when the form is not valid or has several parts.
  static MixtureNetwork initial(const MixtureForm& form, std::uint64_t seed);

  // Throws InputError, beginning with `what`, unless all tensors are those of the form and finite, and running
  // variances not negative.
  void check(const std::string& what) const;

  // The effective weights, of layout_of(form).network.
  nn::Parameters weights() const;
};

// The mixed weights of a network with what they are made of, for training and for weights().
class MixtureWeights {
 public:
  explicit MixtureWeights(const MixtureNetwork& network);
  MixtureWeights(const MixtureWeights&) = delete;
  MixtureWeights& operator=(const MixtureWeights&) = delete;

  // One for each of layout.mixed.
  std::vector<std::unique_ptr<nn::MixedWeight>>& mixed() { return mixed_; }
  // Copies of the values as they are now.
  std::vector<std::vector<float>> templates() const;
  std::vector<std::vector<float>> coefficients() const;

 private:
  std::vector<nn::Templates> sets_;  // the weights refer to them
  std::vector<std::unique_ptr<nn::MixedWeight>> mixed_;
};

}  // namespace outrider::growing
