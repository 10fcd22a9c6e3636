#include "wire/dlms/security.h"

#include "wire/dlms/apdu.h"
#include "wire/dlms/hls.h"
#include "wire/dlms/key_agreement.h"
#include "wire/dlms/test_bytes.h"

namespace amity::dlms {
namespace {

// Key set K of protocols.md.
const Bytes kEk = "000102030405060708090A0B0C0D0E0F"_hex;
const Bytes kAk = "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"_hex;
const SystemTitle kTitle = {0x4D, 0x4D, 0x4D, 0x00, 0x00, 0xBC, 0x61, 0x4E};
const SystemTitle kClient = {0x4D, 0x4D, 0x4D, 0x00, 0x00, 0x00, 0x00, 0x01};
const SystemTitle kForeignServer = {'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'};
constexpr InvocationCounter kCounter{0x01234567};

Cipher cipher() {
  return std::move(Cipher::make(kEk, kAk)).value();
}

// The plain text of a glo-/ded- or general- APDU, or the error in words.
std::string opened(const Bytes& apdu, const SystemTitle& sender, Cipher& keys) {
  const auto decoded = decode_apdu(apdu);
  if (!decoded.ok()) return to_string(decoded.error());
  ByteView content;
  if (const auto* service = std::get_if<ServiceCiphered>(&*decoded)) content = service->content;
  if (const auto* general = std::get_if<GeneralGloDed>(&*decoded)) content = general->content;
  const auto header = parse_security_header(content);
  if (!header.ok()) return to_string(header.error());
  Bytes plain;
  const Status status = keys.unprotect(*header, sender, plain);
  return status.ok() ? to_hex(plain) : to_string(status.error());
}

std::string sealed(std::uint8_t control, const SystemTitle& title, InvocationCounter counter,
                   ByteView plain) {
  Cipher keys = cipher();
  Bytes out;
  const Status status =
      protect_service(keys, SecurityControl{control}, title, counter, false, plain, out);
  return status.ok() ? to_hex(out) : to_string(status.error());
}

// protocols.md 1 to 4
TEST(Security, KnownProtectedApdus) {
  const struct {
    const char* what;
    std::uint8_t control;
    const char* plain;
    const char* apdu;
  } cases[] = {
      {"authenticated GET of the clock", 0x10, "C0010000080000010000FF0200",
       "C81E1001234567C0010000080000010000FF020006725D910F9221D263877516"},
      {"encrypted", 0x20, "C0010000080000010000FF0200", "C8122001234567411312FF935A47566827C467BC"},
      {"both", 0x30, "C0010000080000010000FF0200",
       "C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"},
      {"InitiateRequest with a dedicated key", 0x30,
       "01011000112233445566778899AABBCCDDEEFF0000065F1F0400007E1F04B0",
       "21303001234567801302FF8A7874133D414CED25B42534D28DB0047720606B175BD52211BE6841DB204D39EE6FD"
       "B8E356855"},
  };
  for (const auto& c : cases) {
    Cipher keys = cipher();
    EXPECT_EQ(opened(*from_hex(c.apdu), kTitle, keys), c.plain) << c.what;
    EXPECT_EQ(sealed(c.control, kTitle, kCounter, *from_hex(c.plain)), c.apdu) << c.what;
  }
}

// protocols.md 16: a push meter whose two keys are the same.
TEST(Security, GeneralGloPush) {
  const Bytes key(as_bytes("MYDUMMYGLOBALKEY").begin(), as_bytes("MYDUMMYGLOBALKEY").end());
  auto keys = Cipher::make(key, key);
  const Bytes apdu =
      "db082f192291991641033b30000001e5025ce9d2271fd78be8c204211a916a9d7f587e0a7a814cadea89e9593f01"
      "f92ea8c087b5bd"
      "fdefeab6becf282dfe49c08f5be6dc8400"_hex;
  const auto title = system_title_from("2f19229199164103"_hex);
  EXPECT_EQ(opened(apdu, *title, *keys),
            "0F000001DB000922125A8591360000000049000000110000000A5A8513D014800000000D0000000A0100");
}

// protocols.md 17 and 18: a live foreign server.
TEST(Security, ForeignServer) {
  Cipher keys = cipher();
  EXPECT_EQ(
      opened("C81E30000000068F3861628599811FB71DAC55FF604C3F7CC02214B87C2B9BD7"_hex, kClient, keys),
      "C001C100080000010000FF0200");
  EXPECT_EQ(opened("CC233000000006EB47D2F5673658D8B6F52813A28A238B69517455B6658A27DFDE98A9ACD5"_hex,
                   kForeignServer, keys),
            "C401C100090C07EA0B150600090000000000");
}

TEST(Security, AlteredApdusReleaseNothing) {
  const Bytes good = "C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"_hex;
  for (std::size_t bit = 2 * 8; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(0x80 >> bit % 8);
    const auto decoded = decode_apdu(bad);
    ASSERT_TRUE(decoded.ok());
    const auto header = parse_security_header(std::get<ServiceCiphered>(*decoded).content);
    if (!header.ok() || !header->control.authenticated())
      continue;  // another suite, compressed, or unauthenticated
    Cipher keys = cipher();
    Bytes plain = {0xAA};
    const Status status = keys.unprotect(*header, kTitle, plain);
    EXPECT_EQ(status.error().code, ErrorCode::kSecurity) << "bit " << bit;
    EXPECT_EQ(to_hex(plain), "AA") << "bit " << bit;
  }
}

TEST(Security, WrongKeysTitleAndCounter) {
  const Bytes apdu = "C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"_hex;
  const std::string mismatch =
      "security: the authentication tag does not match: wrong key, or altered data";
  Cipher keys = cipher();
  EXPECT_EQ(opened(apdu, kClient, keys), mismatch);
  auto wrong_ek = Cipher::make(kAk, kAk);
  EXPECT_EQ(opened(apdu, kTitle, *wrong_ek), mismatch);
  auto wrong_ak = Cipher::make(kEk, kEk);
  EXPECT_EQ(opened(apdu, kTitle, *wrong_ak), mismatch);
  auto no_ak = Cipher::make(kEk, {});
  EXPECT_EQ(opened(apdu, kTitle, *no_ak), "security: an authentication key is needed");
}

TEST(Security, UnsupportedAndShort) {
  EXPECT_EQ(parse_security_header("B0 01234567 00000000000000000000000000"_hex).error().code,
            ErrorCode::kUnsupported);
  EXPECT_EQ(parse_security_header("33 01234567 00000000000000000000000000"_hex).error().code,
            ErrorCode::kUnsupported);
  EXPECT_EQ(parse_security_header("30 01234567 0000"_hex).error().code, ErrorCode::kTruncated);
  EXPECT_FALSE(Cipher::make(Bytes(15), {}).ok());
  EXPECT_FALSE(Cipher::make(kEk, Bytes(32)).ok());
  EXPECT_EQ(sealed(0x32, kTitle, kCounter, "C001"_hex),
            "security: a key of 16 bytes does not fit security suite 2");
  EXPECT_EQ(sealed(0x30, kTitle, kCounter, "0F00"_hex),
            "unsupported: APDU 0F has no service-specific ciphered form");
}

// No public vectors exist for AES-256: both directions, and against the same with one bit changed.
TEST(Security, Suite2RoundTrip) {
  const Bytes ek(32, 0x11), ak(32, 0x22), plain = "C401C100"_hex;
  auto keys = Cipher::make(ek, ak);
  for (std::uint8_t control : {0x12, 0x22, 0x32}) {
    Bytes out;
    ASSERT_TRUE(protect_general(*keys, {control}, kTitle, kCounter, true, plain, out).ok());
    EXPECT_EQ(out[0], 0xDC);
    EXPECT_EQ(opened(out, kTitle, *keys), to_hex(plain));
  }
}

TEST(Security, PolicyRefusesDowngrades) {
  const SecurityPolicy both{SecuritySuite::k0, true, true};
  EXPECT_EQ(both.control().raw, 0x30);
  EXPECT_EQ(both.control(true).raw, 0x70);
  EXPECT_TRUE(check_policy(both, {0x30}).ok());
  EXPECT_TRUE(check_policy(both, {0x70}).ok());
  for (std::uint8_t weaker : {0x00, 0x10, 0x20, 0x31}) {
    EXPECT_EQ(check_policy(both, {weaker}).error().code, ErrorCode::kSecurity) << int(weaker);
  }
  const SecurityPolicy open{};
  EXPECT_TRUE(check_policy(open, {0x00}).ok());
  EXPECT_TRUE(check_policy(open, {0x30}).ok()) << "more than asked for is welcome";
}

TEST(Ciphered, TagsOfEveryService) {
  const struct {
    std::uint8_t plain, glo, ded;
  } rows[] = {{0x01, 0x21, 0x41}, {0x05, 0x25, 0x45}, {0x06, 0x26, 0x46}, {0x08, 0x28, 0x48},
              {0x0C, 0x2C, 0x4C}, {0x0D, 0x2D, 0x4D}, {0x0E, 0x2E, 0x4E}, {0x16, 0x36, 0x56},
              {0x18, 0x38, 0x58}, {0xC0, 0xC8, 0xD0}, {0xC1, 0xC9, 0xD1}, {0xC2, 0xCA, 0xD2},
              {0xC3, 0xCB, 0xD3}, {0xC4, 0xCC, 0xD4}, {0xC5, 0xCD, 0xD5}, {0xC7, 0xCF, 0xD7}};
  for (const auto& row : rows) {
    EXPECT_EQ(glo_tag(row.plain), row.glo);
    EXPECT_EQ(ded_tag(row.plain), row.ded);
    EXPECT_EQ(plain_tag(row.glo)->tag, row.plain);
    EXPECT_EQ(plain_tag(row.ded)->tag, row.plain);
    EXPECT_FALSE(plain_tag(row.glo)->dedicated);
    EXPECT_TRUE(plain_tag(row.ded)->dedicated);
  }
  for (std::uint8_t none : {0x0F, 0x60, 0xC6, 0xD9, 0xDB, 0xE0})
    EXPECT_FALSE(glo_tag(none).has_value());
}

TEST(Ciphered, GeneralCipheringRoundTrip) {
  const Bytes transaction = "0123456789012345"_hex, wrapped(24, 0x77), content = "AABB"_hex;
  GeneralCiphering v;
  v.transaction_id = transaction;
  v.originator_system_title = kClient;
  v.recipient_system_title = kTitle;
  v.content = content;
  for (int kind = -1; kind <= 2; ++kind) {
    if (kind >= 0) v.key_info = KeyInfo{static_cast<KeyInfo::Kind>(kind), 0, {}, {}};
    if (kind >= 1) v.key_info->ciphered_data = wrapped;
    if (kind == 2) v.key_info->parameters = ByteView(content).first(1);
    Bytes bytes;
    encode(v, bytes);
    const auto back = decode_apdu(bytes);
    ASSERT_TRUE(back.ok()) << to_string(back.error());
    const auto& decoded = std::get<GeneralCiphering>(*back);
    EXPECT_EQ(to_hex(decoded.authenticated_header), to_hex(authenticated_header(v)));
    EXPECT_EQ(encoded(decoded), to_hex(bytes));
  }
  const Bytes signed_apdu = "DF 01 11 00 00 00 00 02 AABB 01 CC"_hex;
  const auto signing = decode_apdu(signed_apdu);
  ASSERT_TRUE(signing.ok());
  EXPECT_EQ(to_hex(std::get<GeneralSigning>(*signing).signature), "CC");
}

// protocols.md 5 and 6
TEST(Hls, Gmac) {
  Cipher keys = cipher();
  const Bytes stoc = "503677524A323146"_hex, ctos = "4B35366956616759"_hex;
  const HlsContext client{Mechanism::kHighGmac, kClient, kTitle, ctos, stoc, {}, SecuritySuite::k0};
  EXPECT_EQ(to_hex(*hls_proof(client, &keys, {1})), "10000000011A52FE7DD3E72748973C1E28");
  EXPECT_EQ(hls_verify(client, &keys, "10000000011A52FE7DD3E72748973C1E28"_hex)->value, 1u);
  EXPECT_FALSE(hls_verify(client, &keys, "10000000021A52FE7DD3E72748973C1E28"_hex).ok());
  EXPECT_FALSE(hls_verify(client, &keys, "1000000001"_hex).ok());
  EXPECT_FALSE(hls_verify(client, &keys, {}).ok());
  const HlsContext server{Mechanism::kHighGmac, kTitle, kClient, stoc, ctos, {}, SecuritySuite::k0};
  EXPECT_EQ(to_hex(*hls_proof(server, &keys, kCounter)), "1001234567FE1466AFB3DBCD4F9389E2B7");
  EXPECT_FALSE(hls_proof(client, nullptr, {1}).ok());
}

// Digests recomputed with another implementation (Python's hashlib).
TEST(Hls, Digests) {
  const Bytes stoc = "503677524A323146"_hex, ctos = "4B35366956616759"_hex;
  HlsContext c{Mechanism::kHighMd5, kClient,          kTitle, ctos, stoc,
               as_bytes("secret"),  SecuritySuite::k0};
  EXPECT_EQ(to_hex(*hls_proof(c, nullptr, {})), "95CD32FE7356ECE509986FF8F87E6B1B");
  c.mechanism = Mechanism::kHighSha1;
  EXPECT_EQ(to_hex(*hls_proof(c, nullptr, {})), "94D86D988AD084C3507F69CDDC4280D76E63BA5A");
  c.mechanism = Mechanism::kHighSha256;
  const Bytes proof = *hls_proof(c, nullptr, {});
  EXPECT_EQ(to_hex(proof), "DCCBF782A36DDC5FDEEC1461A67FEB4C501FAC5F56786AA10676600311E0F8B7");
  EXPECT_TRUE(hls_verify(c, nullptr, proof).ok());
  EXPECT_EQ(hls_verify(c, nullptr, stoc).error().code, ErrorCode::kSecurity);
  c.mechanism = Mechanism::kHighManufacturer;
  EXPECT_EQ(hls_proof(c, nullptr, {}).error().code, ErrorCode::kUnsupported);
}

TEST(Hls, Challenges) {
  EXPECT_TRUE(check_challenge(Bytes(8)).ok());
  EXPECT_FALSE(check_challenge(Bytes(7)).ok());
  EXPECT_FALSE(check_challenge(Bytes(65)).ok());
  EXPECT_FALSE(check_challenges_differ("0102030405060708"_hex, "0102030405060708"_hex).ok());
  EXPECT_TRUE(check_challenges_differ("0102030405060708"_hex, "0102030405060709"_hex).ok());
}

// protocols.md 7
TEST(Keys, Wrap) {
  const Bytes key = "00112233445566778899AABBCCDDEEFF"_hex;
  const Bytes wrapped = *wrap_key(kEk, key);
  EXPECT_EQ(to_hex(wrapped), "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5");
  EXPECT_EQ(to_hex(*unwrap_key(kEk, wrapped)), to_hex(key));
  EXPECT_FALSE(unwrap_key(kAk, wrapped).ok());
}

// protocols.md 8 to 10
TEST(Keys, Agreement) {
  const auto z = ecdh_shared_secret(
      SecuritySuite::k1, "47DAB03842E5B6E74828EF4F449B378D7DD1A5DAE1FFCA5AE0B0BE0AD18EC57E"_hex,
      "A653565B0E06070BAE9FBE140A5D2156812AEE2DD525053E3EFC850BF13BFDFFCB240BC7B77BFF5883344E727590"
      "8D2287BEFA3725017295A"
      "096989D2338290B"_hex);
  ASSERT_TRUE(z.ok()) << to_string(z.error());
  EXPECT_EQ(to_hex(*z), "0D4385BA0DD756CBCAB9887EB538396EE8F090A14C1079B4359F115B977F4615");
  EXPECT_EQ(to_hex(*derive_key(SecuritySuite::k1, *z, kTitle, kClient)),
            "59A71FD81C929A86A99438DA17A66C05");
  const Bytes server_z = "2B4302DC49790E2E78D990CFB52ED6E2F273DECE441A2D95E4301B93812A9FAC"_hex;
  EXPECT_EQ(to_hex(*derive_key(SecuritySuite::k1, server_z, kClient, kTitle)),
            "F0184BDA9466BFA4601A64A7EF46504A");
}

TEST(Keys, AgreementRefusesStrangers) {
  const Bytes d = "47DAB03842E5B6E74828EF4F449B378D7DD1A5DAE1FFCA5AE0B0BE0AD18EC57E"_hex;
  EXPECT_FALSE(ecdh_shared_secret(SecuritySuite::k1, d, Bytes(64, 0x01)).ok())
      << "not on the curve";
  EXPECT_FALSE(ecdh_shared_secret(SecuritySuite::k1, d, Bytes(63, 0x01)).ok());
  EXPECT_FALSE(ecdh_shared_secret(SecuritySuite::k0, d, Bytes(64, 0x01)).ok());
  EXPECT_FALSE(derive_key(SecuritySuite::k0, d, kTitle, kClient).ok());
}

}  // namespace
}  // namespace amity::dlms
