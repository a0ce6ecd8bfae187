// What the clients of a federation learn from and are judged by, embedded once for all of them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "aggregator/core/core.h"
#include "knowledge/digest.h"
#include "learners/data/dataset.h"
#include "simulations/experiment/progress.h"
#include "simulations/pretraining/measurement.h"
#include "simulations/virtual_fleet/federation.h"

namespace outrider::simulations {

// A federation's pictures. Where [pretraining] names classes, these are the base: the encoder is trained on their
// training pictures, everyone knows them from the start, and clients learn all other classes. Where it names none, the
// encoder is trained on all training pictures, nobody knows anything at the start, and clients learn all classes.
struct FederationPictures {
  Dataset base;                             // what the encoder is trained on
  std::vector<std::uint32_t> base_classes;  // labels of the named ones, in that order
  Dataset train;                            // what clients learn from
  Dataset test;  // of their classes and those of the base, at most `test_pictures` of each at random
  std::string source;
  std::string sha256;
};

// All parts count the same classes. Throws InputError when the data set cannot be opened, lacks a class, has no test
// part or one of other classes than to train, or when the base leaves no class to learn. For gaussians the pictures
// have labels but no pixels, and there is no base.
FederationPictures select_pictures(const Federation& federation, std::uint64_t seed);

struct EmbeddedPictures {
  Dataset pictures;               // labels, classes and groups, but no pixels
  std::vector<float> embeddings;  // size() x dimension, the bits that a client gets for these pixels
  std::vector<Digest> examples;   // of the pixels: equal for equal pictures

  std::size_t size() const { return pictures.size(); }
  std::size_t dimension() const { return size() == 0 ? 0 : embeddings.size() / size(); }
  std::span<const float> embedding(std::size_t picture) const {
    return std::span(embeddings).subspan(picture * dimension(), dimension());
  }
};

// Labels of both parts and of the base index train.pictures.classes.
struct EmbeddedData {
  Bytes encoder;  // Encoder::encode; for gaussians as many random bytes, which are none
  Digest space;   // the encoder's digest
  std::size_t dimension = 0;
  EmbeddedPictures train;
  EmbeddedPictures test;
  std::vector<std::uint32_t> base_classes;
  ClassStates base;  // of these, in that order, as pre-training leaves them
  std::string source;
  std::string sha256;

  // As aggregator::Core::publish takes it, beside the encoder.
  std::vector<aggregator::BaseKnowledge> base_knowledge() const;
};

// Opens, pre-trains and embeds, and shows how it goes; or draws gaussians: class means from a standard normal
// distribution in each dimension, and around them points from another. The seed decides about the encoder, the choice
// of test pictures, and all of gaussians. Throws InputError as select_pictures, and where training does.
EmbeddedData embed_federation(const Federation& federation, std::uint64_t seed, ProgressDisplay& display);
// The last part of that, for pictures and an encoder that are there already. `poll` is called several times a second;
// what it throws ends the work.
EmbeddedData embed_federation(FederationPictures pictures, const Encoder& encoder, ProgressDisplay& display,
                              const std::function<void()>& poll = {});

}  // namespace outrider::simulations
