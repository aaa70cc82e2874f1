# The gate: every price is a price, the sign has one line, the poster shows what there is.

status=0
for list in menu.txt drinks.txt; do
    [ -f "$list" ] || continue
    if grep -n -v -E '^[a-z ]+ [0-9]+\.[0-9][0-9]$' "$list" > /dev/null; then
        wrong=$(grep -v -E '^[a-z ]+ [0-9]+\.[0-9][0-9]$' "$list" | head -n 1)
        echo "$list: \"$wrong\" has no price such as 1.10"
        status=1
    fi
done
if [ "$(wc -l < sign.txt)" -ne 1 ]; then
    echo "sign.txt: the sign has room for one line"
    status=1
fi
if [ -f poster.txt ] && ! cat sign.txt menu.txt drinks.txt | cmp -s - poster.txt; then
    echo "poster.txt: it does not show what there is"
    status=1
fi
[ "$status" -ne 0 ] || echo "The bakery is in order."
exit "$status"
