// Matrices of learners/evaluation as JSON, to go on from when a run is resumed.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "learners/evaluation/accuracy_matrix.h"
#include "learners/evaluation/confusion_matrix.h"
#include "simulations/report/confusion.h"

namespace outrider::simulations {

// A row for each true class, a column for each predicted one.
nlohmann::json counts_of(const ConfusionMatrix& confusion);
// Those, and what the classes are called.
nlohmann::json record_of(const Confusion& confusion);
// A row for each task learned, a column for each task judged; null where nothing was recorded.
nlohmann::json accuracies_of(const AccuracyMatrix& accuracies);

// Of what those gave: the very same. Throw nlohmann::json::exception for anything else.
ConfusionMatrix confusion_matrix_from(const nlohmann::json& rows);
Confusion confusion_from(const nlohmann::json& record);
AccuracyMatrix accuracy_matrix_from(const nlohmann::json& rows);

}  // namespace outrider::simulations
