#include "wire/decode/dlms_recording.h"

#include <algorithm>
#include <cctype>

#include "wire/decode/apdu_json.h"
#include "wire/decode/layout.h"
#include "wire/decode/message.h"
#include "wire/decode/push.h"

namespace amity::decode {
namespace {

void optional_member(JsonWriter& out, std::string_view key, const std::string& text) {
  if (!text.empty()) member(out, key, text);
}

void write_transport(JsonWriter& out, const Message& m) {
  put_key(out, "transport");
  out.StartObject();
  member(out, "type", to_string(m.transport));
  optional_member(out, "source", m.source);
  optional_member(out, "destination", m.destination);
  optional_member(out, "frame", m.frame_type);
  if (m.gateway) member(out, "gateway", *m.gateway);
  put_key(out, "frames");
  out.Uint64(m.frames);
  put_key(out, "bytes");
  out.Uint64(m.size);
  out.EndObject();
}

void write_security(JsonWriter& out, const Security& s) {
  put_key(out, "security");
  out.StartObject();
  member(out, "mode", s.mode);
  put_key(out, "ok");
  out.Bool(s.ok);
  optional_member(out, "reason", s.reason);
  if (s.suite) {
    put_key(out, "suite");
    out.Int(*s.suite);
  }
  if (s.invocation_counter) {
    put_key(out, "invocation_counter");
    out.Uint(*s.invocation_counter);
  }
  if (!s.system_title.empty()) member(out, "system_title", to_hex(s.system_title));
  out.EndObject();
}

void write_meter(JsonWriter& out, const PushContents& contents, ByteView system_title) {
  std::string manufacturer = contents.manufacturer;
  if (manufacturer.empty() && system_title.size() == 8 &&
      std::all_of(system_title.begin(), system_title.begin() + 3,
                  [](std::uint8_t c) { return std::isalpha(c); })) {
    manufacturer = as_text(system_title.first(3));
  }
  put_key(out, "meter");
  out.StartObject();
  for (const auto& [key, value] :
       {std::pair<const char*, const std::string&>{"id", contents.meter_id},
        {"manufacturer", manufacturer},
        {"medium", contents.medium},
        {"model", contents.model}}) {
    member(out, key, value);
  }
  out.EndObject();
}

void write_reading(JsonWriter& out, const Reading& r) {
  out.StartObject();
  member(out, "quantity", r.quantity);
  member(out, "unit", r.unit);
  put_key(out, "value");
  if (r.is_text) {
    put(out, r.value);
  } else {
    out.RawValue(r.value.data(), r.value.size(), rapidjson::kNumberType);
  }
  const auto group = [&](const char* key, int value) {
    put_key(out, key);
    out.Int(value);
  };
  group("storage", r.obis.f() == 255 ? 0 : r.obis.f());
  group("tariff", r.obis.e());
  group("subunit", r.obis.b());
  member(out, "kind", r.kind);
  member(out, "time", r.time);
  member(out, "obis", to_string(r.obis));
  out.EndObject();
}

void write_contents(JsonWriter& out, const PushContents& contents) {
  put_key(out, "readings");
  out.StartArray();
  for (const Reading& reading : contents.readings) write_reading(out, reading);
  out.EndArray();
  put_key(out, "events");
  out.StartArray();
  for (const Event& event : contents.events) {
    out.StartObject();
    put_key(out, "code");
    out.Int64(event.code);
    member(out, "time", event.time);
    member(out, "obis", to_string(event.obis));
    out.EndObject();
  }
  out.EndArray();
  put_key(out, "unknown");
  out.StartArray();
  for (const Unknown& unknown : contents.unknown) {
    out.StartObject();
    optional_member(out, "obis", unknown.obis);
    member(out, "data", unknown.data);
    out.EndObject();
  }
  out.EndArray();
}

void write_layout(JsonWriter& out, const std::vector<wire::Part>& layout) {
  put_key(out, "layout");
  out.StartArray();
  for (const wire::Part& part : layout) {
    out.StartObject();
    put_key(out, "offset");
    out.Uint64(part.offset);
    put_key(out, "size");
    out.Uint64(part.size);
    put_key(out, "depth");
    out.Int(part.depth);
    member(out, "meaning", part.meaning);
    optional_member(out, "value", part.value);
    out.EndObject();
  }
  out.EndArray();
}

// Fills the contents from what the meter sends unasked. Everything else is shown in "apdu" alone:
// without the request, an answer does not say what it is the value of.
Status interpret(const dlms::Apdu& apdu, PushReader& reader) {
  dlms::DataTree tree;
  if (const auto* push = std::get_if<dlms::DataNotification>(&apdu)) {
    AMITY_CHECK(tree.parse(push->body));
    reader.set_time(push->date_time);
    reader.read(tree.root());
  } else if (const auto* event = std::get_if<dlms::EventNotification>(&apdu)) {
    AMITY_CHECK(tree.parse(event->value));
    reader.set_time(event->time);
    reader.read_value(event->attribute.instance, tree.root());
  }
  return {};
}

Result<std::string> to_json(const Message& message, ByteView apdu, const DecodeOptions& options) {
  Opened opened;
  std::optional<dlms::Apdu> decoded;
  PushReader reader(options.deviation_sign, options.zone);
  if (!apdu.empty()) {
    AMITY_TRY(opened, open_apdu(apdu, options.keys));
    AMITY_TRY(decoded, dlms::decode_apdu(opened.apdu));
    AMITY_CHECK(interpret(*decoded, reader));
  }
  rapidjson::StringBuffer buffer;
  JsonWriter out(buffer);
  out.StartObject();
  member(out, "protocol", decoded ? "dlms" : "hdlc");
  write_transport(out, message);
  write_meter(out, reader.contents(), opened.security.system_title);
  write_security(out, opened.security);
  optional_member(out, "time", reader.contents().time);
  write_contents(out, reader.contents());
  if (decoded) {
    put_key(out, "apdu");
    write_apdu(out, opened.apdu[0], *decoded);
  }
  if (options.explain) write_layout(out, dlms_layout(message));
  out.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

// An error inside an APDU, placed in the recording: exactly for a bare APDU, else at its first
// frame.
Error in_recording(Error error, const Message& message) {
  if (message.transport == Transport::kApdu) {
    error.offset += message.offset;
  } else {
    error.reason = "in the APDU, byte " + std::to_string(error.offset) + ": " + error.reason;
    error.offset = message.offset;
  }
  return error;
}

}  // namespace

std::vector<DecodedFrame> decode_dlms(ByteView recording, const DecodeOptions& options) {
  std::vector<DecodedFrame> decoded;
  BlockJoiner blocks;
  for (FoundMessage& found : find_messages(recording, options.explain)) {
    if (!found.message.ok()) {
      decoded.push_back({found.offset, std::move(found.message).error(), {}});
      continue;
    }
    const Message& message = *found.message;
    auto joined = blocks.add(message.apdu);
    if (joined.ok() && !*joined) continue;  // a block of a message that is not complete
    Result<std::string> json = joined.ok() ? to_json(message, **joined, options)
                                           : Result<std::string>(std::move(joined).error());
    if (!json.ok()) json = in_recording(std::move(json).error(), message);
    decoded.push_back({found.offset, std::move(json), {}});
  }
  return decoded;
}

}  // namespace amity::decode
