// Where `amity import` reads from: a file, standard input, or a document over http(s). What cannot
// be read twice is kept in a file without a name until it has been.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace amity::app {

// How documents are fetched. Secrets stand in files: what stands on a command line can be seen by
// others.
struct FetchArguments {
  std::vector<std::string> urls;
  std::string header_file, token_file, authority_file;
  std::uint64_t mebibytes_max = 1'024;
  std::int64_t timeout_s = 300;
  int redirects_max = 5;
};

// The lines "Name: value" of the header file (without empty ones and those that begin with '#'),
// and the token as "Authorization: Bearer".
Result<std::vector<std::string>> fetch_headers(const FetchArguments& arguments);

class ImportSource {
 public:
  // "-" is standard input.
  static Result<ImportSource> file(const std::string& path);
  static Result<ImportSource> fetched(const std::string& url, const FetchArguments& arguments,
                                      const std::vector<std::string>& headers);
  ImportSource(ImportSource&& from) noexcept;
  ~ImportSource();

  // Can be opened and read, as often as wanted, while the object lives.
  std::string path() const;
  // As it is called in what is told and kept: the file, "stdin", or the URL without its query.
  const std::string& name() const { return name_; }

 private:
  explicit ImportSource(std::string name) : name_(std::move(name)) {}
  Status spool();
  Status write(std::string_view piece);

  std::string name_;
  std::FILE* kept_ = nullptr;
};

}  // namespace amity::app
