// Opening what is encrypted: EN 13757-7, 7.6 and 9; EN 13757-4, 13.2.11 for the link layer.
#include <algorithm>

#include "base/crc.h"
#include "wire/mbus/telegram.h"
#include "wire/mbus/vendor_blocks.h"

namespace amity::mbus {
namespace {

constexpr std::uint8_t kFill = 0x2F;
constexpr const char* kWrongMac = "the MAC does not fit: wrong key, or altered data";

constexpr std::string_view kModeNames[32] = {
    "none",    "mode-1",  "des-2",   "des-3",   "mode-4",  "oms-5",   "mode-6",  "oms-7",
    "mode-8",  "mode-9",  "mode-10", "mode-11", "mode-12", "tls-13",  "mode-14", "mode-15",
    "mode-16", "mode-17", "mode-18", "mode-19", "mode-20", "mode-21", "mode-22", "mode-23",
    "mode-24", "mode-25", "mode-26", "mode-27", "mode-28", "mode-29", "mode-30", "mode-31"};

bool starts_with_fill(ByteView plain) {
  return plain.size() >= 2 && plain[0] == kFill && plain[1] == kFill;
}

const char* no_key_or_wrong(std::size_t tried) {
  return tried == 0 ? "no key for this meter"
                    : "wrong key: the plain text does not start with 2F2F";
}

}  // namespace

void Telegram::refuse(std::string_view mode, std::string reason) {
  report_.security = {mode, false, std::move(reason)};
  closed_ = true;
}

// The CRC tells whether what follows is open: already, or with one of the keys.
Status Telegram::open_extended_link(const ExtendedLink& ell) {
  const auto crc_fits = [](ByteView protected_part) {
    const std::uint16_t crc = crc16_en13757(protected_part.subspan(2));
    return protected_part[0] == (crc & 0xFF) && protected_part[1] == crc >> 8;
  };
  const ByteView part = rest(ell.protected_at);
  if (crc_fits(part)) return {};
  if (!ell.encrypted())
    return make_error(ErrorCode::kMalformed, "the CRC of the payload is wrong", ell.protected_at);
  d_.candidate_.resize(part.size());
  const Block iv = iv_of_ell(link_, ell.communication_control, ell.session);
  bool tried = false;
  for (const Key* key : keys_.find(link_)) {
    if (key->bytes().size() != 16) continue;
    tried = true;
    d_.cipher_.aes_ctr(key->bytes(), iv, part, d_.candidate_.data());
    if (!crc_fits(d_.candidate_)) continue;
    std::copy(d_.candidate_.begin(), d_.candidate_.end(),
              d_.frame_.begin() + static_cast<std::ptrdiff_t>(ell.protected_at));
    report_.security.mode = "ell-ctr";
    return {};
  }
  refuse("ell-ctr",
         tried ? "wrong key: the CRC of the plain text does not fit" : "no key for this meter");
  unknown(ell.next_at, "encrypted");
  return {};
}

bool Telegram::open_payload() {
  const std::uint8_t mode = header_.mode();
  if (header_.information->header == Header::kNone) return true;
  const bool opened_before = mode != 0 && starts_with_fill(rest(header_.payload_at));
  if ((mode == 0 || mode == 5) && !opened_before && !mac_of_afl_fits()) {
    refuse(kModeNames[mode], kWrongMac);
    unknown(plain_at_, mode == 0 ? "unauthenticated" : "encrypted");
    return false;
  }
  if (mode == 0) return true;
  if (opened_before) return true;  // it is plain, whatever is said
  switch (mode) {
    case 2:
      if (open_des()) return true;
      break;
    case 5:
      if (open_mode_5()) return true;
      break;
    case 7:
      if (open_mode_7()) return true;
      break;
    case 13:
      refuse(kModeNames[13], "a TLS record: only the two ends of its session can open it");
      break;
    default:
      refuse(kModeNames[mode], "not implemented");
  }
  if (!closed_) return true;
  unknown(plain_at_, "encrypted");
  return false;
}

bool Telegram::open_mode_5() {
  const ByteView payload = rest(header_.payload_at);
  const std::size_t size = 16 * header_.encrypted_blocks();
  if (size == 0) return true;
  if (payload.size() < size) {
    refuse(kModeNames[5], "the frame is shorter than its encrypted blocks");
    return false;
  }
  const ByteView cipher_text = payload.first(size);
  d_.candidate_.resize(size);
  const Block iv = iv_of_mode_5(meter_, header_.access_number);
  std::size_t tried = 0;
  for (const Key* key : keys_.find(meter_)) {
    if (key->bytes().size() != 16) continue;
    ++tried;
    d_.cipher_.aes_cbc_decrypt(key->bytes(), iv, cipher_text, d_.candidate_.data());
    if (!starts_with_fill(d_.candidate_)) continue;
    std::copy(d_.candidate_.begin(), d_.candidate_.end(),
              d_.frame_.begin() + static_cast<std::ptrdiff_t>(header_.payload_at));
    report_.security.mode = kModeNames[5];
    return true;
  }
  refuse(kModeNames[5], no_key_or_wrong(tried));
  // Records behind the encrypted blocks are plain, and no MAC binds them to what is closed.
  report_.unknown.push_back(
      {layout_.original(header_.payload_at), "encrypted", to_hex(cipher_text)});
  layout_.leaf_hex(header_.payload_at, cipher_text, "encrypted");
  plain_at_ += size;
  closed_ = false;
  return true;
}

bool Telegram::open_apator() {
  const ByteView payload = rest(plain_at_);
  const bool apator = report_.meter.manufacturer == "APA" && meter_.version == 20 &&
                      (header_.ci == 0xA0 || header_.ci == 0xA1) && payload.size() == 18;
  if (!apator) return false;
  d_.candidate_.resize(16);
  const Block iv = iv_of_mode_5(meter_, payload[0]);
  std::size_t tried = 0;
  for (const Key* key : keys_.find(meter_)) {
    if (key->bytes().size() != 16) continue;
    ++tried;
    d_.cipher_.aes_cbc_decrypt(key->bytes(), iv, payload.subspan(2), d_.candidate_.data());
    if (!read_apator_block(d_.candidate_, report_)) continue;
    report_.security.mode = kModeNames[5];
    return true;
  }
  report_.security = {kModeNames[5], false,
                      tried == 0 ? "no key for this meter" : "wrong key: the block makes no sense"};
  return false;
}

// Over MCL, MCR, ML where it is there, and everything from the transport layer's CI-field on.
bool Telegram::mac_fits(const Key& key) {
  const std::uint8_t direction = to_meter_ ? kDeriveToMeter : 0;
  const Block mac_key =
      derive_key(d_.cipher_, key.bytes(), kDeriveMac | direction, afl_.counter, meter_.id);
  d_.message_.clear();
  ByteWriter writer(d_.message_);
  writer.u8(afl_.control);
  writer.u32_le(afl_.counter);
  if (afl_.has_length) writer.u16_le(afl_.length);
  writer.bytes(rest(afl_.next_at));
  const Block mac = d_.cipher_.aes_cmac(mac_key, d_.message_);
  return constant_time_equal(ByteView(mac).first(afl_.mac.size()), afl_.mac);
}

// An AFL may authenticate what is plain or encrypted otherwise. Without a key there is nothing to
// check it with.
bool Telegram::mac_of_afl_fits() {
  const std::uint8_t algorithm = afl_.control & 0x0F;
  if (afl_.mac.empty() || !afl_.has_counter || algorithm < 3 || algorithm > 7) return true;
  bool checked = false;
  for (const Key* key : keys_.find(meter_)) {
    if (key->bytes().size() != 16) continue;
    checked = true;
    if (mac_fits(*key)) return true;
  }
  if (!checked) report_.security.reason = "the MAC is not checked: no key for this meter";
  return !checked;
}

bool Telegram::open_mode_7() {
  const ByteView payload = rest(header_.payload_at);
  const std::size_t size = 16 * header_.encrypted_blocks();
  const char* why = nullptr;
  if (payload.size() < size) why = "the frame is shorter than its encrypted blocks";
  if (!afl_.has_counter) why = "mode 7 without the AFL's message counter";
  if ((header_.extension >> 4 & 3) != 1)
    why = "mode 7 with another key derivation than A: not implemented";
  const std::uint8_t algorithm = afl_.control & 0x0F;
  if (why == nullptr && (algorithm < 3 || algorithm > 7 || afl_.mac.empty())) {
    why = "mode 7 without an AES-CMAC: not implemented";
  }
  if (why != nullptr) {
    refuse(kModeNames[7], why);
    return false;
  }
  const std::uint8_t direction = to_meter_ ? kDeriveToMeter : 0;
  std::size_t tried = 0;
  for (const Key* key : keys_.find(meter_)) {
    if (key->bytes().size() != 16) continue;
    ++tried;
    if (!mac_fits(*key)) continue;
    const Block session = derive_key(d_.cipher_, key->bytes(), kDeriveEncryption | direction,
                                     afl_.counter, meter_.id);
    std::uint8_t* in_place = d_.frame_.data() + header_.payload_at;
    d_.cipher_.aes_cbc_decrypt(session, Block{}, payload.first(size), in_place);
    report_.security.mode = kModeNames[7];
    return true;
  }
  refuse(kModeNames[7], tried == 0 ? "no key for this meter" : kWrongMac);
  return false;
}

// The low byte of the configuration counts the encrypted bytes. The plain text starts with filler
// or with the date of the meter (EN 13757-3:2004, annex).
bool Telegram::open_des() {
  const ByteView payload = rest(header_.payload_at);
  const std::size_t size = header_.configuration & 0xFF;
  if (size == 0) return true;
  if (size % 8 != 0 || payload.size() < size) {
    refuse(kModeNames[2],
           "the number of encrypted bytes is no whole number of blocks of the frame");
    return false;
  }
  d_.candidate_.resize(size);
  std::size_t tried = 0;
  for (const Key* key : keys_.find(meter_)) {
    if (key->bytes().size() != 8) continue;
    ++tried;
    if (!d_.cipher_.des_cbc_decrypt(key->bytes(), payload.first(size), d_.candidate_.data())) {
      refuse(kModeNames[2], "this OpenSSL has no DES");
      return false;
    }
    const ByteView plain(d_.candidate_);
    if (!starts_with_fill(plain) && !(plain[0] == 0x02 && plain[1] == 0x6C)) continue;
    std::copy(plain.begin(), plain.end(),
              d_.frame_.begin() + static_cast<std::ptrdiff_t>(header_.payload_at));
    report_.security.mode = kModeNames[2];
    return true;
  }
  refuse(kModeNames[2], no_key_or_wrong(tried));
  return false;
}

}  // namespace amity::mbus
