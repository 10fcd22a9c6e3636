#include "wire/dlms/apdu.h"

#include <deque>

#include "wire/dlms/data_value.h"
#include "wire/dlms/selective_access.h"
#include "wire/dlms/test_bytes.h"

namespace amity::dlms {
namespace {

const AttributeRef kClockTime{8, Obis(0, 0, 1, 0, 0, 255), 2};
const AttributeRef kImport{3, Obis(1, 0, 1, 8, 0, 255), 2};

// Decodes, and encodes again to the same bytes. Views in the result stay valid.
template <class T>
T same(Bytes input) {
  static std::deque<Bytes> kept;
  const Bytes& bytes = kept.emplace_back(std::move(input));
  const auto apdu = decode_apdu(bytes);
  EXPECT_TRUE(apdu.ok()) << to_string(apdu.error());
  if (!apdu.ok()) return {};
  const T* value = std::get_if<T>(&*apdu);
  EXPECT_NE(value, nullptr) << to_hex(bytes);
  if (value == nullptr) return {};
  EXPECT_EQ(encoded(*value), to_hex(bytes));
  return *value;
}

std::string text_of(ByteView value) {
  DataTree tree;
  return tree.parse(value).ok() ? to_text(tree.root()) : "?";
}

// protocols.md 17 and 18: the plain texts seen between a client and a foreign server.
TEST(Get, Normal) {
  const Bytes request = "C001C100080000010000FF0200"_hex;
  const auto get = same<GetRequestNormal>(request);
  EXPECT_EQ(get.invoke, InvokeId::make(1));
  EXPECT_EQ(get.attribute, kClockTime);
  EXPECT_FALSE(get.access.has_value());
  const Bytes reply = "C401C100090C07EA0B150600090000000000"_hex;
  const auto response = same<GetResponseNormal>(reply);
  EXPECT_TRUE(response.result.ok());
  EXPECT_EQ(text_of(response.result.data), "octet-string 07EA0B150600090000000000");
  const Bytes denied = "C401C10103"_hex;
  EXPECT_EQ(same<GetResponseNormal>(denied).result.result, DataAccessResult::kReadWriteDenied);
}

TEST(Get, WithListAndBlocks) {
  const Bytes list = "C00381 02 0008 0000010000FF 02 00 0003 0100010800FF 02 00"_hex;
  EXPECT_EQ(same<GetRequestWithList>(list).items.at(1).attribute, kImport);
  EXPECT_EQ(same<GetRequestNext>("C00281 00000007"_hex).block_number, 7u);
  const Bytes block = "C40281 00 00000001 00 03 010203"_hex;
  const auto first = same<GetResponseWithDataBlock>(block);
  EXPECT_FALSE(first.last_block);
  EXPECT_EQ(first.block_number, 1u);
  EXPECT_EQ(to_hex(first.raw_data), "010203");
  const auto failed = same<GetResponseWithDataBlock>("C40281 01 00000002 01 0F"_hex);
  EXPECT_EQ(failed.result, DataAccessResult::kLongGetAborted);
  const Bytes results = "C40381 02 00 06 0000002A 01 0B"_hex;
  const auto both = same<GetResponseWithList>(results);
  EXPECT_EQ(text_of(both.results.at(0).data), "uint32 42");
  EXPECT_EQ(both.results.at(1).result, DataAccessResult::kObjectUnavailable);
}

TEST(Get, ProfileByRange) {
  Bytes parameters;
  encode_parameters(range_by_clock(date_time_utc(*from_iso("2026-11-01")),
                                   date_time_utc(*from_iso("2026-11-02"))),
                    parameters);
  GetRequestNormal get{InvokeId::make(2),
                       {7, Obis(1, 0, 99, 1, 0, 255), 2},
                       SelectiveAccess{kAccessByRange, parameters}};
  EXPECT_EQ(encoded(get),
            "C001C2000701006301"
            "00FF02"
            "0101"
            "0204"
            "0204"
            "120008"
            "09060000010000FF"
            "0F02"
            "120000"
            "090C07EA0B010700000000000000"
            "090C07EA0B020100000000000000"
            "0100");
  Bytes bytes;
  encode(get, bytes);
  const auto back = same<GetRequestNormal>(bytes);
  const auto range = decode_range(back.access->parameters);
  ASSERT_TRUE(range.ok()) << to_string(range.error());
  EXPECT_EQ(range->restricting.attribute, kClockTime);
  EXPECT_EQ(range->to, Data::octet_string(date_time_utc(*from_iso("2026-11-02"))));
  EXPECT_TRUE(range->columns.empty());
}

TEST(Get, ProfileByEntry) {
  Bytes parameters;
  encode_parameters(EntryDescriptor{1, 96, 1, 0}, parameters);
  EXPECT_EQ(to_hex(parameters),
            "0204"
            "0600000001"
            "0600000060"
            "120001"
            "120000");
  const auto entry = decode_entry(parameters);
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(entry->to_entry, 96u);
  EXPECT_FALSE(decode_entry("0203 0600000001 0600000060 120001"_hex).ok());
  EXPECT_FALSE(decode_entry("0204 0F01 0600000060 12FFFF 06FFFFFFFF"_hex).ok());
}

TEST(Set, EveryForm) {
  const Bytes normal = "C101C1 0008 0000010000FF 02 00 090C07EA0B150600090000000000"_hex;
  EXPECT_EQ(same<SetRequestNormal>(normal).attribute, kClockTime);
  EXPECT_EQ(to_hex(same<SetRequestWithFirstDataBlock>(
                       "C102C1 0008 0000010000FF 02 00 00 00000001 02 0102"_hex)
                       .block.raw_data),
            "0102");
  EXPECT_TRUE(same<SetRequestWithDataBlock>("C103C1 01 00000002 01 03"_hex).block.last_block);
  EXPECT_EQ(same<SetRequestWithList>("C104C1 01 0008 0000010000FF 02 00 01 1107"_hex).values.size(),
            1u);
  EXPECT_EQ(same<SetRequestWithListAndFirstDataBlock>(
                "C105C1 01 0008 0000010000FF 02 00 00 00000001 01 01"_hex)
                .items.size(),
            1u);
  EXPECT_EQ(same<SetResponseNormal>("C501C1 00"_hex).result, DataAccessResult::kSuccess);
  EXPECT_EQ(same<SetResponseDataBlock>("C502C1 00000001"_hex).block_number, 1u);
  EXPECT_EQ(same<SetResponseLastDataBlock>("C503C1 0C 00000002"_hex).result,
            DataAccessResult::kTypeUnmatched);
  EXPECT_EQ(same<SetResponseLastDataBlockWithList>("C504C1 02 00 03 00000002"_hex).results.size(),
            2u);
  EXPECT_EQ(same<SetResponseWithList>("C505C1 02 00 03"_hex).results.at(1),
            DataAccessResult::kReadWriteDenied);
  EXPECT_FALSE(decode_apdu("C104C1 01 0008 0000010000FF 02 00 02 1107 1108"_hex).ok())
      << "2 values for 1 attribute";
}

TEST(Action, EveryForm) {
  const Bytes disconnect = "C301C1 0046 0000600310FF 01 01 0F00"_hex;
  const auto action = same<ActionRequestNormal>(disconnect);
  EXPECT_EQ(action.method, (MethodRef{70, Obis(0, 0, 96, 3, 16, 255), 1}));
  EXPECT_EQ(text_of(*action.parameters), "int8 0");
  EXPECT_FALSE(
      same<ActionRequestNormal>("C301C1 0046 0000600310FF 01 00"_hex).parameters.has_value());
  EXPECT_EQ(same<ActionRequestNextBlock>("C302C1 00000003"_hex).block_number, 3u);
  EXPECT_EQ(
      same<ActionRequestWithList>("C303C1 01 0046 0000600310FF 01 01 0F00"_hex).methods.size(), 1u);
  EXPECT_EQ(same<ActionRequestWithFirstBlock>("C304C1 0046 0000600310FF 01 00 00000001 01 0F"_hex)
                .block.block_number,
            1u);
  EXPECT_EQ(same<ActionRequestWithListAndFirstBlock>(
                "C305C1 01 0046 0000600310FF 01 00 00000001 01 0F"_hex)
                .methods.size(),
            1u);
  EXPECT_TRUE(same<ActionRequestWithBlock>("C306C1 01 00000002 01 00"_hex).block.last_block);
  EXPECT_FALSE(same<ActionResponseNormal>("C701C1 00 00"_hex).response.returned.has_value());
  const auto returned = same<ActionResponseNormal>("C701C1 00 01 00 0901AA"_hex);
  EXPECT_EQ(text_of(returned.response.returned->data), "octet-string AA");
  EXPECT_EQ(same<ActionResponseNormal>("C701C1 03 00"_hex).response.result,
            ActionResult::kReadWriteDenied);
  EXPECT_EQ(to_hex(same<ActionResponseWithBlock>("C702C1 00 00000001 02 AABB"_hex).block.raw_data),
            "AABB");
  EXPECT_EQ(same<ActionResponseWithList>("C703C1 02 00 00 0F 00"_hex).responses.size(), 2u);
  EXPECT_EQ(same<ActionResponseNextBlock>("C704C1 00000001"_hex).block_number, 1u);
}

TEST(ShortName, ReadAndWrite) {
  const auto read = same<ReadRequest>("05 02 02 0100 04 2BE0 01 1107"_hex);
  EXPECT_EQ(std::get<VariableName>(read.items.at(0)).name, 0x0100);
  EXPECT_EQ(std::get<ParameterizedAccess>(read.items.at(1)).selector, 1);
  same<ReadRequest>("05 03 05 0002 06 01 0003 02 AABB 07 00 0001"_hex);
  const auto response =
      same<ReadResponse>("0C 04 00 06 0000002A 01 03 02 01 0001 02 0102 03 0004"_hex);
  EXPECT_EQ(text_of(std::get<DataOrResult>(response.results.at(0)).data), "uint32 42");
  EXPECT_EQ(std::get<DataOrResult>(response.results.at(1)).result,
            DataAccessResult::kReadWriteDenied);
  EXPECT_TRUE(std::get<SnDataBlockResult>(response.results.at(2)).last_block);
  EXPECT_EQ(std::get<SnBlockNumber>(response.results.at(3)).block_number, 4);
  EXPECT_EQ(same<WriteRequest>("06 01 02 0100 01 1107"_hex).values.size(), 1u);
  const auto written = same<WriteResponse>("0D 03 00 01 03 02 0005"_hex);
  EXPECT_EQ(written.results.at(1).result, DataAccessResult::kReadWriteDenied);
  EXPECT_EQ(written.results.at(2).block_number, 5);
  same<UnconfirmedWriteRequest>("16 01 02 0100 01 1107"_hex);
  const auto report =
      same<InformationReport>("18 01 0F 32303236313132303134313530305A 01 02 0100 01 1107"_hex);
  EXPECT_EQ(as_text(report.current_time), "20261120141500Z");
  same<InformationReport>("18 00 01 02 0100 01 1107"_hex);
}

TEST(Access, RequestAndResponse) {
  const Bytes request =
      "D9 40000001 00 03 01 0003 0100010800FF 02 02 0008 0000010000FF 02 04 0007 0100630100FF 02 "
      "02 1107 "
      "03 00 090100 00"_hex;
  const auto access = same<AccessRequest>(request);
  EXPECT_EQ(access.specifications.at(1).kind, AccessKind::kSet);
  EXPECT_EQ(access.specifications.at(2).access.selector, 2);
  const auto response =
      same<AccessResponse>("DA 40000001 00 00 02 06 0000002A 00 02 01 00 02 03"_hex);
  EXPECT_FALSE(response.specifications.has_value());
  EXPECT_EQ(response.results.at(1).result, 3);
  same<AccessResponse>("DA 40000001 00 01 01 01 0003 0100010800FF 02 01 00 01 01 0B"_hex);
}

TEST(Notification, DateTimeWithAndWithoutItsTag) {
  const Bytes standard = "0F 00000001 0C 07E1090F05052128FF800000 1105"_hex;
  const Bytes with_tag = "0F 00000001 09 0C 07E1090F05052128FF800000 1105"_hex;
  const auto plain = decode_apdu(standard), tagged = decode_apdu(with_tag);
  ASSERT_TRUE(plain.ok() && tagged.ok());
  EXPECT_EQ(encoded(std::get<DataNotification>(*plain)),
            encoded(std::get<DataNotification>(*tagged)));
  EXPECT_FALSE(decode_apdu("0F 00000001 05 0102030405 1105"_hex).ok());
}

// protocols.md 16, decrypted.
TEST(Notification, PushWithoutBreak) {
  const Bytes push =
      "0f000001db000922125a8591360000000049000000110000000a5a8513d014800000000d0000000a0100"_hex;
  const auto notification = same<DataNotification>(push);
  EXPECT_EQ(notification.invoke.raw, 0x000001DBu);
  EXPECT_EQ(text_of(notification.body),
            "octet-string 125A8591360000000049000000110000000A5A8513D014800000000D0000000A0100");
}

TEST(Notification, Event) {
  const auto event =
      same<EventNotification>("C2 01 0C 07E1090F05052128FF800000 0001 0000600B00FF 02 1142"_hex);
  EXPECT_EQ(event.attribute.class_id, 1);
  EXPECT_EQ(text_of(event.value), "uint8 66");
  EXPECT_TRUE(same<EventNotification>("C2 00 0001 0000600B00FF 02 1142"_hex).time.empty());
  same<DataNotificationConfirm>("10 00000001 00"_hex);
}

TEST(Errors, InWords) {
  EXPECT_EQ(to_string(same<ExceptionResponse>("D8 01 06 00000017"_hex)),
            "service-not-allowed: invocation-counter-error, expected 23");
  EXPECT_EQ(to_string(same<ExceptionResponse>("D8 02 05"_hex)),
            "service-unknown: deciphering-error");
  EXPECT_EQ(to_string(same<ConfirmedServiceError>("0E 01 06 01"_hex)),
            "initiate: dlms-version-too-low");
}

TEST(GeneralBlockTransfer, Control) {
  const auto block = same<GeneralBlockTransfer>("E0 C5 0003 0001 02 AABB"_hex);
  EXPECT_TRUE(block.last_block && block.streaming);
  EXPECT_EQ(block.window, 5);
  EXPECT_EQ(block.block_number, 3);
  EXPECT_EQ(block.acknowledged, 1);
  EXPECT_EQ(to_hex(block.data), "AABB");
}

TEST(Apdu, NamesAndStrangers) {
  EXPECT_EQ(apdu_name(0xC8), "glo-get-request");
  EXPECT_EQ(apdu_name(0xD4), "ded-get-response");
  EXPECT_EQ(apdu_name(0x21), "glo-initiate-request");
  EXPECT_EQ(apdu_name(0xDB), "general-glo-ciphering");
  EXPECT_EQ(apdu_name(0x99), "");
  EXPECT_EQ(decode_apdu("99"_hex).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(decode_apdu(Bytes()).error().code, ErrorCode::kTruncated);
  EXPECT_FALSE(decode_apdu("C001C100080000010000FF020000"_hex).ok()) << "a byte too many";
}

}  // namespace
}  // namespace amity::dlms
