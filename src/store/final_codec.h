// Final values as bytes: the parts of the facts ReadingsFinal and EditChanged, and of the stored
// day. docs/formats/final_day.md describes them.
#pragma once

#include <span>
#include <vector>

#include "base/bytes.h"
#include "model/final.h"

namespace amity::store {

void put_vee_day(Bytes& out, const VeeDay& day);
Result<VeeDay> get_vee_day(ByteReader& in);

void put_decision(Bytes& out, const VeeDay& day, const Decision& decision);
Result<Decision> get_decision(ByteReader& in, const VeeDay& day);

// `versions` ascend by time and lie on the day's intervals (within_limits).
void put_versions(Bytes& out, const VeeDay& day, std::span<const FinalVersion> versions);
Result<std::vector<FinalVersion>> get_versions(ByteReader& in, const VeeDay& day);

void put_edit(Bytes& out, const Edit& edit);
Result<Edit> get_edit(ByteReader& in);

// What decoding would refuse must not be written.
bool within_limits(const VeeDay& day, std::span<const FinalVersion> versions);
bool within_limits(const Edit& edit);

}  // namespace amity::store
