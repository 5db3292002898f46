/* SPDX-License-Identifier: MIT
 *
 * C++: spans of the elements of arrays, in a body and of held values. */
#ifndef JLTASK_ARRAYS_HPP
#define JLTASK_ARRAYS_HPP

#include "boxes.h"
#include "handles.hpp"
#include "held.h"

#include <type_traits>

namespace jlt
{

/* Elements that lie in a row, not owned: as C++20's std::span, which can be made of it. */
template <typename element> class span
{
  public:
    constexpr span() noexcept = default;
    constexpr span(element *data, size_t size) noexcept : data_(data), size_(size) {}
    /* of a vector, an array, a string ... */
    template <typename row, typename = decltype(static_cast<element *>(std::declval<row &>().data()))>
    constexpr span(row &other) noexcept : data_(other.data()), size_(other.size())
    {
    }
    constexpr element *data() const noexcept { return data_; }
    constexpr size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr element *begin() const noexcept { return data_; }
    constexpr element *end() const noexcept { return data_ + size_; }
    constexpr element &operator[](size_t index) const noexcept { return data_[index]; }

  private:
    element *data_ = nullptr;
    size_t size_ = 0;
};

/* Julia's element type for a type of C++: of integers by size and sign. */
template <typename type> constexpr jlt_element element_of()
{
    using plain = std::remove_cv_t<type>;
    if constexpr (std::is_same_v<plain, bool>) {
        return JLT_BOOL;
    } else if constexpr (std::is_same_v<plain, float>) {
        return JLT_F32;
    } else if constexpr (std::is_same_v<plain, double>) {
        return JLT_F64;
    } else if constexpr (std::is_same_v<plain, jlt_c32>) {
        return JLT_C32;
    } else if constexpr (std::is_same_v<plain, jlt_c64>) {
        return JLT_C64;
    } else {
        static_assert(std::is_integral_v<plain> && sizeof(plain) <= 8, "not an element type of jltask");
        constexpr bool is_signed = std::is_signed_v<plain>;
        return sizeof(plain) == 1   ? (is_signed ? JLT_I8 : JLT_U8)
               : sizeof(plain) == 2 ? (is_signed ? JLT_I16 : JLT_U16)
               : sizeof(plain) == 4 ? (is_signed ? JLT_I32 : JLT_U32)
                                    : (is_signed ? JLT_I64 : JLT_U64);
    }
}

/* The elements of a contiguous array in a body, in place, of any number of dimensions, column-major: jlt_array_view.
 * Empty where the frame fails. */
template <typename element> span<element> elements(jlt_frame *frame, jlt_value *array)
{
    jlt_view view;
    if (!jlt_array_view(frame, array, element_of<element>(), &view))
        return {};
    return {static_cast<element *>(view.data), view.length};
}

/* A vector with a copy of the elements of a row, which is a span, a std::vector and the like: jlt_array_copy. */
template <typename row> jlt_value *copy(jlt_frame *frame, const row &elements)
{
    using element = std::remove_pointer_t<decltype(elements.data())>;
    const size_t size = elements.size();
    return jlt_array_copy(frame, element_of<element>(), elements.data(), 1, &size);
}

/* A vector over these elements, which must outlive its use in Julia: jlt_array_wrap. */
template <typename element> jlt_value *wrap(jlt_frame *frame, span<element> elements)
{
    static_assert(!std::is_const_v<element>, "Julia may write to it");
    const size_t size = elements.size();
    return jlt_array_wrap(frame, element_of<element>(), elements.data(), 1, &size);
}

/* A value that stays rooted until this is destroyed. As an output, which is plain bytes, it is a jlt_held *, of which
 * the client makes one of these; a type's dispose_output drops those that nobody receives. */
class held
{
  public:
    explicit held(jlt_held *owned = nullptr) noexcept : handle_(owned) {}
    jlt_held *get() const noexcept { return handle_.get(); }
    /* Good as long as this is. */
    template <typename element> span<element> elements() const
    {
        jlt_view view;
        check(jlt_held_view(handle_.get(), element_of<element>(), &view));
        return {static_cast<element *>(view.data), view.length};
    }

  private:
    detail::owned<jlt_held, jlt_held_drop> handle_;
};

} // namespace jlt

#endif
