/* SPDX-License-Identifier: MIT
 *
 * C++: completion queues, and coroutines that wait for replies. */
#ifndef JLTASK_QUEUE_HPP
#define JLTASK_QUEUE_HPP

#include "handles.hpp"
#include "queue.h"

#if defined(__cpp_impl_coroutine)
#include <coroutine>
#if defined(__GNUC__)
#define JLTASK_NOINLINE __attribute__((noinline))
#else
#define JLTASK_NOINLINE
#endif
#define JLTASK_COROUTINES
#endif

namespace jlt
{

/* A completion queue. What comes out of it is a jlt_completion with a jlt_receiver *: give that to a receiver<output>,
 * whose get() does not wait then. */
class queue
{
  public:
    queue()
    {
        jlt_queue *made;
        check(jlt_queue_new(&made));
        handle_.reset(made);
    }
    jlt_queue *get() const noexcept { return handle_.get(); }
    int descriptor() const noexcept { return jlt_queue_descriptor(handle_.get()); }
    /* The oldest reply; nothing: there was none for timeout_ns nanoseconds (negative: no limit). */
    std::optional<jlt_completion> take(int64_t timeout_ns = -1) const
    {
        jlt_completion completion;
        const jlt_status status = jlt_queue_take(handle_.get(), timeout_ns, &completion);
        if (status == JLT_PENDING || status == JLT_TIMEOUT)
            return std::nullopt;
        check(status);
        return completion;
    }
    /* As jlt_queue_add: the receiver is the queue's then, and empty. If it fails it stays as it was. */
    template <typename output> void add(receiver<output> &receiver, void *user) const
    {
        jlt_receiver *const raw = receiver.release(); /* before: it may be taken and freed while add returns */
        const jlt_status status = jlt_queue_add(handle_.get(), raw, user);
        if (status != JLT_OK) {
            receiver = jlt::receiver<output>(raw);
            throw error(status);
        }
    }

#ifdef JLTASK_COROUTINES
  private:
    struct waiting {
        jlt_receiver *completed = nullptr;
        std::coroutine_handle<> coroutine;
    };
    template <typename output> class awaiter : waiting
    {
      public:
        awaiter(const queue &queue, receiver<output> receiver) : queue_(queue), receiver_(std::move(receiver)) {}
        bool await_ready()
        {
            result_ = receiver_.try_get();
            return result_.has_value();
        }
        /* Once it is added, another thread may resume the coroutine and destroy this object: it is not touched then.
         * Not inlined, since compilers may put the locals of what is inlined here into the coroutine. */
        JLTASK_NOINLINE void await_suspend(std::coroutine_handle<> handle)
        {
            this->coroutine = handle;
            receiver<output> leaving(std::move(receiver_));
            queue_.add(leaving, static_cast<waiting *>(this));
        }
        output await_resume() { return result_ ? *result_ : receiver<output>(this->completed).get(); }

      private:
        const queue &queue_;
        receiver<output> receiver_;
        std::optional<output> result_;
    };
    /* What the suspending thread wrote happens before what is read here: jlt_queue_add before the take. */
    static void resume_one(const jlt_completion &next)
    {
        waiting *const it = static_cast<waiting *>(next.user);
        it->completed = next.receiver;
        it->coroutine.resume();
    }

  public:
    /* double y = co_await queue.reply(task.call(x)): suspends the coroutine until the reply is there, and gives the
     * output or throws, as get() does. Who resumes it, and so on which thread it goes on, is chosen for the queue: a
     * thread that calls resume(), as an event loop does when descriptor() is readable, or, after resume_by_thread(), a
     * thread of the queue's own, which runs one coroutine at a time. A reply that is there already does not suspend.
     *
     * All that comes out of such a queue must be of such waits, and the queue must outlive them: one that is dropped
     * leaves its coroutines suspended for ever; they may be destroyed after that, not before. Not in a task's body. */
    template <typename output> auto reply(receiver<output> receiver) const
    {
        return awaiter<output>(*this, std::move(receiver));
    }
    /* Resumes what has its reply, on this thread, and returns how many that were; waits for the first one for at most
     * timeout_ns nanoseconds (negative: no limit). What a promise's unhandled_exception throws comes out here. */
    size_t resume(int64_t timeout_ns = 0) const
    {
        size_t count = 0;
        for (std::optional<jlt_completion> next = take(timeout_ns); next; next = take(0), count++)
            resume_one(*next);
        return count;
    }
    /* Has a thread of the queue's own resume them, until the queue is dropped. What a promise's unhandled_exception
     * throws ends the program there. Once for a queue. */
    void resume_by_thread() const
    {
        check(jlt_queue_set_callback(
            handle_.get(), [](void *, const jlt_completion *next) noexcept { resume_one(*next); }, nullptr));
    }
#endif

  private:
    detail::owned<jlt_queue, jlt_queue_drop> handle_;
};

} // namespace jlt

#endif
