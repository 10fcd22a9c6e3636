// The platform as it ships, in one process of the virtual world: store, intake, key ring,
// operations, commands, head-end. Dies at any point and is built anew over what was durable.
#pragma once

#include <memory>

#include "app/simulation/stand_ins.h"
#include "app/simulation/witness.h"
#include "headend/headend.h"
#include "headend/heard/frame_listener.h"
#include "roles/command_role.h"
#include "roles/journal_follower.h"
#include "roles/mdm_role.h"
#include "world/virtual_world.h"

namespace amity::simulation {

class Platform {
 public:
  // `on_fatal`: the disk failed in a way that ends the process. `on_delicate`: a command has begun
  // and nobody knows it yet, the worst moment to die.
  Platform(world::VirtualWorld& world, world::VirtualProcess& process, const Config& config,
           Witness& witness, std::function<void()> on_fatal, std::function<void()> on_delicate);
  ~Platform();

  // Once, before the first start.
  Status install(const store::MasterData& master,
                 std::span<const std::pair<DeviceId, headend::DeviceKeys>> keys);
  Status start();
  bool running() const { return head_end_ != nullptr; }
  // Whatever was not durable is gone.
  void crash(bool silently);

  // As an operator: refused by the desk, or counted by the witness once it is promised.
  void command(DeviceId device, CommandKind kind);
  // How often each meter was told to disconnect or to connect: what it may have executed at most.
  std::uint32_t told(DeviceId device, CommandKind kind) const;

  store::Store& store() { return *store_; }
  const Department& operations() const { return *operations_; }
  store::KvMemory& disk() { return disk_->kv(); }
  headend::HeadEndStats stats() const;  // of all lives
  std::uint64_t replayed_facts() const { return replayed_; }
  std::uint64_t rereads() const { return rereads_; }

 private:
  Status open_store();
  void pump_soon();
  void pump();
  void follow();
  void every_minute();
  void checkpoint();
  void repeat_commands();
  Status start_listening();
  Status start_validation();
  void read_again(DeviceId device, UtcSeconds after, UtcSeconds until);
  void add_stats();

  world::VirtualWorld& world_;
  world::VirtualProcess& process_;
  Runtime runtime_;
  const Config& config_;
  Witness& witness_;
  std::function<void()> on_fatal_, on_delicate_;
  std::shared_ptr<store::MemoryDisk> disk_ = std::make_shared<store::MemoryDisk>();
  std::map<std::pair<std::uint32_t, CommandKind>, std::uint32_t> told_;
  headend::HeadEndStats stats_before_;
  std::uint64_t replayed_ = 0, rereads_ = 0;
  // A key ring writes its counters when it is destroyed; one that died in a crash must not. They
  // wait here for the end.
  std::vector<std::unique_ptr<headend::KeyRing>> dead_rings_;

  const driver::ModelSet no_models_;
  // One life.
  std::unique_ptr<store::MemoryStore> memory_;
  std::unique_ptr<TimedJournal> journal_;
  std::unique_ptr<SimulatedStore> store_;
  std::unique_ptr<intake::Intake> intake_;
  std::unique_ptr<WitnessedIntake> witnessed_;
  std::unique_ptr<headend::KeyRing> keys_;
  std::unique_ptr<Department> operations_;
  std::unique_ptr<roles::CommandRole> commands_;
  std::unique_ptr<roles::MdmRole> validation_;
  std::unique_ptr<roles::JournalFollower> operations_follower_, commands_follower_,
      validation_follower_;
  std::unique_ptr<headend::HeadEnd> head_end_;
  std::unique_ptr<headend::ReportIntake> heard_reports_;
  std::unique_ptr<heard::Sink> heard_;
  std::unique_ptr<heard::FrameListener> frames_;
  bool pump_planned_ = false;
  std::int64_t minutes_ = 0;
};

}  // namespace amity::simulation
