// A federation that learns a sequence of tasks as masks: clients in turn, under a virtual clock, every task through the
// wire format, the aggregator and everybody's replica.
#pragma once

#include <functional>

#include "learners/supermask/ownership.h"
#include "simulations/study.h"
#include "simulations/study_report.h"
#include "simulations/task_sequence.h"
#include "storage/store.h"

namespace outrider::simulations {

// The base network that the client of the store has fetched. Throws InputError when it has none.
BaseNetwork stored_base(const Store& store);
// The tasks that it knows, sorted by name.
NamedTasks stored_tasks(const Store& store, const BaseNetwork& base);

// Pre: method uses masks. `epoch_done` is called after every epoch of either phase. Throws InputError when a task does
// not fit the network, training diverges, or the aggregator refuses what was learned.
StudyRun learn_masks(const Study& study, StudyMethod method, double density, const TaskSequence& tasks,
                     std::uint64_t seed, const std::function<void()>& epoch_done = {});

}  // namespace outrider::simulations
