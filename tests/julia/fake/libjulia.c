/* SPDX-License-Identifier: MIT
 *
 * Libraries that look like a libjulia to the loader but cannot be used: one too old, one with nothing else in it. */
const char *jl_ver_string(void);

const char *jl_ver_string(void)
{
    return FAKE_VERSION;
}
