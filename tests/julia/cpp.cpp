/* SPDX-License-Identifier: MIT
 *
 * jltask.hpp over a real Julia, as C++17 and as C++20. A check that fails throws; in a body it is the reply. */
#include <jltask.hpp>

#include <array>
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>
#if __cplusplus >= 202002L
#include <span>
#endif

#define TEXT_(line) #line
#define TEXT(line) TEXT_(line)
#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            throw std::logic_error("line " TEXT(__LINE__) ": not so: " #condition);                                    \
    } while (0)

namespace
{

constexpr int64_t second = 1000000000;

/* Calls it, and returns what it throws. */
template <typename function> jlt::error failure(function &&call)
{
    try {
        call();
    } catch (const jlt::error &error) {
        return error;
    }
    throw std::logic_error("nothing was thrown");
}

/* ---- bodies ---- */

std::atomic<int> alive{0}, exits{0};

struct accumulator {
    std::vector<double> all; /* what has a destructor may be in a state */
    jlt_slot *sum = nullptr;

    accumulator() { alive++; }
    ~accumulator() { alive--; }
    void init(jlt_frame *frame, const double &config)
    {
        if (config < 0)
            throw std::invalid_argument("less than nothing");
        sum = jlt_slot_new(frame, jlt_box(frame, config));
        if (config == 77)
            jlt_call(frame, jlt_global(frame, "Base.error"), jlt_box(frame, "seventy-seven"));
    }
    double run(jlt_frame *frame, const double &input)
    {
        if (input < 0)
            throw std::range_error("negative: " + std::to_string(all.size()));
        all.push_back(input);
        jlt_value *next = jlt_call(frame, jlt_global(frame, "Base.+"), jlt_slot_get(frame, sum), jlt_box(frame, input));
        jlt_slot_set(frame, sum, next);
        return jlt_unbox_f64(frame, next);
    }
    void exit(jlt_frame *) noexcept { exits++; }
};

struct fragile : accumulator {
    void init(jlt_frame *frame, const double &config) { accumulator::init(frame, config); }
    double run(jlt_frame *frame, const double &input) { return accumulator::run(frame, input); }
    void exit(jlt_frame *frame) { accumulator::exit(frame); }
    static void settings(jlt_persistent_type &type)
    {
        type.name = "fragile";
        type.on_failure = JLT_RESTART;
    }
};

struct bell {
    int64_t rung = 0;
    int64_t run(jlt_frame *) noexcept { return ++rung; }
};

struct sink {
    void init(jlt_frame *) {}
    void run(jlt_frame *, const int &input) const
    {
        if (input)
            throw 7;
    }
};

double root(jlt_frame *frame, const double &input)
{
    return jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "Base.sqrt"), jlt_box(frame, input)));
}

void nap(jlt_frame *frame, const double &seconds)
{
    jlt_call(frame, jlt_global(frame, "Base.sleep"), jlt_box(frame, seconds));
}

/* Its destructor runs as an exception passes. */
struct counted_scope {
    static inline std::atomic<int> open{0};
    jlt_frame *scope;
    explicit counted_scope(jlt_frame *frame) : scope(jlt_scope_open(frame)) { open++; }
    ~counted_scope()
    {
        jlt_scope_close(scope);
        open--;
    }
};

int64_t deep(jlt_frame *frame, const int64_t &depth)
{
    counted_scope scope(frame);
    jlt_call(scope.scope, jlt_global(scope.scope, "Base.yield"));
    if (depth == 0)
        throw std::runtime_error("the bottom");
    return deep(scope.scope, depth - 1) + 1;
}

} // namespace

template <> inline const char *const jlt::task_name<root> = "root";

namespace
{

using take_root = jlt::task<root>;
using take_nap = jlt::task<nap>;

/* ---- tests ---- */

void persistent(const jlt::runtime &runtime)
{
    {
        jlt::persistent<accumulator> task(runtime, 1.0);
        EXPECT(task.invoke(2.0) == 3.0);
        jlt::receiver<double> receiver = task.call(3.0);
        EXPECT(receiver.get() == 6.0);
        EXPECT(!receiver);
        EXPECT(failure([&] { receiver.get(); }).status() == JLT_INVALID_ARGUMENT);

        const jlt::error error = failure([&] { task.invoke(-1.0); });
        EXPECT(error.status() == JLT_FAILED && !std::strcmp(error.what(), "negative: 2"));
        jlt::persistent<accumulator> copy = task, moved = std::move(task);
        EXPECT(!task.get() && copy.invoke(1.0) == 7.0);
        copy = moved;
        moved.reset();
        jlt_call_options options{};
        options.timeout_ns = 60 * second;
        EXPECT(copy.invoke(1.0, options) == 8.0);

        jlt::receiver<jlt_persistent *> start = jlt::persistent<accumulator>::dispatch(runtime, 5.0);
        jlt::persistent<accumulator> other(start.get());
        EXPECT(other.invoke(1.0) == 6.0 && alive == 2);
        jlt::persistent<accumulator>::dispatch(runtime, 5.0); /* dropped */
    }
    while (alive || exits != 3)
        std::this_thread::yield();
    EXPECT(failure([&] { jlt::persistent<accumulator>(runtime, -1.0); }).status() == JLT_FAILED);
    const jlt::error error = failure([&] { jlt::persistent<accumulator>(runtime, 77.0); });
    EXPECT(error.status() == JLT_EXCEPTION && error.type() == "ErrorException");
    EXPECT(alive == 0 && exits == 3);
    {
        jlt::persistent<fragile> task(runtime, 1.0);
        EXPECT(task.invoke(2.0) == 3.0);
        EXPECT(!std::strcmp(failure([&] { task.invoke(-1.0); }).what(), "negative: 1"));
        EXPECT(task.invoke(2.0) == 3.0); /* another object */
        EXPECT(alive == 1);
    }
    while (alive)
        std::this_thread::yield();
    jlt::persistent<bell> bell(runtime);
    EXPECT(bell.invoke({}) == 1 && bell.call({}).get() == 2);
    jlt::persistent<sink> sink(runtime);
    sink.invoke(0);
    EXPECT(!std::strcmp(failure([&] { sink.call(1).get(); }).what(), "an exception that is not a std::exception"));
}

void one_shot(const jlt::runtime &runtime)
{
    EXPECT(take_root::invoke(runtime, 9.0) == 3.0);
    EXPECT(!std::strcmp(take_root::type().name, "root") && !take_nap::type().name);
    jlt::receiver<double> receiver = take_root::dispatch(runtime, -1.0);
    const jlt::error error = failure([&] { receiver.get(); }), copy = error;
    EXPECT(copy.status() == JLT_EXCEPTION && copy.type() == "DomainError" && !copy.backtrace().empty());
    EXPECT(std::strstr(copy.what(), "DomainError"));

    jlt::receiver<jlt::none> waiting = take_nap::dispatch(runtime, 100.0);
    EXPECT(!waiting.try_get() && !waiting.get_within(1) && waiting);
    jlt::receiver<jlt::none> moved = std::move(waiting);
    EXPECT(!waiting && moved);
    moved.cancel();
    EXPECT(failure([&] { moved.get(); }).status() == JLT_CANCELLED && !moved);

    jlt::canceller canceller;
    jlt_call_options options{};
    options.canceller = canceller.get();
    waiting = take_nap::dispatch(runtime, 100.0, options);
    canceller.cancel();
    EXPECT(failure([&] { waiting.get(); }).status() == JLT_CANCELLED);
    EXPECT(failure([] { jlt::persistent<bell>().call({}); }).status() == JLT_INVALID_ARGUMENT);
}

/* Exceptions of many bodies, which suspend and go on in turns on the same threads. */
void thrown(const jlt::runtime &runtime)
{
    std::vector<jlt::receiver<int64_t>> receivers;
    for (int64_t i = 0; i < 200; i++)
        receivers.push_back(jlt::task<deep>::dispatch(runtime, i % 10));
    for (auto &receiver : receivers) {
        const jlt::error error = failure([&] { receiver.get(); });
        EXPECT(error.status() == JLT_FAILED && !std::strcmp(error.what(), "the bottom"));
    }
    EXPECT(counted_scope::open == 0);
}

jlt_held *doubled(jlt_frame *frame, const jlt::span<double> &input)
{
    const jlt::span<double> here = jlt::elements<double>(frame, jlt::wrap(frame, input));
    if (here.data() != input.data() || here.size() != input.size())
        throw std::logic_error("not in place");
    std::vector<double> copied(here.begin(), here.end());
    jlt_value *vector = jlt::copy(frame, copied);
    for (double &element : jlt::elements<double>(frame, vector))
        element *= 2;
    if (jlt::elements<int32_t>(frame, vector).size() != 0 || jlt_catch(frame) != JLT_TYPE_MISMATCH)
        throw std::logic_error("an Int32");
    if (!jlt_identical(frame, jlt_typeof(frame, jlt::copy(frame, std::array<uint16_t, 3>{1, 2, 3})),
                       jlt_eval(frame, "Vector{UInt16}")))
        throw std::logic_error("not a UInt16");
    return jlt_hold(frame, vector);
}

void spans(const jlt::runtime &runtime)
{
    std::vector<double> mine{1, 2, 3};
    const jlt::held held(jlt::task<doubled>::invoke(runtime, mine));
    const jlt::span<double> elements = held.elements<double>();
    EXPECT(elements.size() == 3 && elements[0] == 2 && elements[2] == 6 && mine[2] == 3);
    EXPECT(failure([&] { held.elements<bool>(); }).status() == JLT_TYPE_MISMATCH);
#if __cplusplus >= 202002L
    const std::span<double> standard(elements);
    EXPECT(standard.data() == elements.data() && standard.size() == 3);
#endif
}

void queues(const jlt::runtime &runtime)
{
    const jlt::queue queue;
    EXPECT(!queue.take(0));
    jlt_call_options options{};
    double square = 0;
    options.queue = queue.get();
    options.user = &square;
    EXPECT(!take_root::dispatch(runtime, 16.0, options));
    std::optional<jlt_completion> next = queue.take();
    EXPECT(next && next->user == &square && jlt::receiver<double>(next->receiver).get() == 4);
    jlt::receiver<double> receiver = take_root::dispatch(runtime, 25.0);
    queue.add(receiver, nullptr);
    EXPECT(!receiver && failure([&] { queue.add(receiver, nullptr); }).status() == JLT_INVALID_ARGUMENT);
    next = queue.take();
    EXPECT(next && jlt::receiver<double>(next->receiver).get() == 5);
}

#ifdef JLTASK_COROUTINES
struct coroutine {
    struct promise_type {
        coroutine get_return_object() { return {}; }
        std::suspend_never initial_suspend() { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { throw; }
    };
};

struct outcome {
    std::atomic<int> ended{0};
    std::thread::id thread;
    double sum = 0;
};

coroutine chain(const jlt::runtime &runtime, const jlt::queue &queue, outcome &outcome)
{
    for (int i = 1; i <= 10; i++) {
        co_await queue.reply(take_nap::dispatch(runtime, 0.001));
        outcome.sum += co_await queue.reply(take_root::dispatch(runtime, 1.0 * i * i));
    }
    bool caught = false;
    try {
        co_await queue.reply(take_root::dispatch(runtime, -1.0));
    } catch (const jlt::error &error) {
        caught = error.type() == "DomainError";
    }
    outcome.sum += caught ? 1000 : 0;
    outcome.thread = std::this_thread::get_id();
    outcome.ended++;
}

coroutine ready(const jlt::queue &queue, jlt::receiver<double> receiver, outcome &outcome)
{
    outcome.sum = co_await queue.reply(std::move(receiver));
    outcome.ended++;
}

void coroutines(const jlt::runtime &runtime)
{
    { /* resumed by this thread */
        const jlt::queue queue;
        outcome outcomes[20];
        for (outcome &outcome : outcomes)
            chain(runtime, queue, outcome);
        for (outcome &outcome : outcomes) {
            while (!outcome.ended)
                queue.resume(-1);
            EXPECT(outcome.sum == 1055 && outcome.thread == std::this_thread::get_id());
        }
        EXPECT(queue.resume() == 0);
    }
    outcome outcomes[20];
    const jlt::queue queue; /* by its own */
    queue.resume_by_thread();
    for (outcome &outcome : outcomes)
        chain(runtime, queue, outcome);
    for (outcome &outcome : outcomes) {
        while (!outcome.ended)
            std::this_thread::yield();
        EXPECT(outcome.sum == 1055 && outcome.thread == outcomes[0].thread);
        EXPECT(outcome.thread != std::this_thread::get_id());
    }
    /* What fails to be added throws where it is waited for; what is there already does not suspend. */
    outcome last;
    EXPECT(failure([&] { ready(queue, jlt::receiver<double>(), last); }).status() == JLT_INVALID_ARGUMENT);
    jlt_receiver *raw = take_root::dispatch(runtime, 4.0).release();
    const jlt::queue other;
    jlt::check(jlt_queue_add(other.get(), raw, nullptr));
    raw = other.take()->receiver; /* it has its reply */
    ready(queue, jlt::receiver<double>(raw), last);
    EXPECT(last.ended == 1 && last.sum == 2);
}
#endif

int run()
{
    jlt_options options{};
    options.threads = 2;
    {
        auto [thread, runtime] = jlt::start(options);
        EXPECT(failure([] { jlt::start(); }).status() == JLT_ALREADY_STARTED);
        jlt::runtime copy = runtime;
        persistent(runtime);
        one_shot(copy);
        thrown(runtime);
        spans(runtime);
        queues(runtime);
#ifdef JLTASK_COROUTINES
        coroutines(runtime);
        std::puts("coroutines too");
#endif
        copy.close();
        EXPECT(failure([&runtime = runtime] { take_root::invoke(runtime, 1.0); }).status() == JLT_CLOSED);
    }
    const jlt_counts counts = jlt_debug_counts();
    EXPECT(counts.tasks <= 0 && counts.messages <= 0 && counts.receivers <= 0 && counts.held <= 0);
    return 0;
}

} // namespace

int main()
{
    try {
        return run();
    } catch (const std::exception &exception) {
        std::fprintf(stderr, "%s\n", exception.what());
        return 1;
    }
}
