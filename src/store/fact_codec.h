// Facts as bytes, and the records of the journal that hold them. docs/formats/journal.md describes both.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "model/facts.h"

namespace amity::store {

// How readings are written: kPlain is what edges and platforms of any age tell each other; kSteps takes
// no bytes for a time that goes on at the same step, and is the journal's own.
enum class Form : std::uint8_t { kPlain, kSteps };

// Appends one fact. kLimit when it is larger than limits.h allows; `out` is then as it was.
Status encode_fact(const Fact& fact, Bytes& out, Form form = Form::kPlain);
// The whole of `body` is one fact. Safe on any input.
Result<Fact> decode_fact(ByteView body);

// Appends the readings of a fact to `readings` without building the fact. False when the fact is of another kind.
Result<bool> decode_readings(ByteView body, std::vector<Reading>& readings);

// Whether the fact is EventsArrived.
bool holds_events(ByteView body);
// Whether the fact is ReadingsFinal or EditChanged.
bool holds_finals(ByteView body);

// One record: the facts `first`.. `first + count - 1`, each with its length before it in `bodies`.
struct RecordView {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  ByteView bodies;
};

std::string encode_record(const RecordView& record);
// Checks version and checksum. kCorrupt when they are wrong.
Result<RecordView> decode_record(ByteView record);
// Each fact's body in order until `visit` returns false; an error of the record's structure ends it.
using BodyVisitor = std::function<Result<bool>(std::uint64_t sequence, ByteView body)>;
Status each_body(const RecordView& record, const BodyVisitor& visit);

}  // namespace amity::store
