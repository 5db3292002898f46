// The program of docs/cplusplus.md.
#include <jltask.hpp>

#include <cstdio>
#include <stdexcept>
#include <vector>

#ifdef JLTASK_COROUTINES
#include <exception>
#endif

// The state of a persistent task, with its bodies.
struct accumulator {
    jlt_slot *sum = nullptr;

    void init(jlt_frame *frame, const double &config)
    {
        sum = jlt_slot_new(frame, jlt_box(frame, config));
    }

    double run(jlt_frame *frame, const double &input)
    {
        if (input < 0)
            throw std::invalid_argument("less than nothing");
        jlt_value *next = jlt_call(frame, jlt_global(frame, "Base.+"), jlt_slot_get(frame, sum), jlt_box(frame, input));
        jlt_slot_set(frame, sum, next);
        return jlt_unbox_f64(frame, next);
    }

    static void settings(jlt_persistent_type &type)
    {
        type.name = "accumulator";
        type.capacity = 100;
    }
};

// A one-shot task is a function. The elements stay where they are.
double total(jlt_frame *frame, const jlt::span<double> &input)
{
    return jlt_unbox_f64(frame, jlt_call(frame, jlt_global(frame, "Base.sum"), jlt::wrap(frame, input)));
}

template <> inline const char *const jlt::task_name<total> = "total";

static void tasks(const jlt::runtime &runtime)
{
    jlt::persistent<accumulator> task(runtime, 1.0);
    jlt::receiver<double> receiver = task.call(2.0);
    std::printf("%.1f\n", receiver.get()); // 3.0

    try {
        task.invoke(-1.0);
    } catch (const jlt::error &error) {
        std::printf("%s: %s\n", jlt_status_name(error.status()), error.what()); // JLT_FAILED: less than nothing
    }

    std::vector<double> numbers{1, 2, 3};
    std::printf("%.1f\n", jlt::task<total>::invoke(runtime, numbers)); // 6.0
}

#ifdef JLTASK_COROUTINES
struct coroutine {
    struct promise_type {
        coroutine get_return_object() { return {}; }
        std::suspend_never initial_suspend() { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};

static coroutine twice(const jlt::queue &queue, jlt::persistent<accumulator> task, int &left)
{
    const double once = co_await queue.reply(task.call(1.0));
    const double again = co_await queue.reply(task.call(once));
    std::printf("%.1f\n", again);
    left--;
}

static void coroutines(const jlt::runtime &runtime)
{
    const jlt::queue queue;
    int left = 2;
    twice(queue, jlt::persistent<accumulator>(runtime, 0.0), left); // 2.0
    twice(queue, jlt::persistent<accumulator>(runtime, 0.0), left);
    while (left)
        queue.resume(-1); // or when the loop says that queue.descriptor() is readable
}
#endif

int main()
{
    try {
        jlt_options options{};
        options.threads = 2;
        auto [thread, runtime] = jlt::start(options); // the end of the block drops the runtime and joins the thread
        tasks(runtime);
#ifdef JLTASK_COROUTINES
        coroutines(runtime);
#endif
        return 0;
    } catch (const jlt::error &error) {
        std::fprintf(stderr, "%s: %s\n%s", jlt_status_name(error.status()), error.what(), error.backtrace().c_str());
        return 1;
    }
}
