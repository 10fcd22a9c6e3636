// A stream as it comes, frame by frame as JSON: what FrameStream finds in it, with what earlier
// frames of the stream said (formats of compact frames, DLMS conversations).
#pragma once

#include "wire/decode/dlms_recording.h"
#include "wire/decode/frame_stream.h"
#include "wire/decode/report_recording.h"

namespace amity::decode {

class LiveDecoder {
 public:
  // `options` outlive this.
  explicit LiveDecoder(const DecodeOptions& options) : reports_(options), dlms_(options) {}

  // Any number of bytes; what their frames are, in order. Offsets are from each frame's start.
  std::vector<DecodedFrame> add(ByteView bytes);
  // Nothing follows.
  std::vector<DecodedFrame> finish();
  // That belong to no frame.
  std::size_t garbage_bytes() const { return stream_.garbage_bytes(); }

 private:
  void drain(bool at_end, std::vector<DecodedFrame>& out);

  ReportDecoders reports_;
  DlmsRecording dlms_;
  FrameStream stream_;
};

// Whether a stream that begins so consists of such frames. Captures, report files, bare APDUs and
// conversations of other protocols do not.
bool begins_frame_stream(ByteView beginning, const DecodeOptions& options);

}  // namespace amity::decode
