// Telegrams from a stream, and any text with the right CRC around it; encrypted frames.
#include "wire/p1/decoder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  const ByteView input(data, size);
  p1::TelegramSplitter splitter;
  p1::Decoder decoder({p1::SmartyKey{Bytes(16, 0), {}}});
  wire::Report report;
  for (const ByteView part : {input.first(size / 2), input.subspan(size / 2)}) {
    splitter.add(part);
    while (const auto telegram = splitter.next()) (void)decoder.decode(*telegram, report);
  }
  if (const auto telegram = splitter.finish()) (void)decoder.decode(*telegram, report);

  Bytes framed;
  p1::TelegramWriter writer("XXX5", framed);
  writer.line(as_text(input));
  writer.finish();
  const Status status = decoder.decode(framed, report);
  AMITY_ASSERT(status.ok() || status.error().offset <= framed.size());
  std::string json;
  append_json(report, json);

  // What was read before does not matter: lines of the input, known from the telegram above, stand
  // beside others now.
  Bytes next;
  p1::TelegramWriter second("XXX5", next);
  second.line(as_text(input.first(size - size / 3)));
  second.line("1-0:1.8.1(004426.001*kWh)");
  second.line(as_text(input.subspan(size - size / 3)));
  second.finish();
  for (int i = 0; i < 2; ++i) {
    const Status used = decoder.decode(next, report);
    std::string alone, after;
    append_json(report, after);
    wire::Report clean;
    const Status fresh = p1::Decoder().decode(next, clean);
    append_json(clean, alone);
    AMITY_ASSERT(used.ok() == fresh.ok() && after == alone);
  }

  if (size > 8'000) return 0;
  Bytes sealed, plain;
  AMITY_ASSERT(p1::seal_telegram(input, Bytes(8, 1), 1, {Bytes(16, 0), {}}, sealed).ok());
  AMITY_ASSERT(p1::open_encrypted(sealed, {Bytes(16, 0), {}}, plain).ok());
  AMITY_ASSERT(plain.size() == size);
  return 0;
}
