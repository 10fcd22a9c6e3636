#include "app/process.h"

#include <signal.h>
#include <sys/resource.h>

#include <cerrno>

namespace amity::app {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void block_stop_signals() {
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

bool wait_for_stop(unsigned most_s) {
  const sigset_t signals = stop_signals();
  const timespec wait{most_s, 0};
  // Stopping and continuing the process interrupts the wait; it is no reason to end.
  int signal = -1;
  do {
    signal = sigtimedwait(&signals, nullptr, most_s == 0 ? nullptr : &wait);
  } while (signal < 0 && errno == EINTR);
  return signal > 0;
}

}  // namespace amity::app
