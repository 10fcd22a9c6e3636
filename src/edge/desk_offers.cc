// What the server has for its edges: configurations and programs.
#include "edge/desk_parts.h"

namespace amity::edge {

using std::chrono::milliseconds;

void Desk::look_at_files() {
  if (!configurations_.any() && c_.programs.empty()) return;
  for (const auto& [name, edge] : edges_) {
    if (edge->connection == nullptr) continue;
    offer_configuration(*edge);
    offer_program(*edge);
  }
  looking_ = c_.runtime.timers.at(c_.runtime.clock.now() + milliseconds(kConfigurationsEvery_ms),
                                  [this] { look_at_files(); });
}

// Once per connection and version: what was refused is not pressed on the edge again.
void Desk::offer_configuration(Edge& edge) {
  auto wanted = configurations_.wanted(edge.name);
  if (!wanted.ok())
    return c_.warn("edge: configuration of " + edge.name + ": " + to_string(wanted.error()));
  if (!*wanted || (*wanted)->version == pictures_[edge.name].configuration ||
      (*wanted)->version == edge.offered)
    return;
  edge.offered = (*wanted)->version;
  edge.connection->stream->send(encode_message(**wanted));
}

void Desk::take_report(Edge& edge, const ConfigurationReport& report) {
  EdgePicture& picture = pictures_[edge.name];
  picture.configuration_refusal = report.refusal;
  if (report.refusal.empty()) {
    picture.configuration = report.version;
    return;
  }
  const std::string text =
      "configuration " + std::to_string(report.version) + " was refused: " + report.refusal;
  c_.warn("edge: " + edge.name + ": " + text);
  event(edge, Severity::kMedium, static_cast<std::uint32_t>(EdgeEvent::kConfigurationRefused),
        text);
}

// Once per connection and manifest.
void Desk::offer_program(Edge& edge) {
  const EdgePicture& picture = pictures_[edge.name];
  const auto offer = programs_.wanted(picture.target, picture.version);
  if (!offer || offer->manifest == edge.program) return;
  edge.program = offer->manifest;
  edge.connection->stream->send(encode_message(*offer));
}

void Desk::take_report(Edge& edge, const UpdateReport& report) {
  const bool taken = report.refusal.empty();
  pictures_[edge.name].update_refusal = report.refusal;
  const std::string program = "program " + to_hex(report.digest).substr(0, 12);
  const std::string text =
      taken ? program + " is in place and on trial" : program + " was refused: " + report.refusal;
  c_.warn("edge: " + edge.name + ": " + text);
  event(edge, taken ? Severity::kInfo : Severity::kMedium,
        static_cast<std::uint32_t>(taken ? EdgeEvent::kProgramTaken : EdgeEvent::kProgramRefused),
        text);
}

}  // namespace amity::edge
