/* SPDX-License-Identifier: MIT
 *
 * C++: types of tasks made of classes and functions. */
#ifndef JLTASK_BODIES_HPP
#define JLTASK_BODIES_HPP

#include "frames.h"
#include "handles.hpp"

#include <cstring>
#include <exception>
#include <new>
#include <type_traits>

namespace jlt
{

/* ---- what bodies are made of ---- */

namespace detail
{

template <typename type> using part = std::conditional_t<std::is_void_v<type>, none, type>;

template <typename type> constexpr size_t part_size()
{
    static_assert(std::is_trivially_copyable_v<type>, "inputs, outputs and configs are copied as plain bytes");
    static_assert(std::is_default_constructible_v<type>, "an output is made before it is received");
    return std::is_same_v<type, none> ? 0 : sizeof(type);
}

/* What a body takes and returns; only looked at. */
template <typename in, typename out> struct signature {
    using input = in;
    using output = part<out>;
    using returned = out;
};
template <class c, class out, class in> signature<in, out> of(out (c::*)(jlt_frame *, const in &));
template <class c, class out, class in> signature<in, out> of(out (c::*)(jlt_frame *, const in &) const);
template <class c, class out> signature<none, out> of(out (c::*)(jlt_frame *));
template <class c, class out> signature<none, out> of(out (c::*)(jlt_frame *) const);
template <class out, class in> signature<in, out> of(out (*)(jlt_frame *, const in &));
template <class out> signature<none, out> of(out (*)(jlt_frame *));

template <class c, typename = void> struct init_of {
    using type = signature<none, void>;
    static constexpr bool is_there = false;
};
template <class c> struct init_of<c, std::void_t<decltype(&c::init)>> {
    using type = decltype(of(&c::init));
    static constexpr bool is_there = true;
};
template <class c, typename = void> struct has_exit : std::false_type {
};
template <class c> struct has_exit<c, std::void_t<decltype(&c::exit)>> : std::true_type {
};
template <class type, class function, typename = void> struct has_settings : std::false_type {
};
template <class type, class c>
struct has_settings<type, c, std::void_t<decltype(c::settings(std::declval<type &>()))>> : std::true_type {
};

/* Runs what may throw; no exception leaves it. The text is copied so that nothing but the copy happens in the catch. */
template <typename function> void contain(jlt_frame *frame, function &&body) noexcept
{
    char text[1024] = "";
    bool thrown = false;
    try {
        body();
    } catch (const std::exception &exception) {
        thrown = true;
        std::strncpy(text, exception.what(), sizeof text - 1);
    } catch (...) {
        thrown = true;
        std::strncpy(text, "an exception that is not a std::exception", sizeof text - 1);
    }
    if (thrown)
        jlt_fail(frame, "%s", text);
}

/* Calls body(frame, input) or body(frame), and stores what it returns. */
template <class shape, typename function>
void deliver(jlt_frame *frame, const void *input, void *output, function &&body) noexcept
{
    using in = typename shape::input;
    contain(frame, [&] {
        if constexpr (std::is_same_v<in, none> && std::is_void_v<typename shape::returned>)
            body(none{});
        else if constexpr (std::is_same_v<in, none>)
            ::new (output) typename shape::output(body(none{}));
        else if constexpr (std::is_void_v<typename shape::returned>)
            body(*static_cast<const in *>(input));
        else
            ::new (output) typename shape::output(body(*static_cast<const in *>(input)));
    });
}

} // namespace detail

/* ---- tasks ---- */

/* A persistent task whose state is an object of a class:
 *
 *     struct accumulator {
 *         void init(jlt_frame *frame, const double &config);    may be missing, and so may its config
 *         double run(jlt_frame *frame, const double &input);    may be without an input, or return void
 *         void exit(jlt_frame *frame);                          may be missing
 *         static void settings(jlt_persistent_type &type);      may be missing: name, capacity, on_failure ...
 *     };
 *
 * The object is made by its default constructor before init and destroyed after exit, or when init fails, on Julia's
 * threads; with JLT_RESTART each restart has a new one. Configs, inputs and outputs are trivially copyable. The class's
 * name is not known to the program: `name` in settings is what messages and statistics show. */
template <class body>
class persistent : public counted<jlt_persistent, jlt_persistent_clone, jlt_persistent_drop>
{
    using shape = decltype(detail::of(&body::run));
    using start_shape = typename detail::init_of<body>::type;

  public:
    using config_type = typename start_shape::input;
    using input_type = typename shape::input;
    using output_type = typename shape::output;
    using counted::counted;

    /* Starts one, and waits for its init. */
    explicit persistent(const runtime &runtime, const config_type &config = config_type{})
    {
        jlt_persistent *made;
        check(jlt_persistent_spawn(runtime.get(), &type(), &config, &made));
        static_cast<counted &>(*this) = counted(made);
    }
    /* The same without the wait: persistent<body> task(start.get()). */
    static receiver<jlt_persistent *> dispatch(const runtime &runtime, const config_type &config = config_type{},
                                               const jlt_call_options &options = jlt_call_options{})
    {
        jlt_receiver *made = nullptr;
        check(jlt_persistent_dispatch_with(runtime.get(), &type(), &config, &options, options.queue ? nullptr : &made));
        return receiver<jlt_persistent *>(made);
    }
    receiver<output_type> call(const input_type &input) const
    {
        jlt_receiver *made;
        check(jlt_persistent_call(get(), &input, &made));
        return receiver<output_type>(made);
    }
    /* The receiver is empty if the options name a queue: it comes out of that. */
    receiver<output_type> call(const input_type &input, const jlt_call_options &options) const
    {
        jlt_receiver *made = nullptr;
        check(jlt_persistent_call_with(get(), &input, &options, options.queue ? nullptr : &made));
        return receiver<output_type>(made);
    }
    output_type invoke(const input_type &input) const
    {
        output_type output{};
        check(jlt_persistent_invoke(get(), &input, &output));
        return output;
    }
    output_type invoke(const input_type &input, const jlt_call_options &options) const
    {
        output_type output{};
        check(jlt_persistent_invoke_with(get(), &input, &options, &output));
        return output;
    }
    static const jlt_persistent_type &type()
    {
        static const jlt_persistent_type made = make_type();
        return made;
    }

  private:
    static jlt_persistent_type make_type()
    {
        static_assert(alignof(body) <= 16, "a state is aligned to 16 bytes");
        jlt_persistent_type type{};
        type.state_size = sizeof(body);
        type.config_size = detail::part_size<config_type>();
        type.input_size = detail::part_size<input_type>();
        type.output_size = detail::part_size<output_type>();
        if constexpr (detail::has_settings<jlt_persistent_type, body>::value)
            body::settings(type);
        type.init = init;
        type.run = run;
        type.exit = exit;
        return type;
    }
    static body &at(void *state) noexcept { return *std::launder(static_cast<body *>(state)); }
    static void init(jlt_frame *frame, void *state, const void *config) noexcept
    {
        bool made = false;
        detail::contain(frame, [&] {
            [[maybe_unused]] body *object = ::new (state) body();
            made = true;
            if constexpr (detail::init_of<body>::is_there) {
                if constexpr (std::is_same_v<config_type, none>)
                    object->init(frame);
                else
                    object->init(frame, *static_cast<const config_type *>(config));
            }
        });
        (void)config;
        if (made && !jlt_ok(frame))
            at(state).~body();
    }
    static void run(jlt_frame *frame, void *state, const void *input, void *output) noexcept
    {
        detail::deliver<shape>(frame, input, output, [&](const auto &in) {
            if constexpr (std::is_same_v<input_type, none>)
                return (void)in, at(state).run(frame);
            else
                return at(state).run(frame, in);
        });
    }
    static void exit(jlt_frame *frame, void *state) noexcept
    {
        if constexpr (detail::has_exit<body>::value)
            detail::contain(frame, [&] { at(state).exit(frame); });
        (void)frame;
        at(state).~body();
    }
};

/* The name of a one-shot task in messages and statistics: template <> inline const char *const
 * jlt::task_name<square> = "square"; before its first use. */
template <auto function> inline const char *const task_name = nullptr;

/* A one-shot task that is a function: double square(jlt_frame *frame, const double &input), which may be without an
 * input, or return void. jlt::task<square>::invoke(runtime, 2.0). */
template <auto function> struct task {
    using shape = decltype(detail::of(function));
    using input_type = typename shape::input;
    using output_type = typename shape::output;

    static receiver<output_type> dispatch(const runtime &runtime, const input_type &input,
                                          const jlt_call_options &options = jlt_call_options{})
    {
        jlt_receiver *made = nullptr;
        check(jlt_task_dispatch_with(runtime.get(), &type(), &input, &options, options.queue ? nullptr : &made));
        return receiver<output_type>(made);
    }
    static output_type invoke(const runtime &runtime, const input_type &input,
                              const jlt_call_options &options = jlt_call_options{})
    {
        output_type output{};
        check(jlt_task_invoke_with(runtime.get(), &type(), &input, &options, &output));
        return output;
    }
    static const jlt_task_type &type()
    {
        static const jlt_task_type made = [] {
            jlt_task_type type{};
            type.name = task_name<function>;
            type.input_size = detail::part_size<input_type>();
            type.output_size = detail::part_size<output_type>();
            type.run = run;
            return type;
        }();
        return made;
    }

  private:
    static void run(jlt_frame *frame, const void *input, void *output) noexcept
    {
        detail::deliver<shape>(frame, input, output, [&](const auto &in) {
            if constexpr (std::is_same_v<input_type, none>)
                return (void)in, function(frame);
            else
                return function(frame, in);
        });
    }
};

} // namespace jlt

#endif
