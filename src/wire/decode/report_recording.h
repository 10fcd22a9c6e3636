// Frames of the protocols whose decoders fill a wire::Report, as JSON.
#pragma once

#include "wire/decode/decode.h"

namespace amity::decode {

// `protocol` is neither kDlms nor kCapture.
std::vector<DecodedFrame> decode_reports(Protocol protocol, ByteView recording,
                                         const DecodeOptions& options);

// An encrypted P1 telegram has the frame of a ciphered APDU; nullopt: no key at hand opens it as
// P1.
std::optional<std::vector<DecodedFrame>> decode_encrypted_p1(ByteView recording,
                                                             const DecodeOptions& options);

}  // namespace amity::decode
