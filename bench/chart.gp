# The chart of a table that jltask_bench wrote: ns a message by case and peer. gnuplot -e "csv=...; svg=..."
set terminal svg size 1100,1150 font "sans-serif,12" background "white"
set output svg
set datafile separator ";"
set logscale x
set grid xtics
set tics nomirror
set border 3
set style fill solid 0.8 noborder

peers = "floor-loop floor-loop-jlt floor-spin floor-futex mutex+condvar julia-channel jltask jltask-kept jltask-julia"
colours = "0xcccccc 0xbbbbbb 0x999999 0x777777 0xe0a030 0x9558b2 0x389826 0x8fce87 0x1f5fa8"
# Only what is measured in ns is drawn. A case's name may have a comma, so that is not the separator here.
rows = sprintf("< sed -n 's/^\"\\([^\"]*\\)\",\\([^,]*\\),\\([^,]*\\),\\([^,]*\\),ns,.*/\\1;\\2;\\3;\\4/p' '%s'", csv)
stats rows using 4 name "all" nooutput
# A line for each row, a gap before each new case.
row = 0
last = ""
place(name) = (row = row + (name eq last ? 1 : 2), last = name, row)
wanted(name, peer) = name eq word(peers, peer)

set yrange [all_records * 1.2 + 3 : 0]
set xrange [50 : all_max * 1.5]
set lmargin 45
set xlabel "ns a message: median, and a line to the 99th percentile (logarithmic)"
set title "jltask and its peers"
set key outside bottom horizontal height 1
unset ytics
plot for [p = 1 : words(peers)] (row = 0, last = "", rows) \
        using (50):(y = place(strcol(1)), wanted(strcol(2), p) ? y : NaN):(50):3:(y - 0.45):(y + 0.45) \
        with boxxyerror linecolor rgb int(word(colours, p)) title word(peers, p), \
    (row = 0, last = "", rows) using 3:(place(strcol(1))):3:4 \
        with xerrorbars pointtype 0 linecolor rgb "black" notitle, \
    (row = 0, last = "", rows) using (50):(y = place(strcol(1))):(stringcolumn(1)." · ".stringcolumn(2)) \
        with labels right offset -1,0 font ",9" notitle
