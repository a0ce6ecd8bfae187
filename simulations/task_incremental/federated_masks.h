// A federation that learns a sequence of tasks as masks: clients in turn, under a virtual clock, every task through the
// wire format, the aggregator and everybody's replica.
#pragma once

#include "learners/training/training_watch.h"
#include "simulations/task_incremental/study.h"
#include "simulations/task_incremental/study_report.h"
#include "simulations/task_incremental/task_sequence.h"

namespace outrider::simulations {

// Pre: method uses masks. Throws InputError when a task does not fit the network, training diverges, or the aggregator
// refuses what was learned.
StudyRun learn_masks(const Study& study, StudyMethod method, double density, const TaskSequence& tasks,
                     std::uint64_t seed, const TrainingWatch& watch = {});

}  // namespace outrider::simulations
