// Every limit of the DLMS codecs, by name.
#pragma once

#include <cstddef>

namespace amity::dlms {

inline constexpr std::size_t kDataDepthMax = 16;  // nested arrays and structures
inline constexpr std::size_t kDataNodesMax =
    1'000'000;  // values in one tree, compact arrays expanded
inline constexpr std::size_t kDataInputMax = 16 * 1024 * 1024;  // bytes of one encoded value
inline constexpr std::size_t kTypeDescriptionNodesMax = 256;    // of one compact array
inline constexpr std::size_t kListItemsMax = 4'096;  // items of a with-list or ACCESS service
inline constexpr std::size_t kTitleSizeMax = 64;  // AP title, AE qualifier excepted (a certificate)
inline constexpr std::size_t kChallengeSizeMin = 8;  // HLS challenges, IEC 62056-5-3
inline constexpr std::size_t kChallengeSizeMax = 64;
inline constexpr std::size_t kWrapperApduSizeMax = 65'535;  // the header's length is 16 bits

}  // namespace amity::dlms
