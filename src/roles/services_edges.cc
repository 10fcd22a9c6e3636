// What the API shows of edges.
#include <algorithm>

#include "roles/services.h"

namespace amity::roles {
namespace {

api::EdgeRow row_of(const edge::EdgePicture& p) {
  api::EdgeRow row;
  row.connected = p.connected;
  row.last_seen = p.last_seen;
  row.version = p.version;
  row.target = p.target;
  row.configuration = p.configuration;
  row.configuration_refusal = p.configuration_refusal;
  row.program_refusal = p.update_refusal;
  row.batches_waiting = p.status.buffered_batches;
  row.bytes_waiting = p.status.buffered_bytes;
  row.batches_put_aside = p.put_aside;
  row.commands_waiting = p.orders;
  row.readings = p.readings;
  row.meters = p.status.meters;
  row.meters_failing = p.status.meters_failing;
  row.resident_kib = p.status.resident_kib;
  row.clock_offset_ms = p.clock_offset_ms;
  return row;
}

}  // namespace

Result<std::vector<api::EdgeRow>> PlatformServices::edges() {
  const auto pictures =
      edges_ == nullptr ? std::map<std::string, edge::EdgePicture>() : edges_->edges();
  AMITY_TRY(const auto devices, store_.registry().devices());
  std::vector<api::EdgeRow> rows;
  for (const Device& device : devices) {
    if (device.protocol != edge::kEdgeProtocol || device.state != DeviceState::kActive) continue;
    const auto picture = pictures.find(device.serial);
    api::EdgeRow row = picture == pictures.end() ? api::EdgeRow() : row_of(picture->second);
    row.device = device.id;
    row.name = device.serial;
    // Of the time before this process began each connection is a contact.
    if (const auto known = status(device.id))
      row.last_seen = std::max(row.last_seen, known->last_contact);
    rows.push_back(std::move(row));
  }
  std::ranges::sort(rows, {}, &api::EdgeRow::name);
  return rows;
}

void PlatformServices::retry_edge(const std::string& name,
                                  std::function<void(Result<api::EdgeRetry>)> done) {
  if (edges_ == nullptr) return Services::retry_edge(name, std::move(done));
  edges_->try_again(name, [done = std::move(done)](const Result<edge::TriedAgain>& tried) {
    if (!tried.ok()) return done(tried.error());
    done(api::EdgeRetry{tried->taken, tried->left});
  });
}

}  // namespace amity::roles
