// How the aggregator conducts rounds of averaging: who is asked, which updates count, and what they come to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "knowledge/family.h"
#include "learners/averaging/rounds.h"

namespace outrider::averaging {

inline constexpr std::string_view kAveragingKind = "averaging";

// Topics of a space, which is a LearningTask's id. The aggregator's own: the model and whom the open round asks
// (RoundRecord, published to clients). What is merged on it is for clients that hold the whole network.
inline constexpr std::string_view kModelSubject = "@model";
// The model of the round that did best on held-out pictures, as it was published: what is predicted with. It is there
// once clients have told how good a model is.
inline constexpr std::string_view kBestSubject = "@best";
// Its part of that width (narrow.h), for the clients that train this part: "@model 0.5". It is there once such a client
// has been; said anew, which is what makes it change, with each record.
std::string subject_of_model(double width);
// Nothing unless it is the subject of a part that there may be (kWidths).
std::optional<double> width_of_model(std::string_view subject);
inline constexpr std::string_view kUpdatePrefix = "update ";
// A client's: its update (update_wire.h). There are as many subjects as rounds that an update may be late, so that one
// that is still to be used is not replaced by the next.
std::string subject_of_update(const Strategy& strategy, std::uint64_t round);

// Every round that begins or asks others is a contribution of the aggregator's own, with the model that came of the
// round before. So the model is a pure function of what is on record, whatever the order in which updates came, and a
// restart goes on where the last round began: the updates that were accepted are there, only the time starts anew.
// Updates are taken into the open round or refused as Rounds says. A round whose updates come to numbers that are not
// finite leaves the weights as they were.
//
// A round does not wait for clients that have left, are not connected any more, or say that they cannot train
// (excuse.h); those who never answer are asked less and less (attendance.h). Where training from its weights diverges
// at most clients that tried, or their loss on held-out pictures explodes, it comes to nothing, and training goes on
// from the best model that there has been, or anew.
//
// With an update comes how the weights that were given do on pictures that the client holds out (held_out.h); their sum
// is the score of the round. Training ends after so many rounds, or when the score has not risen for so many; after the
// last round one more is asked how good the model is, which changes nothing.
//
// Each client is asked to train the widest part of the network that its device can (task_widths.h), which the record
// keeps: an update of another width is refused. Who cannot train any is not asked, and gets the whole to predict with.
class AveragingFamily : public Family {
 public:
  // Rules that do not suit a task's strategy are an objection to the task.
  explicit AveragingFamily(RoundRules rules = {}) : rules_(rules) {}
  std::string_view kind() const override { return kAveragingKind; }
  std::unique_ptr<Merge> make_merge() const override;

 private:
  RoundRules rules_;
};

}  // namespace outrider::averaging
