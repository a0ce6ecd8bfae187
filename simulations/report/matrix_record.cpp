#include "simulations/report/matrix_record.h"

#include <nlohmann/json.hpp>

namespace outrider::simulations {
namespace {

template <typename Value>
nlohmann::json rows_by(std::size_t size, Value&& value) {
  nlohmann::json rows = nlohmann::json::array();
  for (std::size_t row = 0; row < size; ++row) {
    nlohmann::json& values = rows.emplace_back(nlohmann::json::array());
    for (std::size_t column = 0; column < size; ++column) values.push_back(value(row, column));
  }
  return rows;
}

}  // namespace

nlohmann::json counts_of(const ConfusionMatrix& confusion) {
  return rows_by(confusion.classes(), [&](std::size_t truth, std::size_t predicted) {
    return nlohmann::json(confusion.at(truth, predicted));
  });
}

nlohmann::json record_of(const Confusion& confusion) {
  return {{"classes", confusion.classes}, {"counts", counts_of(confusion.counts)}};
}

nlohmann::json accuracies_of(const AccuracyMatrix& accuracies) {
  return rows_by(accuracies.tasks(), [&](std::size_t learned, std::size_t judged) {
    const auto accuracy = accuracies.at(learned, judged);
    return accuracy ? nlohmann::json(*accuracy) : nlohmann::json();
  });
}

ConfusionMatrix confusion_matrix_from(const nlohmann::json& rows) {
  ConfusionMatrix confusion(rows.size());
  for (std::size_t truth = 0; truth < rows.size(); ++truth)
    for (std::size_t predicted = 0; predicted < rows.size(); ++predicted)
      confusion.add(truth, predicted, rows.at(truth).at(predicted).get<std::uint64_t>());
  return confusion;
}

Confusion confusion_from(const nlohmann::json& record) {
  return {record.at("classes").get<std::vector<std::string>>(), confusion_matrix_from(record.at("counts"))};
}

AccuracyMatrix accuracy_matrix_from(const nlohmann::json& rows) {
  AccuracyMatrix accuracies(rows.size());
  for (std::size_t learned = 0; learned < rows.size(); ++learned)
    for (std::size_t judged = 0; judged < rows.size(); ++judged)
      if (const nlohmann::json& accuracy = rows.at(learned).at(judged); !accuracy.is_null())
        accuracies.record(learned, judged, accuracy.get<double>());
  return accuracies;
}

}  // namespace outrider::simulations
