// What a client does with a family of learners: how it learns, what it answers, and which options both have. Every
// family brings one; families/families.h lists them, and nothing else at a client names one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/any_predictor.h"
#include "client/learner.h"
#include "knowledge/bytes.h"
#include "knowledge/digest.h"
#include "storage/store.h"

namespace CLI {
class App;
}

namespace outrider::client {

class ClientFamily {
 public:
  virtual ~ClientFamily() = default;

  // Of its definitions: see knowledge/definition.h.
  virtual std::string_view kind() const = 0;
  // Whether these bytes, which have no envelope, are one of its definitions. Families since envelopes have none such.
  virtual bool recognises(ByteView /*definition*/) const { return false; }

  // The options of `outrider client` that only this family has. The family must outlive the app.
  virtual void add_learner_options(CLI::App& /*app*/) {}
  // `id` names the definition: it is the space of all that is learned with it. `store` must outlive the learner. Throws
  // InputError when nothing can be learned with it.
  virtual std::unique_ptr<Learner> make_learner(const Digest& id, ByteView definition, const Store& store,
                                                const LearnerOptions& options) const = 0;

  // The options of `outrider predict` and `outrider evaluate` that only this family has.
  virtual void add_predictor_options(CLI::App& /*app*/) {}
  // What is wrong with having set them where the state is of another family; nothing: they do not matter there.
  virtual std::optional<std::string> misplaced() const { return std::nullopt; }
  // Throws InputError when the state does not know enough yet.
  virtual std::unique_ptr<AnyPredictor> open_predictor(const Store& store) const = 0;
};

using ClientFamilies = std::vector<std::unique_ptr<ClientFamily>>;

// The family that learns with this definition. Throws InputError which says its kind where none does.
const ClientFamily& family_of(const ClientFamilies& families, ByteView definition);

// For the definition of that digest in the store's blobs. `store` must outlive the learner. Throws InputError when
// nothing can be learned with it.
std::unique_ptr<Learner> make_learner(const ClientFamilies& families, const Digest& definition, const Store& store,
                                      const LearnerOptions& options);

// Throws InputError, which names the state, when nothing can be predicted from it or the options do not fit it.
std::unique_ptr<AnyPredictor> open_predictor(const ClientFamilies& families, const Store& store,
                                             const std::string& state);

}  // namespace outrider::client
