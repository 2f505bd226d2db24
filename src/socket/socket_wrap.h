// The JavaScript object of one open socket (Handle in lib/native/binding.ts): arguments in, results
// out. It owns the descriptor, its poller and the path it is bound to; what to do about a result is
// decided in lib/.
#pragma once

#include <napi.h>

#include <memory>

#include "loop/poller.h"
#include "loop/yield.h"
#include "receive_slab.h"
#include "sys/address.h"
#include "sys/bound_path.h"
#include "sys/unique_fd.h"
#include "traffic.h"

namespace afunix {

class Module;
struct Bytes;

class SocketWrap final : public Poller::Listener {
 public:
  // Defines the class; the constructor belongs to the module.
  static napi_value Define(napi_env env);
  // The calls made for each message, as functions of a handle's `id`.
  static napi_value DefineCalls(napi_env env, Module* module);
  // Makes a new socket of `type` (SO_TYPE) one that a handle can serve: 0, or -errno.
  static int SetUp(int fd, int type);
  // A handle that owns `fd`, set up, or null with an exception pending (and `fd` closed). `type` is
  // 0 for what is no socket.
  static napi_value Create(Module* module, sys::UniqueFd fd, int type);

  ~SocketWrap();

  // Removes the bound path, leaves the loop, closes the descriptor. Twice is once.
  void Close();

 private:
  friend class Module;
  template <auto Method>
  friend napi_value CallMethod(napi_env env, napi_callback_info info);
  template <auto Method, size_t Max>
  friend napi_value CallById(napi_env env, napi_callback_info info);
  struct Arguments;

  SocketWrap(Module* module, sys::UniqueFd fd, int type);
  static napi_value Construct(napi_env env, napi_callback_info info);

  napi_value Self() const;
  void OnReady(int events) override;
  bool OnGuess() override;
  void Settle();
  bool Deliver();
  // Hands the result of a receive to JavaScript.
  void Tell(int result);
  // Calls one of the module's two dispatchers.
  void Dispatch(const Napi::FunctionReference& function, int result);
  int ReceiveBatch(unsigned batch, int flags, ReceiveSlab::Source source = ReceiveSlab::kPacked);
  // As ReceiveBatch(), at a readable event: asks for more than one message where there tend to be.
  int ReceiveReady();
  // Brings the poller in line with `interest_`.
  int Rearm();
  // After a yield that made room.
  void LeaveSet();
  int Wait(int events);
  int WaitAfter(int result, int batch);
  int ReadBytes(const Bytes& bytes, int flags);
  // Count what a call came to, -errno or the bytes of a message, and return it.
  int Sent(int result);
  int Received(int result);
  // Counts what a receive came to, unless it was a look.
  void CountReceived(int result, int flags);
  void SetStrong(bool strong);
  template <typename Call>
  int Persist(size_t count, Call send);

  // JavaScript's methods. Each returns a value for JavaScript or, as int, a result.
  napi_value GetFd(const Arguments& arguments);
  napi_value GetType(const Arguments& arguments);
  napi_value GetBoundPath(const Arguments& arguments);
  int WaitReadable(const Arguments& arguments);
  int StartReceiving(const Arguments& arguments);
  int WaitWritable(const Arguments& arguments);
  int Stop(const Arguments& arguments);
  int Ref(const Arguments& arguments);
  int Unref(const Arguments& arguments);
  int Configure(const Arguments& arguments);
  int PassRights(const Arguments& arguments);
  int Receive(const Arguments& arguments);
  int Read(const Arguments& arguments);
  int ReceiveOrWait(const Arguments& arguments);
  int ReadOrWait(const Arguments& arguments);
  int Send(const Arguments& arguments);
  int SendMessage(const Arguments& arguments);
  int SendMany(const Arguments& arguments);
  int Bind(const Arguments& arguments);
  int Connect(const Arguments& arguments);
  int Disconnect(const Arguments& arguments);
  napi_value Accept(const Arguments& arguments);
  int Shutdown(const Arguments& arguments);
  int CloseHandle(const Arguments& arguments);
  int Detach(const Arguments& arguments);
  int Stats(const Arguments& arguments);

  Module* module_;
  sys::UniqueFd fd_;
  Poller poller_;
  napi_ref reference_ = nullptr;  // to the JavaScript object; strong while something is awaited
  std::unique_ptr<sys::BoundPath> path_;
  SocketWrap* next_ = nullptr;  // the module's list of live sockets
  SocketWrap** link_ = nullptr;

  size_t limit_ = 0;    // bytes of a message that are received; 0: all
  uint32_t id_ = 0;     // its place in the module's `handles`
  int type_;            // SO_TYPE
  int interest_ = 0;    // the events somebody waits for
  unsigned batch_ = 0;  // messages to receive before a readable event is told; 0: none
  int flags_ = 0;       // of that receive
  unsigned taken_ = 0;  // successful calls of JavaScript's own that receive or accept
  Traffic sent_;
  Traffic received_;
  Yield write_yield_;
  unsigned made_room_ = 0;  // yields, since it left the set last
  size_t fits_ = 0;         // messages there was room for after a yield; 0: not known
  unsigned guesses_ = 0;    // that it is so again
  unsigned single_ = 0;     // readable events in a row that brought one message
  unsigned busy_poll_ = 0;  // microseconds
  bool continuous_ = false;
  bool reuse_ = false;  // the messages are JavaScript's only until it returns
  bool referenced_ = true;
  bool strong_ = false;
  bool refuses_rights_ = false;  // SO_PASSRIGHTS is off
  ControlRoom room_ = ControlRoom::kNone;
};

}  // namespace afunix
