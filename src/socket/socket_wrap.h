// One open socket (Handle in lib/native/binding.ts). It owns the descriptor, its poller and the
// path that it is bound to. lib/ decides what to do about a result.
#pragma once

#include <node_api.h>

#include <memory>

#include "loop/poller.h"
#include "napi/function.h"
#include "receive_slab.h"
#include "sys/bound_path.h"
#include "sys/unique_fd.h"
#include "traffic.h"

namespace afunix {

class SocketTable;

class SocketWrap final : public Poller::Listener {
 public:
  // Sets a new socket of `type` (SO_TYPE) up for a SocketWrap: 0, or -errno.
  static int SetUp(int fd, int type);

  SocketWrap(SocketTable* table, sys::UniqueFd fd, int type);
  ~SocketWrap();

  uint32_t id() const { return id_; }
  // Makes `handle` the JavaScript object that this one lives as long as.
  bool Attach(napi_value handle);
  // Notes that a program knows the descriptor's number, and may close it.
  void SetShown();
  // Removes the bound path, leaves the loop, closes the descriptor. Idempotent.
  void Close();
  // As Close(), without a call of Node-API: the environment has ended. False if it was closed.
  bool CloseAtEnd();

 private:
  friend class SocketTable;  // for the calls of JavaScript

  napi_value Handle() const;
  void OnReady(int events) override;
  bool OnPoll() override;
  // Brings the poller in line with `interest_` after a delivery, which may have closed the socket.
  void UpdateInterest();
  // Delivers the result of a receive, and what can be received after it.
  void Deliver(napi_value handle, int result);
  // Hands the result of a receive to JavaScript.
  void DeliverResult(napi_value handle, int result);
  int ReceiveBatch(unsigned batch, int flags, ReceiveSlab::Source source = ReceiveSlab::kPacked);
  // As ReceiveBatch(), at a readable event: asks for one message where one came at a time before.
  int ReceiveReady();
  // Brings the poller in line with `interest_`.
  int Rearm();
  int Wait(int events);
  int WaitAfter(int result, int batch);
  int ReadBytes(const Bytes& bytes, int flags);
  // The arguments after the first are of a send: to, flags.
  int SendBytes(const void* data, size_t length, const Arguments& arguments);
  // Counts the result of a receive, unless it only peeked.
  void CountReceived(int result, int flags);
  // Sets whether the handle lives although JavaScript has no reference to it.
  void SetStrong(bool strong);

  // JavaScript's calls. An int is a result: a count, or -errno.
  int GetFd(const Arguments& arguments);
  int ShowFd(const Arguments& arguments);
  napi_value GetBoundPath(const Arguments& arguments);
  int WaitReadable(const Arguments& arguments);
  int StartReceiving(const Arguments& arguments);
  int WaitWritable(const Arguments& arguments);
  int IsSendBufferFull(const Arguments& arguments);
  int Stop(const Arguments& arguments);
  int Ref(const Arguments& arguments);
  int Unref(const Arguments& arguments);
  int Configure(const Arguments& arguments);
  int PassRights(const Arguments& arguments);
  int Receive(const Arguments& arguments);
  int ReceiveInto(const Arguments& arguments);
  int Read(const Arguments& arguments);
  int ReceiveOrWait(const Arguments& arguments);
  int ReadOrWait(const Arguments& arguments);
  int Send(const Arguments& arguments);
  int SendSmall(const Arguments& arguments);
  int SendMessage(const Arguments& arguments);
  int SendMany(const Arguments& arguments);
  int SendFile(const Arguments& arguments);
  int Bind(const Arguments& arguments);
  int AdoptPath(const Arguments& arguments);
  int Connect(const Arguments& arguments);
  int Disconnect(const Arguments& arguments);
  napi_value Accept(const Arguments& arguments);
  int Shutdown(const Arguments& arguments);
  int CloseHandle(const Arguments& arguments);
  int Detach(const Arguments& arguments);
  int Stats(const Arguments& arguments);

  SocketTable* const table_;
  sys::UniqueFd fd_;
  Poller poller_;
  napi_ref handle_ = nullptr;  // strong while something is awaited
  std::unique_ptr<sys::BoundPath> path_;

  size_t limit_ = 0;    // bytes of a message that are received; 0: all
  const uint32_t id_;   // its place in the table
  const int type_;      // SO_TYPE
  int interest_ = 0;    // the events somebody waits for
  unsigned batch_ = 0;  // messages to receive before a readable event is delivered; 0: none
  int flags_ = 0;       // of that receive
  unsigned received_calls_ = 0;  // successful calls of JavaScript's own that receive or accept
  unsigned accepted_ = 0;        // connections
  Traffic sent_;
  Traffic received_;
  unsigned single_ = 0;     // readable events in a row that brought one message
  unsigned busy_poll_ = 0;  // microseconds
  bool closed_ = false;
  bool continuous_ = false;
  bool reuse_ = false;  // the messages are JavaScript's only until it returns
  bool referenced_ = true;
  bool strong_ = false;
  bool shown_ = false;           // a program knows the descriptor's number
  bool refuses_rights_ = false;  // SO_PASSRIGHTS is off
  ControlRoom room_ = ControlRoom::kNone;
};

}  // namespace afunix
