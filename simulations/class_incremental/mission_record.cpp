#include "simulations/class_incremental/mission_record.h"

#include <nlohmann/json.hpp>

#include "simulations/report/matrix_record.h"

namespace outrider::simulations {
namespace {

using nlohmann::json;

ClientResult client_from(const json& kept) {
  ClientResult client;
  client.name = kept.at("name").get<std::string>();
  client.classes = kept.at("classes").get<std::size_t>();
  client.before = kept.at("accuracy_before").get<double>();
  client.after = kept.at("accuracy_after").get<double>();
  client.payload_bytes_per_class = kept.at("payload_bytes_per_class").get<double>();
  client.wire_bytes_per_class = kept.at("wire_bytes_per_class").get<double>();
  client.seconds_per_class = kept.at("seconds_per_class").get<double>();
  return client;
}

StepResult step_from(const json& kept) {
  StepResult step;
  step.classes = kept.at("classes").get<std::size_t>();
  step.before = kept.at("accuracy_before").get<std::vector<double>>();
  step.after = kept.at("accuracy_after").get<std::vector<double>>();
  step.upper_bound = kept.at("upper_bound").get<double>();
  if (kept.contains("fine_tuning")) step.fine_tuning = kept.at("fine_tuning").get<double>();
  step.seconds = kept.at("seconds").get<double>();
  return step;
}

}  // namespace

json to_json(const ClientResult& client) {
  return {{"name", client.name},
          {"classes", client.classes},
          {"accuracy_before", client.before},
          {"accuracy_after", client.after},
          {"payload_bytes_per_class", client.payload_bytes_per_class},
          {"wire_bytes_per_class", client.wire_bytes_per_class},
          {"seconds_per_class", client.seconds_per_class}};
}

json to_json(const StepResult& step) {
  json made{{"classes", step.classes},
            {"accuracy_before", step.before},
            {"accuracy_after", step.after},
            {"upper_bound", step.upper_bound},
            {"seconds", step.seconds}};
  if (step.fine_tuning) made["fine_tuning"] = *step.fine_tuning;
  return made;
}

json mission_of(const Report& report) {
  json clients = json::array();
  for (const ClientResult& client : report.clients) clients.push_back(to_json(client));
  json steps = json::array();
  for (const StepResult& step : report.steps) steps.push_back(to_json(step));
  json made{{"clients", std::move(clients)},
            {"steps", std::move(steps)},
            {"largest_relative_difference_to_batch_prototypes", report.largest_difference}};
  if (report.confusion) made["confusion_counts"] = record_of(*report.confusion);
  return made;
}

void recall_mission(const json& mission, Report& report) {
  report.clients.clear();
  report.steps.clear();
  for (const json& client : mission.at("clients")) report.clients.push_back(client_from(client));
  for (const json& step : mission.at("steps")) report.steps.push_back(step_from(step));
  if (mission.contains("confusion_counts")) report.confusion = confusion_from(mission.at("confusion_counts"));
  report.largest_difference = mission.at("largest_relative_difference_to_batch_prototypes").get<double>();
}

}  // namespace outrider::simulations
