#include "wire/mbus/record_head.h"

namespace amity::mbus {
namespace {

constexpr std::uint8_t kMore = 0x80;

class HeadParser {
 public:
  HeadParser(ByteView data, std::size_t base, RecordHead& head)
      : data_(data), base_(base), head_(head) {}

  Status parse() {
    head_ = RecordHead();
    AMITY_CHECK(dib());
    head_.dib_size = static_cast<std::uint8_t>(at_);
    AMITY_CHECK(vib());
    head_.size = static_cast<std::uint16_t>(at_);
    return {};
  }

 private:
  Error cut(const char* what) const {
    return make_error(ErrorCode::kTruncated, std::string("the data end before ") + what,
                      base_ + at_);
  }

  Status dib() {
    std::uint8_t byte = data_[at_++];
    head_.field = static_cast<DataField>(byte & 0x0F);
    head_.function = static_cast<Function>(byte >> 4 & 3);
    head_.storage = byte >> 6 & 1;
    for (std::size_t i = 0; byte & kMore; ++i) {
      if (i == kDifExtensionsMax)
        return make_error(ErrorCode::kMalformed, "more than 10 DIFE", base_ + at_);
      if (at_ == data_.size()) return cut("a DIFE");
      byte = data_[at_++];
      head_.storage |= static_cast<std::uint64_t>(byte & 0x0F) << (1 + 4 * i);
      head_.tariff |= static_cast<std::uint32_t>(byte >> 4 & 3) << (2 * i);
      head_.subunit |= static_cast<std::uint32_t>(byte >> 6 & 1) << i;
    }
    return {};
  }

  Status vib() {
    if (at_ == data_.size()) return cut("the VIF");
    std::uint8_t byte = data_[at_++];
    VifTable table = VifTable::kPrimary;
    if (byte == kVifFirstExtension || byte == kVifSecondExtension) {
      table = byte == kVifFirstExtension ? VifTable::kFirstExtension : VifTable::kSecondExtension;
      if (at_ == data_.size()) return cut("the VIFE");
      byte = data_[at_++];
      if (table == VifTable::kSecondExtension && byte == kVifSecondExtension) {
        table = VifTable::kThirdExtension;
        if (at_ == data_.size()) return cut("the VIFE");
        byte = data_[at_++];
      }
    }
    if (table != VifTable::kPrimary || (byte & 0x7F) < kVifPlainText - 1) {
      head_.vif = &vif(table, byte);
    } else if ((byte & 0x7F) == kVifPlainText) {
      AMITY_CHECK(plain_text());
    } else {
      head_.manufacturer_vif = (byte & 0x7F) == kVifManufacturer;
    }
    return extensions(byte);
  }

  Status plain_text() {
    if (at_ == data_.size()) return cut("the length of the VIF's text");
    const std::size_t size = data_[at_++];
    if (data_.size() - at_ < size) return cut("the end of the VIF's text");
    head_.text = data_.subspan(at_, size);
    at_ += size;
    return {};
  }

  Status extensions(std::uint8_t byte) {
    const std::size_t first = at_;
    while (byte & kMore) {
      if (at_ - first == kVifExtensionsMax)
        return make_error(ErrorCode::kMalformed, "more than 10 VIFE", base_ + at_);
      if (at_ == data_.size()) return cut("a VIFE");
      byte = data_[at_++];
    }
    head_.extensions = data_.subspan(first, at_ - first);
    return {};
  }

  ByteView data_;
  std::size_t base_;
  RecordHead& head_;
  std::size_t at_ = 0;
};

}  // namespace

std::size_t data_bytes(DataField field) {
  constexpr std::uint8_t kBytes[] = {0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, 0, 6, 0};
  return kBytes[static_cast<std::size_t>(field)];
}

Status parse_record_head(ByteView data, std::size_t base_offset, RecordHead& head) {
  AMITY_ASSERT(!data.empty());
  return HeadParser(data, base_offset, head).parse();
}

}  // namespace amity::mbus
