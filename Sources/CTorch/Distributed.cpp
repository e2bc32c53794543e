// Ranks: processes that work together, over c10d's key-value store (TCP) and Gloo.
#include "Shim.h"

// Asked here and not in Package.swift: SwiftPM keeps what a manifest once found out about files.
#if __has_include(<gloo/transport/tcp/device.h>)
#define USE_C10D_GLOO
#endif

#ifdef USE_C10D_GLOO

#include <ATen/ops/from_blob.h>
#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>

namespace {

using Milliseconds = std::chrono::milliseconds;

/// Keeps a beat in the store for as long as the process lives, and answers questions to the store
/// within a time, which the store itself does not promise when its host hangs.
class Watch : public std::enable_shared_from_this<Watch> {
 public:
  Watch(c10::intrusive_ptr<c10d::Store> store, int rank) : store_(std::move(store)), rank_(rank) {}

  void start() {
    // Detached: a store that does not answer must not hold up the end of the process.
    std::thread([watch = shared_from_this()] { watch->run(); }).detach();
  }

  /// Ends the thread and waits for it, but not for a store that hangs.
  void stop() {
    std::unique_lock<std::mutex> lock(mutex_);
    stops_ = true;
    change_.notify_all();
    change_.wait_for(lock, Milliseconds(1000), [&] { return ended_; });
  }

  /// Runs `question` on the thread; false when there is no answer in time.
  bool ask(std::function<void(c10d::Store &)> question, Milliseconds limit) {
    std::unique_lock<std::mutex> lock(mutex_);
    // A question is left where the store did not answer the last time.
    if (ended_ || question_) return false;
    question_ = std::move(question);
    change_.notify_all();
    return change_.wait_for(lock, limit, [&] { return !question_ || ended_; }) && !ended_;
  }

  /// Counts a call of a collective operation.
  void count_call() { calls_++; }

  static std::string beats_key(int rank) { return "beats/" + std::to_string(rank); }
  static std::string calls_key(int rank) { return "calls/" + std::to_string(rank); }

 private:
  static constexpr Milliseconds kBeat{250};

  void run() {
    std::unique_lock<std::mutex> lock(mutex_);
    try {
      while (!stops_) {
        auto question = question_;
        lock.unlock();
        if (question) question(*store_);
        store_->add(calls_key(rank_), calls_.exchange(0));
        store_->add(beats_key(rank_), 1);
        lock.lock();
        if (question) {
          question_ = nullptr;
          change_.notify_all();
        }
        change_.wait_for(lock, kBeat, [&] { return stops_ || question_; });
      }
    } catch (...) {
      // The store is gone; `ask` says so.
      if (!lock.owns_lock()) lock.lock();
    }
    ended_ = true;
    change_.notify_all();
  }

  c10::intrusive_ptr<c10d::Store> store_;
  const int rank_;
  std::mutex mutex_;
  std::condition_variable change_;
  std::function<void(c10d::Store &)> question_;
  std::atomic<int64_t> calls_{0};
  bool stops_ = false;
  bool ended_ = false;
};

}  // namespace

struct ctorch_group_s {
  std::string host;
  uint16_t port;
  int rank;
  int size;
  Milliseconds timeout;
  c10::intrusive_ptr<c10d::Store> store;
  std::shared_ptr<Watch> watch;  // once the ranks have met
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
};

using namespace ctorch;

namespace {

constexpr Milliseconds kAnswer{5000};
constexpr int kFatal = 3;
const char *const kWords = "words";

c10::intrusive_ptr<c10d::Store> open_store(const ctorch_group_s &group, bool is_host) {
  c10d::TCPStoreOptions options;
  options.port = group.port;
  options.isServer = is_host;
  options.waitWorkers = false;
  options.timeout = group.timeout;
  return c10::make_intrusive<c10d::PrefixStore>(
      "varlora", c10::make_intrusive<c10d::TCPStore>(group.host, options));
}

std::string random_name() {
  std::random_device device;
  return std::to_string((static_cast<uint64_t>(device()) << 32) | device());
}

/// Finds the processes that belong together, and a name that is theirs alone.
///
/// A launcher may keep its store when it starts all ranks anew, and does not start all at the same
/// moment: what the store holds may come from processes that are gone or about to go. So each
/// process writes a random name (`hello`), rank 0 the list of all latest names (`roster`), and each
/// process answers a list that has its own name (`met`), until all of the list have.
class Meeting {
 public:
  explicit Meeting(ctorch_group_s &group)
      : group_(group), store_(*group.store), own_(random_name()) {}

  /// The name of rank 0's process; empty when not all have met in time.
  std::string run() {
    const auto end = std::chrono::steady_clock::now() + group_.timeout;
    set(hello(group_.rank), own_);
    do {
      if (group_.rank == 0 ? all_have_met() : is_in_roster()) return roster_[0];
      // Many ranks ask more slowly, to spare the store.
      std::this_thread::sleep_for(Milliseconds(20 + group_.size / 4));
    } while (std::chrono::steady_clock::now() < end);
    return "";
  }

  /// Whether a rank is known to have been missing.
  bool is_missing(int rank) {
    if (rank == group_.rank) return false;
    if (!store_.check({hello(rank)})) return true;
    return group_.rank == 0 && !store_.check({met(own_, get(hello(rank)))});
  }

 private:
  bool all_have_met() {
    std::vector<std::string> names{own_}, answers;
    for (int rank = 1; rank < group_.size; rank++) {
      if (!store_.check({hello(rank)})) return false;
      names.push_back(get(hello(rank)));
      answers.push_back(met(own_, names.back()));
    }
    if (names != roster_) {
      roster_ = names;
      std::string text;
      for (const auto &name : names) text += name + "\n";
      set("roster", text);
    }
    return answers.empty() || store_.check(answers);
  }

  bool is_in_roster() {
    if (!store_.check({"roster"})) return false;
    std::istringstream lines(get("roster"));
    roster_.assign(std::istream_iterator<std::string>(lines), {});
    if (roster_.size() != static_cast<size_t>(group_.size) || roster_[group_.rank] != own_) {
      return false;
    }
    set(met(roster_[0], own_), "yes");
    return true;
  }

  static std::string hello(int rank) { return "hello/" + std::to_string(rank); }

  static std::string met(const std::string &first, const std::string &name) {
    return "met/" + first + "/" + name;
  }

  void set(const std::string &key, const std::string &text) {
    store_.set(key, std::vector<uint8_t>(text.begin(), text.end()));
  }

  std::string get(const std::string &key) {
    const auto bytes = store_.get(key);
    return std::string(bytes.begin(), bytes.end());
  }

  ctorch_group_s &group_;
  c10d::Store &store_;
  const std::string own_;
  std::vector<std::string> roster_;
};

at::Tensor bytes_tensor(void *data, int64_t length) {
  return at::from_blob(data, {length}, at::TensorOptions().dtype(at::kByte));
}

void ask(ctorch_group group, std::function<void(c10d::Store &)> question) {
  if (!group->watch || !group->watch->ask(std::move(question), kAnswer)) {
    throw std::runtime_error("the store does not answer");
  }
}

c10d::ProcessGroupGloo &connected(ctorch_group group) {
  if (!group->gloo) throw std::runtime_error("the ranks are not connected");
  group->watch->count_call();
  return *group->gloo;
}

/// A write to a rank that is gone must be an error, not the end of this process. c10d leaves that
/// to Python, which ignores the signal.
void ignore_broken_pipes() {
  struct sigaction action;
  if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
    std::signal(SIGPIPE, SIG_IGN);
  }
}

}  // namespace

bool ctorch_has_gloo(void) { return true; }

int32_t ctorch_group_open(const char *host, uint16_t port, bool is_host, int32_t rank, int32_t size,
                          int64_t timeout, ctorch_group *out) {
  *out = nullptr;
  return guarded([&] {
    ignore_broken_pipes();
    // c10d logs what it throws as well, with stack frames.
    if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) FLAGS_caffe2_log_level = kFatal;
    auto group = std::make_unique<ctorch_group_s>();
    group->host = host;
    group->port = port;
    group->rank = rank;
    group->size = size;
    group->timeout = Milliseconds(timeout);
    group->store = open_store(*group, is_host);
    *out = group.release();
  });
}

int32_t ctorch_group_meet(ctorch_group group, bool *missing) {
  std::fill(missing, missing + group->size, false);
  return guarded([&] {
    Meeting meeting(*group);
    const std::string name = meeting.run();
    if (name.empty()) {
      for (int rank = 0; rank < group->size; rank++) missing[rank] = meeting.is_missing(rank);
      // All have been there, but rank 0 has made no list of them.
      if (std::none_of(missing, missing + group->size, [](bool is) { return is; })) {
        missing[0] = true;
      }
      throw std::runtime_error("not all ranks have come");
    }
    const auto with_name = [&](c10::intrusive_ptr<c10d::Store> store) {
      return c10::make_intrusive<c10d::PrefixStore>(name, store);
    };
    group->store = with_name(group->store);
    // A connection of its own: the first one is blocked while Gloo waits for other ranks.
    group->watch = std::make_shared<Watch>(with_name(open_store(*group, false)), group->rank);
    group->watch->start();
  });
}

int32_t ctorch_group_connect(ctorch_group group) {
  return guarded([&] {
    group->gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>("gloo", group->store), group->rank, group->size,
        c10d::ProcessGroupGloo::Options::create_default(group->timeout));
  });
}

int32_t ctorch_group_sum(ctorch_group group, ctorch_tensor tensor) {
  return guarded([&] {
    std::vector<at::Tensor> tensors{unwrap(tensor)};
    connected(group).allreduce(tensors)->wait();
  });
}

int32_t ctorch_group_broadcast(ctorch_group group, ctorch_tensor tensor, int32_t root) {
  return guarded([&] {
    std::vector<at::Tensor> tensors{unwrap(tensor)};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    connected(group).broadcast(tensors, options)->wait();
  });
}

int32_t ctorch_group_broadcast_bytes(ctorch_group group, void *data, int64_t length,
                                     int32_t root) {
  return guarded([&] {
    std::vector<at::Tensor> tensors{bytes_tensor(data, length)};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    connected(group).broadcast(tensors, options)->wait();
  });
}

int32_t ctorch_group_gather_bytes(ctorch_group group, const void *data, int64_t length,
                                  void *out) {
  return guarded([&] {
    std::vector<at::Tensor> input{bytes_tensor(const_cast<void *>(data), length)};
    std::vector<std::vector<at::Tensor>> outputs(1);
    for (int rank = 0; rank < group->size; rank++) {
      outputs[0].push_back(bytes_tensor(static_cast<char *>(out) + rank * length, length));
    }
    connected(group).allgather(outputs, input)->wait();
  });
}

int32_t ctorch_group_signs(ctorch_group group, int64_t *beats, int64_t *calls) {
  return guarded([&] {
    // Shared: a late answer comes when this call is over.
    auto signs = std::make_shared<std::vector<int64_t>>();
    ask(group, [signs, size = group->size](c10d::Store &store) {
      for (int rank = 0; rank < size; rank++) {
        signs->push_back(store.add(Watch::beats_key(rank), 0));
        signs->push_back(store.add(Watch::calls_key(rank), 0));
      }
    });
    for (int rank = 0; rank < group->size; rank++) {
      beats[rank] = (*signs)[2 * rank];
      calls[rank] = (*signs)[2 * rank + 1];
    }
  });
}

int32_t ctorch_group_words(ctorch_group group, const char *own, char *out, int64_t capacity) {
  return guarded([&] {
    auto words = std::make_shared<std::string>();
    ask(group, [words, own = std::string(own)](c10d::Store &store) {
      if (own.empty() && !store.check({kWords})) return;
      const std::vector<uint8_t> new_words(own.begin(), own.end());
      const auto first =
          own.empty() ? store.get(kWords) : store.compareSet(kWords, {}, new_words);
      words->assign(first.begin(), first.end());
    });
    out[words->copy(out, capacity - 1)] = 0;
  });
}

void ctorch_group_disconnect(ctorch_group group) {
  // Its destructor may meet lost ranks.
  guarded([&] { group->gloo.reset(); });
}

void ctorch_group_close(ctorch_group group) {
  if (group == nullptr) return;
  if (group->watch) group->watch->stop();
  ctorch_group_disconnect(group);
  delete group;
}

#else

namespace {

int32_t missing() {
  ctorch::set_error("this build has no Gloo");
  return 1;
}

}  // namespace

bool ctorch_has_gloo(void) { return false; }

int32_t ctorch_group_open(const char *, uint16_t, bool, int32_t, int32_t, int64_t,
                          ctorch_group *out) {
  *out = nullptr;
  return missing();
}

int32_t ctorch_group_meet(ctorch_group, bool *) { return missing(); }
int32_t ctorch_group_connect(ctorch_group) { return missing(); }
int32_t ctorch_group_sum(ctorch_group, ctorch_tensor) { return missing(); }
int32_t ctorch_group_broadcast(ctorch_group, ctorch_tensor, int32_t) { return missing(); }
int32_t ctorch_group_broadcast_bytes(ctorch_group, void *, int64_t, int32_t) { return missing(); }
int32_t ctorch_group_gather_bytes(ctorch_group, const void *, int64_t, void *) {
  return missing();
}
int32_t ctorch_group_signs(ctorch_group, int64_t *, int64_t *) { return missing(); }
int32_t ctorch_group_words(ctorch_group, const char *, char *, int64_t) { return missing(); }
void ctorch_group_disconnect(ctorch_group) {}
void ctorch_group_close(ctorch_group) {}

#endif
