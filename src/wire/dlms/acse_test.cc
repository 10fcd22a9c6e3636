#include "wire/dlms/acse.h"

#include "wire/dlms/apdu.h"
#include "wire/dlms/test_bytes.h"

namespace amity::dlms {
namespace {

InitiateRequest initiate_request(ByteView bytes) {
  const auto apdu = decode_apdu(bytes);
  EXPECT_TRUE(apdu.ok() && std::holds_alternative<InitiateRequest>(*apdu));
  return apdu.ok() ? std::get<InitiateRequest>(*apdu) : InitiateRequest();
}

// protocols.md 12
TEST(Acse, AarqWithoutSecurity) {
  const Bytes bytes = "601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0"_hex;
  const auto aarq = decode_aarq(bytes);
  ASSERT_TRUE(aarq.ok()) << to_string(aarq.error());
  EXPECT_EQ(aarq->context, ApplicationContext::kLogicalName);
  EXPECT_FALSE(aarq->mechanism.has_value());
  const InitiateRequest initiate = initiate_request(aarq->user_information);
  EXPECT_EQ(initiate.conformance.bits, 0x007E1Fu);
  EXPECT_EQ(
      to_string(initiate.conformance),
      "priority-mgmt-supported attribute0-supported-with-get block-transfer-with-get-or-read "
      "block-transfer-with-set-or-write block-transfer-with-action multiple-references get set "
      "selective-access event-notification action");
  EXPECT_EQ(initiate.pdu_size_max, 1200);
  EXPECT_TRUE(initiate.response_allowed);
  EXPECT_EQ(encoded(*aarq), to_hex(bytes));
  EXPECT_EQ(encoded(initiate), "01000000065F1F0400007E1F04B0");
}

// protocols.md 13
TEST(Acse, AarqLowLevelWithCipheredInitiate) {
  const Bytes bytes =
      "6066a109060760857405080103a60a04084D4D4D0000BC614E8a0207808b0760857405080201ac0a800831323334"
      "35363738"
      "be34043221303001234567801302FF8A7874133D414CED25B42534D28DB0047720606B175BD52211BE6841DB204D39EE6FDB8E356855"_hex;
  const auto aarq = decode_aarq(bytes);
  ASSERT_TRUE(aarq.ok()) << to_string(aarq.error());
  EXPECT_EQ(aarq->context, ApplicationContext::kLogicalNameCiphered);
  EXPECT_EQ(to_hex(aarq->calling_ap_title), "4D4D4D0000BC614E");
  EXPECT_EQ(aarq->mechanism, Mechanism::kLow);
  EXPECT_EQ(as_text(aarq->calling_authentication_value), "12345678");
  const auto inner = decode_apdu(aarq->user_information);
  ASSERT_TRUE(inner.ok());
  EXPECT_EQ(std::get<ServiceCiphered>(*inner).tag, 0x21);
  EXPECT_EQ(encoded(*aarq), to_hex(bytes));
}

// protocols.md 14
TEST(Acse, AareHighLevelChallenge) {
  const Bytes bytes =
      "6142A109060760857405080101A203020100A305A10302010E88020780890760857405080205AA0A800850367752"
      "4A323146"
      "BE10040E0800065F1F040000501F01F40007"_hex;
  const auto aare = decode_aare(bytes);
  ASSERT_TRUE(aare.ok()) << to_string(aare.error());
  EXPECT_EQ(aare->result, AssociationResult::kAccepted);
  EXPECT_EQ(to_string(static_cast<AcseUserDiagnostic>(aare->diagnostic)),
            "authentication-required");
  EXPECT_EQ(aare->mechanism, Mechanism::kHighGmac);
  EXPECT_EQ(as_text(aare->responding_authentication_value), "P6wRJ21F");
  const auto inner = decode_apdu(aare->user_information);
  ASSERT_TRUE(inner.ok());
  const auto& response = std::get<InitiateResponse>(*inner);
  EXPECT_EQ(response.conformance.bits, 0x00501Fu);
  EXPECT_EQ(response.pdu_size_max, 500);
  EXPECT_EQ(response.vaa_name, kVaaNameLn);
  EXPECT_EQ(encoded(*aare), to_hex(bytes));
  EXPECT_EQ(encoded(response), "0800065F1F040000501F01F40007");
}

// protocols.md 15
TEST(Acse, AareRefused) {
  const Bytes context =
      "6129A109060760857405080101A203020101A305A103020102BE10040E0800065F1F040000501F01F40007"_hex;
  const auto refused = decode_aare(context);
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->result, AssociationResult::kRejectedPermanent);
  EXPECT_EQ(to_string(static_cast<AcseUserDiagnostic>(refused->diagnostic)),
            "application-context-name-not-supported");
  EXPECT_EQ(encoded(*refused), to_hex(context));

  const Bytes error = "611FA109060760857405080101A203020101A305A103020101BE0604040E010601"_hex;
  const auto with_error = decode_aare(error);
  ASSERT_TRUE(with_error.ok());
  const auto inner = decode_apdu(with_error->user_information);
  EXPECT_EQ(to_string(std::get<ConfirmedServiceError>(*inner)), "initiate: dlms-version-too-low");
  EXPECT_EQ(encoded(*with_error), to_hex(error));
}

TEST(Acse, EveryFieldRoundTrips) {
  const Bytes title = "4D4D4D0000BC614E"_hex, certificate(300, 0x42), challenge(16, 0x33),
              info = "01"_hex;
  Aarq aarq;
  aarq.context = ApplicationContext::kShortNameCiphered;
  aarq.called_ap_title = title;
  aarq.calling_ap_title = title;
  aarq.calling_ae_qualifier = certificate;
  aarq.calling_ae_invocation_id = 200;
  aarq.mechanism = Mechanism::kHighSha256;
  aarq.calling_authentication_value = challenge;
  aarq.implementation_information = info;
  aarq.user_information = info;
  Bytes bytes;
  encode(aarq, bytes);
  const auto back = decode_aarq(bytes);
  ASSERT_TRUE(back.ok()) << to_string(back.error());
  EXPECT_EQ(back->calling_ae_invocation_id, 200u);
  EXPECT_EQ(to_hex(back->calling_ae_qualifier), to_hex(certificate));
  EXPECT_EQ(encoded(*back), to_hex(bytes));

  Aare aare;
  aare.result = AssociationResult::kRejectedTransient;
  aare.provider_diagnostic = true;
  aare.diagnostic = 2;
  aare.responding_ap_title = title;
  aare.responding_ae_qualifier = certificate;
  aare.responding_ae_invocation_id = 70'000;
  Bytes reply;
  encode(aare, reply);
  const auto aare_back = decode_aare(reply);
  ASSERT_TRUE(aare_back.ok());
  EXPECT_TRUE(aare_back->provider_diagnostic);
  EXPECT_EQ(aare_back->responding_ae_invocation_id, 70'000u);
  EXPECT_EQ(encoded(*aare_back), to_hex(reply));
}

TEST(Acse, Release) {
  EXPECT_EQ(encoded(Rlrq{}), "6200");
  EXPECT_EQ(encoded(Rlrq{0, {}}), "6203800100");
  const Bytes bytes = "6315 800100 BE10040E0800065F1F040000501F01F40007"_hex;
  const auto rlre = decode_rlre(bytes);
  ASSERT_TRUE(rlre.ok()) << to_string(rlre.error());
  EXPECT_EQ(rlre->reason, 0);
  EXPECT_EQ(rlre->user_information.size(), 14u);
  EXPECT_EQ(encoded(*rlre), to_hex(bytes));
  EXPECT_TRUE(decode_rlrq("6200"_hex).ok());
}

TEST(Acse, StrangersAreRefused) {
  EXPECT_EQ(decode_aarq("600BA109060760857405080201"_hex).error().code, ErrorCode::kUnsupported)
      << "not a context";
  EXPECT_FALSE(decode_aarq("6000"_hex).ok()) << "no context";
  EXPECT_FALSE(decode_aare("600BA109060760857405080101"_hex).ok()) << "an AARQ";
  EXPECT_FALSE(decode_aarq("600BA10906076085740508010100"_hex).ok()) << "a byte too many";
}

}  // namespace
}  // namespace amity::dlms
