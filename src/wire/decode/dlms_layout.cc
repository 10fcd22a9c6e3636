#include <algorithm>

#include "wire/decode/layout.h"
#include "wire/dlms/apdu.h"
#include "wire/dlms/data.h"
#include "wire/dlms/data_value.h"
#include "wire/dlms/security.h"

namespace amity::decode {
namespace {

using dlms::ApduTag;
using dlms::DataType;

constexpr std::size_t kInvokeBytes = 4, kDateTimeBytes = 12;
constexpr int kApduDepth = 1;
constexpr int kDepthMax = 20;  // of containers in containers; deeper ones are shown whole

// What is carried, as one run of bytes; parts are placed where those bytes stand in the recording.
class Placed {
 public:
  explicit Placed(const Message& message) : message_(message) {}

  // Split where another transport frame begins in the middle.
  void leaf(std::size_t from, std::size_t size, int depth, std::string meaning,
            std::string value = {}) {
    std::size_t start = 0;
    for (const Message::Piece& piece : message_.carried) {
      const std::size_t first = std::max(from, start),
                        last = std::min(from + size, start + piece.size);
      if (first < last) {
        parts.push_back({piece.offset + first - start, last - first, depth, meaning, value});
        value.clear();
      }
      start += piece.size;
    }
  }
  void container(std::size_t from, std::size_t size, int depth, std::string meaning) {
    const std::size_t first = place(from), last = place(from + size - 1) + 1;
    parts.push_back({first, last - first, depth, std::move(meaning), ""});
  }

  std::vector<wire::Part> parts;

 private:
  std::size_t place(std::size_t index) const {
    std::size_t start = 0;
    for (const Message::Piece& piece : message_.carried) {
      if (index < start + piece.size) return piece.offset + index - start;
      start += piece.size;
    }
    return message_.offset + message_.size;
  }
  const Message& message_;
};

class ApduWalk {
 public:
  // The APDU begins at `at` of what is carried.
  ApduWalk(ByteView apdu, std::size_t at, Placed& out)
      : in_(apdu), apdu_(apdu), at_(at), out_(out) {}

  void walk() {
    const std::uint8_t tag = apdu_[0];
    out_.container(at_, apdu_.size(), kApduDepth, "APDU");
    take(1, "tag", to_hex(apdu_.first(1)));
    const bool walked = is_service_ciphered(tag) ? ciphered(false)
                        : tag == static_cast<std::uint8_t>(ApduTag::kGeneralGlo) ||
                                tag == static_cast<std::uint8_t>(ApduTag::kGeneralDed)
                            ? ciphered(true)
                        : tag == static_cast<std::uint8_t>(ApduTag::kDataNotification)
                            ? notification()
                        : tag == static_cast<std::uint8_t>(ApduTag::kGetResponse) ? get_response()
                                                                                  : true;
    if (const std::size_t rest = in_.remaining(); rest != 0)
      take(rest, walked ? "body" : "unknown", "");
  }

 private:
  // glo- and ded- of each service (IEC 62056-5-3, 9.5).
  static bool is_service_ciphered(std::uint8_t tag) {
    return (tag >= 0xC8 && tag <= 0xD7) || (tag >= 0x21 && tag <= 0x2D) ||
           (tag >= 0x41 && tag <= 0x4D);
  }
  bool take(std::size_t size, const char* meaning, std::string value) {
    if (size > in_.remaining()) return false;
    out_.leaf(at_ + in_.position(), size, kApduDepth + 1, meaning, std::move(value));
    (void)in_.take(size);
    return true;
  }
  bool take_hex(std::size_t size, const char* meaning) {
    return size <= in_.remaining() &&
           take(size, meaning, to_hex(apdu_.subspan(in_.position(), size)));
  }
  // A-XDR length; its bytes.
  std::optional<std::size_t> take_length(const char* meaning) {
    const std::size_t rest = in_.remaining();
    if (rest == 0) return std::nullopt;
    const std::uint8_t first = apdu_[in_.position()];
    const std::size_t more = first < 0x80 ? 0 : first & 0x7Fu;
    if (more > 4 || more + 1 > rest) return std::nullopt;
    std::size_t length = more == 0 ? first : 0;
    for (std::size_t i = 0; i < more; ++i) length = length << 8 | apdu_[in_.position() + 1 + i];
    take(1 + more, meaning, std::to_string(length));
    return length;
  }
  bool ciphered(bool with_title) {
    if (with_title) {
      const auto title = take_length("system title length");
      if (!title || !take_hex(*title, "system title")) return false;
    }
    const auto length = take_length("length");
    if (!length || *length != in_.remaining() || *length < dlms::Cipher::kHeaderSize) return false;
    const dlms::SecurityControl control{apdu_[in_.position()]};
    take(1, "security control", to_string(control));
    const ByteView counter = apdu_.subspan(in_.position(), 4);
    take(4, "invocation counter",
         std::to_string(std::uint32_t{counter[0]} << 24 | counter[1] << 16 | counter[2] << 8 |
                        counter[3]));
    const std::size_t tag = control.authenticated() ? dlms::Cipher::kTagSize : 0;
    if (in_.remaining() < tag) return false;
    if (const std::size_t text = in_.remaining() - tag; text != 0)
      take(text, control.encrypted() ? "ciphertext" : "plain text", "");
    return tag == 0 || take_hex(tag, "authentication tag");
  }
  bool notification() {
    if (!take_hex(kInvokeBytes, "long invoke id and priority")) return false;
    const auto time = take_length("date-time length");
    if (!time || (*time != 0 && (*time != kDateTimeBytes || !take_hex(*time, "date-time"))))
      return false;
    return data(kApduDepth + 1);
  }
  bool get_response() {
    if (in_.remaining() < 3) return false;
    const bool normal = apdu_[in_.position()] == 1;
    take(1, "response type", normal ? "normal" : to_hex(apdu_.subspan(in_.position(), 1)));
    take_hex(1, "invoke id and priority");
    if (!normal) return true;
    const bool result = apdu_[in_.position()] == 0;
    take(1, "result", result ? "data" : "data-access-result");
    return result ? data(kApduDepth + 1) : take_hex(1, "data-access-result");
  }

  // One value with all that is in it.
  bool data(int depth) {
    const std::size_t start = in_.position();
    if (in_.remaining() == 0) return false;
    const auto type = static_cast<DataType>(apdu_[start]);
    ByteReader ahead(apdu_.subspan(start));
    const auto whole = dlms::take_data(ahead);
    if (!whole.ok()) return false;
    const bool container = type == DataType::kArray || type == DataType::kStructure;
    if (!container || depth > kDepthMax) {
      dlms::DataTree tree;
      const std::string value = tree.parse(*whole).ok() ? dlms::to_text(tree.root()) : "";
      out_.leaf(at_ + start, whole->size(), depth, "value", value);
      (void)in_.take(whole->size());
      return true;
    }
    out_.container(at_ + start, whole->size(), depth,
                   type == DataType::kArray ? "array" : "structure");
    std::size_t head = 2;
    std::size_t count = apdu_[start + 1];
    if (count >= 0x80) {
      head += count & 0x7Fu;
      count = 0;
      for (std::size_t i = start + 2; i < start + head; ++i) count = count << 8 | apdu_[i];
    }
    out_.leaf(at_ + start, head, depth + 1, "type and count", std::to_string(count));
    (void)in_.take(head);
    for (std::size_t i = 0; i < count; ++i) {
      if (!data(depth + 1)) return false;
    }
    return true;
  }

  ByteReader in_;
  ByteView apdu_;
  std::size_t at_;
  Placed& out_;
};

}  // namespace

std::vector<wire::Part> dlms_layout(const Message& message) {
  Placed placed(message);
  if (message.prefix_bytes != 0) {
    placed.leaf(0, message.prefix_bytes, 1,
                message.gateway ? "link header, gateway prefix" : "logical link header");
  }
  if (!message.apdu.empty()) ApduWalk(message.apdu, message.prefix_bytes, placed).walk();
  std::vector<wire::Part> parts = message.transport_layout;
  for (std::size_t i = 1; i < message.carried.size(); ++i) {
    parts.push_back(
        {message.carried[i].offset, message.carried[i].size, kApduDepth, "APDU, continued", ""});
  }
  parts.insert(parts.end(), placed.parts.begin(), placed.parts.end());
  std::stable_sort(parts.begin(), parts.end(), [](const wire::Part& a, const wire::Part& b) {
    return a.offset != b.offset ? a.offset < b.offset : a.depth < b.depth;
  });
  // The flag behind one HDLC frame may be the one in front of the next.
  const auto same_flag = [](const wire::Part& a, const wire::Part& b) {
    return a.offset == b.offset && a.meaning == "flag" && b.meaning == "flag";
  };
  parts.erase(std::unique(parts.begin(), parts.end(), same_flag), parts.end());
  std::size_t end = 0;
  for (wire::Part& part : parts) {
    part.offset -= message.offset;
    end = std::max(end, part.offset + part.size);
  }
  parts.insert(parts.begin(), {0, end, 0, "message", ""});
  return parts;
}

}  // namespace amity::decode
