// Messages from a stream, readouts and load profiles of any text.
#include "wire/iec62056_21/readout.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  namespace iec = iec62056_21;
  ByteView rest(data, size);
  while (!rest.empty()) {
    std::size_t noise = 0;
    const auto message = iec::read_message(rest, noise);
    if (!message.ok() || !message->has_value()) break;
    AMITY_ASSERT(noise + (*message)->size <= rest.size());
    if ((*message)->kind == iec::Message::Kind::kCommand) {
      Bytes first;
      encode_command((*message)->command, first);
      const auto again = iec::read_message(first, noise);
      AMITY_ASSERT(again.ok() && again->has_value());
      AMITY_ASSERT((*again)->command.data == (*message)->command.data);
    }
    rest = rest.subspan((*message)->size);
  }
  const std::string_view text = as_text({data, size});
  wire::Report report;
  const Status status = iec::read_data(text, report);
  AMITY_ASSERT(status.ok() || status.error().offset <= size);
  const auto profile = iec::parse_profile(text);
  if (profile.ok()) append_profile(*profile, report);
  std::string json;
  append_json(report, json);
  (void)iec::parse_identification({data, size});
  return 0;
}
