// Idle connections to concentrators, kept a while for the next meter behind the same one. A connection carries one
// conversation at a time; how many a concentrator gets is the segment's limit.
#pragma once

#include <list>
#include <map>
#include <memory>

#include "headend/address.h"

namespace amity::headend {

class ConnectionPool {
 public:
  explicit ConnectionPool(Runtime runtime);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // An idle connection that stands, without a handler; null when there is none.
  std::unique_ptr<Stream> take(const Place& to);
  // Only a connection on which nothing is outstanding.
  void give_back(const Place& to, std::unique_ptr<Stream> stream);
  std::size_t idle() const { return idle_count_; }
  void clear();

 private:
  struct Idle;
  void drop(Idle* idle);

  Runtime runtime_;
  std::map<Place, std::list<std::unique_ptr<Idle>>> idle_;
  std::size_t idle_count_ = 0;
};

}  // namespace amity::headend
