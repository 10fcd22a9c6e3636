// Captures of real meters against an independent decode of each (`*_decoded.xml` beside it): every
// value, in order.
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <bit>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "wire/decode/decode.h"
#include "wire/decode/message.h"
#include "wire/dlms/apdu.h"
#include "wire/dlms/data.h"
#include "wire/dlms/datetime.h"

namespace amity::decode {
namespace {

namespace fs = std::filesystem;
using dlms::DataType;
using dlms::DataView;

const fs::path kFolder = fs::path(AMITY_SOURCE_DIR) / "../shared/data/frames/dlms_push";

std::string file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct Element {
  std::string tag;
  std::string value;  // of Value, Qty or LongInvokeId
  bool has_value = false;
};

std::string attribute(const std::string& element, const std::string& name, bool* found = nullptr) {
  const auto at = element.find(' ' + name + "=\"");
  if (found != nullptr) *found = at != std::string::npos;
  if (at == std::string::npos) return "";
  const auto from = at + name.size() + 3;
  return element.substr(from, element.find('"', from) - from);
}

std::vector<Element> elements_of(const std::string& xml) {
  std::vector<Element> elements;
  for (std::size_t at = xml.find('<'); at != std::string::npos; at = xml.find('<', at + 1)) {
    if (xml[at + 1] == '/' || xml[at + 1] == '?') continue;
    const std::string text = xml.substr(at + 1, xml.find('>', at) - at - 1);
    Element e;
    e.tag = text.substr(0, text.find_first_of(" /"));
    for (const char* name : {"Value", "Qty", "LongInvokeId", "SystemTitle"}) {
      if (!e.has_value) e.value = attribute(text, name, &e.has_value);
    }
    elements.push_back(e);
  }
  return elements;
}

std::string two(int v) {
  return (v < 10 ? "0" : "") + std::to_string(v);
}

// "2023-04-01 21:32:35.00 -02:00"
std::string date_time(ByteView bytes) {
  const auto v = dlms::date_time_from(bytes);
  if (!v.ok()) return "";
  std::string text = std::to_string(v->date.year) + "-" + two(v->date.month) + "-" +
                     two(v->date.day) + " " + two(v->time.hour) + ":" + two(v->time.minute) + ":" +
                     two(v->time.second);
  if (v->time.hundredths != dlms::kAny) text += "." + two(v->time.hundredths);
  if (v->deviation_min != dlms::kAnyDeviation) {
    const int minutes = std::abs(v->deviation_min);
    text += std::string(v->deviation_min < 0 ? " -" : " +") + two(minutes / 60) + ":" +
            two(minutes % 60);
  }
  return text;
}

std::string dotted(ByteView bytes) {
  std::string text;
  for (std::uint8_t b : bytes) text += (text.empty() ? "" : ".") + std::to_string(b);
  return text;
}

const char* tag_of(DataType type) {
  switch (type) {
    case DataType::kArray:
      return "ARRAY";
    case DataType::kStructure:
      return "STRUCTURE";
    case DataType::kOctetString:
      return "OCTETSTRING";
    case DataType::kVisibleString:
      return "VISIBLESTRING";
    case DataType::kUint8:
      return "UINT8";
    case DataType::kUint16:
      return "UINT16";
    case DataType::kUint32:
      return "UINT32";
    case DataType::kInt8:
      return "INT8";
    case DataType::kInt16:
      return "INT16";
    case DataType::kInt32:
      return "INT32";
    case DataType::kEnum:
      return "ENUM";
    case DataType::kNull:
      return "NullData";
    default:
      return "?";
  }
}

// Walks both in step.
void compare(DataView view, const std::vector<Element>& elements, std::size_t& at) {
  ASSERT_LT(at, elements.size());
  const Element& e = elements[at++];
  ASSERT_EQ(tag_of(view.type()), e.tag) << "element " << at;
  if (view.is_container()) {
    ASSERT_EQ(std::to_string(view.size()), e.value) << "element " << at;
    for (const DataView item : view) compare(item, elements, at);
  } else if (view.is_bytes()) {
    const ByteView b = view.bytes();
    const std::string text(as_text(b).substr(0, as_text(b).find('\0')));
    EXPECT_TRUE(e.value == text || e.value == dotted(b) || e.value == date_time(b))
        << "element " << at << ": " << e.value << " / " << to_hex(b);
  } else if (!view.is_null()) {
    EXPECT_EQ(std::to_string(view.number()), e.value) << "element " << at;
  }
}

DecodeOptions options_for(const fs::path& capture) {
  DecodeOptions options;
  for (const char* extension : {".key", ".gak"}) {
    fs::path path = capture;
    path.replace_extension(extension);
    if (!fs::exists(path)) continue;
    auto key = bytes_from_hex_text(file(path));
    EXPECT_TRUE(key.ok()) << path;
    (std::string(extension) == ".key" ? options.keys.encryption : options.keys.authentication)
        .push_back(*key);
  }
  return options;
}

class Captures : public testing::TestWithParam<const char*> {};

TEST_P(Captures, DecodeToTheirTwin) {
  const fs::path capture = kFolder / (std::string(GetParam()) + ".log");
  if (!fs::exists(capture)) GTEST_SKIP() << "no captures of real meters at " << kFolder;
  const auto bytes = bytes_from_hex_text(file(capture));
  ASSERT_TRUE(bytes.ok()) << to_string(bytes.error());
  const DecodeOptions options = options_for(capture);

  auto messages = find_messages(*bytes);
  ASSERT_EQ(messages.size(), 1u);
  ASSERT_TRUE(messages[0].message.ok()) << to_string(messages[0].message.error());
  const auto opened = open_apdu(messages[0].message->apdu, options.keys);
  ASSERT_TRUE(opened.ok()) << to_string(opened.error());
  ASSERT_TRUE(opened->security.ok) << opened->security.reason;
  const auto apdu = dlms::decode_apdu(opened->apdu);
  ASSERT_TRUE(apdu.ok()) << to_string(apdu.error());
  const auto* push = std::get_if<dlms::DataNotification>(&*apdu);
  ASSERT_NE(push, nullptr);

  const auto elements = elements_of(file(kFolder / (std::string(GetParam()) + "_decoded.xml")));
  std::size_t at = 0;
  ASSERT_GT(elements.size(), 3u);
  if (elements[0].tag == "GeneralGloCiphering") {
    EXPECT_EQ(to_hex(opened->security.system_title), elements[at++].value);
  }
  EXPECT_EQ(elements[at].tag, "DataNotification");
  Bytes invoke;
  ByteWriter(invoke).u32(push->invoke.raw);
  EXPECT_EQ(to_hex(invoke), elements[at++].value);
  EXPECT_EQ(elements[at].tag, "DateTime");
  EXPECT_EQ(push->date_time.empty() ? "" : date_time(push->date_time), elements[at++].value);
  dlms::DataTree tree;
  ASSERT_TRUE(tree.parse(push->body).ok());
  compare(tree.root(), elements, at);
  EXPECT_EQ(at, elements.size()) << "every element of the twin was met";

  const auto json = decode_frame(*bytes, options);
  ASSERT_TRUE(json.ok()) << to_string(json.error());
  rapidjson::Document document;
  ASSERT_FALSE(document.Parse(json->c_str()).HasParseError());
  // What stands by place alone is named by a model file's list.
  EXPECT_GT(document["readings"].Size() + document["unknown"].Size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(DlmsPush, Captures,
                         testing::Values("hdlc_iskra550", "hdlc_kaifa_ma304h3e",
                                         "hdlc_kamstrup_omnipower", "hdlc_norway_han_1phase",
                                         "mbus_netz_noe_p1", "raw_energomera", "raw_salzburg_netz"),
                         [](const auto& capture) { return std::string(capture.param); });

}  // namespace
}  // namespace amity::decode
