# The chart of a table that jltask_bench wrote: one client's ns a message, by case, Julia threads, tasks and peer.
# gnuplot -e "csv=...; svg=..."
set terminal svg size 1100,1450 font "sans-serif,12" background "white"
set output svg
set datafile separator ";"
set logscale x
set grid xtics
set tics nomirror
set border 3
set style fill solid 0.8 noborder

peers = "floor-loop floor-loop-jlt floor-spin floor-futex floor-apart floor-together mutex+condvar julia-channel jltask jltask-kept jltask-julia"
colours = "0xcccccc 0xbbbbbb 0x999999 0x777777 0x777777 0x777777 0xe0a030 0x9558b2 0x389826 0x8fce87 0x1f5fa8"
# Drawn are the cases in ns whose names have no comma (those have the same on busy cores, or on one), with 1 or 64 tasks:
# case;threads;tasks;peer;p50;p99
rows = sprintf("< sed -nE 's/^\"([^\",]*)\",([0-9]+),1,(1|64),([^,]*),([^,]*),([^,]*),.*,ns( each)?$/\\1;\\2;\\3;\\4;\\5;\\6/p' '%s'", csv)
stats rows using 6 name "all" nooutput
# A line for each row, a gap before each new case and number of threads.
row = 0
last = ""
place(name, threads) = (row = row + (name.threads eq last ? 1 : 2), last = name.threads, row)
wanted(name, peer) = name eq word(peers, peer)
plural(count, noun) = sprintf("%s %s%s", count, noun, count eq "1" ? "" : "s")
label(name, threads, tasks, peer) = name." · ".plural(threads, "thread")." · ".plural(tasks, "task")." · ".peer

set yrange [all_records * 1.2 + 3 : 0]
set xrange [20 : all_max * 1.5]
set lmargin 55
set xlabel "ns a message: median, and a line to the 99th percentile (logarithmic)"
set title "jltask and its peers, one client"
set key outside bottom horizontal height 1
unset ytics
plot for [p = 1 : words(peers)] (row = 0, last = "", rows) \
        using (20):(y = place(strcol(1), strcol(2)), wanted(strcol(4), p) ? y : NaN):(20):5:(y - 0.45):(y + 0.45) \
        with boxxyerror linecolor rgb int(word(colours, p)) title word(peers, p), \
    (row = 0, last = "", rows) using 5:(place(strcol(1), strcol(2))):5:6 \
        with xerrorbars pointtype 0 linecolor rgb "black" notitle, \
    (row = 0, last = "", rows) using (20):(y = place(strcol(1), strcol(2))):(label(strcol(1), strcol(2), strcol(3), strcol(4))) \
        with labels right offset -1,0 font ",9" notitle
