#include "simulations/virtual_fleet/embedded_data.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "knowledge/error.h"
#include "learners/data/fingerprint.h"
#include "learners/data/open.h"
#include "learners/data/resize.h"
#include "learners/data/split.h"
#include "learners/encoders/embedder.h"
#include "learners/prototypical/merge.h"
#include "learners/random.h"
#include "simulations/pretraining/pretraining.h"

namespace outrider::simulations {
namespace {

bool has_label(const std::vector<std::uint32_t>& labels, std::uint32_t label) {
  return std::ranges::find(labels, label) != labels.end();
}

Dataset without_pixels(Dataset pictures) {
  pictures.shape = {1, 0, 0};
  pictures.pixels = {};
  return pictures;
}

void require_two_parts(const DatasetPair& data) {
  if (data.test.size() == 0)
    throw InputError("the data set " + data.source + " has no test part, which a federation needs");
  if (data.train.classes != data.test.classes)
    throw InputError("the two parts of the data set " + data.source +
                     " have different classes; a federation needs the same in both");
}

// Pictures with labels in turn, so that all classes have equally many.
Dataset gaussian_labels(const Gaussians& gaussians, std::size_t count) {
  Dataset part{.shape = {1, 0, 0}, .pixels = {}, .labels = {}, .classes = {}, .groups = {}, .group_names = {}};
  for (std::size_t label = 0; label < gaussians.classes; ++label)
    part.classes.push_back(fmt::format("class-{}", label));
  for (std::size_t i = 0; i < count; ++i) part.labels.push_back(static_cast<std::uint32_t>(i % gaussians.classes));
  return part;
}

FederationPictures select_gaussians(const Federation& federation, std::uint64_t seed) {
  const Gaussians& gaussians = federation.gaussians;
  const std::size_t tests = std::max(gaussians.classes, gaussians.examples / 4);
  return {{},
          {},
          gaussian_labels(gaussians, gaussians.examples),
          draw_of_each_class(gaussian_labels(gaussians, tests), federation.plan.test_pictures, seed, "tests"),
          std::string(kGaussians),
          {}};
}

EmbeddedPictures draw_points(Dataset labels, std::size_t dimension, std::uint64_t seed, std::string_view purpose) {
  EmbeddedPictures part{std::move(labels), {}, {}};
  std::vector<float> means;
  Random mean(seed, "class means");
  for (std::size_t i = 0; i < part.pictures.classes.size() * dimension; ++i) means.push_back(mean.normal());
  part.embeddings.reserve(part.size() * dimension);
  for (std::size_t i = 0; i < part.size(); ++i) {
    Random point(seed, purpose, i);
    for (std::size_t k = 0; k < dimension; ++k)
      part.embeddings.push_back(means[part.pictures.labels[i] * dimension + k] + point.normal());
    part.examples.push_back(Hasher().field(purpose).field(seed).field(i).finish());
  }
  return part;
}

std::string sha256_of_points(const EmbeddedPictures& part) {
  return sha256_of_text(
      {reinterpret_cast<const char*>(part.embeddings.data()), part.embeddings.size() * sizeof(float)});
}

EmbeddedData draw_gaussians(const Federation& federation, std::uint64_t seed) {
  FederationPictures pictures = select_gaussians(federation, seed);
  EmbeddedData data;
  data.dimension = federation.gaussians.dimension;
  Random bytes(seed, "bytes of an encoder");
  for (std::size_t i = 0; i < federation.gaussians.encoder_bytes; ++i)
    data.encoder.push_back(static_cast<std::uint8_t>(bytes() >> 24));
  data.space = Digest::of(data.encoder);
  data.train = draw_points(std::move(pictures.train), data.dimension, seed, "points to learn");
  data.test = draw_points(std::move(pictures.test), data.dimension, seed, "points to judge by");
  data.source = std::move(pictures.source);
  data.sha256 = sha256_of_text(sha256_of_points(data.train) + sha256_of_points(data.test));
  return data;
}

// Called with the number of pictures that have been embedded since.
using Embedded = std::function<void(std::size_t count)>;

EmbeddedPictures embed_pictures(Dataset pictures, Embedder& embedder, const Embedded& embedded) {
  constexpr std::size_t kAtOnce = 1000;  // shown as one step
  EmbeddedPictures part;
  for (std::size_t i = 0; i < pictures.size(); ++i) part.examples.push_back(Digest::of(pictures.image(i)));
  const Dataset input = resize(pictures, embedder.input());
  part.pictures = without_pixels(std::move(pictures));
  part.embeddings.resize(part.size() * embedder.dimension());
  for (std::size_t first = 0; first < part.size(); first += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, part.size() - first);
    embedder.embed(std::span(input.pixels).subspan(first * input.shape.size(), count * input.shape.size()),
                   std::span(part.embeddings).subspan(first * embedder.dimension(), count * embedder.dimension()));
    embedded(count);
  }
  return part;
}

ClassStates base_states(const FederationPictures& pictures, Embedder& embedder, const Embedded& embedded) {
  ClassStates states;
  const auto examples = indices_by_class(pictures.base);
  for (const std::uint32_t label : pictures.base_classes) {
    ClassStateBuilder builder(embedder.dimension());
    builder.add(embed(pictures.base, examples[label], embedder));
    states.emplace_back(pictures.base.classes[label], builder.state());
    embedded(examples[label].size());
  }
  return states;
}

}  // namespace

FederationPictures select_pictures(const Federation& federation, std::uint64_t seed) {
  if (federation.data.kind == kGaussians) return select_gaussians(federation, seed);
  DatasetPair data = open_dataset(federation.data.kind, federation.data.path);
  require_two_parts(data);
  FederationPictures pictures;
  pictures.source = std::move(data.source);
  pictures.sha256 = std::move(data.sha256);
  pictures.test = draw_of_each_class(data.test, federation.plan.test_pictures, seed, "tests");
  if (federation.pretraining.classes.empty()) {
    pictures.base = data.train;
    pictures.train = std::move(data.train);
    return pictures;
  }
  pictures.base_classes = labels_of(data.train, federation.pretraining.classes);
  std::vector<std::size_t> base;
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < data.train.size(); ++i)
    (has_label(pictures.base_classes, data.train.labels[i]) ? base : others).push_back(i);
  if (others.empty())
    throw InputError("pretraining.classes names all classes of the data set " + pictures.source +
                     "; none is left for the clients to learn");
  pictures.base = select(data.train, base);
  pictures.train = select(data.train, others);
  return pictures;
}

EmbeddedData embed_federation(const Federation& federation, std::uint64_t seed, ProgressDisplay& display) {
  if (federation.data.kind == kGaussians) return draw_gaussians(federation, seed);
  FederationPictures pictures;
  {
    Phase phase(display, "loading the data");
    pictures = select_pictures(federation, seed);
  }
  const Encoder encoder = pretrain(federation.pretraining, pictures.base, seed, display);
  return embed_federation(std::move(pictures), encoder, display);
}

EmbeddedData embed_federation(FederationPictures pictures, const Encoder& encoder, ProgressDisplay& display,
                              const std::function<void()>& poll) {
  Embedder embedder(encoder, 0);
  const std::size_t base = pictures.base_classes.empty() ? 0 : pictures.base.size();
  Phase phase(display, "embedding", base + pictures.train.size() + pictures.test.size());
  const Embedded embedded = [&](std::size_t count) {
    phase.advance(count);
    if (poll) poll();
  };
  EmbeddedData data;
  data.encoder = encoder.encode();
  data.space = Digest::of(data.encoder);
  data.dimension = encoder.dimension();
  data.base = base_states(pictures, embedder, embedded);
  data.base_classes = std::move(pictures.base_classes);
  data.train = embed_pictures(std::move(pictures.train), embedder, embedded);
  data.test = embed_pictures(std::move(pictures.test), embedder, embedded);
  data.source = std::move(pictures.source);
  data.sha256 = std::move(pictures.sha256);
  return data;
}

std::vector<aggregator::BaseKnowledge> EmbeddedData::base_knowledge() const {
  std::vector<aggregator::BaseKnowledge> knowledge;
  for (const auto& [subject, state] : base) knowledge.push_back({std::string(kPrototypeKind), subject, encode(state)});
  return knowledge;
}

}  // namespace outrider::simulations
