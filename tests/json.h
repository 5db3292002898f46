/* SPDX-License-Identifier: MIT
 *
 * A strict reader of JSON (RFC 8259), which says whether a text is one value and nothing else, UTF-8 included. */
#ifndef JLT_TESTS_JSON_H
#define JLT_TESTS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline const char *json_space(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

static inline const char *json_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    unsigned length = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : *at < 0xf5 ? 4 : 0;
    unsigned long point = length == 1 ? *at : *at & (0x7fU >> length);
    if (length == 0)
        return NULL;
    for (unsigned i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return NULL;
        point = point << 6 | (at[i] & 0x3f);
    }
    bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    return overlong || (point >= 0xd800 && point < 0xe000) || point > 0x10ffff ? NULL : text + length;
}

static inline const char *json_string(const char *text)
{
    if (*text++ != '"')
        return NULL;
    while (text && *text != '"') {
        if ((unsigned char)*text < 0x20)
            return NULL;
        if (*text != '\\')
            text = json_utf8(text);
        else if (text[1] == 'u')
            text = strspn(text + 2, "0123456789abcdefABCDEF") >= 4 ? text + 6 : NULL;
        else
            text = text[1] && strchr("\"\\/bfnrt", text[1]) ? text + 2 : NULL;
    }
    return text ? text + 1 : NULL;
}

static inline const char *json_number(const char *text)
{
    static const char digits[] = "0123456789";
    text += *text == '-';
    size_t whole = strspn(text, digits);
    if (whole == 0 || (whole > 1 && *text == '0'))
        return NULL;
    text += whole;
    if (*text == '.') {
        size_t fraction = strspn(++text, digits);
        if (fraction == 0)
            return NULL;
        text += fraction;
    }
    if (*text == 'e' || *text == 'E') {
        text += text[1] == '+' || text[1] == '-' ? 2 : 1;
        size_t exponent = strspn(text, digits);
        return exponent ? text + exponent : NULL;
    }
    return text;
}

static inline const char *json_value(const char *text);

/* An object's members or an array's elements, behind the bracket. */
static inline const char *json_members(const char *text, bool object)
{
    char end = object ? '}' : ']';
    text = json_space(text);
    if (*text == end)
        return text + 1;
    for (;;) {
        if (object) {
            text = json_string(json_space(text));
            if (!text || *(text = json_space(text)) != ':')
                return NULL;
            text++;
        }
        if (!(text = json_value(text)))
            return NULL;
        text = json_space(text);
        if (*text == end)
            return text + 1;
        if (*text++ != ',')
            return NULL;
    }
}

static inline const char *json_value(const char *text)
{
    static const char *const words[] = {"true", "false", "null"};
    text = json_space(text);
    if (*text == '{' || *text == '[')
        return json_members(text + 1, *text == '{');
    if (*text == '"')
        return json_string(text);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(text, words[i], strlen(words[i])) == 0)
            return text + strlen(words[i]);
    return json_number(text);
}

static inline bool json_is_valid(const char *text)
{
    const char *end = json_value(text);
    return end && *json_space(end) == 0;
}

/* How often a part is in the text. Not by strstr: as the sanitizers have it, each call measures the whole text. */
static inline unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    for (size_t length = strlen(part); *text; text++)
        count += *text == *part && strncmp(text, part, length) == 0;
    return count;
}

#endif
