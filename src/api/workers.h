// Threads for work that would make the I/O threads wait: passwords, the registry, large listings.
// The queue is bounded.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace amity::api {

class Workers {
 public:
  Workers(int threads, std::size_t queue_max);
  ~Workers();  // finishes what is running, drops what waits

  // False when the queue is full: the caller says so at once.
  bool submit(std::function<void()> work);
  void stop();

 private:
  void run();

  std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace amity::api
