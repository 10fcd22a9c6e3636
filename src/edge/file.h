// Small files that are replaced whole: durable when the call returns, old or new and nothing
// between.
#pragma once

#include <string>

#include "base/bytes.h"

namespace amity::edge {

// "opening X: No such file or directory", of errno.
Error io_error(const std::string& doing);
// kNotFound: there is none. kLimit: it is larger than `bytes_max`.
Result<Bytes> read_file(const std::string& path, std::size_t bytes_max);
// Written beside (mode 0600), synced and put in its place.
Status replace_file(const std::string& path, ByteView content, bool fsync = true);
Status sync_directory(const std::string& path);

}  // namespace amity::edge
