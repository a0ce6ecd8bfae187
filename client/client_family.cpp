#include "client/client_family.h"

#include <fmt/format.h>

#include "client/core/core.h"
#include "knowledge/definition.h"
#include "knowledge/error.h"
#include "knowledge/utf8.h"

namespace outrider::client {
namespace {

std::string kinds_of(const ClientFamilies& families) {
  std::string kinds;
  for (const auto& family : families) kinds += (kinds.empty() ? "" : ", ") + std::string(family->kind());
  return kinds;
}

}  // namespace

const ClientFamily& family_of(const ClientFamilies& families, ByteView definition) {
  const auto enveloped = Definition::decode(definition);
  for (const auto& family : families)
    if (enveloped ? enveloped->kind == family->kind() : family->recognises(definition)) return *family;
  throw InputError(
      fmt::format("what the aggregator lets its clients learn with is {}, and this program knows {}: is it older than "
                  "the aggregator's?",
                  enveloped ? "of the kind " + utf8::quoted(enveloped->kind) : "of no kind that it could name",
                  kinds_of(families)));
}

std::unique_ptr<Learner> make_learner(const ClientFamilies& families, const Digest& definition, const Store& store,
                                      const LearnerOptions& options) {
  const auto blob = store.get(Column::blobs, definition.view());
  if (!blob) throw InputError("the state does not hold the definition " + definition.brief() + " to learn with");
  return family_of(families, *blob).make_learner(definition, Definition::content_of(*blob), store, options);
}

std::unique_ptr<AnyPredictor> open_predictor(const ClientFamilies& families, const Store& store,
                                             const std::string& state) {
  try {
    const auto definition = stored_definition(store);
    require(definition.has_value(),
            "this client has no encoder yet, nor anything else to learn with: it fetches that when it first meets its "
            "aggregator");
    const ClientFamily& chosen = family_of(families, *definition);
    for (const auto& family : families)
      if (family.get() != &chosen)
        if (const auto sentence = family->misplaced()) throw InputError(*sentence);
    return chosen.open_predictor(store);
  } catch (const InputError& error) {
    throw InputError(fmt::format("nothing can be predicted from the state '{}': {}", state, error.what()));
  }
}

}  // namespace outrider::client
