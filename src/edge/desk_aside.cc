// Batches that could not be taken: kept as they came, and tried again.
#include <algorithm>
#include <charconv>
#include <filesystem>

#include "edge/desk_parts.h"
#include "edge/file.h"

namespace amity::edge {

std::string Desk::quarantine_of(const std::string& edge) const {
  const bool plain = edge.find('/') == edge.npos && edge.front() != '.';
  return c_.quarantine + "/" + (plain ? edge : to_hex(as_bytes(edge)));
}

// A batch that is not understood here is kept as it came, and the queue goes on.
Status Desk::put_aside(Edge& edge, Sequence sequence, const Bytes& body, const Error& why) {
  if (c_.quarantine.empty()) return why;
  EdgePicture& picture = pictures_[edge.name];
  const std::string folder = quarantine_of(edge.name);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return make_error(ErrorCode::kIo, folder + ": " + error.message());
  const std::string name = to_hex(ByteView(edge.buffer).first(4)) + "-" + std::to_string(sequence);
  const std::string path = folder + "/" + name + ".batch";
  const bool again = std::filesystem::exists(path, error);
  picture.put_aside = aside_of(edge.name).size();
  if (!again && picture.put_aside >= kPutAsidePerEdgeMax)
    return make_error(ErrorCode::kBusy,
                      "too many batches of this edge were put aside; the last: " + to_string(why));
  AMITY_CHECK(replace_file(folder + "/" + name + ".txt", as_bytes(to_string(why) + "\n")));
  AMITY_CHECK(replace_file(path, body));
  if (again) return {};
  ++picture.put_aside;
  const std::string text = "batch " + std::to_string(sequence) + " of " +
                           std::to_string(body.size()) + " bytes cannot be taken and is kept in " +
                           path + ": " + to_string(why);
  c_.warn("edge: " + edge.name + ": " + text);
  event(edge, Severity::kHigh, static_cast<std::uint32_t>(EdgeEvent::kBatchPutAside), text);
  return {};
}

// By their number, of each buffer: "BUFFER-NUMBER", without the ending.
std::vector<std::string> Desk::aside_of(const std::string& edge) const {
  std::vector<std::string> names;
  if (c_.quarantine.empty() || edge.empty()) return names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(quarantine_of(edge), error))
    if (entry.path().extension() == ".batch") names.push_back(entry.path().stem().string());
  std::ranges::sort(names, {}, [](const std::string& n) { return std::pair(n.size(), n); });
  return names;
}

// After a start each gets another try: this program may know what the one before did not.
Status Desk::look_at_aside() {
  AMITY_TRY(const auto devices, c_.registry.devices());
  for (const Device& device : devices) {
    if (device.protocol != kEdgeProtocol || device.state != DeviceState::kActive) continue;
    EdgePicture& picture = pictures_[device.serial];
    picture.put_aside = aside_of(device.serial).size();
    if (picture.put_aside == 0) continue;
    try_again(device.serial, [this, name = device.serial](const Result<TriedAgain>& tried) {
      if (tried.ok())
        c_.warn("edge: " + name + ": of the batches that were put aside " +
                std::to_string(tried->taken) + " were taken now, " + std::to_string(tried->left) +
                " were not");
      else
        c_.warn("edge: " + name + ": " + to_string(tried.error()));
    });
  }
  return {};
}

struct Desk::Retry {
  std::shared_ptr<Edge> edge;
  std::vector<std::string> names;
  std::size_t at = 0;
  TriedAgain tried;
  OnTriedAgain done;
};

void Desk::try_again(const std::string& name, OnTriedAgain done) {
  const auto device = c_.registry.device_by_serial(name);
  if (!device.ok()) return done(device.error());
  if (!*device || (*device)->protocol != kEdgeProtocol)
    return done(make_error(ErrorCode::kNotFound, "no edge is registered as \"" + name + "\""));
  if (retrying_.contains(name))
    return done(make_error(ErrorCode::kBusy, "its batches are being tried already"));
  auto retry = std::make_shared<Retry>();
  retry->names = aside_of(name);
  retry->done = std::move(done);
  if (retry->names.empty()) return retry->done(retry->tried);
  auto& edge = edges_[name];
  if (!edge) edge = std::make_shared<Edge>(c_.registry, name, (*device)->id);
  retry->edge = edge;
  // Before the first: after a crash the journal says from here on which were taken.
  Bytes begin;
  ByteWriter(begin).u64(c_.journal.last());
  if (const Status kept = c_.registry.put_value(kAgainKey + name, begin); !kept.ok())
    return retry->done(kept.error());
  retrying_.insert(name);
  try_next(retry);
}

// One after the other, so that no more than one is in memory.
void Desk::try_next(const std::shared_ptr<Retry>& retry) {
  const std::string& edge = retry->edge->name;
  if (retry->at == retry->names.size()) {
    retrying_.erase(edge);
    pictures_[edge].put_aside = aside_of(edge).size();
    (void)c_.registry.put_value(kAgainKey + edge, {});
    return retry->done(retry->tried);
  }
  const std::string name = retry->names[retry->at++];
  const std::size_t dash = name.find('-');
  Sequence sequence = 0;
  const char* const end = name.data() + name.size();
  const bool plain =
      dash != name.npos && std::from_chars(name.data() + dash + 1, end, sequence).ptr == end;
  const std::string path = quarantine_of(edge) + "/" + name;
  const auto finish = [this, retry, path](const Status& status) {
    std::error_code error;
    ++(status.ok() ? retry->tried.taken : retry->tried.left);
    if (status.ok()) {
      std::filesystem::remove(path + ".batch", error);
      std::filesystem::remove(path + ".txt", error);
    } else {
      (void)replace_file(path + ".txt", as_bytes(to_string(status.error()) + "\n"));
    }
    c_.runtime.timers.post([weak = std::weak_ptr<Desk*>(self_), retry] {
      if (const auto self = weak.lock()) (*self)->try_next(retry);
    });
  };
  if (!plain) return finish(make_error(ErrorCode::kInvalid, "the file's name is no batch's"));
  const std::string source = source_of(edge, name.substr(0, dash));
  if (kept_[source].sequences.contains(sequence)) return finish({});
  const auto body = read_file(path + ".batch", kBatchBytesMax);
  if (!body.ok()) return finish(body.error());
  auto batch = decode_batch(*body);
  if (!batch.ok()) return finish(batch.error());
  auto unpacked = retry->edge->unpacker.unpack(std::move(*batch), source + std::to_string(sequence),
                                               c_.runtime.clock.utc());
  if (!unpacked.ok()) return finish(unpacked.error());
  EdgePicture& picture = pictures_[edge];
  picture.readings += unpacked->readings.readings.size();
  picture.events += unpacked->events.events.size();
  tell_of(*retry->edge);
  keep(*retry->edge, source, std::move(*unpacked), finish);
}

}  // namespace amity::edge
