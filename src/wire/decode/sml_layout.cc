#include <span>

#include "wire/decode/layout.h"
#include "wire/dlms/obis.h"
#include "wire/sml/limits.h"
#include "wire/sml/tlv.h"
#include "wire/sml/transport.h"

namespace amity::decode {
namespace {

using sml::Type;

constexpr std::size_t kWord = 4, kEnvelopeBytes = 2 * kWord;
constexpr std::uint8_t kEscape = 0x1B;

// Names of a list's elements, by place; those of the elements inside one of them.
struct Names {
  std::span<const char* const> elements;
  const Names* (*inside)(std::size_t place, std::uint64_t kind) = nullptr;
};

constexpr const char* kEntryNames[] = {"object", "status", "time",     "unit",
                                       "scaler", "value",  "signature"};
constexpr Names kEntry{kEntryNames};
constexpr Names kEntries{{}, [](std::size_t, std::uint64_t) { return &kEntry; }};
constexpr const char* kListNames[] = {"client id",  "server id", "list name",   "sensor time",
                                      "value list", "signature", "gateway time"};
constexpr Names kList{
    kListNames, [](std::size_t place, std::uint64_t) { return place == 4 ? &kEntries : nullptr; }};
constexpr const char* kOpenNames[] = {"codepage",  "client id",      "file id",
                                      "server id", "reference time", "version"};
constexpr Names kOpen{kOpenNames};
constexpr const char* kCloseNames[] = {"signature"};
constexpr Names kClose{kCloseNames};
constexpr std::uint64_t kOpenResponse = 0x101, kCloseResponse = 0x201, kListResponse = 0x701;
const Names* body_of(std::size_t place, std::uint64_t kind) {
  if (place != 1) return nullptr;
  if (kind == kOpenResponse) return &kOpen;
  if (kind == kCloseResponse) return &kClose;
  return kind == kListResponse ? &kList : nullptr;
}
constexpr const char* kBodyNames[] = {"message kind", "contents"};
constexpr Names kBody{kBodyNames, body_of};
constexpr const char* kMessageNames[] = {"transaction id", "group",       "abort on error",
                                         "message body",   "message CRC", "end of message"};
constexpr Names kMessage{
    kMessageNames, [](std::size_t place, std::uint64_t) { return place == 3 ? &kBody : nullptr; }};

// Where each byte of the payload stands in the frame: escapes in it are doubled.
std::vector<std::size_t> places_of(ByteView frame, std::size_t payload_size) {
  std::vector<std::size_t> places;
  std::size_t at = kEnvelopeBytes, escapes = 0;
  while (places.size() <= payload_size && at <= frame.size()) {
    places.push_back(at);
    escapes = at < frame.size() && frame[at] == kEscape ? escapes + 1 : 0;
    ++at;
    if (escapes == kWord) {
      at += kWord;
      escapes = 0;
    }
  }
  return places;
}

class SmlWalk {
 public:
  SmlWalk(ByteView payload, std::vector<std::size_t> places, wire::Report& report)
      : payload_(payload), places_(std::move(places)), report_(report) {}

  void messages() {
    while (at_ < payload_.size() && element("message", &kMessage, 0)) {
    }
    if (at_ < payload_.size()) leaf(at_, payload_.size(), 0, "unknown");
  }

 private:
  struct Head {
    Type type = Type::kOctets;
    std::size_t length = 0, size = 0;  // size of the head itself
  };
  std::optional<Head> head() const {
    Head h;
    std::size_t at = at_;
    do {
      if (at >= payload_.size() || h.length > payload_.size()) return std::nullopt;
      if (at == at_) h.type = static_cast<Type>(payload_[at] >> 4 & 7);
      h.length = h.length << 4 | (payload_[at] & 0x0F);
    } while ((payload_[at++] & 0x80) != 0);
    h.size = at - at_;
    return h;
  }

  // One element with all that is in it; false where it cannot be read.
  bool element(const char* name, const Names* names, int depth) {
    const auto h = head();
    if (!h || depth > 2 * sml::kDepthMax) return false;
    const std::size_t start = at_;
    if (h->type == Type::kList) return list(*h, name, names, depth);
    const std::size_t size = std::max(h->length, h->size);
    if (size > payload_.size() - at_) return false;
    at_ += size;
    last_number_ = h->type == Type::kUnsigned && size - h->size <= 8
                       ? sml::unsigned_of(payload_.subspan(start + h->size, size - h->size))
                       : 0;
    leaf(start, at_, depth, name,
         value(h->type, payload_.subspan(start + h->size, size - h->size)));
    return true;
  }
  bool list(const Head& h, const char* name, const Names* names, int depth) {
    const std::size_t start = at_, container = report_.layout.size();
    report_.layout.push_back({places_[start], 0, depth, name, ""});
    at_ += h.size;
    leaf(start, at_, depth + 1, "list of " + std::to_string(h.length));
    bool whole = true;
    for (std::size_t i = 0; whole && i < h.length && at_ < payload_.size(); ++i) {
      const Names* inside =
          names != nullptr && names->inside != nullptr ? names->inside(i, last_number_) : nullptr;
      const char* label =
          names != nullptr && i < names->elements.size() ? names->elements[i] : "element";
      whole = element(label, inside, depth + 1);
    }
    report_.layout[container].size = places_[at_] - places_[start];
    return whole;
  }
  static std::string value(Type type, ByteView bytes) {
    if (bytes.empty()) return "";
    if (type == Type::kUnsigned && bytes.size() <= 8)
      return std::to_string(sml::unsigned_of(bytes));
    if (type == Type::kSigned && bytes.size() <= 8) return std::to_string(sml::signed_of(bytes));
    return to_hex(bytes);
  }
  void leaf(std::size_t from, std::size_t to, int depth, std::string meaning,
            std::string value = {}) {
    report_.layout.push_back(
        {places_[from], places_[to] - places_[from], depth, std::move(meaning), std::move(value)});
  }

  ByteView payload_;
  std::vector<std::size_t> places_;
  wire::Report& report_;
  std::size_t at_ = 0;
  std::uint64_t last_number_ = 0;
};

}  // namespace

void append_sml_layout(ByteView frame, wire::Report& report) {
  Bytes scratch;
  const auto payload = sml::open_frame(frame, scratch);
  if (!payload.ok()) return;
  auto places = places_of(frame, payload->bytes.size());
  if (places.size() != payload->bytes.size() + 1) return;
  const std::size_t padding = places.back(), end = frame.size() - kEnvelopeBytes;
  if (padding > end) return;
  std::vector<wire::Part>& layout = report.layout;
  layout.push_back({0, kWord, 0, "escape", "1B1B1B1B"});
  layout.push_back({kWord, kWord, 0, "start, version 1", "01010101"});
  SmlWalk(payload->bytes, std::move(places), report).messages();
  if (padding < end) layout.push_back({padding, end - padding, 0, "padding", ""});
  layout.push_back({end, kWord, 0, "escape", "1B1B1B1B"});
  layout.push_back({end + kWord, 1, 0, "end", "1A"});
  layout.push_back({end + kWord + 1, 1, 0, "padding bytes", std::to_string(end - padding)});
  layout.push_back({end + kWord + 2, 2, 0, "CRC", to_hex(frame.subspan(end + kWord + 2, 2))});
}

}  // namespace amity::decode
