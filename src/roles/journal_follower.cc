#include "roles/journal_follower.h"

#include <spdlog/spdlog.h>

#include <chrono>

namespace amity::roles {
namespace {

constexpr std::size_t kFactsPerStep = 1'000;

}  // namespace

JournalFollower::JournalFollower(store::Journal& journal, std::string department, Handle handle,
                                 Save save)
    : journal_(journal),
      department_(std::move(department)),
      handle_(std::move(handle)),
      save_(std::move(save)) {}

JournalFollower::~JournalFollower() {
  stop();
}

Status JournalFollower::begin() {
  AMITY_TRY(saved_, journal_.cursor(department_));
  position_ = saved_;
  return {};
}

Status JournalFollower::begin_after(store::Sequence from) {
  AMITY_TRY(saved_, journal_.cursor(department_));
  position_ = from;
  return {};
}

Result<std::size_t> JournalFollower::step(std::size_t max) {
  AMITY_TRY(const auto entries, journal_.read(position_, max));
  for (const store::JournalEntry& entry : entries) {
    handle_(entry);
    position_ = entry.sequence;
  }
  return entries.size();
}

Status JournalFollower::save() {
  const store::Sequence reached = position_;
  if (reached == saved_) return {};
  AMITY_CHECK(save_());
  AMITY_CHECK(journal_.save_cursor(department_, reached));
  saved_ = reached;
  return {};
}

void JournalFollower::start_thread(const Clock& clock, Duration save_interval) {
  thread_ = std::thread([this, &clock, save_interval] { run(clock, save_interval); });
}

void JournalFollower::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void JournalFollower::wake() {
  {
    const std::lock_guard lock(mutex_);
    pending_ = true;
  }
  woken_.notify_one();
}

void JournalFollower::run(const Clock& clock, Duration save_interval) {
  Instant save_due = clock.now() + save_interval;
  constexpr Duration kPatience = std::chrono::milliseconds(500);
  while (true) {
    {
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, kPatience, [this] { return stopping_ || pending_; });
      pending_ = false;
      if (stopping_) break;
    }
    while (true) {
      const Result<std::size_t> handled = step(kFactsPerStep);
      if (!handled.ok())
        spdlog::error("{}: the journal cannot be read: {}", department_,
                      to_string(handled.error()));
      if (!handled.ok() || *handled == 0) break;
    }
    if (idle_) idle_();
    if (clock.now() >= save_due) {
      save_due = clock.now() + save_interval;
      if (const Status saved = save(); !saved.ok()) {
        spdlog::error("{}: the cursor cannot be saved: {}", department_, to_string(saved.error()));
      }
    }
  }
  if (const Status saved = save(); !saved.ok()) {
    spdlog::error("{}: the cursor cannot be saved: {}", department_, to_string(saved.error()));
  }
}

}  // namespace amity::roles
