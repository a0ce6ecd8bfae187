#include "simulations/federated_rounds/rounds_record.h"

#include <nlohmann/json.hpp>

namespace outrider::simulations {

using nlohmann::json;

json to_json(const RoundsRun& run) {
  json points = json::array();
  for (const RoundsPoint& point : run.points)
    points.push_back(
        {{"round", point.round}, {"accuracy", point.accuracy}, {"loss", point.loss}, {"operations", point.operations}});
  json growths = json::array();
  for (const RoundsGrowth& growth : run.growths) growths.push_back({{"round", growth.round}, {"width", growth.width}});
  json parts = json::array();
  for (const PartAccuracy& part : run.parts) parts.push_back({{"width", part.width}, {"accuracy", part.accuracy}});
  return {{"seed", run.seed},
          {"points", std::move(points)},
          {"growths", std::move(growths)},
          {"parts", std::move(parts)},
          {"weights", run.weights},
          {"received_bytes", run.received_bytes},
          {"sent_bytes", run.sent_bytes},
          {"used", run.used},
          {"refused", run.refused},
          {"seconds", run.seconds}};
}

RoundsRun rounds_run_from(const json& kept) {
  RoundsRun run;
  run.seed = kept.at("seed").get<std::uint64_t>();
  for (const json& point : kept.at("points"))
    run.points.push_back({point.at("round").get<std::uint64_t>(), point.at("accuracy").get<double>(),
                          point.at("loss").get<double>(), point.at("operations").get<double>()});
  for (const json& growth : kept.at("growths"))
    run.growths.push_back({growth.at("round").get<std::uint64_t>(), growth.at("width").get<double>()});
  for (const json& part : kept.at("parts"))
    run.parts.push_back({part.at("width").get<double>(), part.at("accuracy").get<double>()});
  run.weights = kept.at("weights").get<std::size_t>();
  run.received_bytes = kept.at("received_bytes").get<double>();
  run.sent_bytes = kept.at("sent_bytes").get<double>();
  run.used = kept.at("used").get<std::size_t>();
  run.refused = kept.at("refused").get<std::size_t>();
  run.seconds = kept.at("seconds").get<double>();
  return run;
}

}  // namespace outrider::simulations
