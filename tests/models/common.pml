/* SPDX-License-Identifier: MIT
 *
 * How the models are written.
 *
 * A comment such as
 *     core/attention.c ring: atomic_fetch_add(&worker->ringers, 1);
 * quotes the C statement that the step after it stands for: the test layout/models checks that this file still has it
 * (blanks aside). What is one atomic operation in C is one step here; a loop around a compare-and-exchange is the one
 * step that succeeds. Memory is sequentially consistent, as the operations quoted are.
 *
 * Each step that matters has a number, and DO(n) is false in the n-th mutant: there the step is left out. A look that
 * is left out finds what lets its caller go to sleep or go on. A mutant's comment may say `spare`: nothing is lost
 * without the step, it saves time only; the
 * runner does not try it.
 *
 * Nothing waits for time: what comes after a while (a timer, a thread that is scheduled) may come at any step. What
 * must come in the end is found by its absence: if all processes are stuck and one is not at an end label, that is an
 * error. */
c_decl {
    static int mutant;
    static __attribute__((constructor)) void read_mutant(void)
    {
        mutant = getenv("MUTANT") ? atoi(getenv("MUTANT")) : 0;
    }
};
#define DO(n) c_expr { mutant - n }
