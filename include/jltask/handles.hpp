/* SPDX-License-Identifier: MIT
 *
 * C++: exceptions from statuses, handles that are given back by themselves, receivers. */
#ifndef JLTASK_HANDLES_HPP
#define JLTASK_HANDLES_HPP

#include "limits.h"
#include "receivers.h"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace jlt
{

/* ---- failures ---- */

/* A status that is not JLT_OK, with the texts of jlt_error_message (what()), _type and _backtrace. */
class error : public std::runtime_error
{
  public:
    /* Of the calling thread's last call, which returned that. */
    explicit error(jlt_status status)
        : std::runtime_error(*jlt_error_message() ? jlt_error_message() : jlt_status_name(status)), status_(status),
          texts_(std::make_shared<const texts>(texts{jlt_error_type(), jlt_error_backtrace()}))
    {
    }
    /* Of this header's own. */
    error(jlt_status status, const char *what)
        : std::runtime_error(what), status_(status), texts_(std::make_shared<const texts>())
    {
    }
    jlt_status status() const noexcept { return status_; }
    const std::string &type() const noexcept /* of the Julia exception, or empty */
    {
        return texts_->type;
    }
    const std::string &backtrace() const noexcept { return texts_->backtrace; }

  private:
    struct texts {
        std::string type, backtrace;
    };
    jlt_status status_;
    std::shared_ptr<const texts> texts_; /* a copy of an exception must not throw */
};

inline void check(jlt_status status)
{
    if (status != JLT_OK)
        throw error(status);
}

namespace detail
{

template <auto drop> struct dropper {
    template <typename handle> void operator()(handle *it) const noexcept { drop(it); }
};
template <typename handle, auto drop> using owned = std::unique_ptr<handle, dropper<drop>>;

} // namespace detail

/* An input, output or config where there is none: task.call({}). */
struct none {
};

/* ---- handles ---- */

class canceller
{
  public:
    canceller()
    {
        jlt_canceller *made;
        check(jlt_canceller_new(&made));
        handle_.reset(made);
    }
    void cancel() { check(jlt_canceller_cancel(handle_.get())); }
    jlt_canceller *get() const noexcept { return handle_.get(); }

  private:
    detail::owned<jlt_canceller, jlt_canceller_drop> handle_;
};

/* The thread that owns Julia: joined by its destructor, which waits for the end of Julia. */
class thread
{
  public:
    explicit thread(jlt_thread *handle) noexcept : handle_(handle)
    {
    }
    void join()
    {
        const jlt_status status = jlt_thread_join(handle_.get());
        if (status != JLT_INVALID_ARGUMENT) /* from a body: it is not joined */
            (void)handle_.release();
        check(status);
    }
    jlt_thread *get() const noexcept { return handle_.get(); }

  private:
    detail::owned<jlt_thread, jlt_thread_join> handle_;
};

/* A counted handle: a copy is another one. */
template <typename handle, auto clone, auto drop> class counted
{
  public:
    explicit counted(handle *owned = nullptr) noexcept : handle_(owned)
    {
    }
    counted(const counted &other) noexcept : handle_(clone(other.get()))
    {
    }
    counted(counted &&) noexcept = default;
    counted &operator=(counted other) noexcept
    {
        handle_ = std::move(other.handle_);
        return *this;
    }
    handle *get() const noexcept { return handle_.get(); }
    void reset() noexcept /* drops it */
    {
        handle_.reset();
    }

  private:
    detail::owned<handle, drop> handle_;
};

class runtime : public counted<jlt_runtime, jlt_runtime_clone, jlt_runtime_drop>
{
  public:
    using counted::counted;
    void close(bool cancel = false) { check(jlt_runtime_close(get(), cancel)); }
    void close_within(int64_t timeout_ns) { check(jlt_runtime_close_within(get(), timeout_ns)); }
};

/* auto [thread, runtime] = jlt::start(options): at the end of the block the runtime is dropped, then Julia's end is
 * waited for. */
struct started {
    jlt::thread thread;
    jlt::runtime runtime;
};

inline started start(const jlt_options &options = jlt_options{})
{
    jlt_runtime *runtime;
    jlt_thread *thread;
    check(jlt_runtime_spawn(&options, &runtime, &thread));
    return started{jlt::thread(thread), jlt::runtime(runtime)};
}

/* ---- replies ---- */

/* A reply to come, of an output's type or `none`. It can be moved; to destroy it is to drop it. It is empty after a
 * get() that returned or threw a reply. */
template <typename output> class receiver
{
  public:
    explicit receiver(jlt_receiver *owned = nullptr) noexcept : handle_(owned)
    {
    }
    /* Waits for the reply. Throws its failure, and JLT_WOULD_DEADLOCK, where the receiver stays good. */
    output get() { return *get_within(-1); }
    /* The same for at most timeout_ns nanoseconds; nothing: there is none yet, and the receiver stays good. */
    std::optional<output> get_within(int64_t timeout_ns)
    {
        output result{};
        if (!handle_)
            throw error(JLT_INVALID_ARGUMENT, "the receiver is empty: its reply was received, or it was moved from");
        const jlt_status status = jlt_receiver_recv_timeout(handle_.get(), timeout_ns, &result);
        if (status == JLT_TIMEOUT || status == JLT_PENDING)
            return std::nullopt;
        if (status != JLT_WOULD_DEADLOCK)
            (void)handle_.release(); /* freed by the receive */
        check(status);
        return result;
    }
    std::optional<output> try_get() { return get_within(0); }
    void cancel() { check(jlt_receiver_cancel(handle_.get())); }
    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
    jlt_receiver *release() noexcept /* the caller's, as jlt_queue_add wants it */
    {
        return handle_.release();
    }

  private:
    detail::owned<jlt_receiver, jlt_receiver_drop> handle_;
};

} // namespace jlt

#endif
